/** Ordinary programs of a host, by argument words: no shell reads them. */
import { namespaceTypes, type FactsRecord } from '../helper/protocol.ts';
import type { HelperSession } from '../helper/session.ts';

/**
 * Words after `enter` that run a program where the helper itself is: the target is one of the helper's own namespaces, so that
 * nothing is joined. Undefined where the host does not tell any of them.
 */
export function hostCommand({ own }: Pick<FactsRecord, 'own'>, argv: readonly string[]): readonly string[] | undefined {
  // Joining pid and time would concern the children too, which differs after an unshare.
  const type = namespaceTypes.find((each) => each !== 'pid' && each !== 'time' && own[each] !== undefined);
  return type === undefined ? undefined : [`--target=${type}:${own[type]}`, '--records=3', '--', ...argv];
}

/**
 * What a program of the host prints, its errors included. It has a terminal, so ends of lines are CR LF. Rejects when it ends
 * with another status than 0, prints more than `limit` bytes, or cannot be run (HelperError).
 */
export async function outputOf(
  session: HelperSession,
  facts: Pick<FactsRecord, 'own'>,
  argv: readonly string[],
  limit: number,
): Promise<string> {
  const words = hostCommand(facts, argv);
  if (words === undefined) throw new Error('Nothing can be run on this host: it does not tell its own namespaces.');
  const parts: Buffer[] = [];
  const abort = new AbortController();
  let size = 0;
  let failed = false;
  const { end } = session.terminal(
    'enter',
    words,
    { columns: 80, rows: 24 },
    {
      signal: abort.signal,
      onRecord: (record) => {
        if ('exit' in record) failed = !('code' in record.exit) || record.exit.code !== 0;
        if (!('data' in record)) return;
        const part = Buffer.from(record.data.bytes, 'base64url');
        parts.push(part);
        size += part.length;
        if (size > limit) abort.abort(new Error(`${argv.join(' ')} prints more than ${limit} bytes.`));
      },
    },
  );
  await end;
  const text = new TextDecoder().decode(Buffer.concat(parts));
  if (failed) throw new Error(text.trim() === '' ? `${argv.join(' ')} failed.` : text.trim().slice(0, 400));
  return text;
}
