/** The rules against runc: what is an error does not start, what has no error and no warning of a failure does. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { oci } from '../../../server/language/dialects/oci/index.ts';
import { busyboxRoot } from '../../helper/support/containers.ts';
import { temporaryFolder, uniqueName } from '../../helper/support/marker.ts';
import { run } from '../../helper/support/process.ts';
import { missing } from '../../helper/support/requirements.ts';
import { testScope, type Scope } from '../../helper/support/scope.ts';
import { judged } from '../support/judging.ts';

const skip = missing('root', 'runc', 'busybox', 'unshare');

type Json = Readonly<Record<string, unknown>>;
interface Change {
  readonly types?: readonly string[];
  readonly root?: Json;
  readonly linux?: Json;
  readonly mounts?: readonly Json[];
  readonly user?: Json;
  readonly capabilities?: Json;
}

const map = (inside: number, outside: number, count: number): Json => ({
  containerID: inside,
  hostID: outside,
  size: count,
});
const all = ['pid', 'network', 'ipc', 'uts', 'mount'];
const but = (...types: readonly string[]): string[] => all.filter((type) => !types.includes(type));
const mapped = (...lines: readonly Json[]): Json => ({ uidMappings: lines, gidMappings: [map(0, 100_000, 65_536)] });
const user = (change: Change): Change => ({
  types: [...all, 'user'],
  linux: mapped(map(0, 100_000, 65_536)),
  ...change,
});

const proc = { destination: '/proc', type: 'proc', source: 'proc' };
const sysfs = { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['ro'] };
const mqueue = { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue' };
const devpts = { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'gid=5'] };

/** What each is, and whether runc is to start it. */
const changes: readonly (readonly [string, 'starts' | 'fails', Change])[] = [
  ['nothing', 'starts', {}],
  ['a user namespace', 'starts', user({})],
  ['an unknown type', 'fails', { types: [...all, 'net'] }],
  ['a type twice', 'fails', { types: [...all, 'pid'] }],
  ['a host name without uts', 'fails', { types: but('uts') }],
  ['no host name without uts', 'starts', { types: but('uts'), root: { hostname: '' } }],
  ['a host name of 64 bytes', 'starts', { root: { hostname: 'h'.repeat(64) } }],
  ['a host name of 65 bytes', 'fails', { root: { hostname: 'h'.repeat(65) } }],
  ['a network sysctl', 'starts', { linux: { sysctl: { 'net.ipv4.ip_forward': '1' } } }],
  [
    'a network sysctl without network',
    'fails',
    { types: but('network'), linux: { sysctl: { 'net/ipv4/ip_forward': '1' } } },
  ],
  ['an IPC sysctl', 'starts', { linux: { sysctl: { 'kernel.shmmax': '1000000' } } }],
  ['an IPC sysctl without ipc', 'fails', { types: but('ipc'), linux: { sysctl: { 'fs.mqueue.msg_max': '20' } } }],
  ['the domain name as a sysctl', 'starts', { linux: { sysctl: { 'kernel.domainname': 'nis.test' } } }],
  ['the host name as a sysctl', 'fails', { linux: { sysctl: { 'kernel.hostname': 'a' } } }],
  ['a sysctl of no namespace', 'fails', { linux: { sysctl: { 'vm.swappiness': '1' } } }],
  ['masked paths without mount', 'fails', { types: but('mount'), linux: { maskedPaths: ['/proc/kcore'] } }],
  ['mappings without user', 'starts', { linux: mapped(map(5, 0, 0)) }],
  ['user without mappings', 'fails', { types: [...all, 'user'] }],
  ['root that is not mapped', 'fails', user({ linux: mapped(map(1, 100_000, 10)) })],
  ['lines that overlap inside', 'fails', user({ linux: mapped(map(0, 100_000, 10), map(9, 200_000, 10)) })],
  ['lines that overlap outside', 'fails', user({ linux: mapped(map(0, 100_000, 10), map(10, 100_009, 10)) })],
  ['lines that touch', 'starts', user({ linux: mapped(map(0, 100_000, 10), map(10, 100_010, 10)) })],
  ['a line of nothing', 'fails', user({ linux: mapped(map(0, 100_000, 10), map(10, 100_010, 0)) })],
  ['the last id', 'starts', user({ linux: mapped(map(0, 100_000, 10), map(10, 4_294_967_290, 5)) })],
  ['beyond the last id', 'fails', user({ linux: mapped(map(0, 100_000, 10), map(10, 4_294_967_290, 6)) })],
  ['a negative id', 'fails', user({ linux: mapped(map(0, -1, 10)) })],
  ['341 lines', 'fails', user({ linux: mapped(...Array.from({ length: 341 }, (_, at) => map(at, at * 2, 1))) })],
  ['a uid that is not mapped', 'fails', user({ user: { uid: 70_000, gid: 0 } })],
  ['a group that is not mapped', 'fails', user({ user: { uid: 0, gid: 0, additionalGids: [70_000] } })],
  ['devpts with a mapped group', 'starts', user({ mounts: [proc, devpts] })],
  [
    'devpts with a group that is not',
    'fails',
    user({ mounts: [proc, devpts], linux: { uidMappings: [map(0, 5000, 1)], gidMappings: [map(0, 5000, 1)] } }),
  ],
  ['proc in user without pid', 'fails', user({ types: [...but('pid'), 'user'] })],
  ['proc without pid', 'starts', { types: but('pid') }],
  ['sysfs in user', 'starts', user({ mounts: [proc, sysfs] })],
  ['sysfs in user without network', 'fails', user({ types: [...but('network'), 'user'], mounts: [proc, sysfs] })],
  ['mqueue in user without ipc', 'fails', user({ types: [...but('ipc'), 'user'], mounts: [proc, mqueue] })],
  ['mqueue without ipc', 'starts', { types: but('ipc'), mounts: [proc, mqueue] }],
  ['user without mount', 'fails', user({ types: [...but('mount'), 'user'] })],
  ['a mount below /proc', 'fails', { mounts: [proc, { destination: '/proc/sys', source: '/tmp', options: ['bind'] }] }],
  ['a bind without its option', 'fails', { mounts: [proc, { destination: '/mnt', type: 'bind', source: '/tmp' }] }],
  ['slave propagation', 'starts', { linux: { rootfsPropagation: 'slave' } }],
  ['an unknown propagation', 'fails', { linux: { rootfsPropagation: 'slaved' } }],
  [
    'a capability that is effective only',
    'fails',
    { capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'] } },
  ],
  [
    'a capability beyond the bounding set',
    'fails',
    { capabilities: { permitted: ['CAP_KILL'], inheritable: ['CAP_KILL'] } },
  ],
  ['a hook without time', 'fails', { root: { hooks: { createRuntime: [{ path: '/bin/true', timeout: 0 }] } } }],
];

function text(change: Change, root: string): string {
  return JSON.stringify({
    ociVersion: '1.0.2',
    process: {
      user: change.user ?? { uid: 0, gid: 0 },
      args: ['/bin/true'],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: change.capabilities ?? { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] },
    },
    root: { path: root },
    hostname: 'judged',
    mounts: [
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] },
      ...(change.mounts ?? [proc]),
    ],
    linux: { namespaces: (change.types ?? all).map((type) => ({ type })), ...change.linux },
    ...change.root,
  });
}

/** In namespaces of its own: where the bundle asks for none, runc would change those that it is in. */
async function starts(scope: Scope, config: string): Promise<boolean> {
  const bundle = temporaryFolder(scope);
  const state = join(bundle, 'state');
  mkdirSync(state, 0o700);
  writeFileSync(join(bundle, 'config.json'), config);
  const id = uniqueName();
  const outside = ['unshare', '--mount', '--uts', '--ipc', '--net', '--propagation', 'private'];
  const { code } = await run([...outside, 'runc', '--root', state, 'run', '--bundle', bundle, id]);
  await run(['runc', '--root', state, 'delete', '--force', id]);
  return code === 0;
}

describe('runc and the rules agree', { skip }, () => {
  for (const [name, verdict, change] of changes) {
    test(`${name}: ${verdict}`, async (t) => {
      const scope = testScope(t);
      const config = text(change, busyboxRoot(scope));
      const found = judged(oci, config);
      const errors = found.filter(({ severity }) => severity === 'error');
      const failures = found.filter(({ severity, message }) => severity === 'warning' && /refuse|fail/.test(message));
      assert.equal(await starts(scope, config), verdict === 'starts');
      if (verdict === 'starts') assert.deepEqual(errors, []);
      else assert.ok(errors.length + failures.length > 0, 'nothing was found');
    });
  }
});
