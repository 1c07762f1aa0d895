import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { coalesce } from '../../../extension/features/coalesce.ts';
import { candidates } from '../../../extension/features/candidates.ts';
import { remedies, remediesFor } from '../../../extension/features/connection/remedies.ts';
import { readFilter, storedFilter } from '../../../extension/features/filter/stored.ts';
import { filterWords } from '../../../extension/features/filter/words.ts';
import { followHosts } from '../../../extension/features/follow-hosts.ts';
import { hostFileName } from '../../../extension/features/host-file-name.ts';
import { watchWhileVisible } from '../../../extension/features/tree/watching.ts';
import { Emitter } from '../../../extension/disposable.ts';
import { noFilter } from '../../../extension/model/filter-options.ts';
import { figure } from '../../../extension/model/plain-words.ts';
import type { ConnectionErrorCode } from '../../../extension/transport/errors.ts';
import { population } from '../model/population.ts';
import { recorded } from '../model/records.ts';
import { FakeHost, FakeHosts } from './fake-host.ts';

test('a burst is one action, and none after the end', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let runs = 0;
    const later = coalesce(() => runs++, 75);
    later.run();
    later.run();
    mock.timers.tick(74);
    assert.equal(runs, 0);
    mock.timers.tick(1);
    assert.equal(runs, 1);
    later.run();
    later.dispose();
    later.run();
    mock.timers.tick(1_000);
    assert.equal(runs, 1);
  } finally {
    mock.timers.reset();
  }
});

test('hosts are followed from when they come until they go', () => {
  const [a, b] = [new FakeHost('a'), new FakeHost('b')];
  const hosts = new FakeHosts(a);
  const log: string[] = [];
  const following = followHosts(hosts, ({ id }) => {
    log.push(`+${id}`);
    return { dispose: () => void log.push(`-${id}`) };
  });
  hosts.set(a, b);
  hosts.set(b);
  following.dispose();
  hosts.set(a);
  assert.deepEqual(log, ['+a', '+b', '-a', '-b']);
});

test('hosts are polled only while the view is visible', () => {
  const [a, b] = [new FakeHost('a'), new FakeHost('b')];
  const hosts = new FakeHosts(a);
  const visibility = new Emitter<boolean>();
  const watching = watchWhileVisible(hosts, { visible: false, onDidChangeVisibility: visibility.event });
  const watchers = (): readonly number[] => [a.watchers, b.watchers];
  assert.deepEqual(watchers(), [0, 0]);
  visibility.fire(true);
  visibility.fire(true);
  assert.deepEqual(watchers(), [1, 0]);
  hosts.set(a, b);
  assert.deepEqual(watchers(), [1, 1]);
  visibility.fire(false);
  assert.deepEqual(watchers(), [0, 0]);
  visibility.fire(true);
  hosts.set(b);
  assert.deepEqual(watchers(), [0, 1]);
  watching.dispose();
  assert.deepEqual(watchers(), [0, 0]);
  visibility.fire(true);
  assert.deepEqual(watchers(), [0, 0]);
});

test('every failure but a cancelled attempt offers a next step', () => {
  const codes: readonly ConnectionErrorCode[] = [
    'unresolvable',
    'unreachable',
    'timeout',
    'host-key-unknown',
    'host-key-changed',
    'host-key-revoked',
    'authentication',
    'configuration',
    'proxy',
    'unsupported-host',
    'deployment',
    'sudo',
    'lost',
    'helper',
  ];
  for (const code of codes) {
    const offered = remediesFor(code);
    assert.ok(offered.length > 0 && offered.length <= 3, code);
    for (const remedy of offered) assert.ok(remedies[remedy]);
  }
  assert.deepEqual(remediesFor('cancelled'), []);
});

test('a changed host key is never answered by trying again', () => {
  for (const code of ['host-key-changed', 'host-key-revoked'] as const) assert.ok(!remediesFor(code).includes('again'));
});

test('a filter is kept without its text', () => {
  const filter = { text: 'blue', types: new Set(['net', 'mnt'] as const), hideInitial: true };
  const stored: unknown = JSON.parse(JSON.stringify(storedFilter(filter)));
  assert.deepEqual(readFilter(stored), { text: '', types: new Set(['mnt', 'net']), hideInitial: true });
  assert.deepEqual(readFilter(JSON.parse(JSON.stringify(storedFilter(noFilter)))), noFilter);
});

test('whatever was stored is taken as it may be', () => {
  for (const value of [undefined, null, 3, 'x', [], {}, { types: 'net' }, { types: ['nope'] }, { hideInitial: 1 }]) {
    assert.deepEqual(readFilter(value), noFilter, JSON.stringify(value));
  }
});

test('the active filter is said in a line', () => {
  assert.equal(filterWords(noFilter), undefined);
  assert.equal(filterWords({ text: ' blue ', types: undefined, hideInitial: false }), 'Filter: “blue”');
  assert.equal(
    filterWords({ text: '', types: new Set(['net', 'mnt']), hideInitial: true }),
    "Filter: Mount and Network · without the host's own",
  );
});

test('a snapshot is named by host and time, in characters that every file system takes', () => {
  assert.equal(hostFileName('alice@build7:22', 1_795_594_127, 'json'), 'alice@build7-22-2026-11-25T08-08-47Z.json');
  assert.equal(hostFileName('../x y', undefined, 'json'), '..-x-y.json');
});

test('a picker offers named namespaces first, and with a text what has it', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  const options = { processes: true };
  const { found } = candidates([host], '', options);
  const sources = found.map(({ target }) =>
    target.kind === 'namespace' ? host.graph?.namespaces.get(target.key)?.name.source : target.kind,
  );
  const lastNamed = sources.findLastIndex(
    (source) => source === 'mount' || source === 'container' || source === 'unit',
  );
  const firstOther = sources.findIndex((source) => source === 'process' || source === 'initial');
  assert.ok(lastNamed >= 0 && firstOther > lastNamed, sources.join(' '));

  const pid = [...(host.graph?.processes.keys() ?? [])].find((number) => number > 1000);
  assert.ok(pid !== undefined);
  const byPid = candidates([host], String(pid), options).found;
  const process = byPid.findIndex(({ target }) => target.kind === 'process' && target.pid === pid);
  const own = byPid.findIndex(
    ({ target }) => target.kind === 'namespace' && host.graph?.namespaces.get(target.key)?.initial,
  );
  assert.ok(process >= 0 && (own === -1 || process < own));
});

test('a picker shows a bounded part and counts the rest', () => {
  const host = new FakeHost('build7', population(20_000, 8_000));
  const { found, more } = candidates([host], '', { processes: true });
  assert.equal(found.length, 200);
  const all = (host.graph?.namespaces.size ?? 0) + (host.graph?.processes.size ?? 0);
  assert.equal(more, all - 200);
  assert.equal(candidates([host], '', { processes: false }).more, (host.graph?.namespaces.size ?? 0) - 200);
});

test('a picker leaves out what is to be compared with, and puts the selected first', () => {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  const { found } = candidates([host], '', { processes: false });
  const [first, , third] = found;
  assert.ok(first && third);
  const again = candidates([host], '', { processes: false, except: first.target, first: third.target }).found;
  assert.deepEqual(again[0]?.target, third.target);
  assert.equal(again.length, found.length - 1);
});

test('figures have their digits in groups', () => {
  assert.deepEqual(
    [0, 7, 999, 1_000, 12_345, 1_234_567].map((number) => figure(number)),
    ['0', '7', '999', '1,000', '12,345', '1,234,567'],
  );
});
