import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainHost, hostItem, noteItem } from '../../../extension/features/tree/items/host-item.ts';
import { commands } from '../../../extension/ids.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { recorded } from '../model/records.ts';
import { facts, FakeHost } from './fake-host.ts';

const error = new ConnectionError('lost', 'The connection to build7 broke.', 'Check the network, then reconnect.');

const partial: readonly HelperRecord[] = [
  { snapshot: { time: 1_795_594_127, complete: false, source: ['proc'] } },
  { end: { processes: 530, namespaces: 8, unreadable: 118 } },
];

test('a host that is not connected is folded, since unfolding connects', () => {
  const host = new FakeHost();
  const item = hostItem(host);
  assert.equal(item.folding, 'closed');
  assert.deepEqual(item.context, ['host', 'idle', 'unprivileged']);
  assert.equal(item.accessibleLabel, 'Host build7, not connected');
  assert.equal(item.description, 'not connected');
});

test('this machine connects by itself, so it is never folded', () => {
  const host = new FakeHost();
  host.spec = { kind: 'local', sudo: false };
  assert.equal(hostItem(host).folding, 'open');
});

test('a connected host says as whom and on what', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  const item = hostItem(host);
  assert.equal(item.description, 'as alice · Linux 6.18.44');
  assert.deepEqual(item.context, ['host', 'connected', 'unprivileged', 'graph']);
  assert.equal(item.stale, false);
  assert.match(item.accessibleLabel, /^Host build7, connected, [\d,]+ namespaces, Linux 6\.18\.44$/);
});

test('the row of a connected host does not change with its namespaces: all below it would be shown anew', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  const before = hostItem(host);
  host.apply([{ ns: { type: 'net', id: 4_026_999_999, held: [] } }]);
  assert.equal(hostItem(host).description, before.description);
  assert.equal(hostItem(host).label, before.label);
});

test('root needs no sudo, and with sudo it can be given up', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  host.facts = { ...facts, uid: 0 };
  assert.ok(hostItem(host).context.includes('root'));
  host.spec = { kind: 'ssh', target: 'build7', sudo: true };
  assert.ok(hostItem(host).context.includes('sudo'));
});

test('a lost connection keeps the tree, says why, and offers to reconnect', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  host.set({ kind: 'lost', error, retryAt: undefined });
  const item = hostItem(host);
  assert.equal(item.stale, true);
  assert.deepEqual(item.context, ['host', 'broken', 'unprivileged', 'graph']);
  assert.match(item.accessibleLabel, /connection lost, stale/);
  const note = noteItem(host, 'state');
  assert.equal(note.label, error.message);
  assert.equal(note.description, error.remedy);
  assert.equal(note.command?.id, commands.reconnect);
  assert.deepEqual(note.context, ['trouble', 'broken']);
});

test('while it reconnects by itself, one can still do it at once', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  host.set({ kind: 'lost', error, retryAt: 5 });
  assert.match(hostItem(host).description ?? '', /reconnecting/);
  assert.ok(hostItem(host).context.includes('retrying'));
  assert.equal(noteItem(host, 'state').command?.id, commands.reconnect);
});

test('a stage that the host is at is its own row', () => {
  const host = new FakeHost();
  host.set({ kind: 'connecting', stage: 'Uploading the helper' });
  assert.equal(noteItem(host, 'state').label, 'Uploading the helper…');
  assert.equal(noteItem(host, 'state').accessibleLabel, 'Connecting: Uploading the helper');
});

test('a partial view says how much of the host is visible and what helps', () => {
  const host = new FakeHost('build7', partial);
  const note = noteItem(host, 'partial');
  assert.match(note.label, /^412 of 530 processes are visible/);
  assert.match(note.label, /sudo/);
  assert.deepEqual(note.context, ['partial', 'unprivileged']);
  assert.equal(note.accessibleLabel, note.label);
});

test('with sudo already there is no button for it', () => {
  const host = new FakeHost('build7', partial);
  host.spec = { kind: 'ssh', target: 'build7', sudo: true };
  assert.deepEqual(noteItem(host, 'partial').context, ['partial', 'sudo']);
});

test('the tooltip names the types that the kernel has not, and when the graph was read', () => {
  const host = new FakeHost('build7', partial);
  const text = explainHost(host);
  assert.match(text, /no namespaces of these types: Time\./);
  assert.match(text, /Read at 2026-\d\d-\d\d \d\d:\d\d:\d\d UTC by its clock/);
  host.set({ kind: 'lost', error, retryAt: undefined });
  assert.match(explainHost(host), /Last seen at/);
  assert.ok(explainHost(host).includes(error.remedy));
});
