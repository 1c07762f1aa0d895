import assert from 'node:assert/strict';
import test from 'node:test';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import { affected } from '../../../extension/model/affected.ts';
import { Filter } from '../../../extension/model/filter.ts';
import type { FilterOptions } from '../../../extension/model/filter.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { children, hasChildren, locate, parentOf, positionOf } from '../../../extension/model/layout.ts';
import type { View } from '../../../extension/model/layout.ts';
import { idOf } from '../../../extension/model/node-ref.ts';
import type { Grouping, NodeRef } from '../../../extension/model/node-ref.ts';
import { rowOf } from '../../../extension/model/rows.ts';
import { World } from './world.ts';

/** A row as an editor has it: what it said when it was last asked for, and the rows below it. */
interface Shown {
  readonly ref: NodeRef;
  readonly text: string;
  readonly below: readonly string[];
}

/** A tree view that has opened everything, and asks again only for what it is told to. */
class TreeView {
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

const filters: Readonly<Record<string, FilterOptions | undefined>> = {
  'no filter': undefined,
  'a text': { text: 'nginx', types: undefined, hideInitial: false },
  'types without the host’s own': { text: '', types: new Set(['net', 'pid', 'user']), hideInitial: true },
  'a user and a type': { text: 'alice bash', types: new Set(['net', 'mnt']), hideInitial: false },
};

for (const grouping of ['type', 'owner', 'workload'] as const satisfies readonly Grouping[]) {
  for (const [name, options] of Object.entries(filters)) {
    void test(`asking only for affected rows shows the newest state (by ${grouping}, ${name})`, () => {
      for (let seed = 1; seed <= 6; seed++) {
        const world = new World(seed);
        for (let step = 0; step < 40; step++) world.step();
        const graph = new HostGraph();
        graph.apply(world.snapshot());
        const filter = options === undefined ? undefined : new Filter(graph, options);
        const view: View = { graph, grouping, visible: filter };
        const tree = new TreeView(view, 7);
        for (let round = 0; round < 25; round++) {
          const state = world.state();
          for (let steps = world.random.below(4); steps >= 0; steps--) world.step();
          const change = graph.apply(round % 9 === 8 ? world.snapshot() : world.changesSince(state));
          const filtered = filter?.update(change);
          for (const ref of affected(view, change, filtered)) {
            // An editor knows nothing of rows that it has not asked for.
            if (tree.rows.has(idOf(ref))) tree.ask(ref);
          }
          const fresh: View = { ...view, visible: options === undefined ? undefined : new Filter(graph, options) };
          assert.deepEqual(tree.state(), new TreeView(fresh, 7).state(), `seed ${seed}, round ${round}`);
        }
        assertPlaces(view);
      }
    });
  }
}

/** Parents and positions lead back to where a row was found, and nothing that is visible is missing. */
function assertPlaces(view: View): void {
  const found = new Set<string>();
  const walk = (ref: NodeRef): void => {
    for (const [index, child] of children(view, ref, Infinity).entries()) {
      const parent = parentOf(view, child);
      assert.equal(parent === undefined ? undefined : idOf(parent), idOf(ref), `parent of ${idOf(child)}`);
      assert.equal(positionOf(view, child), index, `position of ${idOf(child)}`);
      if (child.kind === 'namespace') found.add(child.key);
      walk(child);
    }
  };
  walk({ kind: 'root' });
  for (const type of namespaceTypes) {
    for (const { key } of view.graph.ofType(type)) {
      const visible = view.visible === undefined || view.visible.namespaces.has(key);
      if (visible) assert.ok(found.has(key), `${key} is shown`);
      assert.equal(locate(view, key) !== undefined, found.has(key), `${key} is located`);
    }
  }
}
