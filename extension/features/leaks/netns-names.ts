import type { Host } from '../../host/types.ts';
import { outputOf } from '../host-command.ts';

const largest = 200_000;

/**
 * Names in /run/netns where the helper is, without the odd ones, which no tool makes. Undefined where the folder cannot be listed;
 * none where it is not there.
 */
export async function netnsNames({ session, facts }: Host): Promise<readonly string[] | undefined> {
  if (session === undefined || facts === undefined) return undefined;
  try {
    return namesIn(await outputOf(session, facts, ['ls', '-1', '/run/netns'], largest));
  } catch (error) {
    return error instanceof Error && /No such file or directory/.test(error.message) ? [] : undefined;
  }
}

/** One name a line; whoever uses colours and quotes for a terminal puts them around it. */
export function namesIn(text: string): readonly string[] {
  return (
    text
      .split(/\r?\n/)
      // eslint-disable-next-line no-control-regex -- the escapes of colours
      .map((line) => line.replaceAll(/\u001b\[[0-9;]*[mK]/g, '').trim())
      .filter((line) => /^[A-Za-z0-9_.@:+-]+$/.test(line))
  );
}
