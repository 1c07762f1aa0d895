import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  mountsBeneath,
  mountTree,
  parseMounts,
  propagationWords,
  type MountNode,
} from '../../../extension/files/mounts.ts';
import { mountRows } from '../../../extension/features/tree/mounts/mount-rows.ts';

const text = `22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
23 22 0:21 / /proc rw,nosuid shared:12 master:3 propagate_from:2 - proc proc rw
24 22 0:30 / /mnt rw - tmpfs first rw
25 24 0:31 / /mnt ro,relatime unbindable - tmpfs second rw
26 24 0:32 / /mnt/under rw - tmpfs third rw
27 22 0:33 /sub\\040dir /a\\134b\\012c\\377 rw - fuse.x a\\040b rw
28 22 0:34 / / rw - tmpfs above rw
nonsense
`;

function shape({ mount, hiddenBy, children }: MountNode): unknown {
  return [mount.id, hiddenBy?.id, ...children.map(shape)];
}

test('lines of mountinfo are read, with escapes, optional fields and nonsense', () => {
  const mounts = parseMounts(Buffer.from(text, 'latin1'));
  assert.deepEqual(
    mounts.map(({ id }) => id),
    [22, 23, 24, 25, 26, 27, 28],
  );
  const [, proc, , second, , odd] = mounts;
  assert.deepEqual(proc?.propagation, { shared: 12, master: 3, from: 2, unbindable: false });
  assert.equal(
    propagationWords(proc.propagation),
    'shared in peer group 12, slave of peer group 3, by way of peer group 2',
  );
  assert.equal(second && propagationWords(second.propagation), 'unbindable');
  assert.deepEqual([odd?.point, odd?.root, odd?.source, odd?.type], ['/a\\b\nc\uefff', '/sub dir', 'a b', 'fuse.x']);
});

test('mounts are below those that they are on, and hidden ones are told', () => {
  const tree = mountTree(parseMounts(Buffer.from(text, 'latin1')));
  assert.deepEqual(tree.map(shape), [
    // What is mounted on the root does not take the place of the root that a process has already.
    [22, undefined, [28, 22], [27, undefined], [24, 25, [25, undefined], [26, 25]], [23, undefined]],
  ]);
});

test('in a chroot the mount that the root is on is not listed', () => {
  const tree = mountTree(
    parseMounts(Buffer.from('23 22 0:21 / /proc rw - proc proc rw\n24 23 0:2 / /proc/x rw - tmpfs t rw\n')),
  );
  assert.deepEqual(tree.map(shape), [[23, undefined, [24, undefined]]]);
});

test('mounts that are each other’s parents come to an end', () => {
  const lines = '5 6 0:1 / /a rw - t s rw\n6 5 0:1 / /a rw - t s rw\n7 7 0:1 / / rw - t s rw\n';
  assert.deepEqual(
    mountTree(parseMounts(Buffer.from(lines))).map(({ mount }) => mount.id),
    [7],
  );
});

test('what is mounted at a path and below it', () => {
  const mounts = parseMounts(Buffer.from(text, 'latin1'));
  assert.deepEqual(
    mountsBeneath(mounts, '/mnt').map(({ id }) => id),
    [24, 25, 26],
  );
  assert.deepEqual(mountsBeneath(mounts, '/mn'), []);
  assert.equal(mountsBeneath(mounts, '/').length, 7);
});

test('rows say type, source, options and propagation, and what is hidden by what', () => {
  const [root] = mountRows(parseMounts(Buffer.from(text, 'latin1')));
  assert.equal(root?.item.description, 'ext4 · /dev/vda1 · rw,relatime · shared in peer group 1');
  const first = root.children.find(({ id }) => id === '24');
  assert.equal(first?.item.description, 'hidden · tmpfs · first · rw');
  assert.match(first.tooltip, /Hidden: mount 25 \(tmpfs\) is what is found at this mount point/);
  const second = first.children[0];
  assert.deepEqual(second?.item.icon, { kind: 'codicon', id: 'lock' });
  assert.match(first.children[1]?.tooltip ?? '', /lies beneath \/mnt, where mount 25/);
  for (const { item } of root.children) assert.doesNotMatch(`${item.label}${item.accessibleLabel}`, /\p{Cc}/u);
});
