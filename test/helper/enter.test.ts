import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { namespaceTypes, type NamespaceType } from '../../extension/helper/protocol.ts';
import { oldProgram } from './support/compile.ts';
import { busyboxRoot, runcContainer } from './support/containers.ts';
import { helper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { temporaryFolder, uniqueName } from './support/marker.ts';
import { idOf, ipNetns, keep, look, mountKept, unshare } from './support/namespaces.ts';
import { hold, holdScript, output, run } from './support/process.ts';
import { missing, which } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { splitLines } from './support/shape.ts';
import { Answer, entered, refusal } from './support/verbs.ts';
import { until } from './support/wait.ts';
import { nobody } from './support/nobody.ts';
import { startOf } from './support/stat.ts';

const skip = missing('root', 'unshare', 'nsenter', 'gcc', 'setpriv', 'ip');
leakGuard();

const flags: Readonly<Record<NamespaceType, string>> = {
  mnt: '--mount',
  uts: '--uts',
  ipc: '--ipc',
  pid: '--pid',
  net: '--net',
  user: '--user',
  cgroup: '--cgroup',
  time: '--time',
};
const links = namespaceTypes.map((type) => `/proc/self/ns/${type}`);

interface Target {
  readonly pid: number;
}

/** A process in new namespaces of these types; with pid or time it is the child of unshare. */
async function target(scope: Scope, types: readonly NamespaceType[], ...words: readonly string[]): Promise<Target> {
  const options = [...types.map((type) => flags[type]), ...words];
  if (!types.includes('pid') && !types.includes('time')) return unshare(scope, ...options);
  const { pid } = await unshare(scope, ...options, '--fork', '--kill-child');
  return { pid: Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()) };
}

function idsOf(pid: number | 'self'): string[] {
  return namespaceTypes.map((type) => `${type}:[${idOf(pid, type)}]`);
}

for (const type of namespaceTypes) {
  test(`joins a ${type} namespace alone, as nsenter does`, { skip }, async (t) => {
    const { pid } = await target(testScope(t), [type]);
    const expected = namespaceTypes.map((one) => `${one}:[${idOf(one === type ? pid : 'self', one)}]`);
    for (const only of [[], [`--only=${type}`]])
      assert.deepEqual(await entered([`--target=pid:${pid}`, ...only, '--', 'readlink', ...links]), expected);
    // nsenter(1) insists on a user 0, which this one has not mapped.
    const keeps = type === 'user' ? ['--preserve-credentials'] : [];
    const nsenter = await output(['nsenter', flags[type], ...keeps, `--target=${pid}`, 'readlink', ...links]);
    assert.deepEqual(nsenter.split('\n'), expected);
  });
}

test('joins all eight at once, and each subset that is asked for', { skip }, async (t) => {
  const { pid } = await target(testScope(t), namespaceTypes, '--map-root-user', '--mount-proc');
  assert.deepEqual(await entered([`--target=pid:${pid}:${startOf(pid)}`, '--', 'readlink', ...links]), idsOf(pid));
  const expects = namespaceTypes.map((type) => `--expect=${type}:${idOf(pid, type)}`);
  assert.deepEqual(await entered([`--target=pid:${pid}`, ...expects, '--', 'readlink', ...links]), idsOf(pid));
  const subset: NamespaceType[] = ['uts', 'net', 'ipc'];
  const expected = namespaceTypes.map((type) => `${type}:[${idOf(subset.includes(type) ? pid : 'self', type)}]`);
  assert.deepEqual(
    await entered([`--target=pid:${pid}`, `--only=${subset.join(',')}`, '--', 'readlink', ...links]),
    expected,
  );
  // The command is in the pid namespace, not only its children: it has the next number there.
  const [number = ''] = await entered([`--target=pid:${pid}`, '--', 'sh', '-c', 'echo $$']);
  assert.ok(Number(number) > 1 && Number(number) < 100, number);
});

test('joins a pinned namespace that has no process, and several by their own words', { skip }, async (t) => {
  const scope = testScope(t);
  const { name, path } = await ipNetns(scope);
  const uts = await mountKept(scope, 'uts');
  const net = (await look(path)).id;
  const kept = `/proc/${uts.pid}/root${uts.path}`;
  const { id } = await look(kept);
  for (const targets of [
    [`net:${net}`, `uts:${id}`],
    [path, kept],
    [`net:${path}`, `uts:${kept}`],
    [name, `uts:${id}`],
    [`net:${name}`, `uts:${id}`],
  ]) {
    const words = targets.map((one) => `--target=${one}`);
    const seen = await entered([...words, '--', 'readlink', '/proc/self/ns/net', '/proc/self/ns/uts']);
    assert.deepEqual(seen, [`net:[${net}]`, `uts:[${id}]`]);
  }
  const other = await target(scope, ['ipc', 'net']);
  // What is named by itself goes before the process's, in any order of the words.
  for (const words of [
    [`--target=pid:${other.pid}`, `--target=net:${name}`],
    [`--target=net:${name}`, `--target=pid:${other.pid}`],
  ])
    assert.deepEqual(await entered([...words, '--', 'readlink', '/proc/self/ns/net', '/proc/self/ns/ipc']), [
      `net:[${net}]`,
      `ipc:[${idOf(other.pid, 'ipc')}]`,
    ]);
  assert.deepEqual(await entered([`--target=uts:pid:${other.pid}`, '--', 'readlink', '/proc/self/ns/ipc']), [
    `ipc:[${idOf('self', 'ipc')}]`,
  ]);
});

test('each type that only a mount keeps can be entered', { skip }, async (t) => {
  for (const type of namespaceTypes) {
    const held = await mountKept(testScope(t), type);
    const { id } = await look(`/proc/${held.pid}/root${held.path}`);
    // The init of a pid namespace has ended, so that nothing can be run in it any more.
    if (type === 'pid') {
      const error = await refusal([`--target=pid:${id}`, '--', 'true']);
      assert.deepEqual(
        { step: error.step, errno: error.errno, code: error.code },
        { step: 'fork', errno: 'ENOMEM', code: 125 },
      );
      assert.match(error.detail ?? '', /init has ended/);
      continue;
    }
    // A user namespace that nobody has mapped anything into has no user 0 either.
    const [seen] = await entered([`--target=${type}:${id}`, '--', 'readlink', `/proc/self/ns/${type}`]);
    assert.equal(seen, `${type}:[${id}]`);
  }
});

test('a thread that is elsewhere than its process is entered by its number', { skip }, async (t) => {
  const held = await keep(testScope(t), 'thread', 'net');
  const [tid = ''] = readFileSync(`/proc/${held.pid}/stat`, 'latin1').split(' ').slice(0, 1);
  assert.equal(Number(tid), held.pid);
  const id = held.words['id'];
  assert.notEqual(idOf(held.pid, 'net'), id);
  const threads = (await output(['ls', `/proc/${held.pid}/task`])).split('\n').map(Number);
  const thread = threads.find((one) => one !== held.pid) ?? -1;
  const expected = [`net:[${id}]`];
  assert.deepEqual(await entered([`--target=pid:${thread}`, '--', 'readlink', '/proc/self/ns/net']), expected);
  assert.deepEqual(await entered([`--target=net:${id}`, '--', 'readlink', '/proc/self/ns/net']), expected);
});

test('a reused pid and a namespace that is another one by now are refused', { skip }, async (t) => {
  const scope = testScope(t);
  const { pid } = await target(scope, ['uts']);
  const reused = await refusal([`--target=pid:${pid}:${startOf(pid) + 1}`, '--', 'true']);
  assert.deepEqual(
    { step: reused.step, errno: reused.errno, code: reused.code },
    { step: 'starttime', errno: 'ESRCH', code: 125 },
  );
  assert.match(reused.detail ?? '', /reused/);
  const moved = await refusal([`--target=pid:${pid}`, `--expect=uts:${idOf('self', 'uts')}`, '--', 'true']);
  assert.deepEqual(
    { step: moved.step, errno: moved.errno, type: moved.type },
    { step: 'expect', errno: 'ESTALE', type: 'uts' },
  );
  assert.equal((await refusal(['--target=pid:4194304', '--', 'true'])).errno, 'ESRCH');
  assert.equal((await refusal(['--target=net:4294967295', '--', 'true'])).errno, 'ENOENT');
});

test('wrong words are status 2 and run nothing', { skip }, async () => {
  const wrong: readonly (readonly string[])[] = [
    [],
    ['--', 'true'],
    ['--target=pid:1'],
    ['--target=pid:1', '--'],
    ['--target=pid:1', '--shell', '--', 'true'],
    ['--target=', '--', 'true'],
    ['--target=../x', '--', 'true'],
    ['--target=pid:1', '--only=', '--', 'true'],
    ['--target=pid:1', '--only=net,nothing', '--', 'true'],
    ['--target=pid:1', '--user=x', '--', 'true'],
    ['--target=pid:1', '--user=0:', '--', 'true'],
    ['--target=pid:1', '--user=4294967295', '--', 'true'],
    ['--target=pid:1', '--root=1', '--', 'true'],
    ['--target=pid:1', '--cwd=', '--', 'true'],
    ['--target=pid:1', '--records=77', '--', 'true'],
    ['--target=pid:1', '--records=0', '--', 'true'],
    ['--target=pid:1', '--fallback=zsh', '--shell'],
    [`--target=pid:${process.pid}`, '--expect=net', '--', 'true'],
    [`--target=pid:${process.pid}`, '--only=net', '--expect=uts:1', '--', 'true'],
    [`--target=pid:${process.pid}`, `--target=pid:${process.pid}`, '--', 'true'],
    [`--target=/proc/${process.pid}/ns/net`, `--target=/proc/${process.pid}/ns/net`, '--', 'true'],
    [`--target=/proc/${process.pid}/ns/net`, '--only=uts', '--', 'true'],
    ['--target=pid:1', 'true'],
  ];
  for (const words of wrong) {
    const error = await refusal(words);
    assert.equal(error.code, 2, `${words.join(' ')}: ${JSON.stringify(error)}`);
  }
});

test('the status is that of the command', { skip }, async (t) => {
  const scope = testScope(t);
  const plain = await target(scope, ['uts']);
  const forked = await target(scope, ['pid', 'mnt']);
  for (const { pid } of [plain, forked]) {
    const status = async (...command: readonly string[]): Promise<number | null> =>
      (await run(['sh', '-c', '"$@"', 'sh', helper, 'enter', `--target=pid:${pid}`, '--', ...command])).code;
    assert.equal(await status('true'), 0);
    assert.equal(await status('sh', '-c', 'exit 42'), 42);
    assert.equal(await status('sh', '-c', 'kill -TERM $$'), 128 + 15);
    assert.equal(await status('/nothing/here'), 127);
    assert.equal(await status('/etc/passwd'), 126);
  }
  const error = await refusal([`--target=pid:${plain.pid}`, '--', '/nothing/here']);
  assert.deepEqual(
    { step: error.step, errno: error.errno, path: error.path },
    { step: 'execve', errno: 'ENOENT', path: '/nothing/here' },
  );
});

test('records go to a descriptor of their own, which the command does not get', { skip }, async (t) => {
  const { pid } = await target(testScope(t), ['uts', 'pid']);
  const script = 'exec 7>&1 >&2; exec "$@" 2>/dev/null';
  for (const [only, command] of [
    ['uts', ['sh', '-c', 'ls /proc/self/fd | sort -n | tail -n 1; exit 5']],
    ['uts,pid', ['sh', '-c', 'kill -KILL $$']],
  ] as const) {
    const words = [helper, 'enter', `--target=pid:${pid}`, `--only=${only}`, '--records=7', '--', ...command];
    const { code, stdout } = await run(['sh', '-c', script, 'sh', ...words]);
    const answer = new Answer(splitLines(stdout), code);
    answer.only('end');
    const { ns } = answer.only('entered');
    assert.deepEqual(Object.keys(ns), only.split(','));
    assert.equal(ns.uts, idOf(pid, 'uts'));
    assert.deepEqual(answer.only('exit'), only === 'uts' ? { code: 5 } : { signal: 9 });
  }
  const { code, stdout } = await run([
    'sh',
    '-c',
    script,
    'sh',
    helper,
    'enter',
    '--target=nothing',
    '--records=7',
    '--',
    'true',
  ]);
  assert.equal(new Answer(splitLines(stdout), code).only('error').errno, 'ENOENT');
});

test('nothing that was open before is open for the command', { skip }, async (t) => {
  const { pid } = await target(testScope(t), ['pid', 'mnt'], '--mount-proc');
  const script = 'exec 5</ 6</etc/passwd; exec "$@"';
  const { stdout } = await run([
    'sh',
    '-c',
    script,
    'sh',
    helper,
    'enter',
    `--target=pid:${pid}`,
    '--',
    'sh',
    '-c',
    'ls /proc/$$/fd',
  ]);
  assert.deepEqual(stdout.toString().trim().split(/\s+/), ['0', '1', '2']);
});

test('the owner of a user namespace enters what it owns; others are told why not', { skip }, async (t) => {
  const scope = testScope(t);
  const types = namespaceTypes.filter((type) => type !== 'time');
  const own = await hold(scope, [
    ...nobody,
    'unshare',
    ...types.map((type) => flags[type]),
    '--map-root-user',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    holdScript,
  ]);
  const pid = Number(readFileSync(`/proc/${own.pid}/task/${own.pid}/children`, 'latin1').trim());
  const seen = await entered([`--target=pid:${pid}`, '--', 'sh', '-c', 'readlink "$@"; id -u', 'sh', ...links], {
    through: nobody,
  });
  assert.deepEqual(seen, [...idsOf(pid), '0']);
  // Those of an only-user namespace stay those of the caller where nothing else is asked for.
  const keepUser = await entered([`--target=pid:${pid}`, '--only=user', '--user=keep', '--', 'id', '-u'], {
    through: nobody,
  });
  assert.deepEqual(keepUser, ['0']);
  const foreign = await target(scope, ['net']);
  const denied = await refusal([`--target=pid:${foreign.pid}`, '--', 'true'], { through: nobody });
  assert.deepEqual({ step: denied.step, errno: denied.errno }, { step: 'open', errno: 'EACCES' });
  // Root enters it, too.
  assert.deepEqual(await entered([`--target=pid:${pid}`, '--', 'readlink', ...links]), idsOf(pid));
});

test('a user namespace that does not own the other namespaces is joined after them', { skip }, async (t) => {
  const scope = testScope(t);
  // net and uts belong to the initial user namespace, the process is in one of its own besides.
  const { pid } = await hold(scope, [
    'unshare',
    '--net',
    '--uts',
    'unshare',
    '--user',
    '--map-root-user',
    'sh',
    '-c',
    holdScript,
  ]);
  for (const through of [[], [await oldProgram(), '4.18']])
    assert.deepEqual(await entered([`--target=pid:${pid}`, '--', 'readlink', ...links], { through }), idsOf(pid));
});

test('the interfaces of Linux 4.18 are enough', { skip }, async (t) => {
  const through = [await oldProgram(), '4.18'];
  const { pid } = await target(testScope(t), namespaceTypes, '--map-root-user', '--mount-proc');
  assert.deepEqual(await entered([`--target=pid:${pid}`, '--', 'readlink', ...links], { through }), idsOf(pid));
  const reused = await refusal([`--target=pid:${pid}:1`, '--', 'true'], { through });
  assert.equal(reused.step, 'starttime');
});

test('credentials: unchanged, root inside, kept, or those that are named', { skip }, async (t) => {
  const scope = testScope(t);
  const plain = await target(scope, ['uts']);
  const mapped = await unshare(scope, '--user');
  for (const file of ['uid_map', 'gid_map']) writeFileSync(`/proc/${mapped.pid}/${file}`, '0 100000 65536\n');
  const ids = ['sh', '-c', 'echo $(id -u):$(id -g):$(id -G)'];
  const as = async (pid: number, ...words: readonly string[]): Promise<string | undefined> =>
    (await entered([`--target=pid:${pid}`, ...words, '--', ...ids]))[0];
  assert.equal(await as(plain.pid), `0:0:${await output(['id', '-G'])}`);
  assert.equal(await as(plain.pid, '--user=1234:4321'), '1234:4321:4321');
  // The group that /etc/passwd has for the user inside.
  assert.equal(await as(plain.pid, '--user=65534'), '65534:65534:65534');
  assert.equal(await as(mapped.pid), '0:0:0');
  assert.equal(await as(mapped.pid, '--user=root'), '0:0:0');
  assert.equal(await as(mapped.pid, '--user=1000:1000'), '1000:1000:1000');
  // Host's root has no mapping there.
  assert.match((await as(mapped.pid, '--user=keep')) ?? '', /^65534:65534:/);
  const unmapped = await refusal([`--target=pid:${mapped.pid}`, '--user=70000:0', '--', 'true']);
  assert.deepEqual({ step: unmapped.step, errno: unmapped.errno }, { step: 'setresuid', errno: 'EINVAL' });
  // A user namespace without a root: nothing to become.
  const none = await target(scope, ['user'], '--map-user=5');
  assert.match((await as(none.pid)) ?? '', /^5:/);
  assert.equal((await refusal([`--target=pid:${none.pid}`, '--user=root', '--', 'true'])).code, 125);
});

test("root and working directory are the target's when asked for", { skip }, async (t) => {
  const scope = testScope(t);
  const root = busyboxRoot(scope);
  mkdirSync(join(root, 'deep/er'), { recursive: true });
  const chrooted = await hold(scope, [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'cd "$1" && mount -t proc proc proc && exec chroot . /bin/sh -c "cd /deep/er; echo ready; exec cat >/dev/null"',
    'sh',
    root,
  ]);
  const at = async (...words: readonly string[]): Promise<readonly string[]> =>
    entered([
      `--target=pid:${chrooted.pid}`,
      ...words,
      '--',
      'sh',
      '-c',
      'pwd; if test -e /etc/debian_version; then echo host; fi',
    ]);
  // The mount namespace's root is not that of the process.
  assert.deepEqual(await at(), ['/', 'host']);
  assert.deepEqual(await at('--root'), ['/']);
  assert.deepEqual(await at('--root', '--cwd'), ['/deep/er']);
  assert.deepEqual(await at('--root', '--cwd=/deep'), ['/deep']);
  assert.deepEqual(await at('--only=uts', '--cwd=/etc'), ['/etc', 'host']);
  const none = await refusal([`--target=pid:${chrooted.pid}`, '--cwd=/nothing', '--', 'true']);
  assert.deepEqual(
    { step: none.step, errno: none.errno, path: none.path },
    { step: 'chdir', errno: 'ENOENT', path: '/nothing' },
  );
  // Without another root the folder stays.
  const [stays] = await entered([`--target=pid:${chrooted.pid}`, '--only=uts', '--', 'pwd'], { cwd: '/usr' });
  assert.equal(stays, '/usr');
});

test('a runc container is entered with all that it has', { skip: skip || missing('runc') }, async (t) => {
  const { pid } = await runcContainer(testScope(t));
  const seen = await entered([`--target=pid:${pid}`, '--root', '--', '/bin/sh', '-c', 'cat /proc/self/comm; echo $$']);
  assert.equal(seen[0], 'cat');
  assert.equal(readlinkSync(`/proc/${pid}/ns/pid`), `pid:[${idOf(pid, 'pid')}]`);
});

test('what was entered ends with its parent', { skip }, async (t) => {
  const scope = testScope(t);
  for (const types of [['uts'], ['pid', 'mnt']] as const) {
    const { pid } = await target(scope, types);
    const tag = uniqueName();
    const words = [helper, 'enter', `--target=pid:${pid}`, '--', 'sleep', '1000'];
    const script = '"$@" >/dev/null & echo ready; exec cat >/dev/null';
    const held = await hold(scope, ['sh', '-c', script, 'sh', ...words], { ENTER_TEST: tag });
    const commands = (): string[] =>
      processesWith(tag).map((one) => readFileSync(`/proc/${one}/comm`, 'latin1').trim());
    await until('the start of what is entered', () => commands().includes('sleep'));
    process.kill(held.pid, 'SIGKILL');
    await until('the end of what was entered', () => processesWith(tag).length === 0);
  }
});

test('a signal to the helper reaches the command', { skip }, async (t) => {
  const scope = testScope(t);
  const { pid } = await target(scope, ['pid', 'mnt']);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1'] as const) {
    const name = signal.slice(3);
    const script = `trap 'echo got=1; exit 7' ${name}; echo ready=1; while :; do read x <&3 || :; done`;
    const fifo = join(temporaryFolder(scope), 'fifo');
    await output(['mkfifo', fifo]);
    const held = await hold(scope, [
      'sh',
      '-c',
      'exec 4<>"$1"; shift; exec "$@"',
      'sh',
      fifo,
      helper,
      'enter',
      `--target=pid:${pid}`,
      '--',
      'bash',
      '-c',
      `exec 3<>${fifo}; ${script}`,
    ]);
    held.child.kill(signal);
    assert.deepEqual(await held.say(), { got: 1 });
    await until('the status', () => held.child.exitCode !== null);
    assert.equal(held.child.exitCode, 7);
  }
});

test(
  'without rights for a part nothing is run',
  { skip: skip || (which('capsh') === undefined ? 'needs capsh' : false) },
  async (t) => {
    const { pid } = await target(testScope(t), ['net', 'uts']);
    const through = ['capsh', '--drop=cap_sys_admin', '--', '-c', 'exec "$@"', 'sh'];
    const error = await refusal([`--target=pid:${pid}`, '--', 'true'], { through });
    assert.deepEqual(
      { step: error.step, errno: error.errno, code: error.code },
      { step: 'setns', errno: 'EPERM', code: 125 },
    );
  },
);
