import type { Log } from '../transport/interaction.ts';

/** Says in every line which host it is about. */
export function prefixLog(log: Log, prefix: string): Log {
  // A server's words may come along; a line break in them must not look like an entry of its own.
  const line = (message: string): string => `[${prefix}] ${message.replace(/[\r\n]+/g, ' ⏎ ')}`;
  return {
    info: (message) => log.info(line(message)),
    warn: (message) => log.warn(line(message)),
    error: (message) => log.error(line(message)),
    debug: (message) => log.debug(line(message)),
  };
}
