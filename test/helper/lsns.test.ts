import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { leakGuard } from './support/leaks.ts';
import { unshare } from './support/namespaces.ts';
import { population } from './support/population.ts';
import { output } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { members, scan, type Snapshot } from './support/snapshot.ts';

const skip = missing('root', 'lsns', 'unshare', 'gcc');
leakGuard();

/** One namespace as both programs can say it. */
interface Line {
  readonly ns: number;
  readonly type: string;
  readonly nprocs: number;
  readonly pid: number | null;
  readonly ppid: number | null;
  readonly command: string | null;
  readonly uid: number | null;
  readonly user: string | null;
  readonly pns: number;
  readonly ons: number;
}

async function lsns(): Promise<Map<string, Line>> {
  const text = await output(['lsns', '--list', '-J', '-o', 'NS,TYPE,NPROCS,PID,PPID,COMMAND,UID,USER,PNS,ONS']);
  const parsed: unknown = JSON.parse(text);
  assertLines(parsed);
  return new Map(parsed.namespaces.map((line) => [`${line.type}:${line.ns}`, line]));
}

function assertLines(value: unknown): asserts value is { namespaces: Line[] } {
  assert.ok(typeof value === 'object' && value !== null && 'namespaces' in value && Array.isArray(value.namespaces));
}

/** The same from a scan. lsns names the process with the lowest pid and says 0 where there is no parent or owner. */
function asLsns(snapshot: Snapshot): Map<string, Line> {
  const pids = members(snapshot.processes.values());
  const lines = [...snapshot.namespaces].map(([name, record]): [string, Line] => {
    const inside = pids.get(name) ?? [];
    const process = snapshot.processes.get(Math.min(...inside));
    const uid = process?.uid ?? null;
    const line = {
      ns: record.id,
      type: record.type,
      nprocs: inside.length,
      pid: process?.pid ?? null,
      ppid: process?.ppid ?? null,
      command: process?.cmdline ?? process?.comm ?? null,
      uid,
      user: uid === null ? null : (snapshot.users.get(uid) ?? null),
      pns: record.parent ?? 0,
      ons: record.owner ?? 0,
    };
    return [name, line];
  });
  return new Map(lines);
}

/** What does not change with the comings and goings of others. */
function lasting({ ns, type, pns, ons }: Line): unknown {
  return { ns, type, pns, ons };
}

/** Compares whole the namespaces that are `mine`, which hold still, and of all others what lasts. */
async function compare(mine: (snapshot: Snapshot) => Iterable<string>): Promise<void> {
  const before = await lsns();
  const snapshot = await scan();
  const after = await lsns();
  const seen = asLsns(snapshot);
  const names = [...mine(snapshot)];
  assert.ok(names.length > 0);
  for (const name of names) assert.deepEqual(seen.get(name), after.get(name));
  // Those that were there before and after were there in between.
  const stable = [...after].filter(([name]) => before.has(name));
  assert.ok(stable.length >= namespaceTypes.length);
  for (const [name, line] of stable) {
    const found = seen.get(name);
    assert.ok(found, `${name} is known to lsns alone`);
    assert.deepEqual(lasting(found), lasting(line));
  }
}

/** All namespaces of a process and its descendants that are not also the caller's own. */
function namesOf(snapshot: Snapshot, root: number): Set<string> {
  const family = new Set([root]);
  // A parent can have a higher pid than its child, so this goes on until nothing is new.
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const { pid, ppid } of snapshot.processes.values()) if (family.has(ppid)) family.add(pid);
  }
  const inside = [...family].flatMap((pid) => Object.entries(snapshot.processes.get(pid)?.ns ?? {}));
  const own = snapshot.processes.get(process.pid)?.ns ?? {};
  const common = new Set(Object.values(own));
  return new Set(
    inside.filter(([link, id]) => !link.includes('_') && !common.has(id)).map(([type, id]) => `${type}:${id}`),
  );
}

test('a scan says of every namespace what lsns says', { skip }, async (t) => {
  const scope = testScope(t);
  const held = [
    await unshare(scope, '--mount', '--uts', '--ipc', '--net', '--cgroup'),
    await unshare(scope, '--pid', '--fork', '--mount-proc'),
    await unshare(
      scope,
      '--user',
      '--map-root-user',
      '--net',
      '--pid',
      '--fork',
      'unshare',
      '--user',
      '--pid',
      '--fork',
    ),
    await unshare(scope, '--time', '--fork'),
    await unshare(scope, '--user'),
  ];
  await compare((snapshot) => {
    const names = held.flatMap(({ pid }) => [...namesOf(snapshot, pid)]);
    assert.deepEqual(new Set(names.map((name) => name.split(':')[0])), new Set(namespaceTypes));
    return names;
  });
});

test('a scan of 2,000 processes, a fifth in own namespaces, says what lsns says', { skip }, async (t) => {
  const { pid } = await population(testScope(t), 2000);
  await compare((snapshot) => {
    assert.equal([...snapshot.processes.values()].filter(({ ppid }) => ppid === pid).length, 2000);
    const names = namesOf(snapshot, pid);
    assert.ok(names.size > 800, `${names.size} namespaces`);
    return names;
  });
});
