import assert from 'node:assert/strict';
import { children, hasChildren } from '../../../extension/model/layout.ts';
import type { View } from '../../../extension/model/layout.ts';
import { idOf } from '../../../extension/model/node-ref.ts';
import type { NodeRef } from '../../../extension/model/node-ref.ts';
import { rowOf } from '../../../extension/model/rows.ts';

/** A row as an editor has it: what it said when it was last asked for, and the rows below it. */
interface Shown {
  readonly ref: NodeRef;
  readonly text: string;
  readonly below: readonly string[];
}

/** A tree view that has opened everything, and asks again only for what it is told to. */
export class TreeView {
  readonly rows = new Map<string, Shown>();
  readonly #view: View;
  readonly #shown: number;

  constructor(view: View, shown: number) {
    this.#view = view;
    this.#shown = shown;
    this.ask({ kind: 'root' });
  }

  ask(ref: NodeRef): void {
    const id = idOf(ref);
    const below = children(this.#view, ref, this.#shown);
    const ids = below.map(idOf);
    assert.equal(new Set(ids).size, ids.length, `rows of ${id} with one id`);
    assert.equal(hasChildren(this.#view, ref), below.length > 0);
    for (const gone of this.rows.get(id)?.below ?? []) if (!ids.includes(gone)) this.#drop(gone);
    this.rows.set(id, { ref, text: JSON.stringify(rowOf(this.#view, ref)), below: ids });
    for (const child of below) this.ask(child);
  }

  #drop(id: string): void {
    for (const below of this.rows.get(id)?.below ?? []) this.#drop(below);
    this.rows.delete(id);
  }

  state(): unknown {
    return Object.fromEntries(
      [...this.rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, { text, below }]) => [id, { text, below }]),
    );
  }
}
