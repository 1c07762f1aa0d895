/**
 * What a tree shows of a graph: rows as small values (`node-ref.ts`), their children and their parent. Nothing is kept here;
 * lists come in parts, so that a row with 50,000 members costs what is shown of it.
 *
 * For a VS Code `TreeDataProvider`: `getChildren` is `children`, `getParent` is `parentOf`, `TreeItem.id` begins with
 * `idOf`, and what `affected` answers is to be fired. The editor knows elements by identity, so the provider keeps the ones
 * it has handed out by `idOf`.
 */
import { namespaceTypes } from '../helper/protocol.ts';
import type { Visible } from './filter.ts';
import { compareHolders, foldedHolders } from './holders.ts';
import { hostsOwnOf } from './hosts-own.ts';
import { isNamespaceKey, typeOf } from './keys.ts';
import type { Grouping, ListRef, NamespaceRef, NodeRef, Place } from './node-ref.ts';
import { ownerTreeChildren, ownerTreePlace } from './owner-tree.ts';
import type { KnownDepths } from './owner-tree.ts';
import type { Graph, Namespace, NamespaceKey, Ordered, Workload } from './types.ts';

export interface View {
  readonly graph: Graph;
  readonly grouping: Grouping;
  /** Undefined without a filter. */
  readonly visible: Visible | undefined;
}

/** Items of a list that are shown before someone asks for more. */
export const pageSize = 200;

/** Children of the root. */
export function roots(view: View, shown: number = pageSize): readonly NodeRef[] {
  return children(view, { kind: 'root' }, shown);
}

/**
 * The first `shown` children, and a `more` row when there are others. Nothing for a row that is not in the graph any more.
 */
export function children(view: View, ref: NodeRef, shown: number = pageSize): readonly NodeRef[] {
  if (ref.kind === 'process' || ref.kind === 'holder' || ref.kind === 'more') return [];
  const parts = partsOf(view, ref);
  const total = sum(parts);
  const refs: NodeRef[] = [];
  for (const part of parts) {
    if (refs.length >= shown) break;
    refs.push(...part.read(shown - refs.length));
  }
  if (total > shown) refs.push({ kind: 'more', of: ref, shown, total });
  return refs;
}

/** How many children a row has in all. */
export function childCount(view: View, ref: NodeRef): number {
  if (ref.kind === 'process' || ref.kind === 'holder' || ref.kind === 'more') return 0;
  return sum(partsOf(view, ref));
}

/** True when a row can be opened. Cheaper than to count. */
export function hasChildren(view: View, ref: NodeRef): boolean {
  if (ref.kind === 'process' || ref.kind === 'holder' || ref.kind === 'more') return false;
  return partsOf(view, ref).some(({ size }) => size > 0);
}

/** The row above; undefined above the root, and for what is not in the graph any more. */
export function parentOf(view: View, ref: NodeRef): NodeRef | undefined {
  switch (ref.kind) {
    case 'root':
      return undefined;
    case 'namespace':
      return placeRef(view.graph, ref);
    case 'process':
      return placesMembersApart(ref.of) ? { kind: 'members', of: ref.of } : ref.of;
    case 'members':
    case 'holder':
    case 'more':
      return ref.of;
    case 'type':
    case 'unowned':
    case 'host':
    case 'unused':
    case 'workload':
      return { kind: 'root' };
    default:
      return undefined;
  }
}

/** Position of a row among its parent's children, to know how many must be shown for it to be seen; -1 when it is gone. */
export function positionOf(view: View, ref: NodeRef): number {
  const parent = parentOf(view, ref);
  if (parent === undefined || parent.kind === 'process' || parent.kind === 'holder' || parent.kind === 'more')
    return -1;
  let offset = 0;
  for (const part of partsOf(view, parent)) {
    const index = part.find(ref);
    if (index !== -1) return offset + index;
    offset += part.size;
  }
  return -1;
}

/** Where a namespace is shown; the first of several places. Undefined when it is hidden or gone. */
export function locate(view: View, key: NamespaceKey): NamespaceRef | undefined {
  const { graph, grouping } = view;
  const namespace = graph.namespaces.get(key);
  if (namespace === undefined || !isVisible(view, namespace)) return undefined;
  const [under] = placesOf(graph, grouping, namespace);
  return under === undefined ? undefined : { kind: 'namespace', key, under };
}

/** All lists that have a namespace. */
export function placesOf(graph: Graph, grouping: Grouping, namespace: Namespace): readonly Place[] {
  if (grouping === 'type') return ['type'];
  if (grouping === 'owner') return [`owner:${ownerTreePlace(graph, namespace)}`];
  return workloadPlaces(namespace);
}

/** The lists that have a namespace when grouped by workload. */
export function workloadPlaces(namespace: Namespace): readonly Place[] {
  if (namespace.initial) return ['host'];
  const { workloads } = namespace;
  return workloads.length === 0 ? ['unused'] : workloads.map((id): Place => `workload:${id}`);
}

/** By owner, namespaces that others are below have their processes in a row of its own. */
export function placesMembersApart(ref: NamespaceRef): boolean {
  return ref.under.startsWith('owner:') && (ref.key.startsWith('user:') || ref.key.startsWith('pid:'));
}

function placeRef(graph: Graph, { key, under }: NamespaceRef): NodeRef | undefined {
  if (!graph.namespaces.has(key)) return undefined;
  if (under === 'type') return { kind: 'type', type: typeOf(key) };
  if (under === 'host' || under === 'unused') return { kind: under };
  if (under.startsWith('workload:')) return { kind: 'workload', id: under.slice('workload:'.length) };
  const place = under.slice('owner:'.length);
  if (place === 'root' || place === 'unowned') return { kind: place };
  return isNamespaceKey(place) ? ownerRow(graph, place) : undefined;
}

/** The row of a namespace when grouped by owner. */
export function ownerRow(graph: Graph, key: NamespaceKey): NamespaceRef | undefined {
  const namespace = graph.namespaces.get(key);
  if (namespace === undefined) return undefined;
  return { kind: 'namespace', key, under: `owner:${ownerTreePlace(graph, namespace)}` };
}

/** One list among a row's children. */
interface Part {
  readonly size: number;
  read(count: number): readonly NodeRef[];
  find(ref: NodeRef): number;
}

function sum(parts: readonly Part[]): number {
  return parts.reduce((total, { size }) => total + size, 0);
}

function partsOf(view: View, ref: ListRef): readonly Part[] {
  const { graph } = view;
  switch (ref.kind) {
    case 'root':
      return rootParts(view);
    case 'type':
      return [namespacePart(graph.ofType(ref.type), view, 'type')];
    case 'unowned':
      return [namespaceItems(visibleOnly(view, unowned(graph)), 'owner:unowned')];
    case 'host':
      return [namespaceItems(visibleOnly(view, hostsOwn(graph)), 'host')];
    case 'unused':
      return [namespaceItems(visibleOnly(view, unused(graph)), 'unused')];
    case 'workload': {
      const workload = graph.workloads.get(ref.id);
      return workload === undefined ? [] : [namespacePart(workload.namespaceList, view, `workload:${ref.id}`)];
    }
    case 'namespace': {
      const namespace = graph.namespaces.get(ref.key);
      return namespace === undefined ? [] : namespaceParts(view, ref, namespace);
    }
    case 'members': {
      const namespace = graph.namespaces.get(ref.of.key);
      return namespace === undefined ? [] : [membersPart(view, ref.of, namespace)];
    }
    default:
      return [];
  }
}

function rootParts(view: View): readonly Part[] {
  const { graph, grouping } = view;
  if (grouping === 'type') return [items(namespaceTypes.filter((type) => typeCount(view, type) > 0).map(typeRef))];
  if (grouping === 'owner') {
    const paths = ownerPaths(view);
    const users = Array.from(graph.ofType('user')).filter(
      (user) => ownerTreePlace(graph, user) === 'root' && (paths === undefined || paths.has(user.key)),
    );
    const rest = visibleOnly(view, unowned(graph)).length > 0;
    return [namespaceItems(users, 'owner:root'), items(rest ? [{ kind: 'unowned' }] : [])];
  }
  const own = visibleOnly(view, hostsOwn(graph)).length > 0;
  const none = visibleOnly(view, unused(graph)).length > 0;
  // Instances have a group of their own, in every grouping: `TreeBranch` puts them there.
  const workloads = Array.from(graph.workloadList).filter(
    (workload) => workload.kind !== 'instance' && showsWorkload(view, workload),
  );
  return [
    items(own ? [{ kind: 'host' }] : []),
    items(workloads.map(({ id }): NodeRef => ({ kind: 'workload', id }))),
    items(none ? [{ kind: 'unused' }] : []),
  ];
}

const typeRef = (type: (typeof namespaceTypes)[number]): NodeRef => ({ kind: 'type', type });

function namespaceParts(view: View, ref: NamespaceRef, namespace: Namespace): readonly Part[] {
  const holders = items(
    foldedHolders(view.graph, namespace).map(({ holder }): NodeRef => ({ kind: 'holder', holder, of: ref })),
  );
  const members = membersPart(view, ref, namespace);
  if (!ref.under.startsWith('owner:')) return [holders, members];
  const below = namespaceItems(visibleOnly(view, ownerTreeChildren(view.graph, namespace)), `owner:${ref.key}`);
  // Before the namespaces below it, of which there may be more than are shown.
  const apart = placesMembersApart(ref) ? items(members.size > 0 ? [{ kind: 'members', of: ref }] : []) : members;
  return [apart, holders, below];
}

function membersPart({ graph, visible }: View, of: NamespaceRef, namespace: Namespace): Part {
  const { memberList } = namespace;
  const refs = (pids: readonly number[]): readonly NodeRef[] =>
    pids.flatMap((pid): NodeRef[] => {
      const process = graph.processes.get(pid);
      return process === undefined ? [] : [{ kind: 'process', pid, start: process.start, of }];
    });
  const found = visible?.members(namespace);
  if (found !== undefined) return items(refs(found));
  return {
    size: memberList.size,
    read: (count) => refs(memberList.slice(0, count)),
    find: (ref) => (ref.kind === 'process' ? memberList.indexOf(ref.pid) : -1),
  };
}

function namespacePart(list: Ordered<Namespace>, view: View, under: Place): Part {
  if (view.visible !== undefined) return namespaceItems(visibleOnly(view, list), under);
  return {
    size: list.size,
    read: (count) => list.slice(0, count).map(({ key }): NodeRef => ({ kind: 'namespace', key, under })),
    find: (ref) => {
      const namespace = ref.kind === 'namespace' ? view.graph.namespaces.get(ref.key) : undefined;
      return namespace === undefined ? -1 : list.indexOf(namespace);
    },
  };
}

function namespaceItems(namespaces: readonly Namespace[], under: Place): Part {
  return {
    size: namespaces.length,
    read: (count) => namespaces.slice(0, count).map(({ key }): NodeRef => ({ kind: 'namespace', key, under })),
    find: (ref) => (ref.kind === 'namespace' ? namespaces.findIndex(({ key }) => key === ref.key) : -1),
  };
}

function items(refs: readonly NodeRef[]): Part {
  return {
    size: refs.length,
    read: (count) => refs.slice(0, count),
    find: (ref) => refs.findIndex((other) => sameRef(ref, other)),
  };
}

/** Of two rows in one list. */
function sameRef(a: NodeRef, b: NodeRef): boolean {
  if (a.kind === 'type' && b.kind === 'type') return a.type === b.type;
  if (a.kind === 'workload' && b.kind === 'workload') return a.id === b.id;
  if (a.kind === 'process' && b.kind === 'process') return a.pid === b.pid;
  if (a.kind === 'holder' && b.kind === 'holder') return compareHolders(a.holder, b.holder) === 0;
  return a.kind === b.kind;
}

/** Namespaces of a type that are shown. */
export function typeCount({ graph, visible }: View, type: (typeof namespaceTypes)[number]): number {
  return visible === undefined ? graph.ofType(type).size : visible.count(type);
}

/** `ownerPaths` of the newest state of each filter: it is asked for with every row, and computed once a change. */
const knownPaths = new WeakMap<Visible, { readonly version: number; readonly paths: ReadonlySet<NamespaceKey> }>();

/** By owner, what is above a visible namespace is shown too: the keys of both. Undefined when everything is. */
export function ownerPaths({ graph, visible }: View): ReadonlySet<NamespaceKey> | undefined {
  if (visible === undefined) return undefined;
  const { version } = visible;
  const known = knownPaths.get(visible);
  if (known?.version === version) return known.paths;
  const paths = findPaths(graph, visible);
  knownPaths.set(visible, { version, paths });
  return paths;
}

function findPaths(graph: Graph, visible: Visible): ReadonlySet<NamespaceKey> {
  const known: KnownDepths = new Map();
  const paths = new Set<NamespaceKey>();
  for (const key of visible.namespaces) {
    let at: NamespaceKey | undefined = key;
    while (at !== undefined && !paths.has(at)) {
      paths.add(at);
      const namespace: Namespace | undefined = graph.namespaces.get(at);
      const place = namespace === undefined ? 'root' : ownerTreePlace(graph, namespace, known);
      at = place === 'root' || place === 'unowned' ? undefined : place;
    }
  }
  return paths;
}

/** It is shown, for its own sake or for that of what is below it. */
export function isVisible(view: View, namespace: Namespace): boolean {
  if (view.visible === undefined || view.visible.namespaces.has(namespace.key)) return true;
  return view.grouping === 'owner' && ownerPaths(view)?.has(namespace.key) === true;
}

function visibleOnly(view: View, namespaces: Iterable<Namespace>): Namespace[] {
  const all = Array.from(namespaces);
  if (view.visible === undefined) return all;
  const keys = view.grouping === 'owner' ? ownerPaths(view) : view.visible.namespaces;
  return all.filter(({ key }) => keys?.has(key) === true);
}

/** By owner: those of which nobody says who owns them. */
export function unowned(graph: Graph): Namespace[] {
  const known: KnownDepths = new Map();
  return namespaceTypes.flatMap((type) =>
    Array.from(graph.ofType(type)).filter((namespace) => ownerTreePlace(graph, namespace, known) === 'unowned'),
  );
}

export function hostsOwn(graph: Graph): Namespace[] {
  return namespaceTypes.flatMap((type) => hostsOwnOf(graph, type) ?? []);
}

/** By workload: those that no workload's process is in. */
export function unused(graph: Graph): Namespace[] {
  return namespaceTypes.flatMap((type) =>
    Array.from(graph.ofType(type)).filter(({ initial, workloads }) => !initial && workloads.length === 0),
  );
}

export function showsWorkload({ visible }: View, { namespaceList }: Workload): boolean {
  if (visible === undefined) return namespaceList.size > 0;
  for (const { key } of namespaceList) if (visible.namespaces.has(key)) return true;
  return false;
}
