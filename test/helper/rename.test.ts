import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { account, allTypes, created, surroundings, titled, type Created } from './support/create.ts';
import { leakGuard } from './support/leaks.ts';
import { marker, uniqueName } from './support/marker.ts';
import { idOf, unshare } from './support/namespaces.ts';
import { missing } from './support/requirements.ts';
import { suiteScope, testScope, type Scope } from './support/scope.ts';
import { serve } from './support/serve.ts';
import { scan } from './support/snapshot.ts';
import { ask, done, entered, failed, refusal } from './support/verbs.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'setpriv', 'unshare');
leakGuard();

const suite = suiteScope();
let user: readonly string[] | undefined;
async function ordinary(): Promise<readonly string[]> {
  user ??= (await account(suite, `${marker}r`)).through;
  return user;
}

const instances = '/run/linux-namespaces';

/** A name that nothing has at the end, whatever the test did. */
function freshName(scope: Scope): string {
  const name = uniqueName();
  scope.defer(async () => {
    await ask(['end', name, '--grace=0']);
    await until(`the end of ${name}`, () => holders(name).length + guards(name).length === 0);
  });
  return name;
}

const holders = (name: string): number[] => titled(`linux-namespaces: ${name} `);
const guards = (name: string): number[] => titled(`linux-namespaces-guard ${name}\0`);

async function kept(name: string, types: string, through: readonly string[] = []): Promise<Created> {
  return created([`--keep=${name}`, `--new=${types}`], { through });
}

test('a kept instance gets another name: holder, guard, mounts', { skip }, async (t) => {
  const scope = testScope(t);
  const [from, to] = [freshName(scope), freshName(scope)];
  const { made, init } = await kept(from, allTypes);
  assert.deepEqual((await done(['rename', from, to])).only('renamed'), { name: to, from });
  assert.deepEqual(holders(to), [init?.pid]);
  assert.equal(guards(to).length, 1);
  assert.deepEqual([...holders(from), ...guards(from)], []);
  assert.equal(
    readFileSync(`/proc/${init?.pid}/cmdline`, 'utf8').split('\0')[0],
    `linux-namespaces: ${to} ${allTypes}`,
  );
  assert.ok(!existsSync(`${instances}/${from}`));
  for (const { type, id } of made) assert.equal(statSync(`${instances}/${to}/${type}`).ino, id);
  const uts = made.find(({ type }) => type === 'uts')?.id;
  assert.deepEqual(await entered([`--target=${to}`, '--', 'readlink', '/proc/self/ns/uts']), [`uts:[${uts}]`]);
  assert.equal((await refusal([`--target=${from}`, '--', 'true'])).errno, 'ENOENT');
  const shown = (await scan()).namespaces
    .get(`uts:${uts ?? 0}`)
    ?.held.flatMap((one) => (one.by === 'mount' ? [one.path] : []));
  assert.ok(shown?.includes(`${instances}/${to}/uts`), JSON.stringify(shown));
  // The old name is free again, and a longer or shorter one fits as well.
  await kept(from, 'uts');
  await done(['end', from]);
  for (const next of ['x', 'y'.repeat(64)]) {
    scope.defer(async () => void (await ask(['end', next, '--grace=0'])));
  }
  await done(['rename', to, 'x'.repeat(60)]);
  await done(['rename', 'x'.repeat(60), to]);
});

for (const way of ['end', 'kill'] as const) {
  test(`after a new name everything goes by ${way}`, { skip }, async (t) => {
    const scope = testScope(t);
    const before = surroundings();
    const [from, to] = [freshName(scope), freshName(scope)];
    const { init } = await kept(from, 'uts,net,pid');
    await done(['rename', from, to]);
    if (way === 'end') await done(['end', to]);
    else process.kill(init?.pid ?? 0, 'SIGKILL');
    await until('everything to be as before', () => JSON.stringify(surroundings()) === JSON.stringify(before));
    await until('the end of the guard', () => guards(to).length === 0);
  });
}

test('a name that is taken or that nothing has is refused, and nothing has changed', { skip }, async (t) => {
  const scope = testScope(t);
  const [from, to, pinned, folder] = [freshName(scope), freshName(scope), freshName(scope), uniqueName()];
  await kept(from, 'uts');
  await kept(to, 'user,uts', await ordinary());
  const held = await unshare(scope, '--uts');
  await done(['pin', `uts:pid:${held.pid}`, `--name=${pinned}`]);
  mkdirSync(`${instances}/${folder}`);
  scope.defer(() => rmdirSync(`${instances}/${folder}`));
  const before = surroundings();
  for (const taken of [to, pinned, folder, from]) {
    const error = await failed(['rename', from, taken]);
    assert.equal(error.errno, 'EEXIST', taken);
    assert.equal(error.step, 'name');
  }
  assert.equal((await failed(['rename', uniqueName(), uniqueName()])).errno, 'ENOENT');
  assert.deepEqual(surroundings(), before);
  assert.deepEqual([holders(from).length, guards(from).length, holders(to).length], [1, 1, 1]);
  for (const words of [
    [],
    [from],
    [from, to, to],
    [from, '../x'],
    [from, 'helper'],
    ['/x', to],
    [from, 'x'.repeat(65)],
  ])
    assert.equal((await ask(['rename', ...words])).code, 2, words.join(' '));
});

test('an ordinary user renames its own and no other', { skip }, async (t) => {
  const scope = testScope(t);
  const through = await ordinary();
  const [own, next, roots] = [freshName(scope), freshName(scope), freshName(scope)];
  const { init } = await kept(own, allTypes, through);
  await kept(roots, 'uts');
  await done(['rename', own, next], { through });
  assert.deepEqual(holders(next), [init?.pid]);
  const before = surroundings();
  const error = await failed(['rename', roots, own], { through });
  assert.match(error.errno, /^E(ACCES|PERM)$/);
  assert.deepEqual(surroundings(), before);
  assert.equal(holders(roots).length, 1);
  // Root may.
  await done(['rename', next, own]);
  assert.deepEqual(holders(own), [init?.pid]);
});

test('what a pin keeps gets another name, by its holder or its mount', { skip }, async (t) => {
  const scope = testScope(t);
  const held = await unshare(scope, '--uts');
  const id = idOf(held.pid, 'uts');
  for (const options of [['--holder'], []]) {
    const [from, to] = [freshName(scope), freshName(scope)];
    await done(['pin', `uts:pid:${held.pid}`, `--name=${from}`, ...options]);
    await done(['rename', from, to]);
    assert.equal((await failed(['unpin', from])).errno, 'ENOENT');
    assert.deepEqual(await entered([`--target=uts:${to}`, '--', 'readlink', '/proc/self/ns/uts']), [`uts:[${id}]`]);
    await done(['unpin', to]);
  }
});

test('a holder that does not answer keeps its name, also later', { skip }, async (t) => {
  const scope = testScope(t);
  const [from, to] = [freshName(scope), freshName(scope)];
  const { init } = await kept(from, 'uts');
  const pid = init?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  const before = surroundings();
  try {
    assert.equal((await failed(['rename', from, to])).errno, 'ETIMEDOUT');
    assert.deepEqual(surroundings(), before);
    await until('the guard to be as before', () => guards(from).length === 1);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await done(['rename', from, to]);
  await done(['rename', to, from]);
  assert.deepEqual(holders(from), [pid]);
});

test('of several who want one name at once a single one gets it', { skip }, async (t) => {
  const scope = testScope(t);
  const names = Array.from({ length: 5 }, () => freshName(scope));
  const wanted = freshName(scope);
  await Promise.all(names.map(async (name) => kept(name, 'uts')));
  const session = await serve(scope);
  const answers = await Promise.all(names.map(async (name) => session.request('rename', name, wanted)));
  assert.equal(answers.filter(({ end }) => end !== undefined).length, 1);
  for (const { error } of answers) assert.ok(error === undefined || error.errno === 'EEXIST', JSON.stringify(error));
  assert.equal(holders(wanted).length, 1);
  assert.equal(names.flatMap(holders).length, 4);
  assert.equal(readdirSync(instances).filter((name) => names.includes(name)).length, 4);
});
