import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { created } from './support/create.ts';
import { helper, sanitized } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder, uniqueName } from './support/marker.ts';
import { unshare } from './support/namespaces.ts';
import { Held, output, run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { ask, done, entered } from './support/verbs.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'unshare', 'nsenter', 'python3');
leakGuard();

const copyInMemory = /^\/memfd:nshelper \(deleted\)$/;

/** The seals of an open file, as fcntl(2) gives them: 15 is that it can be changed in no way. */
const seals = 'import fcntl, sys; print(fcntl.fcntl(open(sys.argv[1], "rb"), 1034))';

test('what stays in new namespaces is a copy that nobody can change', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  scope.defer(async () => void (await ask(['end', name, '--grace=0'])));
  const { init } = await created([`--keep=${name}`, '--new=pid,uts']);
  const file = `/proc/${init?.pid}/exe`;
  assert.match(readlinkSync(file), copyInMemory);
  assert.equal(await output(['python3', '-c', seals, file]), '15');
  const { code } = await run(['sh', '-c', 'cat /dev/null >"$0"', file]);
  assert.notEqual(code, 0);
  await done(['end', name]);
});

/**
 * CVE-2019-5736: what is executed in the target is the program of the one that enters, which the target keeps open and
 * writes to when it has ended.
 */
test("a target that has the helper execute itself cannot write to the helper's file", { skip }, async (t) => {
  const scope = testScope(t);
  const victim = join(temporaryFolder(scope), 'victim');
  copyFileSync(helper, victim);
  const target = await unshare(scope, '--pid', '--mount-proc', '--fork', '--kill-child');
  const [init = ''] = readFileSync(`/proc/${target.pid}/task/${target.pid}/children`, 'utf8').trim().split(' ');
  // `serve` stands until its input ends.
  const victims = new Held([victim, 'enter', `--target=pid:${init}`, '--', '/proc/self/exe', 'serve'], {});
  scope.defer(async () => victims.release().catch(() => undefined));
  await victims.say();
  const script = `for p in /proc/[0-9]*; do
      tr '\\0' ' ' <$p/cmdline | grep -q 'self/exe serve' && exec 3<$p/exe && break
    done; [ -e /proc/self/fd/3 ] && echo open=1 || echo open=0
    read word
    echo overwritten >/proc/self/fd/3 && echo written=1 || echo written=0`;
  const attacker = new Held(['nsenter', '--pid', '--mount', `--target=${init}`, 'sh', '-c', script], {});
  scope.defer(async () => attacker.release());
  assert.deepEqual(await attacker.say(), { open: 1 }, 'the attack does not get as far as to the file');
  await victims.release();
  assert.deepEqual(await attacker.say('go'), { written: 0 });
  assert.ok(readFileSync(victim).equals(readFileSync(helper)), 'the file was changed');
});

test('it goes by its own name, and a verb that stays outside is not copied', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  const own = join(folder, 'own-name');
  copyFileSync(helper, own);
  for (const [verb, isCopied] of [
    ['serve', true],
    ['watch', false],
  ] as const) {
    const held = new Held([own, verb], {});
    scope.defer(async () => {
      held.child.kill();
      await held.release();
    });
    // A line of records has no words, and only that it comes is of interest.
    // oxlint-disable-next-line no-await-in-loop
    await held.say();
    assert.equal(readFileSync(`/proc/${held.pid}/comm`, 'utf8'), 'own-name\n');
    assert.equal(copyInMemory.test(readlinkSync(`/proc/${held.pid}/exe`)), isCopied, verb);
    assert.ok(
      readdirSync(`/proc/${held.pid}/fd`).every((fd) => !/memfd/.test(readlinkSync(`/proc/${held.pid}/fd/${fd}`))),
    );
    held.child.kill();
  }
});

/** As vm.memfd_noexec and SELinux have it; a limit on the size of files is what a test can set. */
test('where no copy can be executed the file itself is used', { skip: skip || sanitized }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  scope.defer(async () => void (await ask(['end', name, '--grace=0'])));
  const limit = ['prlimit', '--fsize=4096'];
  const { init } = await created([`--keep=${name}`, '--new=uts'], { through: limit });
  assert.equal(readlinkSync(`/proc/${init?.pid}/exe`), helper);
  await done(['end', name]);
  await until('the end', () => readdirSync('/proc').every((pid) => pid !== String(init?.pid)));
});

for (const [what, words] of [
  ['create', ['create', '--records=2', '--new=uts']],
  ['enter', ['enter', `--target=pid:${process.pid}`, '--only=uts']],
] as const) {
  test(`${what} gives the command the environment that is asked for`, { skip }, async () => {
    const env = { GIVEN: 'from the caller', SHADOWED: 'old' };
    const options = ['--env=SHADOWED=new', '--env=EMPTY=', '--env=SIGN=a=b', '--env=SIGN=c=d'];
    const environment = async (more: readonly string[]): Promise<string[]> => {
      const { stdout, stderr, code } = await run([helper, ...words, ...options, ...more, '--', 'env'], { env });
      assert.equal(code, 0, stderr);
      return stdout.toString().trimEnd().split('\n').toSorted();
    };
    const added = await environment([]);
    for (const entry of ['GIVEN=from the caller', 'SHADOWED=new', 'EMPTY=', 'SIGN=c=d'])
      assert.ok(added.includes(entry));
    assert.equal(added.filter((entry) => entry.startsWith('SHADOWED=')).length, 1);
    // In the order of the words: what comes before is cleared, too.
    assert.deepEqual(await environment(['--clear-env', '--env=PATH=/usr/bin', '--env=ONLY=1']), [
      'ONLY=1',
      'PATH=/usr/bin',
    ]);
    for (const wrong of ['--env', '--env=', '--env=NAME', '--env==x', '--clear-env=1'])
      assert.equal((await run([helper, ...words, wrong, '--', 'true'])).code, 2, wrong);
  });
}

test('the command is found along the PATH that it is given', { skip }, async (t) => {
  const folder = temporaryFolder(testScope(t));
  copyFileSync('/bin/echo', join(folder, 'only-here'));
  assert.deepEqual(
    await entered([`--target=pid:${process.pid}`, '--only=uts', `--env=PATH=${folder}`, '--', 'only-here', 'found']),
    ['found'],
  );
});
