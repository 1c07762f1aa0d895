import type { Host } from '../../host/types.ts';
import { affected } from '../../model/affected.ts';
import { passesAll } from '../../model/filter-options.ts';
import { Filter } from '../../model/filter.ts';
import type { FilterOptions } from '../../model/filter-options.ts';
import { children, hasChildren, locate, pageSize, parentOf, positionOf, showsWorkload } from '../../model/layout.ts';
import type { View } from '../../model/layout.ts';
import { instancePrefix } from '../../model/naming/instances.ts';
import { idOf } from '../../model/node-ref.ts';
import type { Grouping, NamespaceRef, NodeRef } from '../../model/node-ref.ts';
import type { Change, Graph, NamespaceKey } from '../../model/types.ts';
import type { Reference, Target } from '../targets.ts';
import { TreeElement } from './element.ts';
import type { Note, RowRef } from './element.ts';
import { partialWords } from './items/host-item.ts';

export interface BranchPreferences {
  readonly grouping: Grouping;
  readonly filter: FilterOptions;
}

/** One host's part of the tree: which rows there are and which of them a change touches. */
export class HostBranch {
  readonly host: Host;
  #root: TreeElement;
  #renewals = 0;
  readonly #preferences: BranchPreferences;
  readonly #elements = new Map<string, TreeElement>();
  /** Rows handed out below each row. */
  readonly #handedOut = new Map<string, readonly TreeElement[]>();
  /** How many items of a list are shown, where it is more than one page. */
  readonly #shown = new Map<string, number>();
  #filter: Filter | undefined;
  #filteredGraph: Graph | undefined;

  constructor(host: Host, preferences: BranchPreferences) {
    this.host = host;
    this.#preferences = preferences;
    this.#root = new TreeElement(host.id, host, { kind: 'root' });
    this.#elements.set(this.#root.id, this.#root);
  }

  get root(): TreeElement {
    return this.#root;
  }

  /**
   * Makes the host's row another one to the editor, which then folds or unfolds it as `hostItem` says: a row that it knows stays
   * as it is, and `TreeView.reveal` with `expand` is lost while the editor reads the list of hosts.
   */
  renew(): void {
    this.#elements.clear();
    this.#handedOut.clear();
    this.#shown.clear();
    // No host's id has a blank in it.
    this.#root = new TreeElement(`${this.host.id} ${++this.#renewals}`, this.host, { kind: 'root' });
    this.#elements.set(this.#root.id, this.#root);
  }

  /** Undefined while nothing is known of the host. */
  get view(): View | undefined {
    const { graph } = this.host;
    if (graph === undefined) return undefined;
    return { graph, grouping: this.#preferences.grouping, visible: this.#visible(graph) };
  }

  /** Rows below a row. Those that are not there any more are forgotten, with all below them. */
  children(element: TreeElement): readonly TreeElement[] {
    return this.adopt(element, this.#childRefs(element.ref));
  }

  /** The same for rows that the branch does not know by itself: abilities. */
  adopt(element: TreeElement, refs: readonly RowRef[]): readonly TreeElement[] {
    const elements = refs.map((ref) => this.#intern(ref));
    const kept = new Set(elements);
    for (const former of this.#handedOut.get(element.id) ?? []) if (!kept.has(former)) this.#forget(former);
    this.#handedOut.set(element.id, elements);
    return elements;
  }

  /** Rows that are looked through for what a text filter found, and the root of the owner tree. */
  beginsUnfolded({ ref }: TreeElement): boolean {
    const { grouping, filter } = this.#preferences;
    const searching = filter.text !== '';
    if (ref.kind !== 'namespace') return searching && listKinds.has(ref.kind);
    const namespace = this.host.graph?.namespaces.get(ref.key);
    return grouping === 'owner' && namespace?.type === 'user' && (searching || namespace.initial);
  }

  hasChildren(element: TreeElement): boolean {
    const { ref } = element;
    if (ref.kind === 'root' || ref.kind === 'readiness' || ref.kind === 'instances') return true;
    if (ref.kind === 'note' || ref.kind === 'ability' || ref.kind === 'socket') return false;
    if (ref.kind === 'listening' || ref.kind === 'mounts' || this.#hasMounts(ref)) return true;
    if (ref.kind === 'mount') return ref.row.children.length > 0;
    const { view } = this;
    return this.#listening(ref).length > 0 || (view !== undefined && hasChildren(view, ref));
  }

  parentOf(element: TreeElement): TreeElement | undefined {
    const { ref } = element;
    if (ref.kind === 'root') return undefined;
    if (ref.kind === 'note' || ref.kind === 'readiness' || ref.kind === 'instances') return this.root;
    if (ref.kind === 'workload' && isInstance(ref.id)) return this.#intern({ kind: 'instances' });
    if (ref.kind === 'ability') return this.#intern({ kind: 'readiness' });
    if (ref.kind === 'mounts') return this.#intern(ref.of);
    if (ref.kind === 'mount') return this.#intern({ kind: 'mounts', of: ref.of });
    if (ref.kind === 'listening') return this.#intern(ref.of);
    if (ref.kind === 'socket') return this.#intern({ kind: 'listening', of: ref.of });
    const { view } = this;
    const parent = view === undefined ? undefined : parentOf(view, ref);
    return parent === undefined ? this.root : this.#intern(parent);
  }

  /**
   * The row of a target; all rows above it can be reached by `parentOf`, and lists on the way are opened as far as needed.
   * `changed` are the rows whose children have become more. Undefined when it is hidden or gone.
   */
  find(target: Target): { readonly element: TreeElement; readonly changed: readonly TreeElement[] } | undefined {
    if (target.kind === 'host') return { element: this.root, changed: [] };
    const { view } = this;
    const ref = view === undefined ? undefined : locateTarget(view, target);
    if (view === undefined || ref === undefined) return undefined;
    const changed: TreeElement[] = [];
    for (let at: NodeRef | undefined = ref; at !== undefined; at = parentOf(view, at)) {
      // Above an instance there is no list that comes in parts.
      const top = at.kind === 'root' || (at.kind === 'workload' && isInstance(at.id));
      if (top) return { element: this.#intern(ref), changed: changed.toReversed() };
      const above = parentOf(view, at);
      const position = positionOf(view, at);
      if (above === undefined || position === -1) return undefined;
      if (this.#showAtLeast(above, position + 1)) changed.push(this.#intern(above));
    }
    return undefined;
  }

  /** Shows the next part of the list that a "Show More" row ends; the row whose children became more. */
  showMore(element: TreeElement): TreeElement | undefined {
    const { ref } = element;
    if (ref.kind !== 'more') return undefined;
    this.#showAtLeast(ref.of, ref.shown + 1);
    return this.#intern(ref.of);
  }

  /** The rows to be shown anew after a change of the graph, of those that were handed out. */
  update(change: Change): readonly TreeElement[] {
    const { graph } = this.host;
    if (graph === undefined) return [this.root];
    const known = this.#filteredGraph === graph;
    const filter = this.#visible(graph);
    // A filter that has just been made has seen the change already, but what it shows is new.
    if (filter !== undefined && !known) return [this.root];
    const filtered = filter?.update(change);
    const { view } = this;
    if (view === undefined) return [this.root];
    const rows = affected(view, change, filtered).flatMap((ref) => this.#elements.get(this.#id(ref)) ?? []);
    const elements = [...rows, ...this.#changedInstances(view, change, filtered !== undefined)];
    if (!change.completeness || elements.includes(this.root)) return elements;
    const note = this.#elements.get(this.#id({ kind: 'note', note: 'partial' }));
    const partial = partialWords(this.host) !== undefined;
    // That the row comes or goes is a change of the host's children.
    if (partial !== (note !== undefined)) return [this.root];
    return note === undefined ? elements : [...elements, note];
  }

  /** The rows, of those that were handed out, that stand for one of these, in whichever list; the host's own is not among them. */
  touched(targets: readonly Reference[]): readonly TreeElement[] {
    const ids = new Set(targets.map(targetId));
    return [...this.#elements.values()].filter(
      ({ ref }) =>
        (ref.kind === 'namespace' || ref.kind === 'process' || ref.kind === 'workload') && ids.has(targetId(ref)),
    );
  }

  /** The rows below which the listening sockets of a net namespace are shown, of those that were handed out. */
  listeningRows(key: NamespaceKey): readonly TreeElement[] {
    return [...this.#elements.values()].filter(({ ref }) => ref.kind === 'listening' && ref.of.key === key);
  }

  /** They are few, so all of them are shown anew when one is touched; the host's row when the first comes or the last goes. */
  #changedInstances(view: View, change: Change, filtered: boolean): readonly TreeElement[] {
    const row = this.#elements.get(this.#id({ kind: 'instances' }));
    if ((row === undefined) !== (this.instances.length === 0)) return [this.root];
    return row !== undefined && (filtered || touchesInstance(view.graph, change)) ? [row] : [];
  }

  /** The filter that the graph is seen through; it follows the graph from when it was made. */
  #visible(graph: Graph): Filter | undefined {
    const { filter } = this.#preferences;
    if (passesAll(filter)) {
      this.#filter = undefined;
      this.#filteredGraph = undefined;
      return undefined;
    }
    if (this.#filter === undefined || this.#filter.options !== filter || this.#filteredGraph !== graph) {
      this.#filter = new Filter(graph, filter);
      this.#filteredGraph = graph;
    }
    return this.#filter;
  }

  #childRefs(ref: RowRef): readonly RowRef[] {
    if (ref.kind === 'mount') return ref.row.children.map((row) => ({ kind: 'mount', of: ref.of, row }));
    if (ref.kind === 'instances') return this.instances;
    if (!isNode(ref)) return [];
    const { view } = this;
    const refs = view === undefined ? [] : children(view, ref, this.#shown.get(this.#id(ref)) ?? pageSize);
    if (this.#hasMounts(ref)) return [{ kind: 'mounts', of: ref }, ...refs];
    if (ref.kind !== 'root') return [...this.#listening(ref), ...refs];
    const notes = this.#notes(view, refs.length).map((note): RowRef => ({ kind: 'note', note }));
    const instances: readonly RowRef[] = this.instances.length === 0 ? [] : [{ kind: 'instances' }];
    return [...notes, ...instances, ...refs, ...this.#readiness()];
  }

  /** Not of what is stale: they are read when they are looked at. */
  #hasMounts(ref: RowRef): ref is NamespaceRef {
    return ref.kind === 'namespace' && ref.key.startsWith('mnt:') && this.host.session !== undefined;
  }

  /** As readiness: not while something else is looked for, and there has to be somebody to ask. */
  #listening(ref: RowRef): readonly RowRef[] {
    if (ref.kind !== 'namespace' || !ref.key.startsWith('net:') || this.#readiness().length === 0) return [];
    return this.host.graph?.namespaces.has(ref.key) === true ? [{ kind: 'listening', of: ref }] : [];
  }

  #notes(view: View | undefined, rows: number): readonly Note[] {
    const notes: Note[] = [];
    if (this.host.state.kind !== 'connected') notes.push('state');
    if (view === undefined) return notes;
    if (partialWords(this.host) !== undefined) notes.push('partial');
    if (rows === 0) notes.push('nothing');
    return notes;
  }

  /** Rows of the kept instances, in the order of their names. */
  get instances(): readonly NodeRef[] {
    const { view } = this;
    if (view === undefined) return [];
    const shown = [...view.graph.instances].filter((workload) => showsWorkload(view, workload));
    return shown.map(({ id }) => ({ kind: 'workload', id }));
  }

  /** Not while something else is looked for; and without a connection there is nothing to try it with. */
  #readiness(): readonly RowRef[] {
    const { filter } = this.#preferences;
    return this.host.session === undefined || filter.text !== '' ? [] : [{ kind: 'readiness' }];
  }

  /** The host's readiness was tried out anew: the row to be shown anew, if it has been handed out. */
  get readiness(): TreeElement | undefined {
    return this.#elements.get(this.#id({ kind: 'readiness' }));
  }

  /** True when more than before is shown. */
  #showAtLeast(list: NodeRef, items: number): boolean {
    const id = this.#id(list);
    if (items <= (this.#shown.get(id) ?? pageSize)) return false;
    this.#shown.set(id, Math.ceil(items / pageSize) * pageSize);
    return true;
  }

  #intern(ref: RowRef): TreeElement {
    const id = this.#id(ref);
    const known = this.#elements.get(id);
    if (known !== undefined) {
      known.ref = ref;
      return known;
    }
    const element = new TreeElement(id, this.host, ref);
    this.#elements.set(id, element);
    return element;
  }

  #forget(element: TreeElement): void {
    this.#elements.delete(element.id);
    this.#shown.delete(element.id);
    for (const below of this.#handedOut.get(element.id) ?? []) this.#forget(below);
    this.#handedOut.delete(element.id);
  }

  #id(ref: RowRef): string {
    if (ref.kind === 'root') return this.root.id;
    const { grouping, filter } = this.#preferences;
    // The editor keeps a row folded or unfolded by its id: what is found shall be seen, and what was there before comes back.
    const tree = filter.text === '' ? grouping : `${grouping}?`;
    const below = 'of' in ref && !isNode(ref) ? `${tree}/${idOf(ref.of)}/` : '';
    const rest = isNode(ref) ? `${tree}/${idOf(ref)}` : `${below}${apartId(ref)}`;
    // No host's id has a blank in it.
    return `${this.root.id} ${rest}`;
  }
}

function targetId(target: Reference): string {
  if (target.kind === 'namespace') return target.key;
  if (target.kind === 'process') return `${target.pid}.${target.start}`;
  return target.kind === 'workload' ? `workload ${target.id}` : 'host';
}

/** A process or a namespace of one has come, gone, or changed. */
function touchesInstance({ namespaces }: Graph, change: Change): boolean {
  if ([...change.workloads].some(isInstance)) return true;
  return [...change.changed].some((key) => namespaces.get(key)?.workloads.some(isInstance) === true);
}

function isInstance(id: string): boolean {
  return id.startsWith(instancePrefix);
}

type Apart = Exclude<RowRef, NodeRef>;

function isNode(ref: RowRef): ref is NodeRef {
  return !apartKinds.has(ref.kind);
}

const apartKinds: ReadonlySet<RowRef['kind']> = new Set<Apart['kind']>([
  'note',
  'readiness',
  'ability',
  'instances',
  'listening',
  'socket',
  'mounts',
  'mount',
]);

function apartId(ref: Apart): string {
  if (ref.kind === 'socket') return `listening/${ref.row.id}`;
  if (ref.kind === 'note') return `note/${ref.note}`;
  if (ref.kind === 'mount') return `mounts/${ref.row.id}`;
  return ref.kind === 'ability' ? `readiness/${ref.row.id}` : ref.kind;
}

/** Rows that are there for the sake of the namespaces below them. */
const listKinds: ReadonlySet<RowRef['kind']> = new Set(['type', 'unowned', 'host', 'unused', 'workload']);

function locateTarget(view: View, target: Exclude<Target, { kind: 'host' }>): NodeRef | undefined {
  if (target.kind === 'namespace') return locate(view, target.key);
  if (target.kind === 'workload') {
    const listed = view.grouping === 'workload' || isInstance(target.id);
    return listed ? { kind: 'workload', id: target.id } : undefined;
  }
  const process = view.graph.processes.get(target.pid);
  if (process === undefined || process.start !== target.start) return undefined;
  // The first of its namespaces that is shown, those of its own before those that it shares with the whole host.
  const keys = Object.values(process.namespaces ?? {});
  const ordered = keys.toSorted((a, b) => members(view, a) - members(view, b));
  for (const key of ordered) {
    const of = locate(view, key);
    if (of !== undefined) return { kind: 'process', pid: target.pid, start: target.start, of };
  }
  return undefined;
}

function members(view: View, key: Parameters<typeof locate>[1]): number {
  return view.graph.namespaces.get(key)?.memberList.size ?? 0;
}
