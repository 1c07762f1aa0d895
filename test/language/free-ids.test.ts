/** Ranges of subordinate ids that are still free, as completions and as the fix of a mapping that the user may not make. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Dialect } from '../../server/language/dialect.ts';
import { oci } from '../../server/language/dialects/oci/index.ts';
import { shell } from '../../server/language/dialects/shell.ts';
import { freeRanges } from '../../server/language/free-ids.ts';
import { hostView } from '../../server/language/host-view.ts';
import { user } from '../unit/explain/fixtures.ts';
import { applied, judged } from './support/judging.ts';

const subuid = [
  { start: 100_000, count: 65_536 },
  { start: 300_000, count: 1000 },
];
const host = hostView({
  name: 'web1',
  // Without the capabilities that let a user map whatever it likes.
  facts: { ...user, capabilities: [], subuid },
  complete: true,
  mountsSeen: true,
  namespaces: [],
});

function labels(dialect: Dialect, marked: string, at = marked.indexOf('^')): string[] {
  const document = dialect.open(marked.replace('^', ''));
  return document.complete(at, host).map(({ label }) => label);
}

function mappings(...lines: readonly string[]): string {
  const kept = `"linux": { "namespaces": [{ "type": "user" }], "uidMappings": [${lines.join(', ')}] }`;
  return `{ "ociVersion": "1.0.2", ${kept} }`;
}

function line(hostId: number, size: number): string {
  return `{ "containerID": 0, "hostID": ${hostId}, "size": ${size} }`;
}

/** After the fix of the first mapping that is not the user's. */
function mended(dialect: Dialect, text: string): string | undefined {
  const found = judged(dialect, text, host).find(({ rule }) => rule.id === 'host/ids-not-subordinate');
  assert.ok(found);
  const [fix] = found.fixes ?? [];
  return fix && applied(text, fix.edits);
}

describe('ranges that are free', () => {
  test('are all without what is taken', () => {
    const taken = [
      { start: 15, count: 5 },
      { start: 0, count: 12 },
      { start: 17, count: 1 },
      { start: 29, count: 100 },
    ];
    assert.deepEqual(freeRanges([{ start: 10, count: 20 }], taken), [
      { start: 12, count: 3 },
      { start: 20, count: 9 },
    ]);
    assert.deepEqual(freeRanges([{ start: 10, count: 2 }], taken), []);
    assert.deepEqual(freeRanges([{ start: 200, count: 1 }], taken), [{ start: 200, count: 1 }]);
    assert.deepEqual(freeRanges([{ start: 5, count: 0 }], []), []);
  });
  test('are what is neither taken nor outside, id by id', () => {
    const ranges = [
      { start: 3, count: 9 },
      { start: 20, count: 6 },
    ];
    for (let start = 0; start < 28; start++) {
      for (let count = 0; count < 12; count++) {
        const taken = [
          { start, count },
          { start: 8, count: 1 },
        ];
        const has = (list: typeof taken, id: number): boolean =>
          list.some((range) => range.start <= id && id < range.start + range.count);
        const free = freeRanges(ranges, taken);
        for (let id = 0; id < 30; id++) assert.equal(has(free, id), has(ranges, id) && !has(taken, id));
      }
    }
  });
});

describe('completion of ids', () => {
  test('offers where free ranges begin, and how many are free from there on', () => {
    const other = '{ "containerID": 0, "hostID": 100000, "size": 1000 }';
    assert.deepEqual(labels(oci, mappings(other, '{ "containerID": 1000, "hostID": ^1, "size": 1 }')), [
      '101000',
      '300000',
    ]);
    assert.deepEqual(labels(oci, mappings(other, '{ "containerID": 1000, "hostID": ^ }')), ['101000', '300000']);
    assert.deepEqual(labels(oci, mappings(other, '{ "containerID": 1000, "hostID": 101000, "size": ^1 }')), ['64536']);
    assert.deepEqual(labels(oci, mappings(other, '{ "containerID": 1000, "hostID": 7, "size": ^1 }')), []);
  });
  test('takes the line that is being written for no other', () => {
    assert.deepEqual(labels(oci, mappings('{ "containerID": 0, "hostID": ^100000, "size": 65536 }')), [
      '100000',
      '300000',
    ]);
  });
  test('offers them to unshare as well, behind the ids that are mapped already', () => {
    const ranges = labels(shell, 'unshare --map-users=0:100000:1000 --map-users=^x id').filter((label) =>
      label.includes(':'),
    );
    assert.deepEqual(ranges, ['1000:101000:64536', '1000:300000:1000']);
    const marked = 'unshare --map-users=^x id';
    const alone = shell.open(marked.replace('^', '')).complete(marked.indexOf('^'), undefined);
    assert.ok(alone.every(({ label }) => !label.includes(':')));
  });
});

describe('a mapping that the user may not make', () => {
  test('is moved to the first free range that is large enough', () => {
    assert.equal(mended(oci, mappings(line(5, 65_536))), mappings(line(100_000, 65_536)));
    const first = line(100_000, 65_000);
    assert.equal(mended(oci, mappings(first, line(5, 1000))), mappings(first, line(300_000, 1000)));
    assert.equal(mended(shell, 'unshare --map-users=0:5:7 id\n'), 'unshare --map-users=0:100000:7 id\n');
    assert.equal(mended(shell, 'unshare --map-users=5,0,7 id\n'), 'unshare --map-users=100000,0,7 id\n');
  });
  test('stays where no range is large enough, and where the number has no place of its own', () => {
    assert.equal(mended(oci, mappings('{ "containerID": 0, "hostID": 5, "size": 70000 }')), undefined);
    assert.equal(mended(shell, "unshare --map-users='0:5:7' id\n"), undefined);
  });
});
