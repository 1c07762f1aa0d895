/** `sockets` and `relay` as functions. */
import type { OwnerRecord, SocketRecord, UnlistedRecord } from './protocol.ts';
import type { HelperSession } from './session.ts';

export interface Listening {
  readonly sockets: readonly SocketRecord[];
  readonly owners: readonly OwnerRecord[];
  /** Kinds of which nothing is known. */
  readonly unlisted: readonly UnlistedRecord[];
  /** Processes whose open files this user may not see. */
  readonly unreadable: number;
}

/**
 * The listening sockets of a net namespace and who has them open. Rejects as `HelperSession.request` does.
 * @param target words that name it: `--target=…`, `--expect=…`
 */
export async function listening(
  session: HelperSession,
  target: readonly string[],
  signal?: AbortSignal,
): Promise<Listening> {
  const sockets: SocketRecord[] = [];
  const owners: OwnerRecord[] = [];
  const unlisted: UnlistedRecord[] = [];
  const end = await session.request('sockets', [...target, '--owners'], {
    onRecord: (record) => {
      if ('socket' in record) sockets.push(record.socket);
      else if ('owner' in record) owners.push(record.owner);
      else if ('unlisted' in record) unlisted.push(record.unlisted);
    },
    ...(signal === undefined ? {} : { signal }),
  });
  return { sockets, owners, unlisted, unreadable: end.unreadable ?? 0 };
}
