/**
 * Each error is provoked for real, by the tools that people use or by one system call, and explained from facts that the
 * helper read in that very situation. The first cause has to be the right one.
 */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { explain, introduction } from '../../extension/explain/explain.ts';
import { levelsFromRecords, levelsFromGraph, mountsOf } from '../../extension/explain/levels.ts';
import { readiness, type Try } from '../../extension/explain/readiness.ts';
import { readinessReport, readinessRows } from '../../extension/explain/readiness-report.ts';
import { errorFromText } from '../../extension/explain/tool-errors.ts';
import type { ExplainContext, Explanation } from '../../extension/explain/types.ts';
import type { ErrorRecord, FactsRecord, UserNamespaceRecord } from '../../extension/helper/protocol.ts';
import { parseRecord } from '../../extension/helper/records.ts';
import { HostGraph } from '../../extension/model/graph.ts';
import type { Graph } from '../../extension/model/types.ts';
import { refuseProgram as compiledRefuse } from './support/compile.ts';
import { helper, runHelper, sanitized, withoutLeakCheck } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder, uniqueName } from './support/marker.ts';
import { idOf, ipNetns, unshare } from './support/namespaces.ts';
import { hold, holdScript, output, run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { suiteScope, testScope, type Scope } from './support/scope.ts';

const skip = missing('root', 'gcc', 'unshare', 'nsenter', 'setpriv', 'ip', 'chroot', 'newuidmap');
/** Before the guard, which looks for what is left: hooks run in the order in which they were registered. */
const published = suiteScope();
leakGuard();

/** Where every user can run it, unlike the cache of root. */
let refuse: string | undefined;

async function refuseProgram(): Promise<string> {
  if (refuse !== undefined) return refuse;
  const copy = join(temporaryFolder(published), 'refuse');
  copyFileSync(await compiledRefuse(), copy);
  chmodSync(copy, 0o755);
  refuse = copy;
  return copy;
}

/** Command that runs the rest of its words in some situation. */
type Prefix = readonly string[];

const nobody: Prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** The words after it run in a shell's situation: `script` ends in `exec "$@"`. */
function shell(script: string, ...words: readonly string[]): Prefix {
  return ['sh', '-c', script, 'sh', ...words];
}

async function recordsOf(args: readonly string[], through: Prefix): Promise<FactsRecord> {
  // The search for leaks takes a process more than a situation may allow; facts.test.ts runs with it.
  const { code, stdout, stderr } = await runHelper(['facts', ...args], { through, env: withoutLeakCheck });
  assert.equal(code, 0, stderr);
  const record = parseRecord(stdout.toString().split('\n')[0] ?? '');
  assert.ok(record !== undefined && 'facts' in record);
  return record.facts;
}

/** The error that a tool tells in words. */
async function toolError(command: readonly string[]): Promise<ErrorRecord> {
  const { code, stderr } = await run(command, { env: { LC_ALL: 'C' } });
  assert.notEqual(code, 0, `${command.join(' ')} did not fail`);
  const error = errorFromText(stderr);
  assert.ok(error, `not understood: ${stderr}`);
  return error;
}

/** The error that the test program tells as the helper would. */
async function stepError(through: Prefix, ...words: readonly string[]): Promise<ErrorRecord> {
  const line = await output([...through, await refuseProgram(), ...words]);
  const record = parseRecord(line);
  assert.ok(record !== undefined && 'error' in record, line);
  return record.error;
}

interface Explained {
  readonly error: ErrorRecord;
  readonly facts: FactsRecord;
  readonly causes: readonly [Explanation, ...Explanation[]];
}

async function explainTool(
  through: Prefix,
  command: readonly string[],
  context: ExplainContext = {},
): Promise<Explained> {
  const error = await toolError([...through, ...command]);
  const facts = await recordsOf([], through);
  return { error, facts, causes: explain(error, facts, context) };
}

async function explainStep(
  through: Prefix,
  words: readonly string[],
  context: ExplainContext = {},
): Promise<Explained> {
  const error = await stepError(through, ...words);
  const facts = await recordsOf([], through);
  return { error, facts, causes: explain(error, facts, context) };
}

/** The first cause is this one; and everything that is said is complete. */
function assertFirst({ error, causes }: Explained, errno: string, id: string, certainty: string): Explanation {
  assert.equal(error.errno, errno, JSON.stringify(error));
  const [first] = causes;
  assert.deepEqual({ id: first.id, certainty: first.certainty }, { id, certainty }, JSON.stringify(causes, null, 1));
  for (const { cause, remedy, source, evidence } of causes) {
    assert.ok(cause.length > 20 && remedy.length > 10 && source.startsWith('https://'), cause);
    for (const { what, value, source: file } of evidence) assert.ok(what !== '' && value !== '' && file !== '', what);
  }
  return first;
}

function evidenceOf({ evidence }: Explanation): string {
  return evidence.map(({ what, value, source }) => `${what}: ${value} (${source})`).join('\n');
}

async function graphNow(scope: readonly string[] = []): Promise<Graph> {
  const { records } = await runHelper(['scan', ...scope]);
  const graph = new HostGraph();
  graph.apply(records);
  return graph;
}

async function levelsOf(pid: number): Promise<readonly UserNamespaceRecord[]> {
  const { code, records, stderr } = await runHelper(['facts', `--userns=pid:${pid}`]);
  assert.equal(code, 0, stderr);
  return records.flatMap((record) => ('userns' in record ? [record.userns] : []));
}

test('ENOSPC by a limit of 0 is not a full disk', { skip }, async () => {
  for (const [type, option] of [
    ['net', '--net'],
    ['uts', '--uts'],
    ['user', '--user'],
  ] as const) {
    const within = ['unshare', '--user', '--map-root-user'];
    const through = [...within, ...shell(`echo 0 >/proc/sys/user/max_${type}_namespaces; exec "$@"`)];
    const explained = await explainTool(through, ['unshare', option, 'true'], { new: [type] });
    const first = assertFirst(explained, 'ENOSPC', 'namespace-limit', 'certain');
    assert.match(first.cause, /disk is not full/);
    assert.match(evidenceOf(first), new RegExp(`: 0 \\(/proc/sys/user/max_${type}_namespaces`));
    assert.ok(first.needsAdministrator);
    assert.equal(explained.causes.length, 1);
  }
});

/** Holds a user namespace in which a limit is set, and one more below it. */
async function limitedAbove(t: TestContext, limit: string): Promise<{ pid: number; above: number }> {
  const inner = `echo ready; exec cat >/dev/null`;
  const outer = `echo ${limit}; exec unshare --user --map-root-user sh -c '${inner}'`;
  const held = await hold(testScope(t), ['unshare', '--user', '--map-root-user', 'sh', '-c', outer]);
  const [, middle] = await levelsOf(held.pid);
  assert.ok(middle);
  return { pid: held.pid, above: middle.id };
}

test('ENOSPC by the limit of a user namespace above names that one', { skip }, async (t) => {
  const { pid, above } = await limitedAbove(t, '0 >/proc/sys/user/max_net_namespaces');
  const through = ['nsenter', '--target', String(pid), '--user', '--preserve-credentials'];
  const error = await toolError([...through, 'unshare', '--net', 'true']);
  const records = await levelsOf(pid);
  assert.equal(records.length, 3);
  const facts = await recordsOf([], through);
  const outside = explain(error, facts, { new: ['net'], userNamespaces: levelsFromRecords(records) });
  const first = assertFirst({ error, facts, causes: outside }, 'ENOSPC', 'namespace-limit', 'certain');
  assert.match(first.cause, new RegExp(`user namespace ${above}, 1 level above`));
  // From inside it can only be guessed, and it says so.
  const inside = explain(error, facts, { new: ['net'] });
  assertFirst({ error, facts, causes: inside }, 'ENOSPC', 'namespace-limit', 'possible');
  assert.match(inside[0].cause, /cannot be seen/);
});

test('ENOSPC by a limit that is reached tells how many are in use', { skip }, async (t) => {
  const scope = testScope(t);
  const script = 'echo 3 >/proc/sys/user/max_uts_namespaces; echo ready; exec cat >/dev/null';
  const held = await hold(scope, ['unshare', '--user', '--map-root-user', 'sh', '-c', script]);
  const through = ['nsenter', '--target', String(held.pid), '--user', '--preserve-credentials'];
  for (let count = 0; count < 3; count++) await hold(scope, [...through, 'unshare', '--uts', 'sh', '-c', holdScript]);
  const error = await toolError([...through, 'unshare', '--uts', 'true']);
  const userNamespaces = levelsFromRecords(await levelsOf(held.pid), await graphNow());
  const facts = await recordsOf([], through);
  const explained = { error, facts, causes: explain(error, facts, { new: ['uts'], userNamespaces }) };
  const first = assertFirst(explained, 'ENOSPC', 'namespace-limit', 'likely');
  assert.match(evidenceOf(first), /In use there: 3 visible/);
  assert.match(first.cause, /3 for each user/);
});

test('ENOSPC by depth is told from a limit', { skip }, async (t) => {
  const scope = testScope(t);
  const nest = 'if [ "$1" -gt 1 ]; then exec unshare --user --map-root-user sh -c "$2" sh $(($1 - 1)) "$2"; fi;';
  const script = `${nest} ${holdScript}`;
  const start = ['unshare', '--user', '--map-root-user', 'sh', '-c', script, 'sh', '33', script];
  const held = await hold(scope, start);
  const through = ['nsenter', '--target', String(held.pid), '--user', '--preserve-credentials'];
  const error = await toolError([...through, 'unshare', '--user', 'true']);
  const facts = await recordsOf([], through);
  const records = await levelsOf(held.pid);
  assert.equal(records.length, 34);
  const graph = await graphNow();
  const key = `user:${idOf(held.pid, 'user')}` as const;
  for (const userNamespaces of [levelsFromRecords(records, graph), levelsFromGraph(graph, key)]) {
    const explained = { error, facts, causes: explain(error, facts, { new: ['user'], userNamespaces }) };
    const first = assertFirst(explained, 'ENOSPC', 'user-depth', 'certain');
    assert.match(evidenceOf(first), /Levels below the initial user namespace: 33/);
    assert.equal(first.needsAdministrator, false);
    assert.equal(explained.causes.length, 1);
  }
  // From inside, both are possible, and that is what it says.
  const inside = explain(error, facts, { new: ['user'] });
  assert.deepEqual(
    inside.map(({ id, certainty }) => `${certainty} ${id}`),
    ['possible user-depth', 'possible namespace-limit'],
  );
  assert.match(introduction(inside), /2 possible causes/);
  // Other types can still be made there.
  assert.equal((await run([...through, 'unshare', '--uts', 'true'])).code, 0);
});

test('EPERM by chroot', { skip: sanitized ? 'the build for sanitizers is not static' : skip }, async (t) => {
  const root = temporaryFolder(testScope(t));
  for (const name of ['proc', 'bin']) mkdirSync(join(root, name));
  for (const [from, name] of [
    [helper, 'nshelper'],
    [await refuseProgram(), 'refuse'],
  ] as const)
    copyFileSync(from, join(root, 'bin', name));
  const script = 'mount -t proc proc "$1/proc" && shift && exec "$@"';
  const through = ['unshare', '--mount', ...shell(script, root), 'chroot', root];
  const line = await output([...through, '/bin/refuse', 'unshare', 'user']);
  const record = parseRecord(line);
  const { stdout } = await run([...through, '/bin/nshelper', 'facts']);
  const known = parseRecord(stdout.toString().split('\n')[0] ?? '');
  assert.ok(record !== undefined && 'error' in record && known !== undefined && 'facts' in known);
  const { facts } = known;
  const causes = explain(record.error, facts, { new: ['user'] });
  assertFirst({ error: record.error, facts, causes }, 'EPERM', 'chroot', 'certain');
});

test('EPERM by a uid without a mapping', { skip }, async () => {
  const explained = await explainTool(['unshare', '--user'], ['unshare', '--user', 'true'], { new: ['user'] });
  const first = assertFirst(explained, 'EPERM', 'unmapped-uid', 'certain');
  assert.match(evidenceOf(first), /Mapped there: nothing \(\/proc\/self\/uid_map\)/);
});

test('EPERM by a capability that is missing, and whether it can be gained', { skip }, async () => {
  const explained = await explainTool(nobody, ['unshare', '--mount', 'true'], { new: ['mnt'] });
  const first = assertFirst(explained, 'EPERM', 'missing-capability', 'certain');
  assert.match(first.remedy, /user namespace too/);
  assert.equal(first.needsAdministrator, false);
  const bounded = ['setpriv', '--bounding-set=-sys_admin'];
  const never = await explainTool(bounded, ['unshare', '--mount', 'true'], { new: ['mnt'] });
  assert.match(assertFirst(never, 'EPERM', 'missing-capability', 'certain').remedy, /not in the bounding set/);
});

test('EPERM and ENOSYS by a seccomp filter', { skip }, async () => {
  const through = [await refuseProgram(), 'filter'];
  const explained = await explainTool(through, ['unshare', '--user', 'true'], { new: ['user'] });
  const first = assertFirst(explained, 'EPERM', 'seccomp', 'likely');
  assert.match(evidenceOf(first), /Seccomp mode \(2: filter\): 2/);
  assertFirst(await explainStep(through, ['clone3', 'user'], { new: ['user'] }), 'ENOSYS', 'seccomp', 'likely');
});

test('EPERM of a group map before setgroups was denied, and of setgroups after', { skip }, async () => {
  const early = await explainStep(nobody, ['own_gid_map', '0 65534 1'], {
    gidMap: [{ inside: 0, outside: 65534, count: 1 }],
    setgroups: 'allow',
  });
  assertFirst(early, 'EPERM', 'setgroups-not-denied', 'certain');
  const late = await explainStep([...nobody, 'unshare', '--user', '--map-root-user'], ['setgroups']);
  assertFirst(late, 'EPERM', 'setgroups-denied', 'certain');
});

test(
  'EPERM of maps: without a capability, of ids that are not there, of root without CAP_SETFCAP',
  { skip },
  async () => {
    const many = await explainStep(nobody, ['uid_map', '0 100000 10'], {
      uidMap: [{ inside: 0, outside: 100000, count: 10 }],
    });
    assertFirst(many, 'EPERM', 'map-needs-capability', 'certain');
    const nested = ['unshare', '--user', '--map-root-user'];
    const foreign = await explainStep(nested, ['uid_map', '0 100000 10'], {
      uidMap: [{ inside: 0, outside: 100000, count: 10 }],
    });
    assertFirst(foreign, 'EPERM', 'map-outside-parent', 'certain');
    const bounded = ['setpriv', '--bounding-set=-setfcap'];
    const root = await explainTool(bounded, ['unshare', '--user', '--map-root-user', 'true'], {
      uidMap: [{ inside: 0, outside: 0, count: 1 }],
    });
    assertFirst(root, 'EPERM', 'map-root-needs-setfcap', 'certain');
  },
);

test('EINVAL of a map names the line', { skip }, async () => {
  const maps: readonly (readonly [string, number])[] = [
    ['0 0 0', 1],
    ['0 100000 10\n5 200000 10', 2],
    ['0 100000 10\n20 100005 1', 2],
    ['0 4294967290 10', 1],
  ];
  for (const [text, line] of maps) {
    const uidMap = text.split('\n').map((each) => {
      const [inside = 0, outside = 0, count = 0] = each.split(' ').map(Number);
      return { inside, outside, count };
    });
    const first = assertFirst(await explainStep([], ['uid_map', text], { uidMap }), 'EINVAL', 'bad-map', 'certain');
    assert.match(first.cause, new RegExp(`^Line ${line} of the uid_map`));
  }
});

/** In a mount namespace where these files say so: /etc/subuid and /etc/subgid, and newuidmap as given. */
function subordinate(scope: Scope, ranges: string, mapper?: string): Prefix {
  const folder = temporaryFolder(scope);
  const file = join(folder, 'ranges');
  writeFileSync(file, ranges);
  const script =
    'touch /etc/subuid /etc/subgid; mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid && if [ -n "$2" ]; then mount --bind "$2" "$(command -v newuidmap)"; fi && shift 2 && exec "$@"';
  return ['unshare', '--mount', ...shell(script, file, mapper ?? ''), ...nobody];
}

const mapUsers = ['unshare', '--user', '--map-users=100000,0,10', 'true'];
const wanted: ExplainContext = { new: ['user'], map: 'auto', uidMap: [{ inside: 0, outside: 100000, count: 10 }] };

test('newuidmap without a range, outside of it and with an overlap', { skip }, async (t) => {
  const scope = testScope(t);
  const none = await explainTool(subordinate(scope, 'alice:100000:65536\n'), mapUsers, wanted);
  const first = assertFirst(none, 'EPERM', 'subordinate-missing', 'certain');
  assert.match(first.remedy, /usermod --add-subuids 165536-231071 nobody/);
  const outside = await explainTool(subordinate(scope, 'nobody:200000:65536\n'), mapUsers, wanted);
  assertFirst(outside, 'EPERM', 'subordinate-outside', 'certain');
});

test('newuidmap without its set-user-ID bit, and with no_new_privs', { skip }, async (t) => {
  const scope = testScope(t);
  const copy = join(temporaryFolder(scope), 'newuidmap');
  copyFileSync(await output(['sh', '-c', 'command -v newuidmap']), copy);
  chmodSync(copy, 0o755);
  const ranges = 'nobody:100000:65536\n';
  const plain = await explainTool(subordinate(scope, ranges, copy), mapUsers, wanted);
  const first = assertFirst(plain, 'EPERM', 'mapper-without-rights', 'certain');
  assert.match(evidenceOf(first), /Set-user-ID bit: not set/);
  const noNewPrivileges = [...subordinate(scope, ranges), 'setpriv', '--no-new-privs'];
  const explained = await explainTool(noNewPrivileges, mapUsers, wanted);
  assert.match(assertFirst(explained, 'EPERM', 'mapper-without-rights', 'certain').cause, /no_new_privs/);
  // The situation itself is sound: with the bit and without the hindrance it works.
  assert.equal((await run([...subordinate(scope, ranges), ...mapUsers])).code, 0);
});

test('a locked mount, a covered proc and a proc without a pid namespace', { skip }, async () => {
  const user = ['unshare', '--user', '--map-root-user', '--mount'];
  const locked = await explainTool(user, ['umount', '/proc']);
  assertFirst(locked, 'EINVAL', 'locked-mount', 'likely');
  const cover = ['unshare', '--mount', ...shell('mount -t tmpfs none /proc/fs && exec "$@"')];
  const mountProc = ['--pid', '--fork', 'mount', '-t', 'proc', 'proc', '/proc'];
  const covered = await explainTool(cover, [...user, ...mountProc], { new: ['user', 'mnt', 'pid'] });
  const first = assertFirst(covered, 'EPERM', 'proc-not-visible', 'certain');
  assert.match(evidenceOf(first), /\/proc: has something mounted over \/proc\/fs/);
  const withoutPid = await explainTool([], [...user, 'mount', '-t', 'proc', 'proc', '/proc'], { new: ['user', 'mnt'] });
  assertFirst(withoutPid, 'EPERM', 'proc-without-own-namespace', 'certain');
  // Uncovered, it works.
  assert.equal((await run([...user, ...mountProc])).code, 0);
});

test('time offsets after the first child, and out of range', { skip }, async () => {
  assertFirst(await explainStep([], ['offsets']), 'EACCES', 'time-offset-after-first-child', 'certain');
  const monotonic = 99_999_999_999;
  const far = await explainTool([], ['unshare', '--time', '--monotonic', String(monotonic), 'true'], { monotonic });
  const first = assertFirst(far, 'ERANGE', 'time-offset-range', 'certain');
  assert.match(evidenceOf(first), /99999999999 s/);
  const negative = ['unshare', '--time', '--fork', '--monotonic=-99999999', 'true'];
  assertFirst(await explainTool([], negative, { monotonic: -99_999_999 }), 'ERANGE', 'time-offset-range', 'certain');
});

test('EINVAL of a program with threads', { skip }, async () => {
  const program = await refuseProgram();
  const context = { new: ['user'], program, threads: 2 } as const;
  assertFirst(await explainStep([], ['threads', 'user'], context), 'EINVAL', 'multi-threaded', 'certain');
  assert.equal((await output([program, 'unshare', 'user'])).includes('done'), true);
});

test('a name of ip netns that is an empty file, is mounted elsewhere or does not exist', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const path = `/run/netns/${name}`;
  mkdirSync('/run/netns', { recursive: true });
  writeFileSync(path, '');
  scope.defer(async () => void (await run(['ip', 'netns', 'delete', name])));
  const enter = ['ip', 'netns', 'exec', name, 'true'];
  const empty = await explainTool([], enter, { mounts: mountsOf(await graphNow()) });
  assertFirst(empty, 'EINVAL', 'netns-name-is-empty-file', 'certain');
  assert.match(empty.causes[0].cause, /only an empty file/);
  const script = `mount --make-rprivate / && ip netns delete ${name} && ip netns add ${name} && ${holdScript}`;
  const elsewhere = await hold(scope, ['unshare', '--mount', 'sh', '-c', script]);
  const mounted = await explainTool([], enter, { mounts: mountsOf(await graphNow()) });
  const first = assertFirst(mounted, 'EINVAL', 'netns-name-is-empty-file', 'certain');
  assert.match(first.cause, new RegExp(`mounted over it only in mnt:${idOf(elsewhere.pid, 'mnt')}`));
  const none = await explainTool([], ['ip', 'netns', 'exec', uniqueName(), 'true']);
  assertFirst(none, 'ENOENT', 'netns-name-is-empty-file', 'certain');
});

test('a name that is taken', { skip }, async (t) => {
  const { name } = await ipNetns(testScope(t));
  assertFirst(await explainTool([], ['ip', 'netns', 'add', name], { name }), 'EEXIST', 'name-taken', 'certain');
});

test('a process that has ended, and a mount that is in use', { skip }, async (t) => {
  assertFirst(await explainStep([], ['ended'], { join: ['net'] }), 'ESRCH', 'target-gone', 'certain');
  const gone = ['nsenter', '--target', '4194300', '--net', 'true'];
  assertFirst(await explainTool([], gone), 'ENOENT', 'target-gone', 'certain');
  const folder = temporaryFolder(testScope(t));
  const busy = ['unshare', '--mount', ...shell('mount -t tmpfs none "$1" && cd "$1" && shift && exec "$@"', folder)];
  const error = await toolError([...busy, 'sh', '-c', 'umount "$PWD"']);
  const facts = await recordsOf([], []);
  assertFirst({ error, facts, causes: explain(error, facts) }, 'EBUSY', 'still-in-use', 'likely');
});

test('EPERM of joining, and EACCES of looking', { skip }, async (t) => {
  const scope = testScope(t);
  const { path } = await ipNetns(scope);
  const joined = await explainTool(nobody, ['nsenter', `--net=${path}`, 'true'], { join: ['net'] });
  assertFirst(joined, 'EPERM', 'join-needs-owner', 'certain');
  const held = await unshare(scope, '--net');
  const looked = await explainTool(nobody, ['nsenter', '--target', String(held.pid), '--net', 'true']);
  assertFirst(looked, 'EACCES', 'ptrace-access', 'likely');
});

test('EAGAIN by the limit on processes, ENOMEM by a pid namespace that is over', { skip }, async () => {
  const few = [...nobody, 'prlimit', '--nproc=1'];
  const explained = await explainTool(few, ['unshare', '--user', '--fork', 'true'], { new: ['user'] });
  assert.match(evidenceOf(assertFirst(explained, 'EAGAIN', 'process-limit', 'likely')), /RLIMIT_NPROC: 1/);
  const over = await explainTool([], ['unshare', '--pid', 'bash', '-c', '/bin/true; /bin/true; :']);
  assertFirst(over, 'ENOMEM', 'pid-namespace-over', 'likely');
});

test('readiness of a host where a limit is 0, by real tries', { skip }, async () => {
  const within = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private'];
  const through = [...within, ...shell('echo 0 >/proc/sys/user/max_net_namespaces; exec "$@"')];
  const facts = await recordsOf([], through);
  const tries = await Promise.all(
    facts.types.map(async (type): Promise<[string, Try]> => {
      const line = await output([...through, await refuseProgram(), 'unshare', type]);
      const record = parseRecord(line);
      return [type, record !== undefined && 'error' in record ? { error: record.error } : { made: true }];
    }),
  );
  const found = readiness(facts, Object.fromEntries(tries), await graphNow());
  const rows = readinessRows(found);
  assert.deepEqual(
    rows.filter(({ state }) => state === 'no').map(({ id }) => id),
    ['net'],
  );
  assert.match(rows.find(({ id }) => id === 'net')?.description ?? '', /the limit of .* is 0/);
  assert.equal(rows.find(({ id }) => id === 'uts')?.state, 'yes');
  const report = readinessReport(found);
  assert.match(report, /## 6\. Network namespaces: ✗ no/);
  assert.match(report, /sysctl \\-w user\\\.max\\_net\\_namespaces/);
});
