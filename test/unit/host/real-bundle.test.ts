/** What bundles and leaks do with a host, with nothing faked: this machine, the real helper, runc, bundles that `runc spec` wrote. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Emitter } from '../../../extension/disposable.ts';
import { bundlePlan } from '../../../extension/explain/bundle.ts';
import { announcement, runtimeCommand, withoutProgram } from '../../../extension/features/bundle/offer.ts';
import { jsonProblem } from '../../../extension/features/bundle/json-place.ts';
import { hostCommand, outputOf } from '../../../extension/features/host-command.ts';
import { netnsNames } from '../../../extension/features/leaks/netns-names.ts';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { HelperError, type HelperSession } from '../../../extension/helper/session.ts';
import { create, end, unpin } from '../../../extension/helper/verbs.ts';
import type { ManagedHost } from '../../../extension/host/host.ts';
import { findLeaks, type LeakAction, type Leaks } from '../../../extension/model/leaks.ts';
import { busyboxRoot } from '../../helper/support/containers.ts';
import { leakGuard } from '../../helper/support/leaks.ts';
import { marker, markerVariable, temporaryFolder, uniqueName } from '../../helper/support/marker.ts';
import { ipNetns, keep, mountKept } from '../../helper/support/namespaces.ts';
import { hold, holdScript, run } from '../../helper/support/process.ts';
import { missing } from '../../helper/support/requirements.ts';
import { testScope, type Scope } from '../../helper/support/scope.ts';
import { until } from '../../helper/support/wait.ts';
import { MemoryLog } from './fakes.ts';
import { helperMissing } from './real-helper.ts';
import { thisMachine, type RealHost } from './this-machine.ts';

leakGuard();

const skip = helperMissing() ?? missing('root', 'runc', 'busybox', 'ip', 'gcc', 'unshare', 'taskset', 'python3');

/** What the tests change of it. */
interface Spec {
  readonly process: { args: string[]; terminal: boolean; readonly env: string[]; rlimits?: unknown };
  readonly linux: { resources?: unknown };
  hostname: string;
  annotations?: Readonly<Record<string, string>>;
}

/** It is what `runc spec` has just written. */
function isSpec(value: unknown): value is Spec {
  return typeof value === 'object' && value !== null && 'process' in value && 'linux' in value;
}

function isStale(error: unknown): boolean {
  return error instanceof HelperError && error.record.errno === 'ESTALE';
}

function pathOf(action: LeakAction): string | undefined {
  if (action.kind === 'remove') return action.path;
  return action.kind === 'unpin' ? action.what : undefined;
}

/** Without what hybrid cgroups and this machine's limits refuse. */
function bundle(scope: Scope, change: (config: Spec) => void): string {
  const folder = temporaryFolder(scope);
  execFileSync('runc', ['spec', '--bundle', folder]);
  renameSync(busyboxRoot(scope), join(folder, 'rootfs'));
  const config: unknown = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  assert.ok(isSpec(config));
  delete config.process.rlimits;
  delete config.linux.resources;
  config.process.env.push(`${markerVariable}=${marker}`);
  change(config);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, undefined, '\t'));
  return folder;
}

describe('bundles and leaks on this machine', { skip }, () => {
  let real: RealHost;
  let host: ManagedHost;

  before(async () => {
    real = await thisMachine('bundle', { log: new MemoryLog(), onDidWake: new Emitter<void>().event });
    ({ host } = real);
    await host.connect();
  });

  after(() => real[Symbol.asyncDispose]());

  function session(): HelperSession {
    assert.ok(host.session);
    return host.session;
  }

  /** What `enter` with these words shows in a terminal, and how it ends. */
  async function entered(words: readonly string[]): Promise<{ readonly text: string; readonly exit: unknown }> {
    const shown: Buffer[] = [];
    let exit: unknown;
    const onRecord = (record: HelperRecord): void => {
      if ('data' in record) shown.push(Buffer.from(record.data.bytes, 'base64url'));
      if ('exit' in record) ({ exit } = record);
    };
    await session().terminal('enter', words, { columns: 80, rows: 24 }, { onRecord }).end;
    return { text: Buffer.concat(shown).toString(), exit };
  }

  function facts(): NonNullable<ManagedHost['facts']> {
    assert.ok(host.facts);
    return host.facts;
  }

  async function configOf(of: string): Promise<unknown> {
    const text = await outputOf(session(), facts(), ['cat', `${of}/config.json`], 4_000_000);
    assert.equal(jsonProblem(text), undefined);
    return JSON.parse(text);
  }

  /** Ended whatever the test does. */
  function keptName(scope: Scope): string {
    const name = uniqueName();
    scope.defer(async () => void (await end(session(), name, { plan: false }).catch(() => undefined)));
    return name;
  }

  it('reads a config.json that is on the host, and says why it cannot', async (t) => {
    const scope = testScope(t);
    const of = bundle(scope, (config) => (config.annotations = { odd: '\t"ä€\u{1f600}\\\u0007' }));
    assert.deepEqual(await configOf(of), JSON.parse(readFileSync(join(of, 'config.json'), 'utf8')));
    await assert.rejects(outputOf(session(), facts(), ['cat', `${of}/none`], 1000), /No such file or directory/);
    await assert.rejects(outputOf(session(), facts(), ['cat', '/dev/zero'], 100_000), /more than 100000 bytes/);
    await assert.rejects(outputOf(session(), facts(), [`${of}/none`], 1000), HelperError);
    await session().request('version', [], { onRecord: () => undefined });
  });

  it('the helper runs what runc spec asks for, kept while its program runs', async (t) => {
    const scope = testScope(t);
    const of = bundle(scope, (config) => {
      config.process.terminal = false;
      config.process.args = ['/bin/sleep', '1000'];
      config.hostname = 'bundled';
    });
    const name = keptName(scope);
    const plan = bundlePlan(await configOf(of), of);
    const { options, preview } = announcement(plan, name, { folder: of, host: host.label, same: true });
    assert.deepEqual(plan.invalid, []);
    const { made, kept } = await create(session(), preview.words);
    assert.equal(kept?.name, name);
    assert.deepEqual(made.map(({ type }) => type).toSorted(), [...options.new].toSorted());
    await host.refresh({ deep: false });
    const uts = made.find(({ type }) => type === 'uts');
    const namespace = host.graph?.namespaces.get(`uts:${uts?.id ?? 0}`);
    assert.equal(namespace?.name.text, name);
    const commands = namespace?.members.map((pid) => host.graph?.processes.get(pid)?.cmdline);
    assert.ok(commands?.includes('/bin/sleep 1000'), JSON.stringify(commands));
    const pid = String(kept?.holder.pid);
    const { stdout } = await run(['nsenter', '--target', pid, '--all', '/bin/busybox', 'hostname']);
    assert.equal(stdout.toString().trim(), 'bundled');
    await end(session(), name, { plan: false });
    await host.refresh({ deep: false });
    assert.equal(host.graph?.namespaces.get(`uts:${uts?.id ?? 0}`), undefined);
  });

  it('an interactive program is left out, and terminals open in the instance instead', async (t) => {
    const scope = testScope(t);
    const of = bundle(scope, () => undefined);
    const name = keptName(scope);
    const plan = bundlePlan(await configOf(of), of);
    assert.ok(plan.notHonoured.some(({ pointer }) => pointer === '/process/terminal'));
    const { preview } = announcement(withoutProgram(plan), name, { folder: of, host: host.label, same: true });
    const { kept } = await create(session(), preview.words);
    assert.ok(kept);
    const target = `--target=pid:${kept.holder.pid}:${kept.holder.start}`;
    const words = [target, '--root', '--records=3', '--', '/bin/busybox', 'ls', '/'];
    const { text } = await entered(words);
    assert.match(text, /\betc\b/);
    assert.doesNotMatch(text, /\busr\b/);
  });

  it('a program that has ended at once is told, and leaves nothing', async (t) => {
    const scope = testScope(t);
    const of = bundle(scope, (config) => {
      config.process.args = ['/bin/none'];
    });
    const name = keptName(scope);
    const { preview } = announcement(bundlePlan(await configOf(of), of), name, {
      folder: of,
      host: host.label,
      same: true,
    });
    await assert.rejects(create(session(), preview.words), (error) => {
      assert.ok(error instanceof HelperError);
      assert.equal(error.record.errno, 'ENOENT');
      return true;
    });
    await host.refresh({ deep: true });
    await assert.rejects(
      end(session(), name, { plan: true }),
      (error) => error instanceof HelperError && error.record.errno === 'ENOENT',
    );
  });

  it('runc runs the bundle in a terminal, by words alone', async (t) => {
    const scope = testScope(t);
    const of = bundle(scope, (config) => {
      config.process.args = ['/bin/sh', '-c', 'echo "it is $(cat /proc/sys/kernel/hostname)"; exit 7'];
      config.hostname = 'by-runc';
    });
    const runc = facts().tools['runc'];
    assert.ok(runc);
    const name = `-${uniqueName()}`;
    scope.defer(async () => void (await run(['runc', 'delete', '--force', '--', name])));
    const words = hostCommand(facts(), runtimeCommand(runc, of, name));
    assert.ok(words);
    const { text, exit } = await entered(words);
    assert.match(text, /it is by-runc/);
    assert.deepEqual(exit, { code: 7 });
  });

  async function leaks(): Promise<Leaks> {
    await host.refresh({ deep: true });
    assert.ok(host.graph);
    return findLeaks(host.graph, {
      rights: { elevated: true, hidepid: undefined },
      mntns: facts().own.mnt,
      netnsNames: await netnsNames(host),
    });
  }

  it('finds what a descriptor, a socket and a mount elsewhere keep, and it is gone with them', async (t) => {
    const scope = testScope(t);
    const held = [await keep(scope, 'fd', 'net'), await keep(scope, 'socket'), await keep(scope, 'fd', 'uts')];
    const mounted = await mountKept(scope, 'ipc', 'kept');
    const found = await leaks();
    for (const { words } of held) {
      const leak = found.leaks.find(({ id }) => id.endsWith(`:${words['id']}`));
      assert.ok(leak, `${words['id']} is not among ${found.leaks.map(({ id }) => id).join(' ')}`);
      assert.match(leak.held, /of keep-\w+ \(pid \d+\)/);
    }
    const remote = found.leaks.find(({ held: by }) => by.includes(mounted.path));
    assert.ok(remote, 'the mount in another mount namespace');
    assert.ok(
      remote.actions.some(
        (action) => action.kind === 'reveal' && 'key' in action.of && action.of.key.startsWith('mnt:'),
      ),
    );
    await Promise.all([...held, mounted].map(async (each) => each.release()));
    const later = await leaks();
    for (const { words } of held) assert.ok(!later.leaks.some(({ id }) => id.endsWith(`:${words['id']}`)));
  });

  it('takes away a mount that a program made, and a name that is only a file; one given on purpose is no leak', async (t) => {
    const scope = testScope(t);
    const { name } = await ipNetns(scope);
    const made = `/run/netns/cni-${crypto.randomUUID()}`;
    const empty = `/run/netns/${uniqueName()}`;
    writeFileSync(made, '');
    scope.defer(async () => void (await run(['sh', '-c', 'umount "$1"; rm -f "$1" "$2"', 'sh', made, empty])));
    await run(['unshare', `--net=${made}`, 'true']);
    writeFileSync(empty, '');
    const found = await leaks();
    assert.ok(found.kept.some(({ label }) => label.endsWith(name)));
    const actions = [made, empty].map((path) => {
      const action = found.leaks.flatMap((leak) => leak.actions).find((each) => pathOf(each) === path);
      assert.ok(action, `${path} is not among ${JSON.stringify(found.leaks)}`);
      return action;
    });
    const [stop, remove] = actions;
    assert.ok(stop?.kind === 'unpin' && remove?.kind === 'remove');
    // Another one took the place meanwhile, and something was mounted on the file.
    await run(['sh', '-c', 'umount "$1"; unshare --net="$1" true; unshare --net="$2" true', 'sh', made, empty]);
    await assert.rejects(unpin(session(), made, { leftover: false, expected: stop.key }), isStale);
    await assert.rejects(unpin(session(), empty, { leftover: true, expected: 'none' }), isStale);
    await run(['umount', empty]);
    const now = (await leaks()).leaks.flatMap((leak) => leak.actions).find((each) => pathOf(each) === made);
    assert.ok(now?.kind === 'unpin');
    const [unmounted, removed] = [
      await unpin(session(), made, { leftover: false, expected: now.key }),
      await unpin(session(), empty, { leftover: true, expected: 'none' }),
    ];
    assert.deepEqual(unmounted, [{ unmounted: { path: made } }]);
    assert.deepEqual(removed, [{ removed: { path: empty } }]);
    const again = await leaks();
    assert.ok(!again.leaks.some((leak) => leak.actions.some((each) => [made, empty].includes(pathOf(each) ?? ''))));
    assert.ok(again.kept.some(({ label }) => label.endsWith(name)));
  });

  it('who keeps a namespace by a descriptor ends by its start, once its plan is known', async (t) => {
    const scope = testScope(t);
    const { path, name } = await ipNetns(scope);
    const holder = await hold(scope, ['sh', '-c', `exec 7<${path}; ${holdScript}`]);
    await run(['ip', 'netns', 'delete', name]);
    const found = await leaks();
    const action = found.leaks
      .flatMap(({ actions }) => actions)
      .find((each) => each.kind === 'endProcess' && each.process.pid === holder.pid);
    assert.ok(action?.kind === 'endProcess', JSON.stringify(found));
    const { process: target, key } = action;
    const reference = `pid:${target.pid}:${target.start}`;
    const expected = { ended: { pid: target.pid, start: target.start } };
    assert.deepEqual(await end(session(), reference, { plan: true, expected: key }), [expected]);
    await assert.rejects(end(session(), reference, { plan: false, expected: 'net:4026531' }), isStale);
    assert.deepEqual(await end(session(), reference, { plan: false, expected: key }), [expected]);
    assert.ok(!(await leaks()).leaks.some(({ id }) => id === key));
  });

  it('an instance that is kept is none; without its holder it is one, and ends by its name', async (t) => {
    const scope = testScope(t);
    const name = keptName(scope);
    const { kept } = await create(session(), ['--new=uts,net,ipc', `--keep=${name}`]);
    assert.ok(kept?.path);
    const alive = await leaks();
    assert.ok(!alive.leaks.some(({ id }) => id === `instance ${name}`));
    // Whoever watches over it would take the mounts away with it.
    const guard = (await run(['pgrep', '-f', `^linux-namespaces-guard ${name}`])).stdout.toString().trim();
    for (const pid of [Number(guard), kept.holder.pid]) {
      assert.ok(pid > 1, guard);
      process.kill(pid, 'SIGKILL');
    }
    await until('both have ended', async () => (await run(['pgrep', '-f', `linux-namespaces.* ${name}`])).code !== 0);
    const dead = await leaks();
    const leak = dead.leaks.find(({ id }) => id === `instance ${name}`);
    assert.ok(leak, JSON.stringify(dead));
    assert.deepEqual(leak.actions[0], { kind: 'end', name });
    await end(session(), name, { plan: false });
    assert.ok(!(await leaks()).leaks.some(({ id }) => id === `instance ${name}`));
  });

  it('pins are kept on purpose, and stop by their name or mount', async (t) => {
    const scope = testScope(t);
    const { name: netns } = await ipNetns(scope);
    const [held, mounted] = [uniqueName(), uniqueName()];
    scope.defer(async () => {
      for (const name of [held, mounted]) {
        // One after the other: they share a lock.
        // oxlint-disable-next-line no-await-in-loop
        await unpin(session(), name, { leftover: true }).catch(() => undefined);
      }
    });
    const pin = async (...words: readonly string[]): Promise<unknown> =>
      session().request('pin', words, { onRecord: () => undefined });
    const uts = await hold(scope, ['unshare', '--uts', 'sh', '-c', holdScript]);
    await pin(`net:/run/netns/${netns}`, `--name=${held}`, '--holder');
    await pin(`uts:pid:${uts.pid}`, `--name=${mounted}`);
    await uts.release();
    await run(['ip', 'netns', 'delete', netns]);
    const { kept, leaks: all } = await leaks();
    const stops = kept.flatMap(({ actions: [first] }) => (first?.kind === 'unpin' ? [first.what] : []));
    assert.ok(stops.includes(held), JSON.stringify([kept, all]));
    const path = `/run/linux-namespaces/${mounted}/uts`;
    assert.ok(stops.includes(path), JSON.stringify([kept, all]));
    await unpin(session(), held, { leftover: false });
    await unpin(session(), path, { leftover: false });
    const later = await leaks();
    assert.ok(!JSON.stringify(later).includes(held) && !JSON.stringify(later).includes(path));
  });

  it('an ended init whose parent takes no note is told of', async (t) => {
    const scope = testScope(t);
    // It never waits for its children.
    const script = `import ctypes, os, sys
if ctypes.CDLL(None).unshare(0x20000000) != 0: sys.exit('unshare')
if os.fork() == 0: os._exit(0)
print('ready', flush=True)
sys.stdin.read()`;
    const { pid } = await hold(scope, ['python3', '-c', script]);
    const found = await until('the zombie', async () => {
      const { leaks: all } = await leaks();
      return all.find(({ id, held }) => id.startsWith('process ') && held.includes(`(pid ${pid})`));
    });
    assert.match(found.held, /until python3 \(pid \d+\) takes note/);
    assert.equal(found.actions.length, 2);
  });
});
