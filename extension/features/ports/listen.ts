/** What listens in a net namespace, as rows. */
import { listening } from '../../helper/sockets.ts';
import type { Host } from '../../host/types.ts';
import { listNotes, notListed, socketRows, type SocketRow } from '../../model/sockets.ts';
import type { NamespaceKey } from '../../model/types.ts';
import { networkWords } from './network.ts';

/** Never rejects: what went wrong is a row. */
export async function listen(host: Host, key: NamespaceKey): Promise<readonly SocketRow[]> {
  try {
    const { session } = host;
    if (session === undefined) throw new Error(`${host.label} is not connected.`);
    const found = await listening(session, networkWords(host, key));
    return [...socketRows(found), ...listNotes(found)];
  } catch (error) {
    return [notListed(error)];
  }
}
