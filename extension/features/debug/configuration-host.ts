/** Which host a configuration is about, and what is said of one that is wrong. Pure. */
import type { Host, Hosts } from '../../host/types.ts';
import type { DebugOptions, Problem } from './configuration.ts';
import { parseTarget } from './places.ts';

/** The host's name as the configuration has it, by itself or in its target's address. */
export function hostNameOf(options: DebugOptions): string | undefined {
  const target =
    options.request === 'attach'
      ? options.process.seen === 'inside'
        ? options.process.target
        : options.process.pid
      : options.into.kind === 'target'
        ? options.into.target
        : undefined;
  return options.host ?? (target === undefined ? undefined : parseTarget(target).host);
}

/** By its id or its label; the only one that is connected where none is named. */
export function hostOf({ all }: Pick<Hosts, 'all'>, options: DebugOptions): Host | undefined {
  const name = hostNameOf(options);
  if (name !== undefined) return all.find(({ id }) => id === name) ?? all.find(({ label }) => label === name);
  const connected = all.filter(({ session }) => session !== undefined);
  return connected.length === 1 ? connected[0] : undefined;
}

export function problemWords(problems: readonly Problem[]): string {
  const lines = problems.map(({ attribute, message }) => `${attribute}: ${message}`);
  return `This launch configuration cannot be used.\n${lines.join('\n')}`;
}
