/** Checks of uid and gid maps as the kernel makes them: map_write() of kernel/user_namespace.c, user_namespaces(7). */
import type { IdMapping, IdRange } from '../helper/protocol.ts';
import { isAtLeast } from './kernel-versions.ts';

/** One more than the highest id; the highest itself, 4294967295, means "no id" and cannot be mapped. */
const ids = 0xffffffff;

/** Whether an id has a mapping; undefined where the map is not known. */
export function covers(map: readonly IdMapping[] | undefined, id: number): boolean | undefined {
  return map?.some(({ inside, count }) => id >= inside && id < inside + count);
}

export interface BadLine {
  /** From 1, in the order of the map. */
  readonly line: number;
  readonly why: string;
}

function overlap(a: number, aCount: number, b: number, bCount: number): boolean {
  return a < b + bCount && b < a + aCount;
}

/** What the kernel answers EINVAL to; undefined where it takes the map. */
export function badMap(map: readonly IdMapping[], kernel: string): BadLine | undefined {
  // 5 lines before 4.15.
  const most = isAtLeast(kernel, '4.15') === false ? 5 : 340;
  if (map.length === 0) return { line: 1, why: 'the map has no line' };
  if (map.length > most) return { line: most + 1, why: `this kernel takes at most ${most} lines` };
  for (const [index, entry] of map.entries()) {
    const line = index + 1;
    const { inside, outside, count } = entry;
    if (![inside, outside, count].every((each) => Number.isInteger(each) && each >= 0)) {
      return { line, why: 'it is not three whole numbers' };
    }
    if (count === 0) return { line, why: 'its count is 0' };
    if (inside + count > ids || outside + count > ids)
      return { line, why: 'it goes beyond the highest id, 4294967294' };
    for (const [before, other] of map.slice(0, index).entries()) {
      if (overlap(inside, count, other.inside, other.count)) {
        return { line, why: `its ids inside overlap with those of line ${before + 1}` };
      }
      if (overlap(outside, count, other.outside, other.count)) {
        return { line, why: `its ids outside overlap with those of line ${before + 1}` };
      }
    }
  }
  return undefined;
}

/** The first line whose outside ids are not all within one of the ranges. */
export function lineOutside(map: readonly IdMapping[], ranges: readonly IdRange[]): number | undefined {
  const index = map.findIndex(
    ({ outside, count }) =>
      !ranges.some(({ start, count: size }) => outside >= start && outside + count <= start + size),
  );
  return index === -1 ? undefined : index + 1;
}

/** The ids that a user namespace has, as ranges to map from. */
export function insideRanges(map: readonly IdMapping[]): readonly IdRange[] {
  return map.map(({ inside, count }) => ({ start: inside, count }));
}

export function overlapping(a: IdRange, b: IdRange): boolean {
  return overlap(a.start, a.count, b.start, b.count);
}
