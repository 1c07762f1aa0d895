import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerRecord, SocketRecord } from '../../../extension/helper/protocol.ts';
import { parseRecord, parseMessage } from '../../../extension/helper/records.ts';
import {
  addressText,
  listNotes,
  parsePlace,
  placeName,
  placeWord,
  socketRows,
} from '../../../extension/model/sockets.ts';

const any6 = '0'.repeat(32);

function row(socket: SocketRecord, owners: readonly OwnerRecord[] = []) {
  const [only] = socketRows({ sockets: [socket], owners });
  assert.ok(only);
  return only;
}

test('records of another shape are refused, and kinds of sockets to come are passed over', () => {
  assert.throws(() => parseRecord('{"socket":{"kind":"tcp","inode":1,"address":"7f0000","port":1}}'), /address/);
  assert.throws(() => parseRecord('{"socket":{"kind":"tcp","inode":1,"address":"7f000001","port":65536}}'), /port/);
  assert.equal(parseRecord('{"socket":{"kind":"sctp","inode":1}}'), undefined);
  assert.deepEqual(parseMessage('{"id":1,"record":{"eof":{}}}'), { kind: 'record', id: 1, record: { eof: {} } });
  assert.deepEqual(parseRecord('{"socket":{"kind":"unix","inode":3,"type":1,"abstract":"x"}}'), {
    socket: { kind: 'unix', inode: 3, type: 1, abstract: 'x' },
  });
});

test('a row names the socket as it is bound, and who has it open once each', () => {
  const nginx = { inode: 5, pid: 12, start: 1, comm: 'nginx' };
  const one = row({ kind: 'tcp', inode: 5, address: '7f000001', port: 8080 }, [nginx, nginx]);
  assert.equal(one.label, 'tcp 127.0.0.1:8080');
  assert.equal(one.owner, 'nginx (pid 12)');
  assert.deepEqual(one.place, { kind: 'tcp', address: '127.0.0.1', port: 8080 });
  assert.deepEqual(one.details, []);
});

test('what is bound to any address is reached by the loopback one of its family', () => {
  assert.deepEqual(row({ kind: 'udp', inode: 1, address: '00000000', port: 53 }).place, {
    kind: 'udp',
    address: '127.0.0.1',
    port: 53,
  });
  const both = row({ kind: 'tcp6', inode: 1, address: any6, port: 80, v6only: false });
  assert.equal(both.label, 'tcp [::]:80');
  assert.deepEqual(both.place, { kind: 'tcp', address: '::1', port: 80 });
  assert.match(both.details.join(' '), /IPv4, too/);
});

test('what cannot be forwarded says why', () => {
  const sockets: readonly SocketRecord[] = [
    { kind: 'tcp6', inode: 1, address: `fe80${'0'.repeat(27)}1`, port: 80, device: 'eth0' },
    { kind: 'unix', inode: 2, type: 5, path: '/run/seq' },
    { kind: 'unix', inode: 3, type: 1, path: 'relative' },
    { kind: 'unix', inode: 4, type: 1 },
    { kind: 'unix', inode: 5, type: 1, abstract: 'a\ufffd' },
    { kind: 'vsock', inode: 6, type: 1, cid: 0xffffffff, port: 9 },
  ];
  for (const socket of sockets) {
    const { place, details } = row(socket);
    assert.equal(place, undefined, JSON.stringify(socket));
    assert.match(details.join(' '), /cannot be forwarded|nothing can connect/, JSON.stringify(socket));
  }
  assert.equal(row(sockets[0] ?? assert.fail()).label, 'tcp [fe80::1%eth0]:80');
  assert.equal(row(sockets[5] ?? assert.fail()).label, 'vsock *:9');
});

test('rows come by kind, then by port or name', () => {
  const sockets: readonly SocketRecord[] = [
    { kind: 'unix', inode: 1, type: 1, path: '/b' },
    { kind: 'unix', inode: 2, type: 1, path: '/a' },
    { kind: 'udp', inode: 3, address: '00000000', port: 1 },
    { kind: 'tcp', inode: 4, address: '00000000', port: 9 },
    { kind: 'tcp', inode: 5, address: '00000000', port: 10 },
  ];
  assert.deepEqual(
    socketRows({ sockets, owners: [] }).map(({ label }) => label),
    ['tcp 0.0.0.0:9', 'tcp 0.0.0.0:10', 'udp 0.0.0.0:1', 'unix /a', 'unix /b'],
  );
});

test('words of places are read as they are written, and nothing else is', () => {
  const words = ['tcp:127.0.0.1:80', 'udp:[2001:db8::1]:53', 'unix:/run/x.sock', 'unix:@name', 'unix:/with: colon'];
  for (const word of words) {
    const place = parsePlace(word);
    assert.ok(place, word);
    assert.equal(placeWord(place), word);
  }
  const others = [
    'tcp:127.0.0.1:0',
    'tcp:127.0.0.1:65536',
    'tcp:256.0.0.1:1',
    'tcp:localhost:80',
    'tcp:[::g]:1',
    'udp:::1:5',
  ];
  for (const word of [...others, 'unix:x', 'unix:/', `unix:/${'x'.repeat(107)}`, 'unix:/a\0b', '80', '']) {
    assert.equal(parsePlace(word), undefined, word);
  }
  assert.equal(placeName({ kind: 'tcp', address: '::1', port: 1 }), 'tcp [::1]:1');
});

test('addresses of both families', () => {
  assert.equal(addressText('0a000001'), '10.0.0.1');
  assert.equal(addressText(`${'0'.repeat(31)}1`), '::1');
  assert.equal(addressText('20010db8000000000000000000000001'), '2001:db8::1');
});

test('nothing, and what the kernel does not tell, are told apart', () => {
  assert.deepEqual(
    listNotes({ sockets: [], unlisted: [{ kind: 'vsock', errno: 'ENOENT' }] }).map(({ label }) => label),
    ['Nothing listens'],
  );
  const [missing] = listNotes({ sockets: [], unlisted: [{ kind: 'udp', errno: 'ENOENT' }] });
  assert.equal(missing?.label, 'udp sockets are not listed');
  assert.match(missing.details.join(' '), /udp_diag/);
});
