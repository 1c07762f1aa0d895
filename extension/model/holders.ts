import type { Holder } from '../helper/protocol.ts';
import type { Graph, Namespace } from './types.ts';

const order: Readonly<Record<Holder['by'], number>> = {
  process: 0,
  task: 1,
  for_children: 2,
  mount: 3,
  fd: 4,
  socket: 5,
  child: 6,
};

/** The process that a holder belongs to; a mount belongs to none. */
export function holderPid(holder: Holder): number | undefined {
  return holder.by === 'mount' || holder.by === 'child' ? undefined : holder.pid;
}

/** Second number of a holder, by which those of one process are told apart. */
function detail(holder: Holder): number {
  if (holder.by === 'task') return holder.tid;
  if (holder.by === 'fd' || holder.by === 'socket') return holder.fd;
  return holder.by === 'mount' ? holder.mntns : 0;
}

function path(holder: Holder): string {
  return holder.by === 'mount' ? holder.path : '';
}

export function compareHolders(a: Holder, b: Holder): number {
  return (
    order[a.by] - order[b.by] ||
    (holderPid(a) ?? 0) - (holderPid(b) ?? 0) ||
    (path(a) < path(b) ? -1 : Number(path(a) > path(b))) ||
    detail(a) - detail(b)
  );
}

/**
 * What keeps a namespace beside its members, in a fixed order and once each. Members are left out: the graph knows them from
 * the processes themselves, and the helper names only one.
 */
export function otherHolders(held: readonly Holder[]): readonly Holder[] {
  const others = held.filter((holder) => holder.by !== 'process').toSorted(compareHolders);
  return others.filter((holder, index) => {
    const before = others[index - 1];
    return before === undefined || compareHolders(before, holder) !== 0;
  });
}

/** Both in the order of `otherHolders`. */
export function sameHolders(a: readonly Holder[], b: readonly Holder[]): boolean {
  return (
    a.length === b.length &&
    a.every((holder, index) => {
      const other = b[index];
      return other !== undefined && compareHolders(holder, other) === 0 && mountPid(holder) === mountPid(other);
    })
  );
}

function mountPid(holder: Holder): number | undefined {
  return holder.by === 'mount' ? holder.pid : undefined;
}

/** A holder, and how many others of the same kind the same process has. */
export interface FoldedHolder {
  readonly holder: Holder;
  readonly others: number;
}

/**
 * What keeps a namespace beside its members and what is below it, as a person wants to see it: nothing for the host's own,
 * which lives as long as the kernel; nothing of processes that keep it as members already; and the many sockets or files of
 * one process once.
 */
export function foldedHolders(graph: Graph, namespace: Namespace): FoldedHolder[] {
  if (namespace.initial) return [];
  const folded: { holder: Holder; others: number }[] = [];
  for (const holder of namespace.held) {
    if (holder.by === 'process' || holder.by === 'child') continue;
    const pid = holderPid(holder);
    if (pid !== undefined && graph.processes.get(pid)?.namespaces?.[namespace.type] === namespace.key) continue;
    // They are in order, so those of one process stand together.
    const before = folded.at(-1);
    const same = before !== undefined && pid !== undefined && before.holder.by === holder.by;
    if (same && holderPid(before.holder) === pid) before.others++;
    else folded.push({ holder, others: 0 });
  }
  return folded;
}
