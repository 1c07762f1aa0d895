import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorFromText } from '../../../extension/explain/tool-errors.ts';

/** Messages as util-linux, iproute2, shadow, bubblewrap, bash and runc print them. */
const messages: readonly (readonly [text: string, step: string, errno: string, more?: object])[] = [
  ['unshare: unshare failed: No space left on device', 'unshare', 'ENOSPC'],
  ['bwrap: Creating new namespace failed: No space left on device', 'unshare', 'ENOSPC'],
  ['bwrap: setting up uid map: Permission denied', 'uid_map', 'EACCES'],
  [
    'unshare: write failed /proc/self/uid_map: Operation not permitted',
    'uid_map',
    'EPERM',
    { path: '/proc/self/uid_map' },
  ],
  ['unshare: write failed /proc/self/gid_map: Invalid argument', 'gid_map', 'EINVAL', { path: '/proc/self/gid_map' }],
  ['newuidmap: write to uid_map failed: Operation not permitted', 'newuidmap', 'EPERM'],
  ['newgidmap: write to gid_map failed: Invalid argument', 'newgidmap', 'EINVAL'],
  ['newuidmap: uid range [0-1) -> [5-6) not allowed', 'newuidmap', 'EPERM'],
  ['nsenter: cannot open /proc/77/ns/net: Permission denied', 'open', 'EACCES', { path: '/proc/77/ns/net' }],
  ["nsenter: reassociate to namespace 'ns/net' failed: Operation not permitted", 'setns', 'EPERM', { type: 'net' }],
  ['nsenter: reassociate to namespaces failed: Operation not permitted', 'setns', 'EPERM'],
  [
    'setting the network namespace "blue" failed: Invalid argument',
    'setns',
    'EINVAL',
    { type: 'net', path: '/run/netns/blue' },
  ],
  [
    'Cannot open network namespace "blue": No such file or directory',
    'open',
    'ENOENT',
    { type: 'net', path: '/run/netns/blue' },
  ],
  ['Cannot create namespace file "/run/netns/blue": File exists', 'namespace', 'EEXIST', { path: '/run/netns/blue' }],
  ['unshare: failed to write to /proc/self/timens_offsets: Numerical result out of range', 'timens_offsets', 'ERANGE'],
  ['mount: /proc: permission denied.\n       dmesg(1) may have more information.', 'mount', 'EPERM', { path: '/proc' }],
  ['umount: /proc: not mounted.', 'umount2', 'EINVAL', { path: '/proc' }],
  ['umount: /srv: target is busy.', 'umount2', 'EBUSY'],
  ['bash: fork: Cannot allocate memory', 'fork', 'ENOMEM'],
  ['unshare: fork failed: Resource temporarily unavailable', 'fork', 'EAGAIN'],
];

for (const [text, step, errno, more] of messages) {
  test(text, () => {
    const error = errorFromText(`some words before\n${text}\n`);
    assert.deepEqual(error, { step, errno, number: error?.number, ...more });
    assert.ok((error.number ?? 0) > 0);
  });
}

test('what is no such message is not taken for one', () => {
  for (const text of ['', 'done', 'No space left on device', 'cp: x: No space left on device', 'x'.repeat(100_000)]) {
    assert.equal(errorFromText(text), undefined, text.slice(0, 50));
  }
});
