import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOptions, proposedVeth, type Read } from '../../../extension/features/create/options.ts';
import { runSteps, type Outcome } from '../../../extension/features/create/steps.ts';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';

function read(id: string, text: string): Read {
  const option = createOptions.find((each) => each.id === id);
  assert.ok(option?.text, id);
  return option.text.read(text, '6.18');
}

const good: readonly (readonly [id: string, text: string, options: object])[] = [
  ['otherHostname', 'web.example', { hostname: 'web.example' }],
  ['domainname', 'ü'.repeat(32), { domainname: 'ü'.repeat(32) }],
  ['uidMap', '0 1000 1', { uidMap: [{ inside: 0, outside: 1000, count: 1 }] }],
  [
    'gidMap',
    ' 0 1000 1,  1 100000 65536 ',
    {
      gidMap: [
        { inside: 0, outside: 1000, count: 1 },
        { inside: 1, outside: 100_000, count: 65_536 },
      ],
    },
  ],
  ['monotonic', '-5', { monotonic: -5 }],
  ['boottime', '86400', { boottime: 86_400 }],
  [
    'veth',
    'veth-web,10.213.7.1/30,10.213.7.2/30',
    { veth: { hostInterface: 'veth-web', address: '10.213.7.1/30', peerAddress: '10.213.7.2/30' } },
  ],
  [
    'veth',
    'v0, fd00::1/64, fd00::2/64',
    { veth: { hostInterface: 'v0', address: 'fd00::1/64', peerAddress: 'fd00::2/64' } },
  ],
  ['root', '/srv/rootfs', { root: '/srv/rootfs' }],
  ['mount', '/srv:/data', { mounts: [{ source: '/srv', target: '/data', readOnly: false }] }],
  ['mount', '/srv:/data:ro', { mounts: [{ source: '/srv', target: '/data', readOnly: true }] }],
  ['sysctl', 'net.ipv4.ip_forward = 1', { sysctls: [{ name: 'net.ipv4.ip_forward', value: '1' }] }],
  ['ids', '1000:100', { uid: 1000, gid: 100 }],
  ['ids', '0', { uid: 0 }],
  ['chdir', '/', { chdir: '/' }],
  ['argv', `sh -c 'sleep 9'`, { argv: ['sh', '-c', 'sleep 9'] }],
];

test('what is typed becomes what the helper is told', () => {
  for (const [id, text, options] of good) assert.deepEqual(read(id, text), { options }, `${id} ${text}`);
});

test('what cannot be is refused while it is typed', () => {
  const bad: readonly (readonly [id: string, ...texts: readonly string[]])[] = [
    ['otherHostname', '', 'x'.repeat(65), 'ü'.repeat(33), 'a\nb'],
    ['uidMap', '', '0 1000', '0 x 1', '0 1000 0', '0 0 1, 0 5 1', '0 4294967295 1', '0 1000 1,'],
    ['monotonic', '', '1.5', '1e3', '99999999999'],
    [
      'veth',
      '',
      'v',
      'v,10.0.0.1,10.0.0.2',
      'v,10.0.0.1/33,10.0.0.2/30',
      'v,1.1.1.1/8,1.1.1.1/8',
      'a/b,1.1.1.1/8,1.1.1.2/8',
    ],
    ['veth', `${'v'.repeat(16)},1.1.1.1/8,1.1.1.2/8`, 'v,1.1.1.1/8,1.1.1.2/8,x', '..,1.1.1.1/8,1.1.1.2/8'],
    ['root', '', 'srv'],
    ['mount', '/srv', 'srv:/data', '/srv:data', '/srv:/data:rw', '/a:/b:ro:x'],
    ['sysctl', '', 'net.ipv4.ip_forward', '=1', 'hostname=x', '../x=1'],
    ['ids', '', 'root', '4294967295', '1:', '-1'],
    ['argv', '', `'`],
  ];
  for (const [id, ...texts] of bad) for (const text of texts) assert.ok('problem' in read(id, text), `${id} “${text}”`);
});

function offered(...types: readonly (typeof namespaceTypes)[number][]): readonly string[] {
  return createOptions.filter(({ applies }) => applies(types)).map(({ id }) => id);
}

/** The first address of the network of four that it is in. */
function network(address: string): string {
  return address.replace(/\.(\d+)\/30$/, (_, last) => `.${Number(last) & ~3}`);
}

test('only what the chosen types have is offered, and the usual is ticked', () => {
  assert.deepEqual(
    offered('time').filter((id) => !['ids', 'chdir', 'argv'].includes(id)),
    ['monotonic', 'boottime'],
  );
  assert.ok(!offered('pid').includes('mountProc') && offered('pid', 'mnt').includes('mountProc'));
  assert.equal(offered(...namespaceTypes).length, createOptions.length);
  const usual = createOptions.flatMap(({ id, usual: is }) => (is === true ? [id] : []));
  assert.deepEqual(usual, ['hostname', 'loopback', 'mountProc']);
});

test('the proposed addresses are two of one network, and readable as typed', () => {
  for (const name of ['web', 'a', 'x'.repeat(64), 'shop.example', '0made-1']) {
    const { hostInterface, address, peerAddress } = proposedVeth(name);
    const typed = [hostInterface, address, peerAddress].join(',');
    assert.deepEqual(read('veth', typed), { options: { veth: proposedVeth(name) } }, typed);
    assert.equal(network(address), network(peerAddress), typed);
  }
});

test('steps go on, go back with what was answered, and end when the person gives up', async () => {
  const script: Outcome[] = ['next', 'next', 'back', 'back', 'next', 'next', 'next'];
  const asked: string[] = [];
  const step =
    (name: string) =>
    (_: object, { step: at, totalSteps }: { step: number; totalSteps: number }): Promise<Outcome> => {
      asked.push(`${name} ${at}/${totalSteps}`);
      return Promise.resolve(script.shift() ?? 'cancel');
    };
  assert.equal(await runSteps({}, () => [step('a'), step('b'), step('c')]), true);
  assert.deepEqual(asked, ['a 1/3', 'b 2/3', 'c 3/3', 'b 2/3', 'a 1/3', 'b 2/3', 'c 3/3']);
  assert.equal(await runSteps({}, () => [step('a')]), false);
});
