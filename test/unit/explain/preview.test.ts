import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { createPreview, type CreateOptions } from '../../../extension/explain/preview.ts';
import { missing } from '../../helper/support/requirements.ts';

const whole: CreateOptions = {
  new: ['time', 'user', 'mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'],
  uidMap: [{ inside: 0, outside: 100000, count: 65536 }],
  gidMap: [{ inside: 0, outside: 100000, count: 65536 }],
  hostname: 'web',
  monotonic: 5,
  root: "/srv/it's",
  mountProc: true,
  mounts: [{ source: '/a', target: '/b', readOnly: true }],
  sysctls: [{ name: 'net.core.somaxconn', value: '9' }],
  loopback: true,
  veth: { hostInterface: 've0', address: '10.0.0.1/24', peerAddress: '10.0.0.2/24' },
  keep: 'web',
  argv: ['sh', '-c', 'echo $HOME; true'],
};

test('everything that was asked for is in the steps, in order, and in the words', () => {
  const { steps, words, beyondUnshare } = createPreview(whole);
  const order = [
    /user namespace, first/,
    /100000 65536/,
    /new namespace of each/,
    /Shift the clocks/,
    /process 1/,
    /private/,
    /pivot_root/,
    /\/a .*\/b, read-only/,
    /new \/proc/,
    /host name web/,
    /loopback/,
    /veth pair/,
    /somaxconn to 9/,
    /under the name web/,
    /Run sh -c 'echo \$HOME; true'/,
    /undone/,
  ];
  const places = order.map((pattern) => steps.findIndex((step) => pattern.test(step)));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
    steps.join('\n'),
  );
  assert.ok(!places.includes(-1), JSON.stringify(places));
  assert.deepEqual(words.slice(0, 3), [
    '--new=mnt,uts,ipc,pid,net,user,cgroup,time',
    '--uid-map=0:100000:65536',
    '--gid-map=0:100000:65536',
  ]);
  assert.deepEqual(words.slice(-4), ['--', 'sh', '-c', 'echo $HOME; true']);
  assert.ok(words.includes('--veth=ve0,10.0.0.1/24,10.0.0.2/24') && words.includes('--mount=/a:/b:ro'));
  for (const part of [/pivot_root/, /mounts/, /host name/, /settings/, /loopback/, /veth/, /keeping/]) {
    assert.ok(
      beyondUnshare.some((each) => part.test(each)),
      String(part),
    );
  }
});

test('the line is quoted for a shell, and not given where a terminal would act on it', () => {
  const { unshare } = createPreview(whole);
  assert.ok(unshare?.includes(`'--root=/srv/it'\\''s'`) && unshare.endsWith(`-- sh -c 'echo $HOME; true'`), unshare);
  assert.equal(createPreview({ new: ['net'], argv: ['echo', '\u001b[31m'] }).unshare, undefined);
});

test('the line does what it says', { skip: missing('root', 'unshare') }, () => {
  const { unshare, beyondUnshare } = createPreview({
    new: ['user', 'mnt', 'uts', 'net'],
    map: 'root',
    chdir: '/tmp',
    argv: ['sh', '-c', 'id -u; pwd; readlink /proc/self/ns/net'],
  });
  const [uid, folder, net] = execFileSync('sh', ['-c', unshare ?? ''], { encoding: 'utf8' }).split('\n');
  const own = execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }).trim();
  assert.deepEqual({ uid, folder, differs: net !== own }, { uid: '0', folder: '/tmp', differs: true });
  assert.deepEqual(beyondUnshare, []);
});
