import type { DisposableStore } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import type { NamespaceKey } from '../../model/types.ts';

/** What other features see of the files of namespaces. */
export interface FileAccess {
  /**
   * Tells the text of /proc/PID/mountinfo at once and after each change. Resolves when `store` is disposed of or the target has
   * ended, rejects where its mounts cannot be read.
   */
  followMounts(
    host: Host,
    key: NamespaceKey,
    listener: (mounts: Buffer) => void,
    store: DisposableStore,
  ): Promise<void>;
}
