import type { HelperRecord, Holder, NamespaceRecord, SnapshotRecord } from '../helper/protocol.ts';
import type { NamespaceKey } from '../model/types.ts';

/** A holder that only a deep scan sees; each belongs to a process. */
type DeepHolder = Extract<Holder, { by: 'task' | 'fd' | 'socket' }>;

interface Find {
  /** As the deep scan told it. */
  readonly record: NamespaceRecord;
  /** Those whose process still lives. */
  holders: readonly DeepHolder[];
  /** Seen without any holder (listns): nothing tells when it goes, so the next snapshot drops it. */
  unheld: boolean;
  /** What `watch` says about the same namespace, if it sees it. */
  watched: NamespaceRecord | undefined;
  /** In the graph although `watch` does not see it. */
  shown: boolean;
}

/**
 * What one deep scan found and `watch` cannot see, kept beside what `watch` reports. `watch` makes no deep passes, so without
 * this its next snapshot would take away what the person has just asked for; and left alone, finds would stay after they
 * are gone. A find lives as long as a process that holds it: `watch` sees processes end. What a process closes without
 * ending is seen by the next deep scan only, which is why the time of the scan is shown with its finds.
 */
export class DeepFinds {
  /** Seconds since the epoch by the host's clock. */
  readonly time: number | undefined;
  readonly #snapshot: SnapshotRecord | undefined;
  readonly #finds = new Map<NamespaceKey, Find>();
  /** Holding process -> start time; the pair is its identity. */
  readonly #starts = new Map<number, number>();
  readonly #held = new Map<number, Set<Find>>();
  #merged = false;

  /** @param records everything one `scan --deep` reported. */
  constructor(records: readonly HelperRecord[]) {
    const starts = new Map<number, number>();
    let snapshot: SnapshotRecord | undefined;
    for (const record of records) {
      if ('process' in record) starts.set(record.process.pid, record.process.start);
      else if ('snapshot' in record) snapshot = record.snapshot;
    }
    this.#snapshot = snapshot;
    this.time = snapshot?.time;
    for (const record of records) if ('ns' in record) this.#add(record.ns, starts);
  }

  /** Nothing left to merge. */
  get empty(): boolean {
    return this.#finds.size === 0;
  }

  /**
   * The first batch of a `watch` request, with the finds whose holders are in it added. Another boot's finds are dropped.
   */
  mergeSnapshot(records: readonly HelperRecord[]): readonly HelperRecord[] {
    const starts = new Map<number, number>();
    for (const record of records) {
      if ('snapshot' in record && record.snapshot.boot !== this.#snapshot?.boot) {
        this.#finds.clear();
        return records;
      }
      if ('process' in record) starts.set(record.process.pid, record.process.start);
    }
    for (const find of this.#finds.values()) {
      find.holders = find.holders.filter(({ pid }) => starts.get(pid) === this.#starts.get(pid));
      find.watched = undefined;
      // Shown once before: by now nothing vouches for it.
      if (find.shown) find.unheld = false;
      find.shown = false;
    }
    const namespaces: HelperRecord[] = records.map((record) =>
      'ns' in record ? { ns: this.#mergeNamespace(record.ns) } : record,
    );
    const alive = this.#alive();
    const extra: HelperRecord[] = [];
    for (const [key, find] of this.#finds) {
      if (find.watched === undefined && alive.has(key)) {
        find.shown = true;
        extra.push({ ns: deepRecord(find) });
      } else if (find.holders.length === 0) this.#finds.delete(key);
    }
    // That the host was looked at deeply is true of the first snapshot after it, and later only while finds remain.
    const deep = !this.#merged || !this.empty;
    this.#merged = true;
    const merged = namespaces.map((record) =>
      deep && 'snapshot' in record ? { snapshot: this.#mergeSource(record.snapshot) } : record,
    );
    return insert(merged, extra);
  }

  /** A batch of changes: holders whose process ended go, and a namespace that `watch` loses stays while a find holds it. */
  mergeChanges(records: readonly HelperRecord[]): readonly HelperRecord[] {
    if (this.empty) return records;
    const touched = this.#endedHolders(records);
    const merged: HelperRecord[] = [];
    for (const record of records) {
      if ('ns' in record) {
        touched.delete(keyOf(record.ns));
        merged.push({ ns: this.#mergeNamespace(record.ns) });
      } else if ('gone' in record && 'ns' in record.gone) {
        const find = this.#finds.get(record.gone.ns);
        if (find === undefined) merged.push(record);
        else {
          find.watched = undefined;
          find.shown = true;
          if (find.holders.length > 0) merged.push({ ns: deepRecord(find) });
          // Whether it lives on for a child's sake comes out below.
          else touched.add(record.gone.ns);
        }
      } else merged.push(record);
    }
    const extra: HelperRecord[] = [];
    const alive = this.#alive();
    for (const [key, find] of this.#finds) {
      if (find.watched !== undefined) {
        if (touched.has(key)) extra.push({ ns: withHolders(find.watched, find.holders) });
        if (find.holders.length === 0) this.#finds.delete(key);
      } else if (!alive.has(key)) {
        if (find.shown) extra.push({ gone: { ns: key } });
        this.#finds.delete(key);
      } else if (touched.has(key)) extra.push({ ns: deepRecord(find) });
    }
    return insert(merged, extra);
  }

  #add(record: NamespaceRecord, starts: ReadonlyMap<number, number>): void {
    const holders = record.held.filter(isDeepHolder).filter(({ pid }) => starts.has(pid));
    const plain = record.held.some((holder) => !isDeepHolder(holder) && holder.by !== 'child');
    if (plain && holders.length === 0) return;
    const find: Find = {
      record,
      holders,
      unheld: holders.length === 0 && !record.held.some((holder) => holder.by === 'child'),
      watched: undefined,
      shown: false,
    };
    this.#finds.set(keyOf(record), find);
    for (const { pid } of holders) {
      const start = starts.get(pid);
      if (start === undefined) continue;
      this.#starts.set(pid, start);
      const held = this.#held.get(pid);
      if (held === undefined) this.#held.set(pid, new Set([find]));
      else held.add(find);
    }
  }

  #mergeNamespace(record: NamespaceRecord): NamespaceRecord {
    const find = this.#finds.get(keyOf(record));
    if (find === undefined) return record;
    find.watched = record;
    find.shown = false;
    return withHolders(record, find.holders);
  }

  #mergeSource(snapshot: SnapshotRecord): SnapshotRecord {
    const deep = this.#snapshot;
    if (deep === undefined) return snapshot;
    return {
      ...snapshot,
      complete: snapshot.complete && deep.complete,
      source: [...new Set([...snapshot.source, ...deep.source])],
    };
  }

  /** Takes away the holders whose process the batch reports as gone or replaced; answers whose holders changed. */
  #endedHolders(records: readonly HelperRecord[]): Set<NamespaceKey> {
    const touched = new Set<NamespaceKey>();
    for (const record of records) {
      let pid: number;
      if ('gone' in record && 'process' in record.gone) {
        if (this.#starts.get(record.gone.process.pid) !== record.gone.process.start) continue;
        ({ pid } = record.gone.process);
      } else if ('process' in record) {
        ({ pid } = record.process);
        const start = this.#starts.get(pid);
        if (start === undefined || start === record.process.start) continue;
      } else continue;
      for (const find of this.#held.get(pid) ?? []) {
        find.holders = find.holders.filter((holder) => holder.pid !== pid);
        touched.add(keyOf(find.record));
      }
      this.#held.delete(pid);
      this.#starts.delete(pid);
    }
    return touched;
  }

  /** Finds that `watch` does not see and that something keeps: a holder, listns's word, or a living child. */
  #alive(): Set<NamespaceKey> {
    const alive = new Set<NamespaceKey>();
    const next: NamespaceKey[] = [];
    for (const [key, find] of this.#finds) {
      if (find.watched === undefined && (find.holders.length > 0 || find.unheld)) next.push(key);
    }
    for (let key = next.pop(); key !== undefined; key = next.pop()) {
      const find = this.#finds.get(key);
      if (find === undefined || find.watched !== undefined || alive.has(key)) continue;
      alive.add(key);
      const { type, owner, parent } = find.record;
      if (owner !== undefined) next.push(`user:${owner}`);
      if (parent !== undefined) next.push(`${type}:${parent}`);
    }
    return alive;
  }
}

function isDeepHolder(holder: Holder): holder is DeepHolder {
  return holder.by === 'task' || holder.by === 'fd' || holder.by === 'socket';
}

function keyOf(record: NamespaceRecord): NamespaceKey {
  return `${record.type}:${record.id}`;
}

function deepRecord(find: Find): NamespaceRecord {
  const others = find.record.held.filter((holder) => holder.by === 'child');
  return { ...find.record, held: [...find.holders, ...others] };
}

function withHolders(record: NamespaceRecord, holders: readonly DeepHolder[]): NamespaceRecord {
  if (holders.length === 0) return record;
  // A plain pass may name some of them too.
  const known = new Set(record.held.map(holderKey));
  return { ...record, held: [...record.held, ...holders.filter((holder) => !known.has(holderKey(holder)))] };
}

function holderKey(holder: Holder): string {
  if (!isDeepHolder(holder)) return '';
  return `${holder.by}:${holder.pid}:${holder.by === 'task' ? holder.tid : holder.fd}`;
}

/** Before the batch's closing `tick`. */
function insert(records: readonly HelperRecord[], extra: readonly HelperRecord[]): readonly HelperRecord[] {
  if (extra.length === 0) return records;
  const tick = records.findLastIndex((record) => 'tick' in record);
  return tick === -1 ? [...records, ...extra] : records.toSpliced(tick, 0, ...extra);
}
