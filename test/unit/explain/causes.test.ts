import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apparmorProfile } from '../../../extension/explain/apparmor.ts';
import { rules } from '../../../extension/explain/causes/index.ts';
import { explain, introduction } from '../../../extension/explain/explain.ts';
import type { Certainty, ExplainContext, Explanation } from '../../../extension/explain/types.ts';
import type { ErrorRecord, FactsRecord } from '../../../extension/helper/protocol.ts';
import { container, failed, nested, restricted, root, ubuntu, user } from './fixtures.ts';

type Case = readonly [
  what: string,
  error: ErrorRecord,
  facts: FactsRecord,
  context: ExplainContext,
  id: string,
  certainty: Certainty,
  /** In the cause or the remedy. */
  words: RegExp,
];

const zeroNet = { ...user.limits, max_net_namespaces: 0 };
const one = [{ inside: 0, outside: 1000, count: 1 }];
const many = [{ inside: 0, outside: 100000, count: 65536 }];
const withUser = { new: ['user', 'mnt', 'pid'] } as const;
const mapper = (change: object): FactsRecord => {
  const plain = { path: '/usr/bin/newuidmap', owner: 0, setuid: true, capability: false, nosuid: false };
  return { ...user, mappers: { newuidmap: { ...plain, ...change } } };
};

const cases: readonly Case[] = [
  // ENOSPC and its kin
  [
    'a limit of 0',
    failed('clone3', 'ENOSPC', 'net'),
    { ...user, limits: zeroNet },
    {},
    'namespace-limit',
    'certain',
    /disk is not full/,
  ],
  [
    'a limit of 0 among several types',
    failed('unshare', 'ENOSPC'),
    { ...user, limits: zeroNet },
    { new: ['uts', 'net'] },
    'namespace-limit',
    'certain',
    /network namespace/,
  ],
  [
    'a limit of 0 further up',
    failed('clone3', 'ENOSPC', 'pid'),
    nested,
    {
      userNamespaces: [
        { id: 7, depth: 2, limits: nested.limits },
        { id: 6, depth: 1, limits: { max_pid_namespaces: 0 } },
        { id: 5, depth: 0 },
      ],
    },
    'namespace-limit',
    'certain',
    /user namespace 6, 1 level above/,
  ],
  [
    'a limit that is reached',
    failed('clone3', 'ENOSPC', 'net'),
    user,
    { userNamespaces: [{ id: 4026531837, depth: 0, limits: user.limits, inUse: { net: 1000 } }] },
    'namespace-limit',
    'likely',
    /End namespaces/,
  ],
  [
    'a limit of which no use is known',
    failed('clone3', 'ENOSPC', 'net'),
    user,
    {},
    'namespace-limit',
    'likely',
    /1,000 for each user/,
  ],
  [
    'a depth that is known',
    failed('clone3', 'ENOSPC', 'user'),
    nested,
    { userNamespaces: [{ id: 7, depth: 33 }] },
    'user-depth',
    'certain',
    /33 levels/,
  ],
  ['a depth that is not known', failed('clone3', 'ENOSPC', 'user'), nested, {}, 'user-depth', 'possible', /No setting/],
  [
    'a depth before 4.9',
    failed('clone', 'EUSERS', 'user'),
    { ...nested, kernel: '4.4.0' },
    {},
    'user-depth',
    'certain',
    /nested too deeply/,
  ],
  [
    'a depth of pid namespaces',
    failed('clone3', 'ENOSPC', 'pid'),
    user,
    { pidDepth: 32 },
    'pid-depth',
    'certain',
    /32 levels/,
  ],
  ['too many mounts', failed('mount', 'ENOSPC'), root, {}, 'mount-limit', 'likely', /100000/],
  [
    'a full disk',
    failed('openat', 'ENOSPC', { path: '/tmp/x' }),
    user,
    {},
    'file-system-full',
    'likely',
    /means what it says/,
  ],
  ['a quota', failed('write', 'EDQUOT'), user, {}, 'file-system-full', 'likely', /quota/],
  ['too many processes', failed('clone3', 'EAGAIN'), user, {}, 'process-limit', 'likely', /ulimit -u/],
  [
    'a pid namespace whose init has ended',
    failed('fork', 'ENOMEM'),
    root,
    {},
    'pid-namespace-over',
    'likely',
    /first process/,
  ],
  // rights
  [
    'Debian switch',
    failed('clone3', 'EPERM', 'user'),
    restricted(user, { unprivileged_userns_clone: 0 }),
    {},
    'unprivileged-userns-clone',
    'certain',
    /sysctl -w kernel.unprivileged_userns_clone=1/,
  ],
  [
    'a chroot',
    failed('clone3', 'EPERM', 'user'),
    restricted(user, { chroot: true }),
    {},
    'chroot',
    'certain',
    /pivot_root/,
  ],
  [
    'a uid without a mapping',
    failed('unshare', 'EPERM', 'user'),
    { ...nested, uid: 65534 },
    {},
    'unmapped-uid',
    'certain',
    /no mapping/,
  ],
  [
    'a capability that is missing',
    failed('unshare', 'EPERM'),
    user,
    { new: ['net'] },
    'missing-capability',
    'certain',
    /user namespace too/,
  ],
  [
    'a capability that cannot be gained',
    failed('unshare', 'EPERM', 'net'),
    container,
    {},
    'missing-capability',
    'certain',
    /not in the bounding set/,
  ],
  [
    'a host name without rights',
    failed('sethostname', 'EPERM'),
    user,
    {},
    'rights-in-user-namespace',
    'certain',
    /CAP_SYS_ADMIN/,
  ],
  [
    'AppArmor at the first step',
    failed('unshare', 'EPERM', 'user'),
    ubuntu,
    {},
    'apparmor-userns',
    'likely',
    /apparmor_parser/,
  ],
  [
    'AppArmor at a later step',
    failed('uid_map', 'EPERM'),
    ubuntu,
    { ...withUser, uidMap: one, setgroups: 'deny' },
    'apparmor-userns',
    'likely',
    /first step succeeds/,
  ],
  [
    'AppArmor from inside',
    failed('mount', 'EACCES'),
    restricted(ubuntu, { context: 'unprivileged_userns (enforce)' }),
    {},
    'apparmor-userns',
    'certain',
    /rather than switching/,
  ],
  ['a filter', failed('unshare', 'EPERM', 'user'), container, {}, 'seccomp', 'likely', /seccomp=PROFILE/],
  [
    'a filter that hides clone3',
    failed('clone3', 'ENOSYS', 'user'),
    container,
    {},
    'seccomp',
    'likely',
    /hides clone3/,
  ],
  [
    'SELinux',
    failed('clone3', 'EACCES', 'user'),
    restricted(user, { lsm: 'lockdown,selinux', selinux_enforce: 1 }),
    {},
    'security-module',
    'possible',
    /ausearch/,
  ],
  // maps
  [
    'a map with an overlap',
    failed('uid_map', 'EINVAL'),
    root,
    { uidMap: [...many, { inside: 9, outside: 1, count: 1 }] },
    'bad-map',
    'certain',
    /^Line 2/,
  ],
  [
    'ids that are not there',
    failed('uid_map', 'EPERM'),
    nested,
    { uidMap: many },
    'map-outside-parent',
    'certain',
    /^Line 1/,
  ],
  [
    'a group map too early',
    failed('gid_map', 'EPERM'),
    user,
    { gidMap: one, setgroups: 'allow' },
    'setgroups-not-denied',
    'certain',
    /--setgroups=deny/,
  ],
  [
    'many ids without a mapper',
    failed('uid_map', 'EPERM'),
    user,
    { uidMap: many },
    'map-needs-capability',
    'certain',
    /newuidmap/,
  ],
  [
    'root without CAP_SETFCAP',
    failed('uid_map', 'EPERM'),
    { ...root, capabilities: ['CAP_SETUID'] },
    { uidMap: [{ inside: 0, outside: 0, count: 1 }] },
    'map-root-needs-setfcap',
    'certain',
    /5\.12/,
  ],
  [
    'a map that was written',
    failed('uid_map', 'EPERM'),
    user,
    { uidMap: one },
    'map-already-written',
    'possible',
    /once/,
  ],
  [
    'setgroups in a user namespace',
    failed('setgroups', 'EPERM'),
    nested,
    {},
    'setgroups-denied',
    'certain',
    /for good/,
  ],
  // newuidmap
  [
    'no newuidmap',
    failed('newuidmap', 'ENOENT'),
    { ...user, tools: {}, mappers: {} },
    {},
    'mapper-missing',
    'certain',
    /package uidmap/,
  ],
  [
    'newuidmap without rights',
    failed('newuidmap', 'EPERM'),
    mapper({ setuid: false }),
    {},
    'mapper-without-rights',
    'certain',
    /chmod u\+s/,
  ],
  [
    'newuidmap of another owner',
    failed('newuidmap', 'EPERM'),
    mapper({ owner: 1000 }),
    {},
    'mapper-without-rights',
    'certain',
    /set-user-ID bit of root/,
  ],
  [
    'newuidmap on nosuid',
    failed('newuidmap', 'EPERM'),
    mapper({ nosuid: true }),
    {},
    'mapper-without-rights',
    'certain',
    /nosuid/,
  ],
  [
    'newuidmap under no_new_privs',
    failed('newuidmap', 'EPERM'),
    restricted(user, { no_new_privs: true }),
    {},
    'mapper-without-rights',
    'certain',
    /no_new_privs/,
  ],
  [
    'newuidmap in a bounded container',
    failed('newuidmap', 'EPERM'),
    { ...user, bounding: ['CAP_CHOWN'] },
    {},
    'mapper-without-rights',
    'certain',
    /bounding set/,
  ],
  [
    'no range',
    failed('newuidmap', 'EPERM'),
    { ...user, subuid: [] },
    { uidMap: many },
    'subordinate-missing',
    'certain',
    /--add-subuids 165536-231071 alice/,
  ],
  [
    'no range for --map=auto',
    failed('subordinate', 'ENOENT', { path: '/etc/subgid', type: 'user' }),
    { ...user, subgid: [] },
    {},
    'subordinate-missing',
    'certain',
    /--add-subgids/,
  ],
  [
    'AppArmor at a try',
    failed('capability', 'EPERM', 'user'),
    ubuntu,
    withUser,
    'apparmor-userns',
    'likely',
    /first step succeeds/,
  ],
  [
    'no range in the file, but another source',
    failed('newuidmap', 'EPERM'),
    { ...user, subuid: [], subordinate: { source: 'sss' } },
    { uidMap: many },
    'subordinate-missing',
    'likely',
    /range of subordinate/,
  ],
  [
    'outside of the range',
    failed('newuidmap', 'EPERM'),
    user,
    { uidMap: [{ inside: 0, outside: 100000, count: 65537 }] },
    'subordinate-outside',
    'certain',
    /--map=auto/,
  ],
  [
    'a range that a container does not have',
    failed('newuidmap', 'EPERM'),
    { ...nested, subuid: [{ start: 100000, count: 65536 }], capabilities: [] },
    {},
    'subordinate-not-in-user-namespace',
    'certain',
    /no such ids/,
  ],
  [
    'own ranges that overlap',
    failed('newuidmap', 'EINVAL'),
    {
      ...user,
      subuid: [
        { start: 100000, count: 65536 },
        { start: 100005, count: 1 },
      ],
    },
    {},
    'subordinate-overlap',
    'likely',
    /ids twice/,
  ],
  [
    'a range that overlaps with another user',
    failed('newuidmap', 'EPERM'),
    {
      ...user,
      subordinate: {
        subuid: [
          { name: 'alice', start: 100000, count: 65536 },
          { name: 'bob', start: 165000, count: 65536 },
        ],
      },
    },
    {},
    'subordinate-overlap',
    'possible',
    /one of bob/,
  ],
  // mounts
  [
    'a covered proc',
    failed('mount', 'EPERM', { path: '/proc' }),
    container,
    { new: ['user', 'mnt', 'pid'] },
    'proc-not-visible',
    'certain',
    /unmask/,
  ],
  [
    'a read-only sysfs',
    failed('mount', 'EPERM', { path: '/sys' }),
    container,
    { new: ['user', 'mnt', 'net'] },
    'proc-not-visible',
    'certain',
    /sysfs/,
  ],
  [
    'a proc without a pid namespace',
    failed('mount', 'EPERM', { path: '/proc' }),
    user,
    { new: ['user', 'mnt'] },
    'proc-without-own-namespace',
    'certain',
    /new pid namespace/,
  ],
  [
    'a sysfs without a net namespace',
    failed('mount', 'EPERM', { path: '/sys' }),
    user,
    { new: ['user', 'mnt'] },
    'proc-without-own-namespace',
    'certain',
    /new net namespace/,
  ],
  [
    'locked options',
    failed('mount', 'EPERM', { path: '/usr', detail: 'remount,rw' }),
    nested,
    {},
    'locked-mount-options',
    'likely',
    /locked/,
  ],
  [
    'a file system for root',
    failed('mount', 'EPERM', { path: '/data' }),
    nested,
    {},
    'file-system-needs-root',
    'possible',
    /overlay since 5\.11/,
  ],
  [
    'a profile against mounts',
    failed('mount', 'EACCES', { path: '/mnt' }),
    restricted(container, { seccomp: 0 }),
    {},
    'apparmor-mount',
    'likely',
    /docker-default/,
  ],
  [
    'a file system that is not there',
    failed('mount', 'ENODEV'),
    root,
    {},
    'file-system-unknown',
    'certain',
    /modprobe/,
  ],
  [
    'a sysctl of the host',
    failed('sysctl', 'EACCES', { path: '/proc/sys/kernel/panic' }),
    user,
    {},
    'sysctl-not-per-namespace',
    'likely',
    /whole host/,
  ],
  [
    'a sysctl on a read-only proc',
    failed('sysctl', 'EROFS'),
    container,
    {},
    'sysctl-not-per-namespace',
    'likely',
    /read-only/,
  ],
  [
    'a locked mount',
    failed('umount2', 'EINVAL', { path: '/proc' }),
    nested,
    {},
    'locked-mount',
    'likely',
    /locked together/,
  ],
  // EINVAL and others
  [
    'a type of a later kernel',
    failed('unshare', 'EINVAL', 'time'),
    { ...user, kernel: '4.18.0', types: ['mnt', 'user'] },
    {},
    'type-unknown',
    'certain',
    /Linux 5\.6/,
  ],
  [
    'a call of a later kernel',
    failed('clone3', 'ENOSYS'),
    { ...container, kernel: '4.18.0' },
    {},
    'call-unknown',
    'certain',
    /Linux 5\.3/,
  ],
  [
    'a program with threads',
    failed('setns', 'EINVAL', 'mnt'),
    root,
    { program: '/usr/bin/java', threads: 30 },
    'multi-threaded',
    'certain',
    /several threads/,
  ],
  [
    'the own user namespace',
    failed('setns', 'EINVAL', 'user'),
    root,
    { userNamespaces: [{ id: 4026531837 }] },
    'own-user-namespace',
    'certain',
    /already/,
  ],
  [
    'a pid namespace that is not below',
    failed('setns', 'EINVAL', 'pid'),
    root,
    {},
    'pid-namespace-not-below',
    'likely',
    /above it/,
  ],
  [
    'a second pid namespace',
    failed('unshare', 'EINVAL', 'pid'),
    root,
    { program: '/usr/bin/x', threads: 1 },
    'pid-namespace-twice',
    'possible',
    /--fork/,
  ],
  [
    'an offset out of range',
    failed('timens_offsets', 'ERANGE'),
    root,
    { monotonic: -1e9 },
    'time-offset-range',
    'certain',
    /uptime/,
  ],
  [
    'an offset too late',
    failed('timens_offsets', 'EACCES'),
    root,
    {},
    'time-offset-after-first-child',
    'certain',
    /before the first/,
  ],
  [
    'an offset without the right',
    failed('timens_offsets', 'EPERM'),
    user,
    {},
    'time-offset-capability',
    'certain',
    /CAP_SYS_TIME/,
  ],
  [
    'an offset of another form',
    failed('timens_offsets', 'EINVAL'),
    root,
    {},
    'time-offset-form',
    'likely',
    /CLOCK_REALTIME/,
  ],
  [
    'a long host name',
    failed('sethostname', 'EINVAL'),
    root,
    { hostname: 'x'.repeat(65) },
    'host-name-length',
    'certain',
    /64 bytes/,
  ],
  [
    'a root that is no mount point',
    failed('pivot_root', 'EINVAL'),
    root,
    {},
    'pivot-root',
    'possible',
    /make-rprivate/,
  ],
  // joining, keeping, running
  [
    'an empty name',
    failed('setns', 'EINVAL', { path: '/run/netns/blue', type: 'net' }),
    root,
    { mounts: [] },
    'netns-name-is-empty-file',
    'certain',
    /only an empty file/,
  ],
  [
    'an empty name, not looked into',
    failed('open', 'EINVAL', { path: '/var/run/netns/blue' }),
    root,
    {},
    'netns-name-is-empty-file',
    'likely',
    /ip netns delete/,
  ],
  [
    'a name mounted elsewhere',
    failed('setns', 'EINVAL', { path: '/run/netns/blue' }),
    root,
    { mounts: [{ path: '/var/run/netns/blue', mntns: 77 }] },
    'netns-name-is-empty-file',
    'certain',
    /mnt:77/,
  ],
  [
    'a name that is not there',
    failed('open', 'ENOENT', { path: '/run/netns/blue' }),
    root,
    {},
    'netns-name-is-empty-file',
    'certain',
    /no net namespace/,
  ],
  [
    'a process that has ended',
    failed('open', 'ENOENT', { path: '/proc/77/ns/net' }),
    root,
    {},
    'target-gone',
    'certain',
    /Process 77/,
  ],
  ['a pidfd whose process has ended', failed('setns', 'ESRCH'), root, {}, 'target-gone', 'certain', /ended/],
  [
    'what is still held',
    failed('umount2', 'EBUSY'),
    root,
    { holders: ['dockerd (pid 4)'] },
    'still-in-use',
    'certain',
    /dockerd/,
  ],
  ['what is going away', failed('setns', 'EBUSY'), root, {}, 'still-in-use', 'likely', /going away/],
  ['a name that is taken', failed('openat', 'EEXIST'), user, { name: 'web' }, 'name-taken', 'certain', /The name web/],
  ['a network in use', failed('veth', 'EADDRINUSE'), root, {}, 'address-in-use', 'certain', /another interface/],
  [
    'another namespace at a path',
    failed('expect', 'ESTALE', { path: '/run/netns/blue' }),
    root,
    { verb: 'unpin' },
    'changed-since-listed',
    'certain',
    /^\/run\/netns\/blue keeps another namespace by now/,
  ],
  [
    'a process that has closed it',
    failed('process', 'ESTALE'),
    root,
    { verb: 'end' },
    'changed-since-listed',
    'certain',
    /does not keep this namespace any more/,
  ],
  ['an interface that exists', failed('veth', 'EEXIST'), root, {}, 'name-taken', 'certain', /ip link/],
  [
    'joining without rights',
    failed('setns', 'EPERM', 'net'),
    user,
    {},
    'join-needs-owner',
    'certain',
    /--preserve-credentials/,
  ],
  ['joining what is not below', failed('setns', 'EPERM', 'net'), nested, {}, 'join-needs-owner', 'likely', /not below/],
  [
    'looking at another user',
    failed('open', 'EACCES', { path: '/proc/1/ns/net' }),
    user,
    {},
    'ptrace-access',
    'likely',
    /CAP_SYS_PTRACE/,
  ],
  [
    'a root without a shell',
    failed('execve', 'ENOENT', { path: '/bin/sh' }),
    user,
    {},
    'program-not-found',
    'likely',
    /loader/,
  ],
  ['a veth of an ordinary user', failed('veth', 'EPERM'), user, {}, 'link-needs-net-admin', 'certain', /pasta/],
  ['a kernel without veth', failed('veth', 'EOPNOTSUPP'), root, {}, 'link-needs-net-admin', 'certain', /modprobe veth/],
  [
    'a folder that is not there',
    failed('mount', 'ENOENT', { path: '/srv/none' }),
    root,
    {},
    'path-missing',
    'certain',
    /does not exist/,
  ],
  [
    'a user that is not mapped',
    failed('setresuid', 'EINVAL'),
    root,
    { verb: 'enter', join: ['user', 'mnt'] },
    'id-cannot-be-taken',
    'certain',
    /user has no mapping.*uid_map/,
  ],
  [
    'a group without the capability',
    failed('setresgid', 'EPERM'),
    user,
    { verb: 'enter', join: ['mnt'] },
    'id-cannot-be-taken',
    'certain',
    /CAP_SETGID/,
  ],
];

function assertComplete(causes: readonly Explanation[]): void {
  for (const { cause, evidence, remedy, source } of causes) {
    assert.match(cause, /[.)]$/);
    assert.ok(remedy.length > 10, remedy);
    assert.match(source, /^https:\/\//);
    for (const { what, value, source: file } of evidence) assert.ok(what !== '' && value !== '' && file !== '');
  }
}

for (const [what, error, facts, context, id, certainty, words] of cases) {
  test(`${error.errno} of ${error.step}: ${what}`, () => {
    const causes = explain(error, facts, context);
    const [first] = causes;
    const all = causes.map((cause) => `${cause.certainty} ${cause.id}`).join(', ');
    assert.deepEqual({ id: first.id, certainty: first.certainty }, { id, certainty }, all);
    assert.match(`${first.cause} ${first.remedy}`, words);
    assertComplete(causes);
  });
}

test('every rule is among these', () => {
  const tested = new Set(cases.map(([, , , , id]) => id));
  assert.deepEqual(
    rules.map(({ id }) => id).filter((id) => !tested.has(id)),
    [],
  );
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
});

test('what is not known is said to be unknown, with the step and the error', () => {
  const causes = explain(failed('io_uring_setup', 'EIO'), root);
  assert.deepEqual(
    causes.map(({ id }) => id),
    ['unknown'],
  );
  assert.match(causes[0].cause, /io_uring_setup failed with EIO/);
  assert.equal(introduction(causes), 'The cause is not known.');
});

test('several causes are ranked, and a certain one leaves no guesses', () => {
  const guesses = explain(failed('clone3', 'EPERM', 'user'), restricted(ubuntu, { seccomp: 2 }));
  assert.deepEqual(
    guesses.map(({ id }) => id),
    ['apparmor-userns', 'seccomp'],
  );
  assert.match(introduction(guesses), /2 possible causes, the most probable first/);
  const sure = explain(failed('clone3', 'EPERM', 'user'), restricted(ubuntu, { seccomp: 2, chroot: true }));
  assert.deepEqual(
    sure.map(({ id }) => id),
    ['chroot'],
  );
  assert.equal(introduction(sure), 'This is the cause.');
});

test('facts of an older helper, which say less, are enough', () => {
  const { mappers, userns, bounding, rlimits, subordinate, sysctls, visible, ...old } = user;
  assert.ok(mappers && userns && bounding && rlimits && subordinate && sysctls && visible);
  for (const [, error, , context] of cases) assertComplete(explain(error, old, context));
  // Without them nothing is claimed that they would prove.
  assert.equal(explain(failed('clone3', 'EPERM', 'user'), { ...old, uid: 65534 })[0].certainty, 'possible');
});

test('root is not told of AppArmor, nor is a program with a profile of its own', () => {
  for (const facts of [
    { ...ubuntu, capabilities: ['CAP_SYS_ADMIN'] },
    restricted(ubuntu, { context: 'podman (unconfined)' }),
    restricted(ubuntu, { apparmor_restrict_unprivileged_userns: 0 }),
  ]) {
    const causes = explain(failed('clone3', 'EPERM', 'user'), facts);
    assert.ok(!causes.some(({ id }) => id === 'apparmor-userns'));
  }
});

test('a profile names only paths that mean themselves', () => {
  assert.match(
    apparmorProfile('/usr/local/bin/nshelper') ?? '',
    /^profile nshelper-userns \/usr\/local\/bin\/nshelper flags=\(unconfined\) \{\n {2}userns,$/m,
  );
  for (const path of ['relative', '/a b', '/a"b', '/a*', '/{a,b}', '/a\nb', '/a/../b', '@{HOME}/x', '/']) {
    assert.equal(apparmorProfile(path), undefined, path);
  }
});

test('text of a host cannot act on what shows it', () => {
  const path = '/run/netns/\u001b[31m\u202eevil';
  const causes = explain(failed('setns', 'EINVAL', { path, detail: 'x\u0007' }), root, { mounts: [] });
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  assert.doesNotMatch(JSON.stringify(causes), /\\u001b|\\u0007|\u202e/);
});
