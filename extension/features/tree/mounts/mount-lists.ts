/** The mounts of those namespaces whose Mounts row is unfolded. */
import { DisposableStore, Emitter } from '../../../disposable.ts';
import type { Disposable } from '../../../disposable.ts';
import type { NamespaceKey } from '../../../model/types.ts';
import type { FileAccess } from '../../files/access.ts';
import type { TreeElement } from '../element.ts';
import type { MountRow } from './mount-rows.ts';

interface List {
  readonly store: DisposableStore;
  readonly first: Promise<void>;
  rows: readonly MountRow[];
}

export class MountLists implements Disposable {
  readonly #files: FileAccess;
  readonly #changed: (element: TreeElement) => void;
  readonly #lists = new Map<string, List>();

  constructor(files: FileAccess, changed: (element: TreeElement) => void) {
    this.#files = files;
    this.#changed = changed;
  }

  async rows(element: TreeElement, key: NamespaceKey): Promise<readonly MountRow[]> {
    const list = this.#lists.get(element.id) ?? this.#begin(element, key);
    await list.first;
    return list.rows;
  }

  forget({ id }: TreeElement): void {
    this.#lists.get(id)?.store.dispose();
    this.#lists.delete(id);
  }

  dispose(): void {
    for (const { store } of this.#lists.values()) store.dispose();
    this.#lists.clear();
  }

  #begin(element: TreeElement, key: NamespaceKey): List {
    const read = new Emitter<void>();
    const first = new Promise<void>((resolve) => void read.event(resolve));
    const list: List = { store: new DisposableStore(), rows: [], first };
    this.#lists.set(element.id, list);
    void this.#follow(element, key, list, () => read.fire());
    return list;
  }

  async #follow(element: TreeElement, key: NamespaceKey, list: List, read: () => void): Promise<void> {
    const [{ mountRows, notRead }, { parseMounts }] = await Promise.all([
      import('./mount-rows.ts'),
      import('../../../files/mounts.ts'),
    ]);
    let first = true;
    const show = (text: Buffer): void => {
      list.rows = mountRows(parseMounts(text));
      if (first) read();
      else this.#changed(element);
      first = false;
    };
    try {
      await this.#files.followMounts(element.host, key, show, list.store);
    } catch (error) {
      if (first) list.rows = [notRead(error)];
    }
    read();
    // Asked for again when the row is shown anew.
    if (this.#lists.get(element.id) === list) this.#lists.delete(element.id);
  }
}
