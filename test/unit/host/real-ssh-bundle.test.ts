/** Bundles handed to an OCI runtime over a real sshd: by crun as root, and a rootless one by an ordinary user. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundlePlan } from '../../../extension/explain/bundle.ts';
import { offers, runtimeCommand } from '../../../extension/features/bundle/offer.ts';
import { hostCommand, outputOf } from '../../../extension/features/host-command.ts';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import type { ManagedHost } from '../../../extension/host/host.ts';
import { busyboxRoot } from '../../helper/support/containers.ts';
import { leakGuard } from '../../helper/support/leaks.ts';
import { marker, markerVariable, temporaryFolder, uniqueName } from '../../helper/support/marker.ts';
import { missing, which } from '../../helper/support/requirements.ts';
import { testScope, type Scope } from '../../helper/support/scope.ts';
import { until } from '../../helper/support/wait.ts';
import { run } from '../../ssh/support/processes.ts';
import { sshdMissing } from '../../ssh/support/sshd.ts';
import { createUser, usersMissing } from '../../ssh/support/users.ts';
import { hostOverSsh } from './over-ssh.ts';
import { helperMissing } from './real-helper.ts';

leakGuard();

const skip = helperMissing() ?? sshdMissing() ?? usersMissing() ?? missing('root', 'runc', 'busybox', 'unshare');
const crunSkip = skip === false ? missing('crun') : skip;

interface Spec {
  readonly process: { args: string[]; readonly env: string[]; rlimits?: unknown };
  readonly linux: {
    resources?: unknown;
    readonly uidMappings?: { hostID: number }[];
    readonly gidMappings?: { hostID: number }[];
  };
  hostname: string;
}

/** It is what `runc spec` has just written. */
function isSpec(value: unknown): value is Spec {
  return typeof value === 'object' && value !== null && 'process' in value && 'linux' in value;
}

/** What the runtime itself proposes, without what this machine's limits and hybrid cgroups refuse. */
function bundle(scope: Scope, args: readonly string[], owner?: { readonly uid: number; readonly gid: number }): string {
  const folder = temporaryFolder(scope);
  execFileSync('runc', ['spec', '--bundle', folder, ...(owner === undefined ? [] : ['--rootless'])]);
  renameSync(busyboxRoot(scope), join(folder, 'rootfs'));
  const file = join(folder, 'config.json');
  const config: unknown = JSON.parse(readFileSync(file, 'utf8'));
  assert.ok(isSpec(config));
  delete config.process.rlimits;
  delete config.linux.resources;
  config.process.env.push(`${markerVariable}=${marker}`);
  config.process.args = [...args];
  config.hostname = 'bundled';
  // `runc spec --rootless` writes those of who runs it.
  for (const mapping of config.linux.uidMappings ?? []) mapping.hostID = owner?.uid ?? 0;
  for (const mapping of config.linux.gidMappings ?? []) mapping.hostID = owner?.gid ?? 0;
  writeFileSync(file, JSON.stringify(config));
  if (owner !== undefined) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, folder]);
  return folder;
}

interface Terminal {
  readonly shown: () => string;
  readonly abort: AbortController;
  readonly end: Promise<unknown>;
  readonly exit: () => unknown;
}

/** As the editor does it: what the host has, the plan of what is there, the words, a terminal. */
async function handOver(host: ManagedHost, folder: string, runtime: string, id: string): Promise<Terminal> {
  const { session, facts } = host;
  assert.ok(session && facts);
  const config: unknown = JSON.parse(await outputOf(session, facts, ['cat', `${folder}/config.json`], 1_000_000));
  const plan = bundlePlan(config, folder);
  const ways = offers(facts.tools, plan, { folder, host: host.label, same: true });
  const way = ways.map((each) => each.way).find((each) => each.kind === 'runtime' && each.name === runtime);
  assert.ok(way?.kind === 'runtime', JSON.stringify(ways));
  const words = hostCommand(facts, runtimeCommand(way.path, folder, id));
  assert.ok(words);
  const parts: Buffer[] = [];
  let exit: unknown;
  const abort = new AbortController();
  const onRecord = (record: HelperRecord): void => {
    if ('data' in record) parts.push(Buffer.from(record.data.bytes, 'base64url'));
    if ('exit' in record) ({ exit } = record);
  };
  const { end } = session.terminal('enter', words, { columns: 80, rows: 24 }, { onRecord, signal: abort.signal });
  return { shown: () => Buffer.concat(parts).toString(), abort, end, exit: () => exit };
}

const tells = ['/bin/sh', '-c', 'echo "it is $(cat /proc/sys/kernel/hostname) $(cat /proc/self/uid_map)"; exit 7'];

test('crun runs a bundle of its host over SSH', { skip: crunSkip, timeout: 120_000 }, async (t) => {
  const scope = testScope(t);
  // It refuses hybrid cgroups, which a machine for tests may have: the host's crun finds the unified ones alone.
  const bin = temporaryFolder(scope);
  const path = join(bin, 'crun');
  const script = `mount -t cgroup2 none /sys/fs/cgroup && exec ${which('crun') ?? ''} "$@"`;
  writeFileSync(path, `#!/bin/sh\nexec unshare --mount sh -c '${script}' sh "$@"\n`);
  chmodSync(path, 0o755);
  const remote = await hostOverSsh('root', { PATH: `${bin}:${process.env['PATH'] ?? ''}` });
  scope.defer(async () => remote[Symbol.asyncDispose]());
  await remote.host.connect();
  assert.equal(remote.host.facts?.tools['crun'], path);
  const id = uniqueName();
  scope.defer(async () => void (await run(path, ['delete', '--force', id], { check: false })));
  const terminal = await handOver(remote.host, bundle(scope, tells), 'crun', id);
  await terminal.end;
  assert.match(terminal.shown(), /it is bundled +0 +0 +4294967295/);
  assert.deepEqual(terminal.exit(), { code: 7 });
  const { stdout } = await run(path, ['list']);
  assert.ok(!stdout.includes(id), stdout);
});

test(
  'an ordinary user runs a rootless bundle over SSH, and it ends with its terminal',
  { skip, timeout: 120_000 },
  async (t) => {
    const scope = testScope(t);
    const user = await createUser();
    scope.defer(() => user.remove());
    const gid = Number((await run('id', ['-g', user.name])).stdout);
    const owner = { uid: user.uid, gid };
    // As pam_systemd(8) makes it; where it is missing, runc tries /run/runc, which is root's.
    const runtime = temporaryFolder(scope, 0o700);
    chownSync(runtime, owner.uid, owner.gid);
    const remote = await hostOverSsh(user.name, { XDG_RUNTIME_DIR: runtime });
    scope.defer(async () => remote[Symbol.asyncDispose]());
    await remote.host.connect();
    assert.equal(remote.host.facts?.uid, user.uid);
    const told = await handOver(remote.host, bundle(scope, tells, owner), 'runc', uniqueName());
    await told.end;
    // Root inside, and that user outside.
    assert.match(told.shown(), new RegExp(`it is bundled +0 +${user.uid} +1`));
    assert.deepEqual(told.exit(), { code: 7 });

    const id = uniqueName();
    // Its own number of seconds: what tests beside this one run is not taken for it.
    const sleeping = `sleep ${1_000_000 + process.pid}`;
    const waits = await handOver(
      remote.host,
      bundle(scope, ['/bin/sh', '-c', `echo ready; exec ${sleeping}`], owner),
      'runc',
      id,
    );
    await until('it runs', () => waits.shown().includes('ready'));
    // The shell says that it is ready before it executes it.
    const inside = await until('it sleeps', async () => {
      await remote.host.refresh({ deep: false });
      return [...(remote.host.graph?.processes.values() ?? [])].find(({ cmdline }) => cmdline === sleeping);
    });
    assert.ok(
      inside.namespaces?.user !== undefined && inside.namespaces.user !== `user:${remote.host.facts?.own.user}`,
    );
    const { session, facts } = remote.host;
    assert.ok(session && facts);
    const listed = async (): Promise<string> => outputOf(session, facts, ['runc', 'list'], 10_000);
    assert.match(await listed(), new RegExp(`${id} +${inside.pid} +running`));
    // What the editor does when its terminal is closed.
    waits.abort.abort(new Error('closed'));
    await assert.rejects(waits.end, /closed/);
    await outputOf(session, facts, ['runc', 'delete', '--force', '--', id], 10_000);
    await until('nothing of it to be left', async () => !(await listed()).includes(id));
    assert.deepEqual(readdirSync(join(runtime, 'runc')), []);
  },
);

test(
  'a rootless bundle without a folder for its state is told what runc says',
  { skip, timeout: 120_000 },
  async (t) => {
    const scope = testScope(t);
    const user = await createUser();
    scope.defer(() => user.remove());
    const gid = Number((await run('id', ['-g', user.name])).stdout);
    const remote = await hostOverSsh(user.name);
    scope.defer(async () => remote[Symbol.asyncDispose]());
    await remote.host.connect();
    const folder = bundle(scope, tells, { uid: user.uid, gid });
    const terminal = await handOver(remote.host, folder, 'runc', uniqueName());
    await terminal.end;
    assert.match(terminal.shown(), /permission denied/);
    assert.deepEqual(terminal.exit(), { code: 1 });
  },
);
