import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryOfNamespace, entryOfProcess } from '../../../extension/features/enter/words.ts';
import { referenceOf } from '../../../extension/features/instance-name.ts';
import { nameProblem } from '../../../extension/features/create/types.ts';
import { recordedGraph } from '../model/records.ts';

const graph = recordedGraph();

test('a process is entered by its identity, and only where it differs from the host', () => {
  const process = graph.processes.get(14623);
  assert.ok(process);
  const entry = entryOfProcess(graph, process);
  assert.ok(entry);
  assert.ok(entry.words.includes(`--target=pid:14623:${process.start}`));
  assert.ok(entry.types.includes('net') && !entry.types.includes('user'));
  assert.ok(entry.words.includes(`--only=${entry.types.join(',')}`));
  assert.ok(entry.words.includes(`--expect=${process.namespaces?.net}`));
  assert.ok(entry.words.includes('--root'));
});

test('a process without namespaces to see, or in the host’s own, is not entered', () => {
  const hidden = graph.processes.get(1);
  assert.ok(hidden);
  assert.equal(entryOfProcess(graph, hidden), undefined);
});

test('a namespace alone is entered through its leading process, or by its number where there is none', () => {
  const web = graph.namespaces.get('net:4026541593');
  const blue = graph.namespaces.get('net:4026541944');
  assert.ok(web && blue);
  assert.match(
    entryOfNamespace(graph, web).words.join(' '),
    /^--target=pid:\d+:\d+ --only=net --expect=net:4026541593 /,
  );
  assert.match(entryOfNamespace(graph, blue).words.join(' '), /^--target=net:4026541944 --only=net /);
});

test('what is no instance is ended by its number', () => {
  const web = graph.namespaces.get('net:4026541593');
  assert.ok(web);
  assert.equal(referenceOf(graph, web).reference, 'net:4026541593');
});

test('names of instances are those that the helper takes', () => {
  for (const name of ['web', 'a.b-c_1', 'x'.repeat(64)]) assert.equal(nameProblem(name), undefined, name);
  for (const name of ['', '.web', 'a b', 'a/b', 'ü', 'helper', 'x'.repeat(65)]) {
    assert.notEqual(nameProblem(name), undefined, name);
  }
});
