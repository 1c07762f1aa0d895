import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadinessStore } from '../../../extension/features/readiness/readiness-store.ts';
import { HostBranch } from '../../../extension/features/tree/branch.ts';
import { itemOf } from '../../../extension/features/tree/items.ts';
import type { FactsRecord, HelperRecord } from '../../../extension/helper/protocol.ts';
import { HelperError, type HelperSession } from '../../../extension/helper/session.ts';
import { noFilter } from '../../../extension/model/filter-options.ts';
import { recorded } from '../model/records.ts';
import { facts, FakeHost, FakeHosts } from './fake-host.ts';

/** Refuses these types for want of room, as a limit of 0 does, and makes all others. */
function sessionThat(
  refuses: readonly string[],
  known: FactsRecord = facts,
): HelperSession & { readonly tries: string[] } {
  const tries: string[] = [];
  return {
    tries,
    version: { version: '0.1.0', protocol: 1, arch: 'x86_64', build: 'x' },
    elevated: false,
    request: (verb, words, options) => {
      if (verb === 'facts') {
        options?.onRecord?.({ facts: known });
        return Promise.resolve({});
      }
      tries.push([verb, ...words].join(' '));
      const type = words.find((word) => word.startsWith('--new='))?.slice(6) ?? '';
      if (refuses.includes(type)) {
        return Promise.reject(new HelperError({ step: 'unshare', errno: 'ENOSPC', number: 28 }));
      }
      const made: HelperRecord = { made: { type: 'uts', id: 1 } };
      options?.onRecord?.(made);
      return Promise.resolve({});
    },
    terminal: () => {
      throw new Error('not used');
    },
    openStream: () => {
      throw new Error('not used');
    },
    onClose: () => ({ dispose: () => {} }),
    dispose: () => {},
  };
}

function connected(session: HelperSession): FakeHost {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  host.session = session;
  return host;
}

test('each type is tried once for a connection, and again when someone asks for that', async () => {
  const session = sessionThat([]);
  const host = connected(session);
  const store = new ReadinessStore(new FakeHosts(host));
  const told: unknown[] = [];
  store.onDidChange((changed) => told.push(changed));
  const [first, second] = await Promise.all([store.get(host), store.get(host)]);
  assert.equal(first, second);
  assert.equal(session.tries.length, host.facts?.types.length);
  assert.ok(session.tries.every((line) => line.startsWith('create --try --new=')));
  assert.deepEqual(told, []);
  await store.renew(host);
  assert.equal(session.tries.length, 2 * (host.facts?.types.length ?? 0));
  assert.deepEqual(told, [host]);
});

test('another connection may have other rights: what was known is forgotten with the old one', async () => {
  const host = connected(sessionThat(['uts']));
  const store = new ReadinessStore(new FakeHosts(host));
  const before = await store.get(host);
  host.session = undefined;
  host.set({ kind: 'disconnected' });
  await assert.rejects(store.get(host), /not connected/);
  host.session = sessionThat([]);
  host.set({ kind: 'connected' });
  const after = await store.get(host);
  const state = (rows: typeof after.rows): string | undefined => rows.find(({ id }) => id === 'uts')?.state;
  assert.deepEqual([state(before.rows), state(after.rows)], ['no', 'yes']);
});

test('a limit that was changed since the host was connected explains the refusal', async () => {
  const host = connected(
    sessionThat(['uts'], { ...facts, uid: 0, limits: { ...facts.limits, max_uts_namespaces: 0 } }),
  );
  assert.equal(host.facts?.limits['max_uts_namespaces'], undefined);
  const { rows } = await new ReadinessStore(new FakeHosts(host)).get(host);
  const details = rows.find(({ id }) => id === 'uts')?.details.join('\n') ?? '';
  assert.match(details, /max_uts_namespaces/);
  assert.match(rows.find(({ id }) => id === 'uts')?.description ?? '', /no/);
});

test('the tree has a row for it while the host is connected and nothing is looked for', async () => {
  const host = connected(sessionThat(['uts']));
  const preferences = { grouping: 'type' as const, filter: noFilter };
  const branch = new HostBranch(host, preferences);
  const row = branch.children(branch.root).at(-1);
  assert.ok(row);
  assert.equal(itemOf(branch, row).label, 'Readiness');
  assert.equal(branch.readiness, row);
  const { rows } = await new ReadinessStore(new FakeHosts(host)).get(host);
  const abilities = branch.adopt(
    row,
    rows.map((ability) => ({ kind: 'ability', row: ability })),
  );
  assert.ok(abilities.every((element) => branch.parentOf(element) === row && !branch.hasChildren(element)));
  const items = abilities.map((element) => itemOf(branch, element));
  const uts = items.find(({ label }) => label === 'UTS namespaces');
  assert.ok(uts);
  assert.match(uts.description ?? '', /^✗ no: /);
  assert.deepEqual(uts.icon, { kind: 'codicon', id: 'error', color: 'testing.iconFailed' });
  assert.match(uts.accessibleLabel, /^UTS namespaces: no: /);
  assert.match(items.find(({ label }) => label === 'IPC namespaces')?.description ?? '', /^✓ yes/);

  preferences.filter = { ...noFilter, text: 'nginx' };
  assert.ok(branch.children(branch.root).every((element) => itemOf(branch, element).label !== 'Readiness'));
  preferences.filter = noFilter;
  host.session = undefined;
  assert.ok(branch.children(branch.root).every((element) => itemOf(branch, element).label !== 'Readiness'));
});
