import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { helper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { temporaryFolder, uniqueName } from './support/marker.ts';
import { idOf, unshare } from './support/namespaces.ts';
import { hold } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { answers, runs, stopsAtReading, Terminal } from './support/terminal.ts';
import { enter, refusal } from './support/verbs.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'unshare', 'python3', 'bash', 'busybox');
leakGuard();

async function withPid(scope: Scope): Promise<number> {
  const { pid } = await unshare(scope, '--pid', '--mount-proc', '--uts', '--fork', '--kill-child');
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim());
}

async function withoutPid(scope: Scope): Promise<number> {
  return (await unshare(scope, '--uts')).pid;
}

const targets = { 'a pid namespace': withPid, 'no pid namespace': withoutPid } as const;

for (const [name, target] of Object.entries(targets)) {
  test(`a shell in ${name}: Ctrl-C, job control, resizing, status`, { skip }, async (t) => {
    const scope = testScope(t);
    const pid = await target(scope);
    const words = [helper, 'enter', `--target=pid:${pid}`, '--', 'bash', '--norc', '-i'];
    const terminal = new Terminal(scope, words);
    await terminal.says(/# $/);
    assert.doesNotMatch(terminal.text, /job control|terminal process group/);
    terminal.type('readlink /proc/self/ns/uts\n');
    assert.equal((await terminal.says(/uts:\[(\d+)\]/))[1], String(idOf(pid, 'uts')));
    await terminal.says(/[#>] $/);
    terminal.type(`${answers.join(' ')}\n`);
    await runs(terminal);
    terminal.type('\u0003');
    await terminal.says(/# $/);
    terminal.type('stty size\n');
    await terminal.says(/24 80/);
    const watch = "trap 'stty size; exit' WINCH; echo armed=yes; while :; do sleep 0.05; done";
    terminal.type(`sh -c "${watch}"\n`);
    await terminal.says(/\narmed=yes\n/);
    terminal.resize(40, 132);
    await terminal.says(/40 132\n/);
    await terminal.says(/[#>] $/);
    terminal.type(`${answers.join(' ')}\n`);
    await runs(terminal);
    terminal.type('\u001a');
    await terminal.says(/Stopped.*\n.*[#>] $/);
    terminal.type('jobs; fg\n');
    await terminal.says(/Stopped\s+sed.*\nsed.*\n/);
    await runs(terminal);
    terminal.type('\u0004');
    await terminal.says(/# $/);
    terminal.type('exit 7\n');
    assert.equal(await terminal.status(), 7);
  });

  test(`Ctrl-C ends a plain command in ${name}`, { skip }, async (t) => {
    const scope = testScope(t);
    const pid = await target(scope);
    const terminal = new Terminal(scope, [helper, 'enter', `--target=pid:${pid}`, '--', ...answers]);
    await runs(terminal);
    terminal.type('\u0003');
    assert.equal(await terminal.status(), 128 + 2);
  });

  test(`Ctrl-Z in ${name} stops the job of the shell outside; fg and bg continue it`, { skip }, async (t) => {
    const scope = testScope(t);
    const pid = await target(scope);
    const terminal = new Terminal(scope, ['bash', '--norc', '-i']);
    await terminal.says(/# $/);
    terminal.type(`${helper} enter --target=pid:${pid} -- ${answers.join(' ')}\n`);
    await runs(terminal);
    terminal.type('\u001a');
    await terminal.says(/Stopped.*\n.*# $/);
    terminal.type('fg\n');
    await runs(terminal);
    terminal.type('\u001a');
    await terminal.says(/Stopped.*\n.*# $/);
    terminal.type('bg\n');
    await stopsAtReading(terminal);
    terminal.type('fg\n');
    await runs(terminal);
    terminal.type('\u0003');
    await terminal.says(/# $/);
    terminal.type('echo status=$?\n');
    await terminal.says(/status=130/);
    // The terminal is the outer shell's again.
    terminal.type(`${answers.join(' ')}\n`);
    await runs(terminal);
    terminal.type('\u0003');
    await terminal.says(/# $/);
    terminal.type('exit\n');
    await terminal.status();
  });

  test(`a lost connection ends what runs in ${name}`, { skip }, async (t) => {
    const scope = testScope(t);
    const pid = await target(scope);
    const tag = uniqueName();
    const words = [helper, 'enter', `--target=pid:${pid}`, '--', 'bash', '--norc', '-i'];
    const terminal = new Terminal(scope, words, { ENTER_TEST: tag });
    await terminal.says(/# $/);
    terminal.type('sleep 1000\n');
    await until('the start of sleep', () =>
      processesWith(tag).some((one) => readFileSync(`/proc/${one}/comm`, 'latin1').trim() === 'sleep'),
    );
    await terminal.close();
    await until('the end of all', () => processesWith(tag).length === 0, 20_000);
  });
}

test('a command that stops while no shell could continue it goes on', { skip }, async (t) => {
  const scope = testScope(t);
  const pid = await withPid(scope);
  const script = 'kill -STOP $$; echo behind; exit 3';
  const terminal = new Terminal(scope, [helper, 'enter', `--target=pid:${pid}`, '--', 'sh', '-c', script]);
  await terminal.says(/behind/);
  assert.equal(await terminal.status(), 3);
});

/** It asks where the cursor is. */
const busyboxPrompt = new RegExp(`# (${String.fromCharCode(27)}\\[6n)?$`);

/** A process whose root has nothing but itself. */
async function bare(scope: Scope): Promise<number> {
  const root = temporaryFolder(scope);
  // A static program by a name that no shell has.
  const script =
    'mount -t tmpfs none "$1" && cp /bin/busybox "$1/cat" && mkdir "$1/dir" "$1/proc" && mount -t proc proc "$1/proc" && echo ready && exec chroot "$1" /cat';
  const { pid } = await hold(scope, [
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    script,
    'sh',
    root,
  ]);
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim());
  // It says that it is ready a moment before it is in that root, and until then has the host's shells.
  await until('it has its own root', () => readlinkSync(`/proc/${child}/root`) === root);
  return child;
}

test("where there is no shell the host's BusyBox is run, and nothing is written", { skip }, async (t) => {
  const scope = testScope(t);
  const pid = await bare(scope);
  const terminal = new Terminal(scope, [helper, 'enter', `--target=pid:${pid}`, '--root', '--shell']);
  await terminal.says(/no shell can be run in this root; this is the host's \/bin\/busybox\n/);
  await terminal.says(busyboxPrompt);
  terminal.type('for f in /*; do echo "file=$f"; done\n');
  await terminal.says(/file=\/cat\nfile=\/dir\nfile=\/proc\n(?!file)/);
  terminal.type('while read line; do echo "answer${line#question}"; done\n');
  await runs(terminal);
  terminal.type('\u0003');
  await terminal.says(busyboxPrompt);
  terminal.type('exit 9\n');
  assert.equal(await terminal.status(), 9);
});

test("the helper's own shell looks around where nothing can be executed", { skip }, async (t) => {
  const scope = testScope(t);
  const pid = await bare(scope);
  const words = [helper, 'enter', `--target=pid:${pid}`, '--root', '--shell', '--fallback=own'];
  const terminal = new Terminal(scope, words);
  await terminal.says(/the helper's own/);
  await terminal.says(/# $/);
  const dialogue: readonly (readonly [string, RegExp])[] = [
    ['help', /pwd {2,}print the working directory/],
    ['pwd', /\n\/\n/],
    ['ls', /-rwx.* cat\n/],
    ['cd /dir # a remark', /a remark\n/],
    ['pwd', /\n\/dir\n/],
    ['"cd" \'/nothing at all\'', /\/nothing at all: ENOENT/],
    ['ls a\\ b "c d"', /a b: ENOENT\nc d: ENOENT/],
    ['"open', /a quote is not closed/],
    ['id', /uid=0 gid=0 groups=/],
    ['env', /LINUX_NAMESPACES_TEST=/],
    ['ps', /1 +0 S cat\n/],
    ['mount', /none \/? *.*tmpfs/],
    ['nothing', /nothing: ENOENT/],
    ['/cat /nothing', /can't open '\/nothing'/],
  ];
  for (const [line, answer] of dialogue) {
    terminal.type(`${line}\n`);
    await terminal.says(answer);
    await terminal.says(/# $/);
  }
  // A line is read from the terminal, and Ctrl-C leaves it.
  terminal.type('half a line\u0003');
  await terminal.says(/# $/);
  terminal.type('cat\n');
  terminal.type('copied\n');
  await terminal.says(/copied\n(copied\n)?/);
  terminal.type('\u0003');
  await terminal.says(/# $/);
  terminal.type('exit 11\n');
  assert.equal(await terminal.status(), 11);
});

test("the helper's own shell reads lines from a pipe, too", { skip }, async (t) => {
  const pid = await bare(testScope(t));
  const words = [`--target=pid:${pid}`, '--root', '--shell', '--fallback=own', '--records=2'];
  const { code, text } = await enter(words, { input: 'cd dir\npwd\nnothing\nexit' });
  assert.deepEqual({ code, text }, { code: 127, text: '/dir\n' });
});

test('with no fallback asked for a root without shell is an error', { skip }, async (t) => {
  const pid = await bare(testScope(t));
  const error = await refusal([`--target=pid:${pid}`, '--root', '--shell', '--fallback=none']);
  assert.deepEqual(
    { step: error.step, errno: error.errno, code: error.code },
    { step: 'execve', errno: 'ENOENT', code: 127 },
  );
});

test(
  "the target's own shell is found: what was asked for, what /etc/passwd says, what there is",
  { skip },
  async (t) => {
    const pid = await withoutPid(testScope(t));
    const shell = async (...words: readonly string[]): Promise<{ text: string; stderr: string }> =>
      enter([`--target=pid:${pid}`, ...words], { input: 'echo "$0 $HOME $SHELL"\n' });
    const root =
      readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((line) => line.startsWith('root:'))
        ?.split(':') ?? [];
    const [home = '', own = ''] = root.slice(5);
    assert.match((await shell('--shell')).text, new RegExp(`-${own.split('/').pop()} ${home} ${own}\\n$`));
    assert.match((await shell('--shell=/bin/sh')).text, /-sh \S+ \/bin\/sh\n$/);
    // Nobody is to log in as that one, and yet somebody wants to look.
    assert.match((await shell('--shell', '--user=65534:65534')).text, /-bash \S+ \/bin\/bash\n$/);
    const missed = await shell('--shell=/nothing');
    assert.match(missed.stderr, /\/nothing cannot be run here: ENOENT/);
    assert.match(missed.text, new RegExp(`-${own.split('/').pop()} `));
  },
);
