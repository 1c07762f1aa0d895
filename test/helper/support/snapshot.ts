import assert from 'node:assert/strict';
import type {
  EndRecord,
  HelperRecord,
  Holder,
  NamespaceRecord,
  NamespaceType,
  ProcessRecord,
  SnapshotRecord,
} from '../../../extension/helper/protocol.ts';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import { runHelper, type HelperOptions } from './helper.ts';
import { until } from './wait.ts';

export type Key = `${NamespaceType}:${number}`;

/** One whole scan, indexed. */
export interface Snapshot {
  readonly namespaces: ReadonlyMap<Key, NamespaceRecord>;
  readonly processes: ReadonlyMap<number, ProcessRecord>;
  readonly users: ReadonlyMap<number, string>;
  readonly snapshot: SnapshotRecord;
  readonly end: EndRecord;
}

export function key(record: { readonly type: NamespaceType; readonly id: number }): Key {
  return `${record.type}:${record.id}`;
}

/** Pids per namespace, as the process records say. */
export function members(processes: Iterable<ProcessRecord>): Map<Key, number[]> {
  const found = new Map<Key, number[]>();
  for (const process of processes) {
    for (const type of namespaceTypes) {
      const id = process.ns?.[type];
      if (id === undefined) continue;
      const pids = found.get(`${type}:${id}`);
      if (pids === undefined) found.set(`${type}:${id}`, [process.pid]);
      else pids.push(process.pid);
    }
  }
  return found;
}

/** Indexes a scan's records and checks what holds for every scan, whatever happens on the machine meanwhile. */
export function readSnapshot(records: readonly HelperRecord[]): Snapshot {
  const namespaces = new Map<Key, NamespaceRecord>();
  const processes = new Map<number, ProcessRecord>();
  const users = new Map<number, string>();
  const [first, ...rest] = records;
  const last = rest.pop();
  assert.ok(first && 'snapshot' in first, 'the first record is no snapshot');
  assert.ok(last && 'end' in last, 'the last record is no end');
  for (const record of rest) {
    if ('ns' in record) {
      assert.ok(!namespaces.has(key(record.ns)), `${key(record.ns)} comes twice`);
      namespaces.set(key(record.ns), record.ns);
    } else if ('process' in record) {
      assert.ok(!processes.has(record.process.pid), `process ${record.process.pid} comes twice`);
      processes.set(record.process.pid, record.process);
    } else if ('user' in record) {
      assert.ok(!users.has(record.user.uid), `user ${record.user.uid} comes twice`);
      users.set(record.user.uid, record.user.name);
    } else {
      assert.fail(`a record that a scan has not: ${JSON.stringify(record)}`);
    }
  }
  const snapshot = { namespaces, processes, users, snapshot: first.snapshot, end: last.end };
  checkConsistency(snapshot);
  return snapshot;
}

function checkConsistency({ namespaces, processes, snapshot, end }: Snapshot): void {
  assert.equal(end.namespaces, namespaces.size, 'end counts other namespaces than were listed');
  // Under hidepid=1 there are processes of which nothing but the pid is known: counted, but not listed.
  const silent = [...processes.values()].filter(({ ns, zombie }) => ns === undefined && zombie !== true).length;
  const unlisted = (end.processes ?? 0) - processes.size;
  assert.ok(unlisted >= 0, 'end counts fewer processes than were listed');
  assert.ok(unlisted + silent <= (end.unreadable ?? 0), 'end counts other processes than were listed');
  for (const [name, pids] of members(processes.values())) {
    const record = namespaces.get(name);
    assert.ok(record, `${name} of process ${pids[0]} is not listed`);
    assert.deepEqual(
      record.held.filter(({ by }) => by === 'process'),
      [{ by: 'process', pid: Math.min(...pids) }],
      `${name} is not held by the process with the lowest pid`,
    );
  }
  for (const { type, id, owner, parent, held } of namespaces.values()) {
    // Only listns(2) knows of namespaces that are kept by what nobody can look into.
    assert.ok(held.length > 0 || snapshot.source.includes('listns'), `${type}:${id} is held by nothing`);
    if (parent !== undefined)
      assert.ok(namespaces.has(`${type}:${parent}`), `the parent of ${type}:${id} is not listed`);
    if (owner !== undefined) assert.ok(namespaces.has(`user:${owner}`), `the owner of ${type}:${id} is not listed`);
  }
}

/** A scan that must succeed. */
export async function scan(args: readonly string[] = [], options: HelperOptions = {}): Promise<Snapshot> {
  const result = await runHelper(['scan', ...args], options);
  assert.equal(result.code, 0, result.stderr);
  return readSnapshot(result.records);
}

/** The namespace, which must be in the snapshot. */
export function namespace(snapshot: Snapshot, type: NamespaceType, id: number | undefined): NamespaceRecord {
  const record = id === undefined ? undefined : snapshot.namespaces.get(`${type}:${id}`);
  assert.ok(record, `${type}:${id} is not listed`);
  return record;
}

/** The process, which must be in the snapshot. */
export function processOf(snapshot: Snapshot, pid: number | undefined): ProcessRecord {
  const record = pid === undefined ? undefined : snapshot.processes.get(pid);
  assert.ok(record, `process ${pid} is not listed`);
  return record;
}

/** Asserts that the namespace is held in exactly these ways, whatever their order. */
export function assertHeld(record: NamespaceRecord, ...expected: readonly Holder[]): void {
  assert.deepEqual(record.held.map(asText).toSorted(), expected.map(asText).toSorted(), `holders of ${key(record)}`);
}

function asText(holder: Holder): string {
  const fields = Object.entries(holder).toSorted(([a], [b]) => a.localeCompare(b));
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** Gone, but for the moment in which another scan of this machine may have its file open. */
export async function goes(type: NamespaceType, id: number): Promise<void> {
  await until(`the end of the ${type} namespace`, async () => {
    const { namespaces } = await scan(['--deep']);
    return !namespaces.has(`${type}:${id}`);
  });
}
