import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { leakGuard } from './support/leaks.ts';
import { population } from './support/population.ts';
import { hold, holdScript, output } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { room } from './support/room.ts';
import { testScope } from './support/scope.ts';
import { members, scan, type Snapshot } from './support/snapshot.ts';

const skip = missing('root', 'lsns', 'unshare', 'nsenter', 'setpriv', 'gcc');
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

async function lsns(through: readonly string[]): Promise<Map<string, Line>> {
  const columns = 'NS,TYPE,NPROCS,PID,PPID,COMMAND,UID,USER,PNS,ONS';
  const parsed: unknown = JSON.parse(await output([...through, 'lsns', '--list', '-J', '-o', columns]));
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

function inhabited(lines: ReadonlyMap<string, Line>): string[] {
  return [...lines].filter(([, { nprocs }]) => nprocs > 0).map(([name]) => name);
}

/**
 * In a room, where nothing comes and goes but the two programs themselves: each counts itself, so everything has to be equal. What is not equal are the
 * commands of these two, where they are the first process of a namespace; none is here.
 */
async function compare(through: readonly string[]): Promise<Snapshot> {
  const snapshot = await scan([], { through });
  const [seen, expected] = [asLsns(snapshot), await lsns(through)];
  // Those without a process that are mounted here belong to others, and lsns knows only some of them.
  assert.deepEqual(inhabited(seen).toSorted(), inhabited(expected).toSorted());
  for (const name of inhabited(expected)) assert.deepEqual(seen.get(name), expected.get(name));
  return snapshot;
}

test('a scan says of every namespace what lsns says', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await room(scope);
  const own: readonly (readonly string[])[] = [
    ['--mount', '--uts', '--ipc', '--net', '--cgroup'],
    ['--pid', '--fork', '--mount-proc'],
    ['--user', '--map-root-user', '--net', '--pid', '--fork', 'unshare', '--user', '--pid', '--fork'],
    ['--time', '--fork'],
    ['--user'],
  ];
  for (const options of own) await hold(scope, [...through, 'unshare', ...options, 'sh', '-c', holdScript]);
  const { namespaces } = await compare(through);
  for (const type of namespaceTypes) {
    const count = [...namespaces.values()].filter((record) => record.type === type).length;
    assert.ok(count >= 2, `${count} of type ${type}`);
  }
});

test('a scan of 3,000 processes, a fifth in own namespaces, says what lsns says', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await room(scope);
  await population(scope, 3000, 5, through);
  const { processes, namespaces } = await compare(through);
  assert.ok(processes.size >= 3000, `${processes.size} processes`);
  assert.ok(namespaces.size > 1200, `${namespaces.size} namespaces`);
});
