import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryOfInstance } from '../../../extension/features/enter/words.ts';
import { endingOf } from '../../../extension/features/instance-name.ts';
import { HostBranch } from '../../../extension/features/tree/branch.ts';
import type { TreeElement } from '../../../extension/features/tree/element.ts';
import { itemOf } from '../../../extension/features/tree/items.ts';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { noFilter } from '../../../extension/model/filter-options.ts';
import type { Grouping } from '../../../extension/model/node-ref.ts';
import { recorded } from '../model/records.ts';
import { FakeHost } from './fake-host.ts';

const net = 4_026_999_001;
const uts = 4_026_999_002;
const host = { pid: 4_026_531_836, user: 4_026_531_837, mnt: 4_026_531_832 };

const namespaces: readonly HelperRecord[] = [
  { ns: { type: 'net', id: net, owner: host.user, held: [] } },
  { ns: { type: 'uts', id: uts, owner: host.user, held: [] } },
];

function holder(name: string): HelperRecord {
  return {
    process: {
      pid: 900_001,
      start: 5,
      ppid: 1,
      uid: 0,
      comm: 'linux-namespace',
      cmdline: `linux-namespaces: ${name} uts,net`,
      cgroup: '/',
      ns: { ...host, net, uts },
    },
  };
}

function child(pid: number): HelperRecord {
  return {
    process: {
      pid,
      start: 6,
      ppid: 900_001,
      uid: 0,
      comm: 'sh',
      cmdline: 'sh',
      cgroup: '/',
      ns: { ...host, net, uts },
    },
  };
}

const gone = (pid: number, start: number): HelperRecord => ({ gone: { process: { pid, start } } });

/** The whole tree as text; every row is asked for. */
function draw(branch: HostBranch, element: TreeElement = branch.root, depth = 0): string {
  const { label, description = '' } = itemOf(branch, element);
  const below = branch.children(element);
  for (const each of below) assert.equal(branch.parentOf(each), element, each.id);
  return `${'  '.repeat(depth)}${label} ${description}\n${below.map((each) => draw(branch, each, depth + 1)).join('')}`;
}

function branchOf(grouping: Grouping): { readonly fake: FakeHost; readonly branch: HostBranch } {
  const fake = new FakeHost('build7', recorded('containers.jsonl'));
  return { fake, branch: new HostBranch(fake, { grouping, filter: noFilter }) };
}

test('kept instances have a group of their own, with their namespaces below', () => {
  for (const grouping of ['type', 'owner', 'workload'] as const) {
    const { fake, branch } = branchOf(grouping);
    assert.doesNotMatch(draw(branch), /Instances/);
    fake.apply([...namespaces, holder('web'), child(900_002)]);
    assert.match(
      draw(branch),
      /^ {2}Instances 1\n {4}web instance · 2 processes\n {6}web uts · \d+ · 2 processes.*\n( {8}.*\n)+ {6}web net · /m,
    );
  }
});

test('an instance that only mounts keep is there too, and gone with the last of them', () => {
  for (const grouping of ['type', 'owner', 'workload'] as const) {
    const { fake, branch } = branchOf(grouping);
    const mounted = (name: string, mntns = host.mnt): HelperRecord => ({
      ns: {
        type: 'uts',
        id: uts,
        owner: host.user,
        held: [{ by: 'mount', path: `/run/linux-namespaces/${name}/uts`, mntns }],
      },
    });
    fake.apply([mounted('old')]);
    assert.match(
      draw(branch),
      /^ {2}Instances 1\n {4}old instance · mounts only, no process\n {6}old uts · /m,
      grouping,
    );
    const [old] = fake.graph?.instances ?? [];
    assert.ok(fake.graph && old);
    assert.deepEqual(entryOfInstance(fake.graph, old)?.words, [
      '--target=old',
      '--only=uts',
      `--expect=uts:${uts}`,
      '--records=3',
    ]);
    // A process that holds it makes it an ordinary one.
    fake.apply([...namespaces, mounted('web'), holder('web')]);
    assert.match(draw(branch), /^ {2}Instances 1\n {4}web instance · 1 process\n/m, grouping);
    fake.apply([gone(900_001, 5)]);
    assert.match(draw(branch), /^ {2}Instances 1\n {4}web instance · mounts only, no process\n/m, grouping);
    // A copy of the mount elsewhere is not what the name stands for.
    fake.apply([mounted('web', 99)]);
    assert.doesNotMatch(draw(branch), /Instances/, grouping);
    fake.apply([mounted('web'), { gone: { ns: `net:${net}` } }]);
    fake.apply([{ gone: { ns: `uts:${uts}` } }]);
    assert.doesNotMatch(draw(branch), /Instances/, grouping);
  }
});

test('rows follow what happens to instances', () => {
  for (const grouping of ['type', 'owner', 'workload'] as const) {
    const { fake, branch } = branchOf(grouping);
    const batches: readonly (readonly HelperRecord[])[] = [
      [...namespaces, holder('web')],
      [child(900_002)],
      [child(900_003), gone(900_002, 6)],
      [holder('shop')],
      [gone(900_003, 6)],
      [gone(900_001, 5), { gone: { ns: `net:${net}` } }, { gone: { ns: `uts:${uts}` } }],
    ];
    // What is on the screen: rows by element, asked for anew only where the branch says so.
    const shown = new Map<TreeElement, { readonly text: string; readonly below: readonly TreeElement[] }>();
    const ask = (element: TreeElement): void => {
      const { label, description = '' } = itemOf(branch, element);
      const below = branch.children(element);
      shown.set(element, { text: `${label} ${description}`, below });
      below.forEach(ask);
    };
    const screen = (element: TreeElement, depth = 0): string => {
      const row = shown.get(element);
      assert.ok(row);
      return `${'  '.repeat(depth)}${row.text}\n${row.below.map((each) => screen(each, depth + 1)).join('')}`;
    };
    ask(branch.root);
    for (const [index, batch] of batches.entries()) {
      for (const element of branch.update(fake.apply(batch))) if (shown.has(element)) ask(element);
      const fresh = new HostBranch(fake, { grouping, filter: noFilter });
      assert.equal(screen(branch.root), draw(fresh), `${grouping}, batch ${index}`);
    }
  }
});

test('an instance is found, entered and ended by its name', () => {
  const { fake, branch } = branchOf('type');
  fake.apply([...namespaces, holder('web'), child(900_002)]);
  const [instance] = fake.graph?.instances ?? [];
  assert.ok(instance && fake.graph);
  const found = branch.find({ kind: 'workload', host: fake, id: instance.id });
  assert.equal(found && itemOf(branch, found.element).label, 'web');
  assert.deepEqual(endingOf(fake.graph, { kind: 'workload', workload: instance })?.reference, 'web');
  assert.ok(entryOfInstance(fake.graph, instance)?.words.includes('--target=pid:900001:5'));
  const other = [...fake.graph.workloads.values()].find(({ kind }) => kind !== 'instance');
  assert.ok(other);
  assert.equal(endingOf(fake.graph, { kind: 'workload', workload: other }), undefined);
  assert.equal(entryOfInstance(fake.graph, other), undefined);
});
