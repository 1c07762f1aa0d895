import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { formatFileAddress, parseFileAddress, type FileAddress } from '../../../extension/files/address.ts';
import { merged } from '../../../extension/files/changes.ts';
import { bytesFromName, nameFromBytes } from '../../../extension/files/names.ts';

test('each name has one text that leads back to it and that a URI takes', () => {
  const names = [
    Buffer.from('plain'),
    Buffer.from('ü😀\ufeff'),
    Buffer.from([0x80]),
    Buffer.from('\uef80'),
    Buffer.from([0xee, 0xbe]),
    Buffer.from([0xed, 0xa0, 0x80]),
    ...Array.from({ length: 2000 }, () => randomBytes(1 + Math.floor(Math.random() * 12))),
  ];
  for (const name of names) {
    const text = nameFromBytes(name);
    assert.deepEqual(Buffer.from(bytesFromName(text)), name, name.toString('hex'));
    assert.equal(decodeURIComponent(encodeURIComponent(text)), text);
  }
  assert.equal(nameFromBytes(Buffer.from('ü')), 'ü');
});

test('a new file that is written is new, and one in the place of another has changed', () => {
  assert.equal(merged('created', 'changed'), 'created');
  assert.equal(merged('deleted', 'created'), 'changed');
  assert.equal(merged('created', 'deleted'), 'deleted');
  assert.equal(merged(undefined, 'changed'), 'changed');
});

test('addresses go through a URI, whose authority is in lower case', () => {
  const addresses: FileAddress[] = [
    { host: 'local', target: { kind: 'instance', name: 'Web_1.x' }, path: '/' },
    { host: 'Root@Build_7:2222', target: { kind: 'namespace', key: 'mnt:4026532290' }, path: '/etc/hosts' },
    { host: 'ü', target: { kind: 'process', pid: 12, start: 88123 }, path: '/a b/c' },
  ];
  for (const address of addresses) {
    const { authority, path } = formatFileAddress(address);
    assert.match(authority, /^[a-z0-9._-]+$/);
    assert.deepEqual(parseFileAddress({ authority, path }), address);
  }
  for (const path of ['', '/', '/net:1/x', '/pid:1/x', '/mnt:x/', '/../x', '/a:b/'])
    assert.equal(parseFileAddress({ authority: 'local', path }), undefined, path);
});
