import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { betweenProgram } from './support/compile.ts';
import { account, allTypes, create, created, surroundings, titled, type Created } from './support/create.ts';
import { helper, sanitized, withoutLeakCheck } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { marker, markerVariable, uniqueName } from './support/marker.ts';
import { idOf } from './support/namespaces.ts';
import { ended } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { suiteScope, testScope, type Scope } from './support/scope.ts';
import { serve } from './support/serve.ts';
import { scan } from './support/snapshot.ts';
import { ask } from './support/verbs.ts';
import { until } from './support/wait.ts';
import { statFields } from './support/stat.ts';

const skip = missing('root', 'setpriv');
leakGuard();

const suite = suiteScope();
let user: readonly string[] | undefined;
async function ordinary(): Promise<readonly string[]> {
  user ??= (await account(suite, `${marker}k`)).through;
  return user;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Ends an instance by its holder and resolves when nothing of it is left. */
async function endInstance(name: string): Promise<void> {
  for (const pid of titled(`linux-namespaces: ${name} `)) kill(pid);
  await until(`the end of ${name}`, () => titled(`linux-namespaces: ${name} `).length === 0);
  await until(`the end of the guard of ${name}`, () => titled(`linux-namespaces-guard ${name}`).length === 0);
}

async function keep(
  scope: Scope,
  name: string,
  args: readonly string[],
  through: readonly string[] = [],
): Promise<Created> {
  scope.defer(async () => endInstance(name));
  return created([`--keep=${name}`, ...args], { through });
}

for (const who of ['root', 'an ordinary user'] as const) {
  for (const types of [allTypes, 'uts,net,user']) {
    test(`${who} keeps ${types}`, { skip }, async (t) => {
      const before = surroundings();
      const name = uniqueName();
      const inner = testScope(t).inner();
      const args = [`--new=${types}`, '--map=root'];
      const { made, kept, init } = await keep(inner, name, args, who === 'root' ? [] : await ordinary());
      assert.ok(kept && init);
      const { pid } = kept.holder;
      assert.equal(pid, init.pid);
      assert.deepEqual(titled(`linux-namespaces: ${name} ${types}`), [pid]);
      const [, , , session, tty] = statFields(pid);
      assert.deepEqual([session, tty], [String(pid), '0'], 'a session of the connection');
      assert.equal(Number(statFields(pid)[19]), kept.holder.start);
      assert.equal(readlinkSync(`/proc/${pid}/cwd`), '/');
      for (const fd of ['0', '1', '2']) assert.equal(readlinkSync(`/proc/${pid}/fd/${fd}`), '/dev/null');
      const others = readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) > 2);
      for (const fd of others)
        assert.match(
          readlinkSync(`/proc/${pid}/fd/${fd}`),
          /^(socket:|pipe:|anon_inode:\[signalfd\]|\/proc$|\/dev\/null$)/,
        );
      for (const { type, id } of made) assert.equal(idOf(pid, type), id);
      if (who === 'root') {
        assert.equal(kept.path, `/run/linux-namespaces/${name}`);
        assert.equal(statSync(kept.path).mode & 0o7777, 0o755);
        assert.deepEqual(readdirSync(kept.path).toSorted(), types.split(',').toSorted());
        for (const { type, id } of made) assert.equal(statSync(`${kept.path}/${type}`).ino, id);
      } else {
        assert.equal(kept.path, undefined);
      }
      await inner.close();
      await until('everything to be as before', () => JSON.stringify(surroundings()) === JSON.stringify(before));
      // What was killed is torn down in the background. Inode numbers are given again; ids are not.
      await until('the end of its namespaces', async () => {
        const { namespaces } = await scan(['--deep']);
        return made.every(({ type, id, nsid }) => {
          const found = namespaces.get(`${type}:${id}`);
          return found === undefined || (nsid !== undefined && found.nsid !== nsid);
        });
      });
    });
  }
}

test('a name is taken once', { skip }, async (t) => {
  const name = uniqueName();
  await keep(testScope(t), name, ['--new=uts']);
  for (const through of [[], await ordinary()]) {
    const { error, code } = await create(['--new=user', `--keep=${name}`], { through });
    assert.equal(code, 1);
    assert.equal(error?.errno, 'EEXIST');
  }
  assert.equal(titled(`linux-namespaces: ${name} `).length, 1);
  assert.ok(existsSync(`/run/linux-namespaces/${name}/uts`));
});

test('of several who want one name at once a single one gets it', { skip }, async (t) => {
  const scope = testScope(t);
  const through = await ordinary();
  for (const rights of [[], through]) {
    const name = uniqueName();
    scope.defer(async () => endInstance(name));
    const tries = Array.from({ length: 6 }, async () =>
      create(['--new=user,pid', `--keep=${name}`], { through: rights }),
    );
    const results = await Promise.all(tries);
    assert.equal(results.filter(({ kept }) => kept !== undefined).length, 1);
    for (const { error } of results) assert.ok(error === undefined || error.errno === 'EEXIST', JSON.stringify(error));
    assert.equal(titled(`linux-namespaces: ${name} `).length, 1);
  }
});

test('ten complete instances are created at once', { skip }, async (t) => {
  const before = surroundings();
  const scope = testScope(t).inner();
  const names = Array.from({ length: 10 }, uniqueName);
  const results = await Promise.all(
    names.map(async (name, index) =>
      keep(scope, name, [`--new=${allTypes}`, '--map=root', '--mount-proc', `--hostname=host${index}`]),
    ),
  );
  const ids = results.flatMap(({ made }) => made.map(({ type, id }) => `${type}:${id}`));
  assert.equal(new Set(ids).size, 80);
  for (const name of names) assert.deepEqual(readdirSync(`/run/linux-namespaces/${name}`).length, 8);
  await scope.close();
  await until('everything to be as before', () => JSON.stringify(surroundings()) === JSON.stringify(before));
});

/** False for one that has ended meanwhile: while it is made, more than one process has the holder's title. */
function leadsSession(pid: number): boolean {
  try {
    return statFields(pid)[3] === String(pid);
  } catch {
    return false;
  }
}

test('a kept command goes on, and TERM to its holder ends all', { skip }, async (t) => {
  const name = uniqueName();
  const scope = testScope(t);
  scope.defer(async () => endInstance(name));
  const child = spawn(helper, ['create', '--new=pid,uts', `--keep=${name}`, '--', 'sleep', '1000'], {
    stdio: 'ignore',
  });
  const [holder = 0] = await until('the holder', () => {
    const pids = titled(`linux-namespaces: ${name} `);
    return pids.length === 1 && leadsSession(pids[0] ?? 0) ? pids : undefined;
  });
  const [command = ''] = readFileSync(`/proc/${holder}/task/${holder}/children`, 'utf8').trim().split(' ');
  kill(child.pid ?? 0);
  await ended(child);
  assert.equal(readFileSync(`/proc/${command}/comm`, 'utf8'), 'sleep\n');
  process.kill(holder, 'SIGTERM');
  await until('the end of the command', () => !existsSync(`/proc/${command}`));
  await until('the end of the folder', () => !existsSync(`/run/linux-namespaces/${name}`));
});

test('what a cancelled request had made is taken back', { skip }, async (t) => {
  const before = surroundings();
  const served = await serve(testScope(t));
  const id = served.send('create', `--new=${allTypes}`, '--map=root', '--', 'sleep', '1000');
  const init = await served.record(id, 'the init', (record) => ('init' in record ? record.init.pid : undefined));
  assert.ok(existsSync(`/proc/${init}`));
  await served.request('cancel', String(id));
  assert.equal((await served.answer(id)).error?.errno, 'ECANCELED');
  await until('the end of the init', () => !existsSync(`/proc/${init}`));
  await until('everything to be as before', () => JSON.stringify(surroundings()) === JSON.stringify(before));
});

test('within serve a command has no streams, and what is kept outlives serve', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  scope.defer(async () => endInstance(name));
  const inner = scope.inner();
  const served = await serve(inner);
  const script =
    'for fd in 0 1 2; do [ "$(readlink /proc/$$/fd/$fd)" = /dev/null ] || exit 1; done; echo noise; exit 9';
  const { records } = await served.request('create', '--new=uts', '--', 'sh', '-c', script);
  assert.deepEqual(records.at(-1), { exit: { code: 9 } });
  const answer = await served.request('create', '--new=uts,pid', `--keep=${name}`);
  assert.ok(answer.end);
  await inner.close();
  assert.equal(titled(`linux-namespaces: ${name} `).length, 1);
});

/** Processes of a session, so of everything that a helper started and did not keep. */
function sessionOf(session: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .filter((pid) => {
      try {
        const [state, , , own] = statFields(pid);
        return Number(own) === session && state !== 'Z';
      } catch {
        return false;
      }
    });
}

for (const words of [
  ['--new=user,pid', '--map=root'],
  ['--new=time', `--keep=${marker}b`],
]) {
  test(`who makes ${words.join(' ')} is killed before it says what it made`, { skip }, async () => {
    const before = surroundings();
    // No leak check: the sanitizer has none below a tracer.
    const result = await create(words, { through: [await betweenProgram()], env: withoutLeakCheck });
    assert.equal(result.code, 1);
    assert.deepEqual([result.error?.step, result.error?.errno], ['child', 'EIO']);
    await until('everything to be as before', () => JSON.stringify(surroundings()) === JSON.stringify(before));
  });
}

/** Spread over the whole life of a `create`, whose middle is what is of interest. */
const rounds = Number(process.env['CREATE_KILLS'] ?? (sanitized ? 20 : 60));

test(
  `whoever is killed at a random moment, in ${rounds} rounds nothing is left`,
  { skip, timeout: 600_000 },
  async () => {
    const before = surroundings();
    const isAsBefore = (): boolean => JSON.stringify(surroundings()) === JSON.stringify(before);
    const counts = { helper: 0, guardian: 0, init: 0, kept: 0 };
    for (let round = 0; round < rounds; round++) {
      const name = uniqueName();
      const link = `v${marker.slice(-9)}${round}`.slice(0, 15);
      const words = [
        `--new=${namespaceTypes.join(',')}`,
        '--map=root',
        '--mount-proc',
        '--loopback',
        `--veth=${link},10.214.0.1/30,10.214.0.2/30`,
      ];
      const keeps = round % 3 === 0 ? [`--keep=${name}`] : ['--', 'sleep', '0.2'];
      const child = spawn(helper, ['create', ...words, ...keeps], {
        stdio: 'ignore',
        detached: true,
        // The leak check is a process of the session too: where that is killed, the sanitizer waits for it for ever.
        env: { ...process.env, ...withoutLeakCheck, [markerVariable]: marker },
      });
      const session = child.pid ?? 0;
      const role = Math.floor(round / 3) % 3;
      // On a busy machine the one who is to be killed comes late; what follows takes its time from there.
      while (sessionOf(session).length <= role && child.exitCode === null && child.signalCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (sanitized ? 100 : 25)));
      const members = sessionOf(session).toSorted((a, b) => a - b);
      const victim = members[Math.min(role, members.length - 1)];
      if (victim !== undefined) {
        kill(victim);
        counts[victim === session ? 'helper' : victim === members[1] ? 'guardian' : 'init']++;
      }
      await ended(child);
      // It may have been kept before; then it is whole, and goes with its holder.
      if (titled(`linux-namespaces: ${name} `).length > 0) counts.kept++;
      await endInstance(name);
      // Where the guard was killed, too, only this is left to do it.
      if (victim !== undefined && victim !== session) await ask(['end', name]);
      await until(`the end of round ${round}`, () => sessionOf(session).length === 0);
    }
    await until('everything to be as before', isAsBefore);
    assert.ok(counts.helper > 0 && counts.guardian > 0 && counts.init > 0, JSON.stringify(counts));
  },
);
