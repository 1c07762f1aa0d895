import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  explainFindings,
  FindingStore,
  totals,
  type FindingsChange,
} from '../../../extension/features/live-diagnostics/finding-store.ts';
import { placeOf } from '../../../extension/features/live-diagnostics/place.ts';
import { HostBranch } from '../../../extension/features/tree/branch.ts';
import { explain, itemOf } from '../../../extension/features/tree/items.ts';
import type { Severity } from '../../../server/language/protocol.ts';
import type { Finding, FindingTarget } from '../../../extension/model/findings/types.ts';
import { noFilter } from '../../../extension/model/filter-options.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import { recorded } from '../model/records.ts';
import { FakeHost } from './fake-host.ts';

function finding(severity: Severity, target: FindingTarget, message = 'It is so.'): Finding {
  const link = 'https://man7.org/linux/man-pages/man7/namespaces.7.html';
  return { id: `live/${severity}`, severity, target, at: 'members', message, remedy: 'Do this.', link };
}

function shown(): { readonly host: FakeHost; readonly branch: HostBranch; readonly findings: FindingStore } {
  const host = new FakeHost('build7', recorded('containers.jsonl'));
  return {
    host,
    branch: new HostBranch(host, { grouping: 'type', filter: noFilter }),
    findings: new FindingStore(),
  };
}

test('a change names the targets of which something else is found, and whether the totals are others', () => {
  const { host, findings } = shown();
  const changes: FindingsChange[] = [];
  findings.onDidChange((change) => changes.push(change));
  const [blue, red]: readonly FindingTarget[] = [
    { kind: 'namespace', key: 'net:5' },
    { kind: 'process', pid: 7, start: 8 },
  ];
  assert.ok(blue && red);
  findings.set(host, [finding('warning', blue), finding('information', blue), finding('hint', red)]);
  assert.deepEqual(changes.pop()?.targets, [blue, red]);
  findings.set(host, [finding('warning', blue), finding('information', blue), finding('hint', red)]);
  assert.equal(changes.length, 0);
  findings.set(host, [finding('warning', blue, 'Another.'), finding('information', blue), finding('hint', red)]);
  assert.deepEqual(changes.pop(), { host, targets: [blue], totals: false });
  assert.deepEqual(
    findings.of(host, blue).map(({ severity }) => severity),
    ['warning', 'information'],
  );
  // Another process with the same number.
  assert.deepEqual(findings.of(host, { kind: 'process', pid: 7, start: 9 }), []);
  findings.set(host, []);
  assert.deepEqual(changes.pop(), { host, targets: [blue, red], totals: true });
  assert.deepEqual(findings.all(host), []);
});

test('what is found is counted in words', () => {
  const target: FindingTarget = { kind: 'host' };
  const some = [
    finding('error', target),
    finding('warning', target),
    finding('warning', target),
    finding('hint', target),
  ];
  assert.equal(totals(some), '1 error, 2 warnings, 1 hint');
  assert.equal(totals(some, ['information']), '');
  const paragraphs = explainFindings([...some, ...some]);
  assert.equal(paragraphs[0], 'Error: It is so.\nDo this.');
  assert.equal(paragraphs.at(-2), 'And 4 more.');
  assert.deepEqual(explainFindings([]), []);
});

test('a row says what was found about it, and the row of the host counts warnings', () => {
  const { host, branch, findings } = shown();
  const network = branch.children(branch.root).find((row) => itemOf(branch, row).label === 'Network');
  assert.ok(network);
  const [first, second] = branch.children(network);
  assert.ok(first?.ref.kind === 'namespace' && second);
  const { key } = first.ref;
  const before = [branch.root, first, second].map((row) => itemOf(branch, row, findings));
  findings.set(host, [
    finding('warning', { kind: 'namespace', key }),
    finding('information', { kind: 'namespace', key }),
    finding('information', { kind: 'host' }),
  ]);
  const [root, row, other] = [branch.root, first, second].map((each) => itemOf(branch, each, findings));
  assert.deepEqual(row?.problems, { severity: 'warning', words: '1 warning, 1 note' });
  assert.equal(row.accessibleLabel, `${before[1]?.accessibleLabel}, 1 warning, 1 note`);
  assert.ok(row.context.includes('problems'));
  assert.deepEqual(other, before[2]);
  assert.equal(root?.description, `1 warning · ${before[0]?.description}`);
  assert.equal(root.accessibleLabel, `${before[0]?.accessibleLabel}, 1 warning`);
  assert.match(explain(branch, first, findings) ?? '', /\n\nWarning: It is so\.\nDo this\.\n\nNote: /);
  assert.match(explain(branch, branch.root, findings) ?? '', /Found on it: 1 warning, 2 notes\.\n\nNote: It is so\./);
  assert.equal(explain(branch, second, findings), explain(branch, second));
  // Only that row is shown anew.
  assert.deepEqual(branch.touched([{ kind: 'namespace', key }]), [first]);
  // That of the host is, when its counts are others.
  assert.deepEqual(branch.touched([{ kind: 'host' }]), []);
  assert.deepEqual(branch.touched([{ kind: 'process', pid: 1, start: 0 }]), []);
});

test('rows that are stale say nothing of what was found before', () => {
  const { host, branch, findings } = shown();
  findings.set(host, [finding('warning', { kind: 'host' })]);
  const error = new ConnectionError('lost', 'The connection to build7 broke.', 'Check the network, then reconnect.');
  host.set({ kind: 'lost', error, retryAt: undefined });
  const item = itemOf(branch, branch.root, findings);
  assert.equal(item.description, 'connection lost');
  assert.ok(!item.context.includes('problems'));
  assert.doesNotMatch(explain(branch, branch.root, findings) ?? '', /Found on it/);
});

test('a member of a document is found at the beginning of a line, however its name is written', () => {
  const text = '# build7\n\nnamespace: net:5\nmembers:\n  held by: no\nheld by:\n  - 1\n"it\'s": 2\n';
  assert.deepEqual(placeOf(text, 'held by'), { line: 5, from: 0, to: 8 });
  assert.deepEqual(placeOf(text, "it's"), { line: 7, from: 0, to: 9 });
  assert.deepEqual(placeOf(text, 'nothing'), { line: 2, from: 0, to: 16 });
  assert.deepEqual(placeOf('', 'members'), { line: 0, from: 0, to: 0 });
  assert.deepEqual(placeOf('# only\n', 'members'), { line: 0, from: 0, to: 6 });
});
