import type { IdRange } from '../../extension/helper/protocol.ts';
import type { DeclaredMapping } from './declared.ts';
import type { Host } from './host.ts';

/** What is left of the ranges when some ids are taken, in their order; the ranges need not be sorted, nor apart from each other. */
export function freeRanges(ranges: readonly IdRange[], taken: readonly IdRange[]): IdRange[] {
  const sorted = taken.toSorted((one, other) => one.start - other.start);
  return ranges.flatMap(({ start, count }) => {
    const free: IdRange[] = [];
    const end = start + count;
    let at = start;
    for (const range of sorted) {
      if (range.start >= end) break;
      if (range.start > at) free.push({ start: at, count: range.start - at });
      at = Math.max(at, range.start + range.count);
    }
    if (at < end) free.push({ start: at, count: end - at });
    return free;
  });
}

/** The subordinate ids of the host's user that none of the mappings takes: subuid(5), subgid(5). */
export function freeSubordinate(
  { facts }: Host,
  kind: DeclaredMapping['kind'],
  mappings: readonly DeclaredMapping[],
): IdRange[] {
  const taken = mappings.filter((mapping) => mapping.kind === kind);
  return freeRanges(
    kind === 'uid' ? facts.subuid : facts.subgid,
    taken.map(({ outside, count }) => ({ start: outside, count })),
  );
}
