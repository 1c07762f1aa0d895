import type { NamespaceType } from '../helper/protocol.ts';
import type { FilterOptions } from './filter-options.ts';
import { holderPid } from './holders.ts';
import { typeOf } from './keys.ts';
import type { Change, Graph, Namespace, NamespaceKey, Process } from './types.ts';

/** What passes a filter at present. Live, like the graph. */
export interface Visible {
  /** How often it has taken in a change; what is computed from it holds until the next. */
  readonly version: number;
  readonly namespaces: ReadonlySet<NamespaceKey>;
  count(type: NamespaceType): number;
  /** Pids to show in a namespace, ascending; undefined for all of them, where the namespace itself has the text. */
  members(namespace: Namespace): readonly number[] | undefined;
}

/** Namespaces that became visible or hidden, or have other members to show. */
export interface VisibleChange {
  readonly shown: ReadonlySet<NamespaceKey>;
  readonly hidden: ReadonlySet<NamespaceKey>;
  readonly members: ReadonlySet<NamespaceKey>;
}

/**
 * A filter over one graph, kept up to date by its changes: a change costs what it touches. What it says of a namespace or
 * process is looked up, never computed, so a view can ask for every row.
 */
export class Filter implements Visible {
  readonly options: FilterOptions;
  version = 0;
  readonly namespaces = new Set<NamespaceKey>();
  readonly #graph: Graph;
  readonly #words: readonly string[];
  /** Namespaces that have the text themselves. */
  readonly #own = new Set<NamespaceKey>();
  /** Processes that have the text, and where they were when that was looked at. */
  readonly #processes = new Map<number, readonly NamespaceKey[]>();
  /** How many of those are in each namespace. */
  readonly #members = new Map<NamespaceKey, number>();
  readonly #counts = new Map<NamespaceType, number>();

  constructor(graph: Graph, options: FilterOptions) {
    this.#graph = graph;
    this.options = options;
    this.#words = options.text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    if (this.#words.length > 0) for (const process of graph.processes.values()) this.#findProcess(process);
    for (const namespace of graph.namespaces.values()) this.#find(namespace);
  }

  count(type: NamespaceType): number {
    return this.#counts.get(type) ?? 0;
  }

  members(namespace: Namespace): readonly number[] | undefined {
    const { key, memberList } = namespace;
    if (this.#own.has(key)) return undefined;
    if (!this.#members.has(key)) return [];
    // The host's own namespaces have nearly every process, of which few have the text.
    if (memberList.size < this.#processes.size) return Array.from(memberList).filter((pid) => this.#processes.has(pid));
    const found = [...this.#processes].flatMap(([pid, keys]) => (keys.includes(key) ? [pid] : []));
    return found.toSorted((a, b) => a - b);
  }

  /** Takes in a change that the graph has just made. */
  update(change: Change): VisibleChange {
    this.version++;
    const shown = new Set<NamespaceKey>();
    const hidden = new Set<NamespaceKey>();
    const members = new Set<NamespaceKey>();
    if (this.#words.length > 0) {
      for (const pid of change.processes) {
        for (const key of this.#processes.get(pid) ?? []) members.add(key);
        this.#forgetProcess(pid);
        const process = this.#graph.processes.get(pid);
        if (process !== undefined) this.#findProcess(process);
        for (const key of this.#processes.get(pid) ?? []) members.add(key);
      }
    }
    for (const keys of [change.added, change.changed, change.removed, members]) {
      for (const key of keys) {
        const before = this.namespaces.has(key);
        const namespace = this.#graph.namespaces.get(key);
        if (namespace === undefined) this.#forget(key);
        else this.#find(namespace);
        const after = this.namespaces.has(key);
        // A key can come by twice; what was seen first counts.
        if (before && !after) hidden.add(key);
        else if (after && !before) shown.add(key);
      }
    }
    return { shown, hidden, members };
  }

  #find(namespace: Namespace): void {
    const { key, type } = namespace;
    const own = this.#words.length === 0 || this.#hasAll(namespaceFields(namespace, this.#graph));
    if (own) this.#own.add(key);
    else this.#own.delete(key);
    const { types, hideInitial } = this.options;
    const allowed = (types === undefined || types.has(type)) && !(hideInitial && namespace.initial);
    const visible = allowed && (own || this.#members.has(key));
    if (visible === this.namespaces.has(key)) return;
    if (visible) this.namespaces.add(key);
    else this.namespaces.delete(key);
    this.#counts.set(type, this.count(type) + (visible ? 1 : -1));
  }

  #forget(key: NamespaceKey): void {
    this.#own.delete(key);
    if (!this.namespaces.delete(key)) return;
    const type = typeOf(key);
    this.#counts.set(type, this.count(type) - 1);
  }

  #findProcess(process: Process): void {
    if (!this.#hasAll(processFields(process))) return;
    const keys = Object.values(process.namespaces ?? {});
    this.#processes.set(process.pid, keys);
    for (const key of keys) this.#members.set(key, (this.#members.get(key) ?? 0) + 1);
  }

  #forgetProcess(pid: number): void {
    for (const key of this.#processes.get(pid) ?? []) {
      const count = (this.#members.get(key) ?? 0) - 1;
      if (count > 0) this.#members.set(key, count);
      else this.#members.delete(key);
    }
    this.#processes.delete(pid);
  }

  #hasAll(fields: string): boolean {
    const text = fields.toLowerCase();
    return this.#words.every((word) => text.includes(word));
  }
}

function namespaceFields(namespace: Namespace, graph: Graph): string {
  const { key, nsid, uid, name, held } = namespace;
  const paths = held.flatMap((holder) => {
    if (holder.by === 'mount') return [holder.path];
    const pid = holder.by === 'process' ? undefined : holderPid(holder);
    return pid === undefined ? [] : [String(pid)];
  });
  const user = uid === undefined ? [] : [String(uid), graph.userName(uid) ?? ''];
  return [key, name.text, nsid ?? '', ...paths, ...user].join('\n');
}

function processFields(process: Process): string {
  const { pid, comm, cmdline = '', user = '', uid = '' } = process;
  return `${pid}\n${comm}\n${cmdline}\n${user}\n${uid}`;
}
