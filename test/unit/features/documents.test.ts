import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { documentName, formatAddress, parseAddress } from '../../../extension/features/documents/address.ts';
import type { Address } from '../../../extension/features/documents/address.ts';
import { contentOf } from '../../../extension/features/documents/content.ts';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import { population } from '../model/population.ts';
import { FakeHost, FakeHosts } from './fake-host.ts';

const addresses: readonly Address[] = [
  { view: 'details', host: 'build7', of: { kind: 'host' } },
  { view: 'details', host: 'alice@build7:2222', of: { kind: 'namespace', key: 'net:4026531840' } },
  { view: 'details', host: 'build7', of: { kind: 'process', pid: 912, start: 88_123 } },
  { view: 'details', host: 'build7', of: { kind: 'workload', id: 'docker:x' } },
  {
    view: 'compare',
    host: 'build7',
    of: { kind: 'process', pid: 912, start: 88_123 },
    with: { kind: 'namespace', key: 'user:1' },
  },
];

test('an address survives being written and read', () => {
  for (const address of addresses) assert.deepEqual(parseAddress(formatAddress(address)), address);
});

test('an address that nobody wrote is refused', () => {
  const bad: readonly unknown[] = [
    null,
    7,
    {},
    { view: 'details', host: 'x' },
    { view: 'other', host: 'x', of: { kind: 'host' } },
    { view: 'compare', host: 'x', of: { kind: 'host' } },
    { view: 'details', host: 1, of: { kind: 'host' } },
    { view: 'details', host: 'x', of: { kind: 'namespace', key: 'net:1:2' } },
    { view: 'details', host: 'x', of: { kind: 'namespace', key: 'nope:1' } },
    { view: 'details', host: 'x', of: { kind: 'namespace', key: 'net:x' } },
    { view: 'details', host: 'x', of: { kind: 'process', pid: '1', start: 2 } },
  ];
  for (const value of bad) assert.equal(parseAddress(JSON.stringify(value)), undefined, JSON.stringify(value));
  assert.equal(parseAddress('{'), undefined);
});

test('the name of a document is one part of a path', () => {
  assert.equal(documentName({ kind: 'namespace', key: 'net:17' }, 'build7'), 'net-17.yaml');
  assert.equal(documentName({ kind: 'process', pid: 9, start: 1 }, 'build7'), 'process-9.yaml');
  assert.equal(documentName({ kind: 'workload', id: '../a\\b\n' }, 'build7'), '..-a-b-.yaml');
});

test('details are valid YAML with everything that is known', () => {
  const hosts = new FakeHosts(new FakeHost('build7', population(200, 80)));
  const graph = hosts.all[0]?.graph;
  const namespace = graph?.ofType('net').at(1);
  assert.ok(namespace);
  const text = contentOf(hosts, { view: 'details', host: 'build7', of: { kind: 'namespace', key: namespace.key } });
  const value: unknown = parse(text);
  assert.ok(typeof value === 'object' && value !== null && 'namespace' in value && 'nsenter' in value);
  assert.equal(value.namespace, namespace.key);
  assert.match(text, /^# build7\n/);
});

test('details of a host are its facts', () => {
  const hosts = new FakeHosts(new FakeHost('build7', population(200, 80)));
  const value: unknown = parse(contentOf(hosts, { view: 'details', host: 'build7', of: { kind: 'host' } }));
  assert.ok(typeof value === 'object' && value !== null && 'kernel' in value && 'limits (/proc/sys/user)' in value);
  assert.equal(value.kernel, '6.18.44');
  assert.deepEqual(value['limits (/proc/sys/user)'], { max_user_namespaces: 100 });
});

test('both sides of a comparison have the lines of the other', () => {
  const hosts = new FakeHosts(new FakeHost('build7', population(200, 80)));
  const [a, b] = [1, 3].map((pid) => ({ kind: 'process', pid, start: pid === 1 ? 0 : pid }) as const);
  assert.ok(a && b);
  const left = contentOf(hosts, { view: 'compare', host: 'build7', of: a, with: b }).split('\n');
  const right = contentOf(hosts, { view: 'compare', host: 'build7', of: b, with: a }).split('\n');
  assert.equal(left.length, right.length);
  const different = left.filter((line, index) => line !== right[index]);
  assert.ok(different.some((line) => line.startsWith('net: ')));
});

test('a process that took the pid of another is not shown for it', () => {
  const hosts = new FakeHosts(new FakeHost('build7', population(200, 80)));
  const of = { kind: 'process', pid: 3, start: 12_345 } as const;
  assert.match(contentOf(hosts, { view: 'details', host: 'build7', of }), /Process 3 is not there any more/);
});

test('what is not known is said, not left empty', () => {
  const host = new FakeHost('build7');
  const hosts = new FakeHosts(host);
  const address: Address = { view: 'details', host: 'build7', of: { kind: 'namespace', key: 'net:1' } };
  assert.match(contentOf(hosts, address), /^# build7: not connected\. Connect/);
  host.connected(population(200, 80));
  assert.match(contentOf(hosts, address), /net:1 is not there any more/);
  host.set({ kind: 'lost', error: new ConnectionError('lost', 'a', 'b'), retryAt: undefined });
  const own = host.graph?.ofType('net').at(0);
  assert.ok(own);
  const stale = contentOf(hosts, { ...address, of: { kind: 'namespace', key: own.key } });
  assert.match(stale, /^# build7, as last seen: connection lost/);
  hosts.set();
  assert.match(contentOf(hosts, address), /not in the Hosts view/);
});

test('what a host calls something cannot leave its line', () => {
  const evil: readonly HelperRecord[] = [
    { snapshot: { time: 1, complete: true, source: ['proc'] } },
    {
      process: {
        pid: 5,
        start: 5,
        ppid: 1,
        comm: 'a\n# b: [',
        cmdline: 'x\u202ey\n- z: &a *b !!js',
        ns: { net: 4_026_531_840 },
      },
    },
    { end: { processes: 1, namespaces: 1, unreadable: 0 } },
  ];
  const hosts = new FakeHosts(new FakeHost('build7', evil));
  const text = contentOf(hosts, { view: 'details', host: 'build7', of: { kind: 'process', pid: 5, start: 5 } });
  const value: unknown = parse(text);
  assert.ok(typeof value === 'object' && value !== null && 'command' in value && 'pid' in value);
  assert.equal(value.pid, 5);
  assert.ok(!text.includes('\u202e'));
});
