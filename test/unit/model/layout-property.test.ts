import assert from 'node:assert/strict';
import test from 'node:test';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import { affected } from '../../../extension/model/affected.ts';
import { Filter } from '../../../extension/model/filter.ts';
import type { FilterOptions } from '../../../extension/model/filter-options.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { children, locate, parentOf, positionOf } from '../../../extension/model/layout.ts';
import type { View } from '../../../extension/model/layout.ts';
import { idOf } from '../../../extension/model/node-ref.ts';
import type { Grouping, NodeRef } from '../../../extension/model/node-ref.ts';
import { TreeView } from './tree-view.ts';
import { World } from './world.ts';

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
