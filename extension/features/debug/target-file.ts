/** Text of a file as the target sees it. Free of `vscode`. */
import type { HelperSession } from '../../helper/session.ts';
import type { FactsRecord } from '../../helper/protocol.ts';
import { hostCommand } from '../host-command.ts';
import { rootOf } from './adapter-arguments.ts';
import { isMissing } from './adapter-process.ts';
import type { Place } from './places.ts';

/** Bytes; a source file that is larger is no source file. */
const largest = 8 * 1024 * 1024;

/** Rejects with an `Error` for people. The target's own cat(1) reads it, which follows its links; where there is none, the host's. */
export async function readTargetFile(
  session: HelperSession,
  facts: Pick<FactsRecord, 'own'>,
  place: Place | undefined,
  path: string,
): Promise<string> {
  if (place !== undefined) {
    try {
      return await output(session, [...place.entry.words, '--', 'cat', '--', path]);
    } catch (error) {
      if (!isMissing(error) || place.root === undefined) throw error;
    }
  }
  const words = hostCommand(facts, ['cat', '--', place?.root === undefined ? path : `${rootOf(place.root)}${path}`]);
  if (words === undefined) throw new Error('nothing can be run on this host: it does not tell its own namespaces');
  return output(session, words);
}

async function output(session: HelperSession, words: readonly string[]): Promise<string> {
  let said = '';
  let size = 0;
  const parts: Buffer[] = [];
  const stream = session.openStream(['enter', ...words], {
    onStderr: (bytes) => (said += Buffer.from(bytes).toString()),
  });
  stream.on('data', (part: Buffer) => {
    size += part.length;
    parts.push(part);
    if (size > largest) stream.destroy(new Error(`it is longer than ${largest} bytes`));
  });
  stream.on('error', () => undefined);
  stream.end();
  await stream.ended;
  if (said !== '') throw new Error(said.trim().slice(0, 300));
  return Buffer.concat(parts).toString();
}
