import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { account, allTypes, surroundings, titled, type Made } from './support/create.ts';
import { helper, sanitized } from './support/helper.ts';
import { commandOf, leakGuard, processesWith } from './support/leaks.ts';
import { marker, uniqueName } from './support/marker.ts';
import { output, run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { suiteScope, testScope } from './support/scope.ts';
import { Serve, serve, type Answer } from './support/serve.ts';
import { scan } from './support/snapshot.ts';
import { ask } from './support/verbs.ts';
import { until } from './support/wait.ts';

/**
 * That nothing is ever left. `HELPER_CYCLES=1000 HELPER_KILLS=100` are the full counts; without them as many as take some
 * seconds.
 */
const cycles = Number(process.env['HELPER_CYCLES'] ?? (sanitized ? 6 : 40));
const kills = Number(process.env['HELPER_KILLS'] ?? (sanitized ? 10 : 15));

const skip = missing('root', 'setpriv', 'ip', 'unshare');
leakGuard();

const suite = suiteScope();

const linkPrefix = `v${marker.slice(-9)}`;
const linkName = (index: number): string => `${linkPrefix}${index.toString(36)}`;

/** Everything that can be seen of what this file made; others work on the same machine. */
function left(): string[] {
  return [
    ...surroundings(),
    ...titled('linux-namespaces: ').filter((pid) => commandOf(pid).includes(marker)),
    ...titled('linux-namespaces-guard ').filter((pid) => commandOf(pid).includes(marker)),
  ].map(String);
}

async function nothingLeft(made: readonly Made[]): Promise<void> {
  await until('nothing to be left', () => left().length === 0, 20_000).catch(() => assert.deepEqual(left(), []));
  // What was killed is torn down in the background. Inode numbers are given again; ids are not.
  let alive: string[] = [];
  await until(
    'the end of all namespaces',
    async () => {
      const { namespaces } = await scan(['--deep']);
      alive = made.flatMap(({ type, id, nsid }) => {
        const found = namespaces.get(`${type}:${id}`);
        return found !== undefined && (nsid === undefined || found.nsid === nsid) ? [`${type}:${id}`] : [];
      });
      return alive.length === 0;
    },
    20_000,
  ).catch(() => assert.deepEqual(alive, []));
}

/** The shape of each was checked when it came. */
function madeOf({ records }: Answer): Made[] {
  return records.flatMap((record) => ('made' in record ? [record.made] : []));
}

function words(name: string, index: number): string[] {
  // A network of its own for each: one that is in use on the host is refused.
  const at = (last: number): string => `10.215.${(index >> 6) & 255}.${(index & 63) * 4 + last}/30`;
  const veth = `--veth=${linkName(index)},${at(1)},${at(2)}`;
  return [
    `--keep=${name}`,
    `--new=${allTypes}`,
    '--map=root',
    '--mount-proc',
    '--loopback',
    `--hostname=${name}`,
    veth,
  ];
}

async function cycle(session: Serve, index: number, isAlone: boolean): Promise<readonly Made[]> {
  const name = uniqueName();
  const creation = await session.request('create', ...words(name, index));
  assert.ok(creation.end, JSON.stringify(creation.error));
  const made = madeOf(creation);
  assert.equal(made.length, 8);
  const command = ['sh', '-c', '[ "$(hostname)" = "$0" ] && [ -d /sys/class/net/eth0 ] && exit 7', name];
  const entry = await session.request(
    'terminal',
    '80',
    '24',
    'enter',
    `--target=${name}`,
    '--records=3',
    '--',
    ...command,
  );
  assert.deepEqual(entry.records.at(-1), { exit: { code: 7 } });
  const end = await session.request('end', name, '--grace=5000');
  assert.ok(end.end, JSON.stringify(end.error));
  const still = end.records.filter((record) => 'still' in record);
  // Beside others one of them may be looking into it at that moment, which keeps it as long.
  if (isAlone) assert.deepEqual(still, []);
  return made;
}

test(`${cycles} times created, entered and ended, nothing is left`, { skip, timeout: 3_600_000 }, async (t) => {
  const session = await serve(testScope(t));
  const files = (): number => readdirSync(`/proc/${session.child.pid}/fd`).length;
  // It has opened what it keeps when it answers, and closes what was for the answer alone a moment later.
  assert.ok((await session.request('version')).end);
  let idle = -1;
  await until('serve to rest', () => {
    const before = idle;
    idle = files();
    return idle === before;
  });
  const made: Made[] = [...(await cycle(session, 0, true))];
  await until('the first request to be closed', () => files() <= idle, 20_000);
  let next = 1;
  const work = async (): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop
    for (let index = next++; index < cycles; index = next++) made.push(...(await cycle(session, index, false)));
  };
  await Promise.all([work(), work(), work()]);
  assert.equal(made.length, cycles * 8);
  await nothingLeft(made);
  // Those of the last request are closed a moment after its answer.
  await until('as few descriptors of serve as before', () => files() <= idle, 20_000);
});

test(
  `${kills} times somebody was killed at a random moment, nothing is left`,
  { skip, timeout: 3_600_000 },
  async () => {
    const made: Made[] = [];
    // Spread over the whole life of an instance, however long this machine needs for one: where the end came first, it was
    // too wide.
    let spread = sanitized ? 400 : 80;
    for (let round = 0, killed = 0; killed < kills; round++) {
      assert.ok(round < kills * 20, `only ${killed} kills in ${round} rounds`);
      const kind = victims[killed % victims.length] ?? 'serve';
      // oxlint-disable-next-line no-await-in-loop
      const { wasKilled, made: here } = await killRound(round, kind, spread);
      made.push(...here);
      if (wasKilled) killed++;
      else spread = Math.max(spread * 0.8, 5);
    }
    await nothingLeft(made);
  },
);

type Victim = 'serve' | 'worker' | 'holder' | 'guard' | 'guard and holder';

const victims: readonly Victim[] = ['serve', 'worker', 'holder', 'guard', 'guard and holder'];

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

/** The processes that `serve` has started and that are of its session, the oldest first. */
function workersOf(serving: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const [state, ppid] = readFileSync(`/proc/${pid}/stat`, 'latin1')
          .replace(/^.*\) /s, '')
          .split(' ');
        return Number(ppid) === serving && state !== 'Z';
      } catch {
        return false;
      }
    });
}

/** Who can be killed now as that kind. While an instance is made, more than one process has the holder's title. */
function candidates(kind: Victim, serving: number, name: string): number[] {
  const holders = titled(`linux-namespaces: ${name} `);
  const guards = titled(`linux-namespaces-guard ${name}\0`);
  if (kind === 'serve') return [serving];
  if (kind === 'worker') return workersOf(serving).slice(0, 1);
  if (kind === 'holder') return holders.slice(0, 1);
  if (kind === 'guard') return guards;
  return guards.length > 0 && holders.length === 1 ? [...guards, ...holders] : [];
}

const isClosed = (answer: Answer | undefined): boolean => answer?.end !== undefined || answer?.error !== undefined;

/** `spread` in milliseconds. */
async function killRound(
  round: number,
  kind: Victim,
  spread: number,
): Promise<{ readonly made: readonly Made[]; readonly wasKilled: boolean }> {
  const name = uniqueName();
  const session = new Serve();
  await session.until('the version', () => session.greeting.length > 0);
  const serving = session.child.pid ?? 0;
  const ids = [session.send('create', ...words(name, cycles + round))];
  // It goes on as far as it gets.
  const going = (async () => {
    await session.answer(ids[0] ?? 0);
    ids.push(session.send('terminal', '80', '24', 'enter', `--target=${name}`, '--records=3', '--', 'sleep', '0.01'));
    await session.answer(ids[1] ?? 0);
    ids.push(session.send('end', name));
    await session.answer(ids[2] ?? 0);
  })().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * spread));
  const found = await until(
    'somebody to kill, or the end',
    () => {
      const pids = candidates(kind, serving, name);
      return pids.length > 0 || isClosed(session.answers.get(ids[2] ?? -1)) ? pids : undefined;
    },
    10_000,
  );
  for (const pid of found) kill(pid);
  if (kind === 'serve') await until('the end of serve', () => session.child.signalCode !== null);
  else await going;
  const made = madeOf({ records: session.answers.get(ids[0] ?? 0)?.records ?? [] });
  if (kind !== 'serve') await session.close();
  // The words that people have for it: they need no other tool, whoever was killed.
  const answer = await ask(['end', name, '--grace=5000']);
  const [error] = answer.all('error');
  assert.ok(error === undefined || error.errno === 'ENOENT', `${kind}: ${answer.text}`);
  await until(`the end of round ${round} (${kind})`, () => !left().some((line) => line.includes(name)), 20_000).catch(
    () => assert.deepEqual(left(), [], kind),
  );
  return { made, wasKilled: found.length > 0 };
}

/** A /run of its own, so that what others keep on this machine is not there. */
const ownRun = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'umount -R -l /run/linux-namespaces 2>/dev/null; mount -t tmpfs none /run && exec "$@"',
  'sh',
];
const leftInRun = 'ls -A /run; grep -c " /run/linux-namespaces" /proc/self/mountinfo';

test('the folder of all names is made with the first one and goes with the last one', { skip }, async () => {
  const [one, two, three] = [uniqueName(), uniqueName(), uniqueName()];
  const script = `set -e
    wait() { i=0; until [ -z "$(ls -A /run)" ] || [ $i -gt 500 ]; do sleep 0.02; i=$((i + 1)); done; }
    "$0" create --new=uts --keep=${one} >/dev/null
    "$0" create --new=uts --keep=${two} >/dev/null
    "$0" pin uts:${one} --name=${three} >/dev/null
    "$0" end ${one} >/dev/null; ls /run/linux-namespaces | wc -l
    "$0" end ${two} >/dev/null; ls /run/linux-namespaces | wc -l
    "$0" unpin ${three} >/dev/null; wait; ${leftInRun} || :
    mkdir -p /run/linux-namespaces/helper; : >/run/linux-namespaces/helper/file
    "$0" create --new=uts --keep=${one} >/dev/null
    "$0" end ${one} >/dev/null
    i=0; while grep -q " /run/linux" /proc/self/mountinfo && [ $i -lt 500 ]; do sleep 0.02; i=$((i + 1)); done
    ls /run/linux-namespaces; cat /run/linux-namespaces/helper/file; ${leftInRun} || :`;
  const lines = (await output([...ownRun, 'sh', '-c', script, helper])).split('\n');
  assert.deepEqual(lines, ['2', '1', '0', 'helper', 'linux-namespaces', '0']);
});

test("a folder that is another file system, or not the caller's, stays", { skip }, async () => {
  const name = uniqueName();
  const script = `set -e
    mkdir /run/linux-namespaces; mount -t tmpfs -o mode=755 none /run/linux-namespaces
    "$0" create --new=uts --keep=${name} >/dev/null; "$0" end ${name} >/dev/null
    i=0; while [ -e /run/linux-namespaces/${name} ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i + 1)); done
    grep -c " /run/linux-namespaces .* tmpfs " /proc/self/mountinfo`;
  assert.equal(await output([...ownRun, 'sh', '-c', script, helper]), '1');
});

test(
  'whoever keeps something while another one ends the last name gets its folder',
  { skip, timeout: 300_000 },
  async () => {
    const name = uniqueName();
    const rounds = sanitized ? 3 : 12;
    const worker = `i=0; while [ $i -lt ${rounds} ]; do n=${name}-$1-$i
      "$0" create --new=uts --keep=$n >/dev/null || echo "create $n"
      [ -e /run/linux-namespaces/$n/uts ] || echo "no mount $n"
      "$0" end $n >/dev/null || echo "end $n"
      i=$((i + 1)); done`;
    const all = `for w in 1 2 3 4; do sh -c "$1" "$0" $w & done; wait
    i=0; until [ -z "$(ls -A /run)" ] || [ $i -gt 500 ]; do sleep 0.02; i=$((i + 1)); done
    ${leftInRun}`;
    const { stdout } = await run([...ownRun, 'sh', '-c', all, helper, worker]);
    assert.equal(stdout.toString(), '0\n');
    assert.deepEqual(processesWith(name), []);
  },
);

test('what is left where a guard and then its holder were killed, `end` takes away', { skip }, async (t) => {
  const { through } = await account(suite, `${marker}c`);
  const session = await serve(testScope(t));
  const name = uniqueName();
  const creation = await session.request('create', ...words(name, 0));
  assert.ok(creation.end, JSON.stringify(creation.error));
  for (const title of [`linux-namespaces-guard ${name}\0`, `linux-namespaces: ${name} `]) {
    const pids = titled(title);
    assert.equal(pids.length, 1);
    for (const pid of pids) kill(pid);
    // oxlint-disable-next-line no-await-in-loop
    await until('its end', () => titled(title).length === 0);
  }
  assert.equal(readdirSync(`/run/linux-namespaces/${name}`).length, 8);
  // Nobody else can.
  const refused = await ask(['end', name], { through });
  assert.notEqual(refused.code, 0);
  const end = await session.request('end', name);
  assert.ok(end.end, JSON.stringify(end.error));
  assert.equal(end.records.filter((record) => 'unmounted' in record).length, 8);
  await nothingLeft(madeOf(creation));
});

test('a guard that hears late of its end leaves the folder of the next instance alone', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const [first, next] = [uniqueName(), uniqueName()];
  const created = async (name: string): Promise<readonly Made[]> => {
    const creation = await session.request('create', `--keep=${name}`, '--new=uts,ipc');
    assert.ok(creation.end, JSON.stringify(creation.error));
    return madeOf(creation);
  };
  const made = [...(await created(first))];
  const [guard, ...others] = titled(`linux-namespaces-guard ${first}\0`);
  assert.ok(guard !== undefined && others.length === 0);
  process.kill(guard, 'SIGSTOP');
  const end = await session.request('end', first);
  assert.ok(end.end, JSON.stringify(end.error));
  // Where the file system gives the number of an inode that has gone to the next one, as ext4 does, this folder would get it.
  made.push(...(await created(next)));
  process.kill(guard, 'SIGCONT');
  await until('the end of the guard', () => titled(`linux-namespaces-guard ${first}\0`).length === 0);
  assert.equal(readdirSync(`/run/linux-namespaces/${next}`).length, 2);
  await session.request('end', next);
  await nothingLeft(made);
});
