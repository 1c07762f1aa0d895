import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHelper, sanitized, withoutLeakCheck } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { idOf, ipNetns, look } from './support/namespaces.ts';
import { hold, holdScript } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { namespace, processOf, readSnapshot, scan } from './support/snapshot.ts';
import { nobody } from './support/nobody.ts';

const skip = missing('root', 'setpriv', 'unshare');
leakGuard();

for (const deep of [[], ['--deep']]) {
  test(`an ordinary user's scan ${deep.join('')} counts what it may not see`, { skip }, async (t) => {
    const held = await hold(testScope(t), [...nobody, 'unshare', '--user', '--net', 'sh', '-c', holdScript]);
    const snapshot = await scan(deep, { through: nobody });
    const { processes, end } = snapshot;
    const hidden = [...processes.values()].filter(({ ns, zombie }) => ns === undefined && zombie !== true);
    assert.equal(snapshot.snapshot.complete, false);
    // Of a foreign zombie it cannot be known whether it had something to hide.
    const zombies = [...processes.values()].filter(({ ns, zombie }) => ns === undefined && zombie === true);
    const { unreadable = 0 } = end;
    assert.ok(unreadable >= hidden.length && unreadable <= hidden.length + zombies.length, `${unreadable} hidden`);
    assert.ok(hidden.some(({ pid }) => pid === process.pid));
    assert.ok(hidden.some(({ pid }) => pid === 1));
    // Their namespaces are secret, the processes are not.
    const { comm, uid, cmdline } = processOf(snapshot, process.pid);
    assert.deepEqual({ comm, uid, named: cmdline?.includes('test') }, { comm: 'node', uid: 0, named: true });
    const own = processOf(snapshot, held.pid);
    assert.equal(own.uid, 65534);
    for (const type of ['user', 'net', 'uts'] as const) assert.equal(own.ns?.[type], idOf(held.pid, type));
    const record = namespace(snapshot, 'user', own.ns?.user);
    assert.equal(record.uid, 65534);
    assert.equal(record.parent, idOf('self', 'user'));
    assert.equal(namespace(snapshot, 'net', own.ns?.net).owner, own.ns?.user);
  });
}

test('an ordinary user sees the mounts of ip netns', { skip: skip || missing('ip') }, async (t) => {
  const { path } = await ipNetns(testScope(t));
  const snapshot = await scan([], { through: nobody });
  const { id } = await look(path);
  const record = namespace(snapshot, 'net', id);
  assert.ok(record.held.some((holder) => holder.by === 'mount' && holder.path.endsWith(path)));
});

/** Runs what follows in a mount namespace with such a /proc. */
function withProc(options: string, ...command: readonly string[]): string[] {
  const script = 'options=$1; shift; mount -t proc -o "$options" proc /proc && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', options, ...command];
}

test('with hidepid=2 an ordinary user gets its own processes and is told that there are more', { skip }, async (t) => {
  const held = await hold(testScope(t), [...nobody, 'sh', '-c', holdScript]);
  for (const deep of [[], ['--deep']]) {
    const snapshot = await scan(deep, { through: withProc('hidepid=2', ...nobody) });
    assert.equal(snapshot.snapshot.complete, false);
    assert.equal(processOf(snapshot, held.pid).ns?.net, idOf('self', 'net'));
    assert.ok(!snapshot.processes.has(process.pid));
    for (const { uid } of snapshot.processes.values()) assert.equal(uid, 65534);
  }
});

test('with hidepid=1 the foreign processes are there without their details', { skip }, async () => {
  const snapshot = await scan([], { through: withProc('hidepid=1', ...nobody) });
  assert.equal(snapshot.snapshot.complete, false);
  const foreign = snapshot.processes.get(process.pid);
  if (foreign !== undefined) assert.equal(foreign.ns, undefined);
});

test('with hidepid=2 root sees what it sees without', { skip }, async () => {
  const snapshot = await scan([], { through: withProc('hidepid=2') });
  assert.equal(processOf(snapshot, process.pid).ns?.net, idOf('self', 'net'));
});

async function hidepid(options: string): Promise<string | undefined> {
  const { records } = await runHelper(['facts'], { through: withProc(options) });
  const [record] = records;
  assert.ok(record && 'facts' in record);
  return record.facts.hidepid;
}

test('facts name the hidepid of /proc', { skip }, async () => {
  // Numbers until Linux 5.8, names since.
  assert.match((await hidepid('hidepid=2')) ?? '', /^(2|invisible)$/);
  assert.match((await hidepid('hidepid=1')) ?? '', /^(1|noaccess)$/);
  assert.match((await hidepid('hidepid=0')) ?? '0', /^(0|off)$/);
});

test('the root of a user namespace gets what that namespace may see', { skip }, async () => {
  for (const deep of [[], ['--deep']]) {
    const snapshot = await scan(deep, { through: ['unshare', '--user', '--map-root-user'] });
    assert.equal(snapshot.snapshot.complete, false);
    assert.ok((snapshot.end.unreadable ?? 0) > 0);
    // Its own user namespace is the end of what it may see, so nothing is said about what lies above.
    const users = [...snapshot.namespaces.values()].filter(({ type }) => type === 'user');
    assert.ok(
      users.every(({ parent, owner }) => parent === undefined || snapshot.namespaces.has(`user:${owner ?? parent}`)),
    );
  }
});

test('in a pid namespace with its own /proc its processes are all there is', { skip }, async () => {
  const { processes } = await scan([], { through: ['unshare', '--pid', '--fork', '--mount-proc'] });
  assert.deepEqual([...processes.keys()], [1]);
  assert.equal(processes.get(1)?.nspid, undefined);
});

// Sanitizers read their very options from /proc, and look for leaks through it: their build cannot run without.
const withoutProc = sanitized ? 'the sanitizers need /proc' : skip;
test('without /proc a scan fails and says at which step', { skip: withoutProc }, async () => {
  const script = 'umount --lazy /proc && exec "$@"';
  const through = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
  for (const verb of ['scan', 'watch']) {
    const { code, records } = await runHelper([verb], { through });
    const last = records.at(-1);
    assert.equal(code, 1);
    assert.ok(last && 'error' in last, JSON.stringify(last));
    assert.match(last.error.errno, /^E[A-Z]+$/);
  }
});

test('a limit on open files leads to an answer or to an error, not to a fault', { skip }, async () => {
  for (const limit of [4, 5, 6, 8, 12, 20]) {
    for (const deep of [[], ['--deep']]) {
      const { code, records } = await runHelper(['scan', ...deep], {
        through: ['prlimit', `--nofile=${limit}`],
        env: withoutLeakCheck,
      });
      if (code === 0) readSnapshot(records);
      else {
        const last = records.at(-1);
        assert.equal(code, 1);
        assert.ok(last && 'error' in last);
      }
    }
  }
});

test('closed standard streams are no reason to fail', { skip }, async () => {
  const script = 'exec "$@" <&- 2>&-';
  readSnapshot((await runHelper(['scan', '--deep'], { through: ['sh', '-c', script, 'sh'] })).records);
});
