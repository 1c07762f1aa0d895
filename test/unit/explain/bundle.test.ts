import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundlePlan, type BundlePlan } from '../../../extension/explain/bundle.ts';
import { missing } from '../../helper/support/requirements.ts';

const skip = missing('runc');

/** What runc itself writes. */
function spec(...options: readonly string[]): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    execFileSync('runc', ['spec', '--bundle', folder, ...options]);
    return JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pointers({ notHonoured }: BundlePlan): readonly string[] {
  return notHonoured.map(({ pointer }) => pointer);
}

/** Pointers to everything in a JSON value that is neither a list nor an object, or is empty. */
function leaves(value: unknown, at = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [at];
  return Object.entries(value).flatMap(([name, each]) => leaves(each, `${at}/${name}`));
}

/** Not listed, because it is done. */
const done =
  /^\/(?:ociVersion|hostname|process\/(?:user\/[ug]id|args\/\d+|cwd)|root\/path|linux\/namespaces\/\d+\/\w+|linux\/[ug]idMappings\/\d+\/\w+|mounts\/\d+\/(?:destination|type|source)|mounts\/\d+\/options\/\d+)$/;

test('the default of runc', { skip }, () => {
  const config = spec();
  const plan = bundlePlan(config, '/srv/bundle');
  assert.deepEqual(plan.invalid, []);
  assert.deepEqual(plan.words, [
    // Only with cgroup v2 alone does runc ask for a cgroup namespace.
    `--new=mnt,uts,ipc,pid,net${JSON.stringify(config).includes('"type":"cgroup"}') ? ',cgroup' : ''}`,
    '--hostname=runc',
    '--root=/srv/bundle/rootfs',
    '--mount-proc',
    '--loopback',
    '--chdir=/',
    '--uid=0',
    '--gid=0',
    '--',
    'sh',
  ]);
  const listed = pointers(plan);
  for (const pointer of [
    '/process/terminal',
    '/process/env',
    '/process/capabilities',
    '/process/rlimits',
    '/process/noNewPrivileges',
    '/root/readonly',
    '/linux/resources',
    '/linux/maskedPaths',
    '/linux/readonlyPaths',
    '/mounts/1',
  ]) {
    assert.ok(listed.includes(pointer), `${pointer} is not among ${listed.join(' ')}`);
  }
});

test('the default of runc without root', { skip }, () => {
  const plan = bundlePlan(spec('--rootless'), '/srv/bundle');
  assert.deepEqual(plan.invalid, []);
  assert.ok(plan.words?.includes('--uid-map=0:0:1') || plan.options.uidMap?.length === 1);
  assert.ok(plan.words?.includes('--new=mnt,uts,ipc,pid,user'));
  const sys = plan.options.mounts?.find(({ target }) => target === '/sys');
  assert.deepEqual(sys, { source: '/sys', target: '/sys', readOnly: true });
  assert.ok(plan.notHonoured.some(({ pointer, why }) => pointer === '/mounts/5/options' && why.includes('nosuid')));
});

for (const options of [[], ['--rootless']]) {
  test(`nothing is left out in silence ${options.join('')}`, { skip }, () => {
    const config = spec(...options);
    const listed = pointers(bundlePlan(config, '/b'));
    const silent = leaves(config).filter(
      (leaf) => !done.test(leaf) && !listed.some((pointer) => leaf === pointer || leaf.startsWith(`${pointer}/`)),
    );
    assert.deepEqual(silent, []);
    // What is mounted otherwise than asked is listed, whichever mount it is.
    for (const [index, mount] of ['/dev', '/dev/pts', '/dev/shm', '/dev/mqueue'].entries()) {
      assert.ok(listed.includes(`/mounts/${index + 1}`), mount);
    }
  });
}

const minimal = {
  ociVersion: '1.0.2',
  process: { args: ['true'], cwd: '/', user: { uid: 1, gid: 2 } },
  root: { path: '/r' },
  linux: { namespaces: [{ type: 'mount' }] },
};

test('a process is needed only where it is started', () => {
  const { process: _, ...config } = minimal;
  assert.deepEqual(
    bundlePlan(config, '/b').invalid.map(({ pointer }) => pointer),
    ['/process'],
  );
  const { invalid, words } = bundlePlan(config, '/b', false);
  assert.deepEqual(invalid, []);
  assert.ok(words !== undefined);
});

function withLinux(linux: object): unknown {
  return { ...minimal, linux: { namespaces: [{ type: 'mount' }], ...linux } };
}

test('joins, offsets, settings and fields that nobody knows', () => {
  const namespaces = [{ type: 'mount' }, { type: 'time' }, { type: 'ipc' }, { type: 'network', path: '/run/netns/a' }];
  const timeOffsets = { monotonic: { secs: -5, nanosecs: 0 }, boottime: { secs: 7, nanosecs: 9 } };
  const sysctl = { 'kernel.shmmax': '1', 'net.core.somaxconn': '2', 'kernel.panic': '3' };
  const plan = bundlePlan({ ...Object(withLinux({ namespaces, timeOffsets, sysctl })), 'a/b~': 1 }, '/b');
  assert.deepEqual(plan.words, [
    '--new=mnt,ipc,time',
    '--join=net:/run/netns/a',
    '--monotonic=-5',
    '--boottime=7',
    '--root=/r',
    '--sysctl=kernel.shmmax=1',
    '--chdir=/',
    '--uid=1',
    '--gid=2',
    '--',
    'true',
  ]);
  assert.deepEqual([...pointers(plan)].toSorted(), [
    '/a~1b~0',
    '/linux/sysctl/kernel.panic',
    '/linux/sysctl/net.core.somaxconn',
    '/linux/timeOffsets/boottime/nanosecs',
  ]);
});

test('what is not valid gives no words to run', () => {
  const broken: readonly (readonly [unknown, string])[] = [
    [null, ''],
    [[], ''],
    [{ ...minimal, ociVersion: '2.0' }, '/ociVersion'],
    [{ ...minimal, process: undefined }, '/process'],
    [{ ...minimal, process: { ...minimal.process, args: [] } }, '/process/args'],
    [{ ...minimal, process: { ...minimal.process, args: ['a', 1] } }, '/process/args'],
    [{ ...minimal, process: { ...minimal.process, cwd: 'x' } }, '/process/cwd'],
    [{ ...minimal, process: { ...minimal.process, user: { uid: -1 } } }, '/process/user/uid'],
    [{ ...minimal, mounts: [{ destination: 'x' }] }, '/mounts/0'],
    [withLinux({ namespaces: [{ type: 'nonsense' }] }), '/linux/namespaces/0'],
    [withLinux({ namespaces: [{ type: 'pid' }, { type: 'pid' }] }), '/linux/namespaces/1'],
    [withLinux({ namespaces: [{ type: 'user' }], uidMappings: [{ containerID: '0' }] }), '/linux/uidMappings/0'],
  ];
  for (const [config, pointer] of broken) {
    const plan = bundlePlan(config, '/b');
    assert.equal(plan.words, undefined, pointer);
    assert.ok(
      plan.invalid.some((each) => each.pointer === pointer),
      `${pointer}: ${JSON.stringify(plan.invalid)}`,
    );
  }
});

test('names that mean something to JavaScript are fields like others', () => {
  const plan = bundlePlan(JSON.parse(`{"__proto__":{"x":1},"constructor":1,${JSON.stringify(minimal).slice(1)}`), '/b');
  assert.deepEqual([...pointers(plan)].toSorted(), ['/__proto__', '/constructor']);
});
