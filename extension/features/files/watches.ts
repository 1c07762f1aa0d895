/**
 * What the editor watches. inotify(7) knows folders, not trees, so of a tree those folders are watched that the editor has
 * listed: what it does not show it does not need to hear of.
 */
import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import { joinPath, parentPath } from '../../files/address.ts';
import type { FileAddress } from '../../files/address.ts';
import { merged } from '../../files/changes.ts';
import type { Change } from '../../files/changes.ts';
import { hasErrno } from '../../files/errors.ts';
import { eventMasks } from '../../files/protocol.ts';
import type { FileEvent } from '../../files/protocol.ts';
import { coalesce } from '../coalesce.ts';
import type { FileSessions } from './sessions.ts';

/** Milliseconds for which events are gathered. */
const gathering = 75;
/** Folders of one tree; the kernel allows a user several thousand in all. */
const foldersMost = 2_000;
/** Names under which the helper keeps a content that is on its way. */
const draftName = /^\.nshelper-\d+-\d+$/;

const created = eventMasks.create | eventMasks.movedTo;
const deleted = eventMasks.delete | eventMasks.movedFrom;
const selfGone = eventMasks.deleteSelf | eventMasks.moveSelf | eventMasks.unmount;

const changeTypes: Readonly<Record<Change, vscode.FileChangeType>> = {
  created: vscode.FileChangeType.Created,
  changed: vscode.FileChangeType.Changed,
  deleted: vscode.FileChangeType.Deleted,
};

interface Tree {
  readonly uri: vscode.Uri;
  readonly store: DisposableStore;
  readonly folders: Set<string>;
}

export class FileWatches implements Disposable {
  readonly #sessions: FileSessions;
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  readonly #trees = new Set<Tree>();
  readonly #changes = new Map<string, { readonly uri: vscode.Uri; readonly change: Change }>();
  readonly #later = this.#store.add(coalesce(() => this.#tell(), gathering));

  readonly onDidChange = this.#emitter.event;

  constructor(sessions: FileSessions) {
    this.#sessions = sessions;
  }

  watch(uri: vscode.Uri, address: FileAddress, recursive: boolean): Disposable {
    const store = new DisposableStore();
    const tree: Tree = { uri, store, folders: new Set([uri.path]) };
    if (recursive) {
      this.#trees.add(tree);
      store.add({ dispose: () => void this.#trees.delete(tree) });
    }
    void this.#follow(uri, address, store);
    return store;
  }

  /** The editor has read a folder, and shows it. */
  listed(uri: vscode.Uri, address: FileAddress): void {
    for (const tree of this.#trees) {
      const within =
        tree.uri.authority === uri.authority && uri.path.startsWith(`${tree.uri.path.replace(/\/$/, '')}/`);
      if (!within || tree.folders.has(uri.path) || tree.folders.size >= foldersMost) continue;
      tree.folders.add(uri.path);
      void this.#follow(uri, address, tree.store);
    }
  }

  changed(uri: vscode.Uri, change: Change): void {
    const key = uri.toString();
    this.#changes.set(key, { uri, change: merged(this.#changes.get(key)?.change, change) });
    this.#later.run();
  }

  dispose(): void {
    for (const { store } of this.#trees) store.dispose();
    this.#store.dispose();
  }

  /** Until it is disposed of, also of a target that is lost and reached again. */
  async #follow(uri: vscode.Uri, address: FileAddress, store: DisposableStore): Promise<void> {
    while (!store.disposed) {
      // One connection after the other.
      // oxlint-disable no-await-in-loop
      await this.#watchOnce(uri, address, store);
      if (store.disposed) return;
      await this.#sessions.reachable(address.host, address.target, store);
      // oxlint-enable no-await-in-loop
      if (!store.disposed) this.changed(uri, 'changed');
    }
  }

  async #watchOnce(uri: vscode.Uri, { host, target, path }: FileAddress, store: DisposableStore): Promise<void> {
    try {
      await this.#sessions.use(host, target, async (client) => {
        // A save puts another file in the place of one, with which a watch of the file itself would go: its folder tells.
        const isFolder = await client.status(path).then(
          ({ kind }) => kind === 'folder',
          // What is not there yet may come.
          (error: unknown) => {
            if (hasErrno(error, 'ENOENT')) return false;
            throw error;
          },
        );
        const watch = store.add(
          isFolder
            ? await client.watch(path, (event) => this.#hear(uri, event))
            : await client.watch(parentPath(path), (event) => this.#hearOf(uri, path, event)),
        );
        // Held as long as it is watched, so that the connection is not let go.
        await new Promise<void>((resolve) => {
          store.add({ dispose: resolve });
          if (client.failure === undefined) store.add(client.onEnd(() => resolve()));
          else resolve();
        });
        watch.dispose();
      });
    } catch {
      // What is asked for next says why.
    }
  }

  #hearOf(uri: vscode.Uri, path: string, event: FileEvent): void {
    const lost = (event.mask & eventMasks.overflow) !== 0;
    if (lost || path === joinPath(parentPath(path), event.name)) this.#hear(uri, { ...event, name: '' });
  }

  #hear(uri: vscode.Uri, { mask, name }: FileEvent): void {
    if (draftName.test(name)) return;
    const about = name === '' ? uri : vscode.Uri.joinPath(uri, name);
    if ((mask & created) !== 0) this.changed(about, 'created');
    else if ((mask & deleted) !== 0 || (name === '' && (mask & selfGone) !== 0)) this.changed(about, 'deleted');
    else if ((mask & (eventMasks.modify | eventMasks.attributes | eventMasks.overflow)) !== 0)
      this.changed(about, 'changed');
  }

  #tell(): void {
    const events = Array.from(this.#changes.values(), ({ uri, change }) => ({ uri, type: changeTypes[change] }));
    this.#changes.clear();
    if (events.length > 0) this.#emitter.fire(events);
  }
}
