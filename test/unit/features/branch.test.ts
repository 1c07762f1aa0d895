import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostBranch } from '../../../extension/features/tree/branch.ts';
import type { BranchPreferences } from '../../../extension/features/tree/branch.ts';
import type { TreeElement } from '../../../extension/features/tree/element.ts';
import { itemOf } from '../../../extension/features/tree/items.ts';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { noFilter } from '../../../extension/model/filter-options.ts';
import { pageSize } from '../../../extension/model/layout.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import { population } from '../model/population.ts';
import { recorded } from '../model/records.ts';
import { FakeHost } from './fake-host.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function branchOf(records: readonly HelperRecord[]): {
  readonly host: FakeHost;
  readonly branch: HostBranch;
  readonly preferences: Mutable<BranchPreferences>;
} {
  const host = new FakeHost('build7', records);
  const preferences: Mutable<BranchPreferences> = { grouping: 'type', filter: noFilter };
  return { host, branch: new HostBranch(host, preferences), preferences };
}

/** What an editor has on the screen with everything unfolded, asking again only for the rows that it is told of. */
class Editor {
  readonly #branch: HostBranch;
  readonly #below = new Map<TreeElement, readonly TreeElement[]>();
  readonly #texts = new Map<TreeElement, string>();
  asked = 0;

  constructor(branch: HostBranch) {
    this.#branch = branch;
    this.ask(branch.root);
  }

  ask(element: TreeElement): void {
    this.asked++;
    const { label, description, context } = itemOf(this.#branch, element);
    this.#texts.set(element, [label, description, ...context].join('|'));
    const below = this.#branch.children(element);
    assert.equal(new Set(below.map(({ id }) => id)).size, below.length, 'ids are unique');
    this.#below.set(element, below);
    for (const child of below) {
      assert.equal(this.#branch.parentOf(child), element, `parent of ${child.id}`);
      this.ask(child);
    }
  }

  update(elements: readonly TreeElement[]): void {
    for (const element of elements) if (this.#texts.has(element)) this.ask(element);
  }

  draw(element: TreeElement = this.#branch.root, depth = 0): string {
    const line = `${'  '.repeat(depth)}${this.#texts.get(element) ?? '?'}\n`;
    return line + (this.#below.get(element) ?? []).map((child) => this.draw(child, depth + 1)).join('');
  }
}

function labels(branch: HostBranch, element: TreeElement = branch.root): readonly string[] {
  return branch.children(element).map((child) => itemOf(branch, child).label);
}

function childOf(branch: HostBranch, label: string, element: TreeElement = branch.root): TreeElement {
  const found = branch.children(element).find((each) => itemOf(branch, each).label === label);
  assert.ok(found, `${label} among ${labels(branch, element).join(', ')}`);
  return found;
}

const amber: HelperRecord = {
  ns: {
    type: 'net',
    id: 4_026_999_001,
    owner: 4_026_531_837,
    held: [{ by: 'mount', path: '/run/netns/amber', mntns: 4_026_531_832 }],
  },
};

test('rows keep their identity, so that what is unfolded and selected stays', () => {
  const { branch, host } = branchOf(recorded('containers.jsonl'));
  const before = branch.children(branch.root);
  host.apply([amber]);
  assert.deepEqual(
    branch.children(branch.root).map((element) => before.includes(element)),
    before.map(() => true),
  );
});

test('a renewed row is another one to the editor, with everything below it', () => {
  const { branch } = branchOf(recorded('containers.jsonl'));
  const former = branch.root;
  const below = branch.children(former);
  branch.renew();
  assert.notEqual(branch.root, former);
  assert.notEqual(branch.root.id, former.id);
  const ids = new Set(below.map(({ id }) => id));
  const now = branch.children(branch.root);
  assert.equal(now.length, below.length);
  assert.ok(now.every((element) => !ids.has(element.id) && branch.parentOf(element) === branch.root));
});

test('a namespace that comes touches its group alone', () => {
  const { branch, host } = branchOf(recorded('containers.jsonl'));
  const network = childOf(branch, 'Network');
  assert.deepEqual(branch.update(host.apply([amber])), [network]);
  assert.ok(labels(branch, network).includes('amber'));
  assert.deepEqual(branch.update(host.apply([{ gone: { ns: 'net:4026999001' } }])), [network]);
  assert.ok(!labels(branch, network).includes('amber'));
});

test('rows that nobody has asked for are not shown anew', () => {
  const { branch, host } = branchOf(recorded('containers.jsonl'));
  // Nothing has been unfolded, the host's row not even shown.
  assert.deepEqual(branch.update(host.apply([{ gone: { ns: 'net:4026999001' } }, amber])), []);
});

for (const grouping of ['type', 'owner', 'workload'] as const) {
  for (const text of ['', 'nginx']) {
    const searching = text === '' ? '' : `, looking for ${text}`;
    test(`by ${grouping}${searching}, what is shown after changes is what is there`, () => {
      const all = population(400, 160);
      const { branch, host, preferences } = branchOf(all);
      preferences.grouping = grouping;
      preferences.filter = { ...noFilter, text };
      const editor = new Editor(branch);
      // Half of what there is goes, comes back, and goes again, some at a time.
      const changing = all.filter((record, index) => index % 2 === 0 && ('ns' in record || 'process' in record));
      const gone = changing.map((record): HelperRecord => {
        if ('ns' in record) return { gone: { ns: `${record.ns.type}:${record.ns.id}` } };
        assert.ok('process' in record);
        return { gone: { process: { pid: record.process.pid, start: record.process.start } } };
      });
      const rounds = [gone, changing, gone].flatMap((records) => [
        records.slice(0, 40),
        records.slice(40, 130),
        records.slice(130),
      ]);
      for (const records of rounds) {
        editor.update(branch.update(host.apply(records)));
        assert.equal(editor.draw(), new Editor(new HostBranch(host, preferences)).draw());
      }
    });
  }
}

test('a new snapshot that says the same shows nothing anew', () => {
  const all = population(400, 160);
  const { branch, host } = branchOf(all);
  const editor = new Editor(branch);
  const { asked } = editor;
  editor.update(branch.update(host.apply(all)));
  assert.equal(editor.asked, asked);
});

test('long lists end in a row that shows more of them', () => {
  const { branch } = branchOf(population(3_000, 8 * (2 * pageSize + 10)));
  const network = childOf(branch, 'Network');
  const rows = branch.children(network);
  assert.equal(rows.length, pageSize + 1);
  const more = rows.at(-1);
  assert.ok(more);
  assert.equal(more.ref.kind, 'more');
  assert.equal(branch.showMore(more), network);
  assert.equal(branch.children(network).length, 2 * pageSize + 1);
  assert.deepEqual(branch.children(network).slice(0, pageSize), rows.slice(0, pageSize));
  const last = branch.children(network).at(-1);
  assert.ok(last);
  branch.showMore(last);
  assert.notEqual(branch.children(network).at(-1)?.ref.kind, 'more');
  assert.equal(branch.showMore(network), undefined);
});

test('a row that is far down a list is found, with the list opened as far as needed', () => {
  const { branch, host } = branchOf(population(3_000, 8 * (2 * pageSize + 10)));
  const list = host.graph?.ofType('net');
  const namespace = list?.at(2 * pageSize + 5);
  assert.ok(namespace);
  const found = branch.find({ kind: 'namespace', host, key: namespace.key });
  assert.ok(found);
  const network = childOf(branch, 'Network');
  assert.deepEqual(found.changed, [network]);
  assert.ok(branch.children(network).includes(found.element));
  assert.equal(branch.parentOf(found.element), network);
});

test('what is gone or hidden is not found', () => {
  const { branch, host, preferences } = branchOf(recorded('containers.jsonl'));
  assert.equal(branch.find({ kind: 'namespace', host, key: 'net:1' }), undefined);
  const own = host.graph?.ofType('net').at(0);
  assert.equal(own?.initial, true);
  assert.ok(branch.find({ kind: 'namespace', host, key: own.key }));
  preferences.filter = { ...noFilter, hideInitial: true };
  assert.equal(branch.find({ kind: 'namespace', host, key: own.key }), undefined);
});

test('a process is found where it is most at home, and only itself', () => {
  const { branch, host } = branchOf(population(200, 80));
  const process = [...(host.graph?.processes.values() ?? [])].find(({ nspid }) => nspid !== undefined);
  assert.ok(process);
  const found = branch.find({ kind: 'process', host, pid: process.pid, start: process.start });
  assert.equal(found?.element.ref.kind, 'process');
  assert.equal(branch.find({ kind: 'process', host, pid: process.pid, start: process.start + 1 }), undefined);
});

test('what a text filter finds is unfolded, and what was folded before comes back', () => {
  const { branch, preferences } = branchOf(population(200, 80));
  const before = childOf(branch, 'Network');
  assert.equal(itemOf(branch, before).folding, 'closed');
  preferences.filter = { ...noFilter, text: 'nginx' };
  const during = childOf(branch, 'Network');
  assert.equal(itemOf(branch, during).folding, 'open');
  // The editor remembers by id what is folded.
  assert.notEqual(during.id, before.id);
  preferences.filter = noFilter;
  assert.equal(childOf(branch, 'Network').id, before.id);
});

test('when nothing passes the filter, a row says so', () => {
  const { branch, preferences } = branchOf(population(200, 80));
  preferences.filter = { ...noFilter, text: 'no such thing' };
  assert.deepEqual(labels(branch), ['Nothing passes the filter']);
});

test('without a graph the host has one row, with a stale one two kinds', () => {
  const host = new FakeHost();
  const branch = new HostBranch(host, { grouping: 'type', filter: noFilter });
  assert.deepEqual(labels(branch), ['Connect']);
  host.connected(population(200, 80));
  assert.ok(labels(branch).includes('Network'));
  const network = childOf(branch, 'Network');
  const error = new ConnectionError('lost', 'It broke.', 'Mend it.');
  host.set({ kind: 'lost', error, retryAt: undefined });
  assert.equal(labels(branch)[0], 'It broke.');
  assert.equal(childOf(branch, 'Network'), network, 'the tree stays');
  const item = itemOf(branch, network);
  assert.equal(item.stale, true);
  assert.match(item.accessibleLabel, /, stale$/);
});

test('that a view is partial changes with the totals', () => {
  const { branch, host } = branchOf(population(200, 80));
  const shown = branch.children(branch.root).length;
  const totals = { namespaces: 1, milliseconds: 1, interval: 500, bound: 2_000 };
  const change = host.apply([{ tick: { processes: 200, unreadable: 3, ...totals } }]);
  assert.deepEqual(branch.update(change), [branch.root], 'a row comes');
  assert.equal(branch.children(branch.root).length, shown + 1);
  const note = branch.children(branch.root)[0];
  assert.ok(note);
  assert.match(itemOf(branch, note).label, /^197 of 200 processes are visible/);
  const next = host.apply([{ tick: { processes: 200, unreadable: 4, ...totals } }]);
  assert.deepEqual(branch.update(next), [note], 'only that row changes');
});

test('a row of what is gone by now has no words of its own', () => {
  const { branch, host } = branchOf(recorded('containers.jsonl'));
  host.apply([amber]);
  const element = childOf(branch, 'amber', childOf(branch, 'Network'));
  host.apply([{ gone: { ns: 'net:4026999001' } }]);
  assert.equal(itemOf(branch, element).folding, 'none');
  assert.deepEqual(branch.children(element), []);
});

test('one change in a tree of 10,000 namespaces touches a bounded number of rows', () => {
  const all = population(20_000, 10_000);
  const { branch, host } = branchOf(all);
  const editor = new Editor(branch);
  const { asked } = editor;
  editor.update(branch.update(host.apply([amber])));
  assert.ok(editor.asked - asked < 10 * pageSize, `${editor.asked - asked} rows`);
});
