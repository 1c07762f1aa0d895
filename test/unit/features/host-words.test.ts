import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostState } from '../../../extension/host/types.ts';
import {
  isConnectable,
  isDisconnectable,
  isStale,
  reachability,
  stateWords,
} from '../../../extension/features/host-words.ts';
import { statusOf } from '../../../extension/features/status-bar/status.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import { recorded } from '../model/records.ts';
import { FakeHost } from './fake-host.ts';

const error = new ConnectionError('lost', 'The connection broke.', 'Reconnect.');

const states: readonly HostState[] = [
  { kind: 'disconnected' },
  { kind: 'connecting', stage: 'Verifying the host key' },
  { kind: 'connected' },
  { kind: 'lost', error, retryAt: undefined },
  { kind: 'lost', error, retryAt: 1 },
  { kind: 'failed', error },
];

test('what can be done with a host follows from its state', () => {
  assert.deepEqual(states.map(reachability), ['idle', 'connecting', 'connected', 'broken', 'retrying', 'broken']);
  const hosts = states.map((state) => ({ state, graph: undefined }));
  assert.deepEqual(hosts.map(isConnectable), [true, false, false, true, true, true]);
  assert.deepEqual(hosts.map(isDisconnectable), [false, true, true, false, false, false]);
});

test('a graph is stale unless its host is connected', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  assert.equal(isStale(host), false);
  host.set({ kind: 'lost', error, retryAt: undefined });
  assert.equal(isStale(host), true);
  assert.equal(isDisconnectable(host), true);
  assert.match(stateWords(host), /lost, stale/);
  host.disconnect();
  assert.equal(isStale(host), false);
});

function words(state: HostState): string {
  return stateWords({ state, graph: undefined, session: undefined });
}

test('the state is said in words, abbreviations keep their capitals', () => {
  assert.equal(words({ kind: 'connecting', stage: 'Verifying the host key' }), 'verifying the host key…');
  assert.equal(words({ kind: 'connecting', stage: 'SFTP upload' }), 'SFTP upload…');
});

test('the status bar says the worst first and counts what is connected', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  const size = host.graph?.namespaces.size ?? 0;
  const formatted = size.toLocaleString('en-US');
  assert.equal(statusOf([host]).text, `$(vm-active) build7: ${formatted} namespaces`);
  const idle = new FakeHost('db');
  assert.equal(statusOf([host, idle]).text, `$(vm-active) build7: ${formatted} namespaces`);
  assert.match(statusOf([host, idle]).tooltip, /^build7: connected.*\ndb: not connected\n/);
  idle.set({ kind: 'connecting', stage: 'Connecting' });
  assert.match(statusOf([host, idle]).text, /db: connecting$/);
  const { text, warning, accessibleLabel } = ((): ReturnType<typeof statusOf> => {
    idle.set({ kind: 'failed', error });
    return statusOf([host, idle]);
  })();
  assert.equal(text, '$(warning) db: connecting failed');
  assert.equal(warning, true);
  assert.match(accessibleLabel, /db: connecting failed/);
  assert.equal(statusOf([]).text, '$(vm-outline) Namespaces: not connected');
});

test('two connected hosts are added up', () => {
  const hosts = [
    new FakeHost('a', recorded('containers.jsonl')),
    new FakeHost('b', recorded('containers.jsonl')),
  ] as const;
  const size = 2 * (hosts[0].graph?.namespaces.size ?? 0);
  assert.equal(statusOf(hosts).text, `$(vm-active) 2 hosts: ${size.toLocaleString('en-US')} namespaces`);
});

test('a name cannot put an icon into the status bar', () => {
  const host = new FakeHost('$(flame)');
  host.set({ kind: 'failed', error });
  assert.doesNotMatch(statusOf([host]).text.slice('$(warning)'.length), /\$\(/);
});
