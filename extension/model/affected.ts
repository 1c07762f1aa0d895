import { namespaceTypes } from '../helper/protocol.ts';
import type { NamespaceType } from '../helper/protocol.ts';
import type { VisibleChange } from './filter.ts';
import { typeOf } from './keys.ts';
import {
  childCount,
  isVisible,
  ownerRow,
  parentOf,
  placesMembersApart,
  placesOf,
  typeCount,
  unowned,
  workloadPlaces,
} from './layout.ts';
import type { View } from './layout.ts';
import { idOf } from './node-ref.ts';
import type { ListRef, NamespaceRef, NodeRef, Place } from './node-ref.ts';
import { ownerTreePlace } from './owner-tree.ts';
import type { Change, Namespace, NamespaceKey } from './types.ts';

/** Rows to be shown anew, by `idOf`. */
class Affected {
  readonly #refs = new Map<string, NodeRef>();

  add(ref: NodeRef): void {
    this.#refs.set(idOf(ref), ref);
  }

  has(ref: NodeRef): boolean {
    return this.#refs.has(idOf(ref));
  }

  /** Without those below another of them: a row is shown anew with all that is open below it. */
  result(view: View): readonly NodeRef[] {
    const refs = [...this.#refs.values()];
    return refs.filter((ref) => {
      for (let above = parentOf(view, ref); above !== undefined; above = parentOf(view, above)) {
        if (this.has(above)) return false;
      }
      return true;
    });
  }
}

/** From here on it costs less to show everything anew than to tell it apart. */
const manyChanges = 2000;

/**
 * The rows whose own text or children a change of the graph touches, and no others. Rows below one of them are left out.
 *
 * @param filtered what `Filter.update` made of the same change; undefined without a filter.
 */
export function affected(view: View, change: Change, filtered: VisibleChange | undefined): readonly NodeRef[] {
  if (change.added.size + change.removed.size + change.changed.size + change.processes.size > manyChanges) {
    return [{ kind: 'root' }];
  }
  const rows = new Affected();
  if (view.grouping === 'type') byType(view, change, filtered, rows);
  else if (view.grouping === 'owner') byOwner(view, change, filtered, rows);
  else byWorkload(view, change, filtered, rows);
  ownerNames(view, change, rows);
  orphans(view, change, rows);
  processes(view, change, rows);
  return rows.result(view);
}

/** Keys that came into view, and that left it. */
function arrivals(change: Change, filtered: VisibleChange | undefined): readonly [Keys, Keys] {
  return filtered === undefined ? [change.added, change.removed] : [filtered.shown, filtered.hidden];
}

type Keys = ReadonlySet<NamespaceKey>;

/** Namespaces that stay in view and of which the row says something else now. */
function changed(view: View, change: Change, filtered: VisibleChange | undefined): Namespace[] {
  const keys = new Set([...change.changed].filter((key) => !change.related.has(key)));
  for (const key of filtered?.members ?? []) keys.add(key);
  return [...keys].flatMap((key) => {
    const namespace = view.graph.namespaces.get(key);
    const seen = namespace !== undefined && isVisible(view, namespace);
    return !seen || filtered?.shown.has(key) === true ? [] : [namespace];
  });
}

function byType(view: View, change: Change, filtered: VisibleChange | undefined, rows: Affected): void {
  const [came, left] = arrivals(change, filtered);
  const balance = new Map<NamespaceType, number>();
  for (const key of came) balance.set(typeOf(key), (balance.get(typeOf(key)) ?? 0) + 1);
  for (const key of left) balance.set(typeOf(key), (balance.get(typeOf(key)) ?? 0) - 1);
  for (const [type, difference] of balance) {
    const now = typeCount(view, type);
    if (now === 0 || now === difference) rows.add({ kind: 'root' });
    else rows.add({ kind: 'type', type });
  }
  for (const namespace of changed(view, change, filtered)) {
    const { key, type } = namespace;
    if (change.former.has(key)) rows.add({ kind: 'type', type });
    else rows.add({ kind: 'namespace', key, under: 'type' });
  }
}

function byOwner(view: View, change: Change, filtered: VisibleChange | undefined, rows: Affected): void {
  const { graph } = view;
  // What is above a visible namespace is in view for its sake, so that any coming and going can show or hide a whole branch.
  if (filtered !== undefined && filtered.shown.size + filtered.hidden.size > 0) {
    rows.add({ kind: 'root' });
    return;
  }
  const balance = new OwnerBalance(view, rows);
  for (const key of change.added) {
    const namespace = graph.namespaces.get(key);
    if (namespace !== undefined) balance.move(ownerTreePlace(graph, namespace), 1);
    // They named it before it was known, and were shown elsewhere.
    const waiting = [...(namespace?.ownsList ?? []), ...(namespace?.childList ?? [])];
    if (waiting.some((other) => !change.added.has(other.key))) rows.add({ kind: 'root' });
  }
  for (const [key, place] of change.former) {
    // What went together with what it was below leaves no list behind.
    const lost = [place.owner, place.parent].some((above) => above !== undefined && change.removed.has(above));
    if (!lost) balance.move(ownerTreePlace(graph, { ...place, key, type: typeOf(key) }), -1);
    const namespace = graph.namespaces.get(key);
    if (namespace !== undefined) balance.move(ownerTreePlace(graph, namespace), 1);
  }
  balance.settle();
  for (const namespace of changed(view, change, filtered)) {
    const ref = ownerRow(graph, namespace.key);
    if (ref !== undefined) rows.add(onlyMembers(namespace, ref, change) ? { kind: 'members', of: ref } : ref);
  }
}

/** True when only the row of its processes has to be shown anew, which was there before and still is. */
function onlyMembers(namespace: Namespace, ref: NamespaceRef, change: Change): boolean {
  // As many processes as changed may all be new, and the row with them.
  const stays = namespace.memberList.size > change.processes.size;
  return stays && placesMembersApart(ref) && change.populated.has(namespace.key);
}

/** Counts what comes to and leaves each place of the owner tree. */
class OwnerBalance {
  readonly #view: View;
  readonly #rows: Affected;
  #unowned = 0;
  #touchedUnowned = false;

  constructor(view: View, rows: Affected) {
    this.#view = view;
    this.#rows = rows;
  }

  move(place: NamespaceKey | 'root' | 'unowned', by: 1 | -1): void {
    if (place === 'root') this.#rows.add({ kind: 'root' });
    else if (place === 'unowned') {
      this.#unowned += by;
      this.#touchedUnowned = true;
    } else {
      const row = ownerRow(this.#view.graph, place);
      if (row !== undefined) this.#rows.add(row);
    }
  }

  settle(): void {
    if (!this.#touchedUnowned) return;
    const now = unowned(this.#view.graph).length;
    const appears = now === 0 || now - this.#unowned === 0;
    this.#rows.add(appears ? { kind: 'root' } : { kind: 'unowned' });
  }
}

/** Rows say who owns a namespace: when an owner has another name, or comes after what it owns, those say another one. */
function ownerNames(view: View, change: Change, rows: Affected): void {
  const { graph, grouping } = view;
  for (const keys of [change.added, change.former.keys()]) {
    for (const owner of keys) {
      for (const { key } of graph.namespaces.get(owner)?.ownsList ?? []) {
        const namespace = graph.namespaces.get(key);
        if (change.added.has(key) || namespace === undefined || !isVisible(view, namespace)) continue;
        for (const under of placesOf(graph, grouping, namespace)) rows.add({ kind: 'namespace', key, under });
      }
    }
  }
}

/** When an owner goes before what it owns, what it owned is shown elsewhere and says so. */
function orphans({ graph }: View, change: Change, rows: Affected): void {
  const gone = [...change.removed].filter((key) => key.startsWith('user:') || key.startsWith('pid:'));
  if (gone.length === 0) return;
  const keys = new Set<NamespaceKey | undefined>(gone);
  for (const type of namespaceTypes) {
    for (const { owner, parent } of graph.ofType(type)) {
      if ((owner === undefined || !keys.has(owner)) && (parent === undefined || !keys.has(parent))) continue;
      rows.add({ kind: 'root' });
      return;
    }
  }
}

function byWorkload(view: View, change: Change, filtered: VisibleChange | undefined, rows: Affected): void {
  const { graph } = view;
  // Which workloads a namespace was in while it was hidden says nothing about which were in view.
  if (filtered !== undefined && filtered.shown.size + filtered.hidden.size > 0) {
    rows.add({ kind: 'root' });
    return;
  }
  const balance = placeBalance(view, change);
  for (const id of change.workloads) balance.set(`workload:${id}`, balance.get(`workload:${id}`) ?? 0);
  for (const [place, difference] of balance) {
    const ref = listRef(place);
    const now = childCount(view, ref);
    const before = now - difference;
    if (now === 0 && before === 0) continue;
    const former = ref.kind === 'workload' ? change.formerWorkloads.get(ref.id) : undefined;
    const renamed =
      former !== undefined && ref.kind === 'workload' && former.name !== graph.workloads.get(ref.id)?.name;
    rows.add(now === 0 || before === 0 || renamed ? { kind: 'root' } : ref);
  }
  for (const namespace of changed(view, change, filtered)) {
    for (const under of workloadPlaces(namespace)) rows.add({ kind: 'namespace', key: namespace.key, under });
  }
}

/** How many more namespaces in view each list has than before. */
function placeBalance(view: View, change: Change): Map<Place, number> {
  const { graph, visible } = view;
  const balance = new Map<Place, number>();
  const move = (places: readonly Place[], by: 1 | -1): void => {
    for (const place of places) balance.set(place, (balance.get(place) ?? 0) + by);
  };
  for (const [key, former] of change.former) {
    if (visible === undefined || visible.namespaces.has(key)) move(formerPlaces(former), -1);
  }
  for (const key of [...change.added, ...change.former.keys()]) {
    const namespace = graph.namespaces.get(key);
    const seen = namespace !== undefined && (visible === undefined || visible.namespaces.has(key));
    if (seen) move(workloadPlaces(namespace), 1);
  }
  return balance;
}

function listRef(place: Place): ListRef {
  if (place === 'host' || place === 'unused') return { kind: place };
  return { kind: 'workload', id: place.slice('workload:'.length) };
}

function formerPlaces(former: { readonly initial: boolean; readonly workloads: readonly string[] }): readonly Place[] {
  if (former.initial) return ['host'];
  return former.workloads.length === 0 ? ['unused'] : former.workloads.map((id): Place => `workload:${id}`);
}

/** A process that changed and stayed where it was: its own row in each list that has it. */
function processes(view: View, change: Change, rows: Affected): void {
  const { graph, grouping } = view;
  for (const pid of change.processes) {
    const process = graph.processes.get(pid);
    for (const key of Object.values(process?.namespaces ?? {})) {
      const namespace = graph.namespaces.get(key);
      if (process === undefined || namespace === undefined || !isVisible(view, namespace)) continue;
      for (const under of placesOf(graph, grouping, namespace)) {
        const of: NamespaceRef = { kind: 'namespace', key, under };
        rows.add({ kind: 'process', pid, start: process.start, of });
      }
    }
  }
}
