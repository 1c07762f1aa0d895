import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecordError } from '../../../extension/helper/checks.ts';
import { parseMessage, parseRecord } from '../../../extension/helper/records.ts';

const json = JSON.stringify;

const process = {
  pid: 912,
  start: 88123,
  ppid: 1,
  uid: 1000,
  comm: 'sleep',
  cmdline: 'sleep 1000',
  cgroup: '/user.slice/ünit',
  nspid: [912, 1],
  root: '/srv/jail',
  ns: { mnt: 4026531841, uts: 4026531838, pid: 4026531836, net: 4026531840, pid_for_children: 4026532290 },
  zombie: true,
};

const facts = {
  kernel: '6.18.44',
  arch: 'x86_64',
  hostname: 'build7',
  uid: 0,
  gid: 0,
  user: 'root',
  capabilities: ['CAP_SYS_ADMIN'],
  types: ['mnt', 'net'],
  own: { mnt: 4026531841, net: 4026531840 },
  limits: { max_net_namespaces: 192000 },
  restrictions: { unprivileged_userns_clone: 1, apparmor: false, lsm: 'lockdown,yama' },
  subuid: [{ start: 100000, count: 65536 }],
  subgid: [],
  cgroup: 'hybrid',
  listns: false,
  nsid: true,
  hidepid: 'invisible',
  tools: { runc: '/usr/sbin/runc', 'docker-init': '/usr/bin/docker-init' },
};

describe('every kind of record is read as it is', () => {
  const records = [
    { process },
    { process: { pid: 2, start: 0, ppid: 0, comm: 'kthreadd' } },
    { ns: { type: 'net', id: 4026532290, nsid: 17, owner: 4026531837, held: [] } },
    { ns: { type: 'user', id: 4026532291, parent: 4026531837, uid: 4294967295, held: [{ by: 'child' }] } },
    { gone: { ns: 'net:4026532290' } },
    { gone: { process: { pid: 912, start: 88123 } } },
    { tick: { processes: 5, namespaces: 8, unreadable: 0, milliseconds: 1.5, interval: 500, bound: 2000 } },
    { user: { uid: 1000, name: 'alice' } },
    { snapshot: { boot: '0a', time: 1764054904, complete: true, source: ['proc', 'mounts'] } },
    { end: { processes: 5, namespaces: 8, unreadable: 1, milliseconds: 12 } },
    { end: {} },
    { error: { step: 'clone3', errno: 'ENOSPC', number: 28, type: 'net', path: '/x', detail: 'limit' } },
    { facts },
    {
      facts: {
        ...facts,
        mappers: {
          newuidmap: { path: '/usr/bin/newuidmap', owner: 0, setuid: true, capability: false, nosuid: false },
        },
        userns: { initial: true, uid_map: [{ inside: 0, outside: 0, count: 4294967295 }], setgroups: 'allow' },
        bounding: ['CAP_CHOWN'],
        rlimits: { nproc: 9 },
        subordinate: { subuid: [{ name: 'alice', start: 100000, count: 65536 }], source: 'sss' },
        sysctls: { 'kernel/shmmni': '4096' },
        interfaces: ['/proc/keys'],
        filesystems: ['proc'],
        visible: [{ type: 'proc', path: '/proc', root: '/', options: 'rw', super: 'rw', covered: ['/proc/kcore'] }],
      },
    },
    { userns: { id: 4026532291, own: false, top: true, uid: 1000, limits: { max_net_namespaces: 7 } } },
    { inside: { type: 'net', id: 4026532290, pid: 912, loopback: false, sysfs: false } },
    { inside: { type: 'pid', id: 4026532290, pid: 912, proc: 4026531836 } },
    { inside: { type: 'user', id: 4026532290, uid_map: [{ inside: 0, outside: 0, count: 4294967295 }], gid_map: [] } },
    { inside: { type: 'time', id: 4026532290, monotonic: '-3 0', boottime: '0         0' } },
    { inside: { type: 'mnt', id: 4026532290, pid: 912, mounts: 9, shared: ['/srv', '/a b'] } },
    { rights: { pid: 912, start: 88123, effective: '000001ffffffffff' } },
    { helper: { version: '0.1.0', protocol: 1, arch: 'x86_64', build: 'abc' } },
    { made: { type: 'net', id: 4026532290, nsid: 17, owner: 4026531837 } },
    { kept: { name: 'blue', holder: { pid: 912, start: 88123 }, path: '/run/linux-namespaces/blue' } },
    { renamed: { name: 'red', from: 'blue' } },
    { pinned: { type: 'net', id: 4026532290, name: 'blue', path: '/run/netns/blue' } },
    { pinned: { type: 'uts', id: 4026532290, name: 'blue', holder: { pid: 912, start: 88123 } } },
    { pinned: { type: 'uts', id: 4026532290, path: '/srv/uts' } },
  ];
  for (const record of records) {
    test(json(record).slice(0, 60), () => assert.deepEqual(parseRecord(json(record)), record));
  }

  test('all holders', () => {
    const held = [
      { by: 'process', pid: 912 },
      { by: 'mount', path: '/run/netns/blue', mntns: 4026531832, pid: 1 },
      { by: 'mount', path: '/run/netns/red', mntns: 4026531832 },
      { by: 'fd', pid: 1, fd: 9 },
      { by: 'task', pid: 70, tid: 71 },
      { by: 'socket', pid: 70, fd: 4 },
      { by: 'for_children', pid: 7 },
      { by: 'child' },
    ];
    assert.deepEqual(parseRecord(json({ ns: { type: 'net', id: 1, held } })), { ns: { type: 'net', id: 1, held } });
  });
});

describe('what a later helper may add is passed over', () => {
  test('kinds of records, of messages, of holders, of things that are gone', () => {
    assert.equal(parseRecord('{"weather":{"rain":true}}'), undefined);
    assert.equal(parseMessage('{"id":1,"progress":{}}'), undefined);
    assert.deepEqual(parseMessage('{"id":1,"record":{"weather":1}}'), { kind: 'record', id: 1, record: undefined });
    assert.equal(parseRecord('{"gone":{"mount":"/x"}}'), undefined);
    const later = { ns: { type: 'net', id: 1, held: [{ by: 'spell', pid: 1 }, { by: 'child' }] } };
    assert.deepEqual(parseRecord(json(later)), { ns: { type: 'net', id: 1, held: [{ by: 'child' }] } });
  });

  test('members, at every depth', () => {
    const record = parseRecord(json({ process: { ...process, mood: 'good', ns: { ...process.ns, moon: 1 } } }));
    assert.deepEqual(record, { process });
  });

  test('namespace types among the facts', () => {
    const record = parseRecord(json({ facts: { ...facts, types: ['mnt', 'moon', 'net'] } }));
    assert.deepEqual(record, { facts });
  });
});

describe('what is hostile is refused', () => {
  const bad: Readonly<Record<string, string>> = {
    'no JSON': '{"process":',
    nothing: '',
    'a list': '[]',
    null: 'null',
    'a number': '7',
    'a process that is a list': '{"process":[]}',
    'a process that is null': '{"process":null}',
    'rights that are no number': json({ rights: { pid: 912, start: 1, effective: '0x1' } }),
    'rights of no length': json({ rights: { pid: 912, start: 1, effective: '' } }),
    'a look into no type': json({ inside: { type: 'moon', id: 1 } }),
    'a mount point that is a number': json({ inside: { type: 'mnt', id: 1, shared: [1] } }),
    'a pid that is text': json({ process: { ...process, pid: '912' } }),
    'a negative pid': json({ process: { ...process, pid: -1 } }),
    'a fractional pid': json({ process: { ...process, pid: 1.5 } }),
    'a pid beyond 2^31': json({ process: { ...process, pid: 2 ** 31 } }),
    'an endless start': json({ process }).replace('88123', '1e999'),
    'an inexact start': json({ process }).replace('88123', '9007199254740993'),
    'no comm': json({ process: { ...process, comm: undefined } }),
    'a uid beyond 2^32': json({ process: { ...process, uid: 2 ** 32 } }),
    'a namespace id that is an object': json({ process: { ...process, ns: { net: {} } } }),
    'nspid with text': json({ process: { ...process, nspid: [1, '2'] } }),
    'a type that is no own name': json({ ns: { type: 'constructor', id: 1, held: [] } }),
    'a namespace that is no list of holders': json({ ns: { type: 'net', id: 1, held: {} } }),
    'a holder that is text': json({ ns: { type: 'net', id: 1, held: ['x'] } }),
    'a mount without a path': json({ ns: { type: 'net', id: 1, held: [{ by: 'mount', mntns: 1 }] } }),
    'a pinned namespace without a number': json({ pinned: { type: 'net', path: '/run/netns/blue' } }),
    'a holder without a start': json({ pinned: { type: 'net', id: 1, holder: { pid: 912 } } }),
    'a new name that is no text': json({ renamed: { name: 7, from: 'blue' } }),
    'renamed from nothing': json({ renamed: { name: 'red' } }),
    'gone with a strange key': '{"gone":{"ns":"net:007"}}',
    'gone with more than a key': '{"gone":{"ns":"net:7 evil"}}',
    'a tick without numbers': '{"tick":{}}',
    'a time that is endless': '{"snapshot":{"time":1e999,"complete":true,"source":[]}}',
    'facts with an unknown cgroup layout': json({ facts: { ...facts, cgroup: 'v9' } }),
  };
  for (const [what, line] of Object.entries(bad)) {
    test(what, () => assert.throws(() => parseRecord(line), RecordError));
  }

  test('messages with a strange id', () => {
    for (const id of ['"1"', '-1', '1.5', '1e300', 'null', '{}']) {
      assert.throws(() => parseMessage(`{"id":${id},"end":{}}`), RecordError);
    }
  });

  test('names that mean something to JavaScript go nowhere', () => {
    const line = json({ facts }).replace(
      '"max_net_namespaces":192000',
      '"max_net_namespaces":192000,"__proto__":{"polluted":1},"constructor":5,"toString":6,"a\\u0000b":1',
    );
    const record = parseRecord(line);
    assert.ok(record !== undefined && 'facts' in record);
    assert.deepEqual(Object.keys(record.facts.limits), ['max_net_namespaces']);
    assert.equal(Object.getPrototypeOf(record.facts.limits), Object.prototype);
    const polluted = parseRecord(`{"__proto__":{"process":1},"end":{"__proto__":{"processes":7}}}`);
    assert.deepEqual(polluted, { end: {} });
    assert.ok(polluted !== undefined && 'end' in polluted);
    assert.equal(polluted.end.processes, undefined);
  });
});

test('a namespace id of 64 bits that a number cannot hold is left out, not rounded', () => {
  const record = parseRecord('{"ns":{"type":"net","id":4026532290,"nsid":18446744073709551615,"held":[]}}');
  assert.deepEqual(record, { ns: { type: 'net', id: 4026532290, held: [] } });
});

test('messages of serve', () => {
  const error = { step: 'verb', errno: 'EINVAL', number: 22 };
  assert.deepEqual(parseMessage(json({ id: 7, end: { processes: 1 } })), { kind: 'end', id: 7, end: { processes: 1 } });
  assert.deepEqual(parseMessage(json({ id: 7, error })), { kind: 'error', id: 7, error });
  assert.deepEqual(parseMessage(json({ error })), { kind: 'error', id: undefined, error });
  assert.deepEqual(parseMessage(json({ id: 7, record: { process } })), { kind: 'record', id: 7, record: { process } });
});
