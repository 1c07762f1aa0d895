import { namespaceTypes } from '../helper/protocol.ts';
import type { NamespaceRecord, NamespaceType } from '../helper/protocol.ts';
import type { ChangeCollector } from './changes.ts';
import { holderPid, otherHolders, sameHolders } from './holders.ts';
import { hasInitialId, hostsOwn, typesKnownByInit } from './initial.ts';
import { nameOf } from './naming.ts';
import { compareNamespaces, NamespaceNode } from './nodes.ts';
import type { ProcessNode } from './nodes.ts';
import { Relation } from './relation.ts';
import { SortedList } from './sorted-list.ts';
import { naturalKey } from './text.ts';
import type { NamespaceKey } from './types.ts';

interface OfType {
  readonly byId: Map<number, NamespaceNode>;
  readonly list: SortedList<NamespaceNode>;
}

/** The namespaces of one host: who is where, owned by whom, called what, in which order. */
export class NamespaceStore {
  readonly all = new Map<NamespaceKey, NamespaceNode>();
  readonly #types: ReadonlyMap<NamespaceType, OfType> = new Map(
    namespaceTypes.map((type) => [type, { byId: new Map(), list: new SortedList(compareNamespaces) }]),
  );
  readonly #owners = new Relation('owner', this.all);
  readonly #parents = new Relation('parent', this.all);
  readonly #processes: ReadonlyMap<number, ProcessNode>;
  readonly #userName: (uid: number) => string | undefined;
  /** Pid -> namespaces that the process keeps without being in them. */
  readonly #kept = new Map<number, Set<NamespaceNode>>();
  #unnamed: NamespaceNode[] = [];
  /** Where the host's own net and mnt namespaces are marked. */
  readonly #hostsOwn = new Map<'net' | 'mnt', NamespaceNode>();

  readonly #onHolders: (node: NamespaceNode) => void;

  /** @param onHolders is told of each namespace that is kept in another way than before */
  constructor(
    processes: ReadonlyMap<number, ProcessNode>,
    userName: (uid: number) => string | undefined,
    onHolders: (node: NamespaceNode) => void,
  ) {
    this.#processes = processes;
    this.#userName = userName;
    this.#onHolders = onHolders;
  }

  ofType(type: NamespaceType): SortedList<NamespaceNode> {
    return this.#types.get(type)?.list ?? new SortedList(compareNamespaces);
  }

  /** The namespace of that number, made when nothing told of it yet. */
  ensure(type: NamespaceType, id: number, changes: ChangeCollector): NamespaceNode {
    const known = this.#types.get(type)?.byId.get(id);
    if (known !== undefined) return known;
    const node = new NamespaceNode(type, id);
    // Which net and mnt namespace is the host's own comes out when the batch is in.
    node.initial = type !== 'net' && type !== 'mnt' && hasInitialId(type, id);
    this.all.set(node.key, node);
    this.#types.get(type)?.byId.set(id, node);
    this.#owners.attach(node);
    this.#parents.attach(node);
    this.unname(node);
    changes.add(node);
    return node;
  }

  record(record: NamespaceRecord, generation: number, changes: ChangeCollector): void {
    if (!this.#types.has(record.type) || !isId(record.id)) return;
    const node = this.ensure(record.type, record.id, changes);
    node.recorded = true;
    node.generation = generation;
    this.#update(node, record, changes);
  }

  /** The host says that it is gone. It stays while processes say that they are in it. */
  unrecord(node: NamespaceNode, changes: ChangeCollector): void {
    node.recorded = false;
    this.#update(node, { type: node.type, id: node.id, held: [] }, changes);
    if (node.unmentioned) this.#remove(node, changes);
  }

  /** Takes back what no record since that snapshot told. */
  forgetOlder(generation: number, changes: ChangeCollector): void {
    for (const node of this.all.values()) {
      if (node.recorded && node.generation !== generation) this.unrecord(node, changes);
    }
  }

  /** Number of the host's own mount namespace; undefined where it is not known. */
  get hostsMount(): number | undefined {
    return this.#hostsOwn.get('mnt')?.id;
  }

  enter(node: NamespaceNode, process: ProcessNode, changes: ChangeCollector): void {
    node.enter(process.pid, process.init);
    this.unname(node);
    changes.populate(node);
  }

  leave(node: NamespaceNode, process: ProcessNode, changes: ChangeCollector): void {
    node.leave(process.pid);
    this.unname(node);
    changes.populate(node);
    if (node.unmentioned) this.#remove(node, changes);
  }

  /**
   * A process's children will be created in namespace `id`; before it was `former`.
   *
   * @returns its key, undefined when there is none.
   */
  await(
    former: NamespaceKey | undefined,
    type: NamespaceType,
    id: number | undefined,
    changes: ChangeCollector,
  ): NamespaceKey | undefined {
    const node = id === undefined || !isId(id) ? undefined : this.ensure(type, id, changes);
    if (node?.key === former) return former;
    if (node !== undefined) node.awaited++;
    const before = former === undefined ? undefined : this.all.get(former);
    if (before !== undefined) {
      before.awaited--;
      if (before.unmentioned) this.#remove(before, changes);
    }
    return node?.key;
  }

  /** What its name comes from changed. */
  unname(node: NamespaceNode): void {
    if (node.removed || node.unnamed) return;
    node.unnamed = true;
    this.#unnamed.push(node);
  }

  /** A process came, went or is called another way: so is what it keeps without being in it. */
  changeKept(pid: number, changes: ChangeCollector): void {
    for (const node of this.#kept.get(pid) ?? []) {
      changes.change(node);
      this.unname(node);
    }
  }

  /** These users have other names: their user namespaces show them, and those without members are called after them. */
  renameUsers(uids: ReadonlySet<number>, changes: ChangeCollector): void {
    for (const node of this.ofType('user')) {
      if (node.uid === undefined || !uids.has(node.uid)) continue;
      changes.change(node);
      this.unname(node);
    }
  }

  /** Marks the host's own net and mnt namespace. True when another one than before is marked. */
  settleInitial(changes: ChangeCollector): boolean {
    let turned = false;
    for (const type of typesKnownByInit) {
      const node = this.all.get(hostsOwn(type, this.#processes));
      const before = this.#hostsOwn.get(type);
      if (node === before) continue;
      turned = true;
      this.#hostsOwn.delete(type);
      if (before !== undefined) this.#mark(before, false, changes);
      if (node === undefined) continue;
      this.#mark(node, true, changes);
      this.#hostsOwn.set(type, node);
    }
    return turned;
  }

  /** Names what is to be named anew, and puts it where its name belongs. */
  settleNames(changes: ChangeCollector): void {
    for (const node of this.#unnamed) {
      if (node.removed) continue;
      node.unnamed = false;
      const name = this.#nameOf(node);
      const same = name.text === node.name.text && node.place.initial === node.initial;
      if (node.listed && same && name.source === node.name.source) continue;
      changes.change(node);
      if (node.listed && same) {
        node.name = name;
        continue;
      }
      changes.place(node);
      if (node.listed) this.#unlist(node);
      node.name = name;
      node.place = { initial: node.initial, key: naturalKey(name.text) };
      this.#list(node, node.listed ? undefined : changes);
      node.listed = true;
    }
    this.#unnamed = [];
  }

  #nameOf(node: NamespaceNode): NamespaceNode['name'] {
    const leader = node.leader === undefined ? undefined : this.#processes.get(node.leader);
    let keeper: ProcessNode | undefined;
    for (const holder of node.holders) {
      const pid = holderPid(holder);
      keeper ??= pid === undefined ? undefined : this.#processes.get(pid);
    }
    const user = node.uid === undefined ? undefined : this.#userName(node.uid);
    return nameOf(node, { leader, workload: leader?.workloadNode, keeper, user });
  }

  #update(node: NamespaceNode, record: NamespaceRecord, changes: ChangeCollector): void {
    const { nsid } = record;
    const uid = node.type === 'user' ? record.uid : undefined;
    const owner: NamespaceKey | undefined = isId(record.owner) ? `user:${record.owner}` : undefined;
    const nested = node.type === 'pid' || node.type === 'user';
    const parent: NamespaceKey | undefined =
      nested && isId(record.parent) ? `${node.type}:${record.parent}` : undefined;
    if (owner !== node.owner || parent !== node.parent) {
      changes.place(node);
      changes.change(node);
      this.#relate(node, owner, parent, changes);
    }
    if (nsid !== node.nsid || uid !== node.uid) {
      node.nsid = nsid;
      node.uid = uid;
      changes.change(node);
      this.unname(node);
    }
    const holders = otherHolders(record.held);
    if (sameHolders(holders, node.holders)) return;
    this.#keep(node, false);
    node.holders = holders;
    this.#keep(node, true);
    this.#onHolders(node);
    changes.change(node);
    this.unname(node);
  }

  #relate(
    node: NamespaceNode,
    owner: NamespaceKey | undefined,
    parent: NamespaceKey | undefined,
    changes: ChangeCollector,
  ): void {
    if (node.listed) {
      this.#owners.unlink(node, changes);
      this.#parents.unlink(node, changes);
    }
    node.owner = owner;
    node.parent = parent;
    if (node.listed) {
      this.#owners.link(node, changes);
      this.#parents.link(node, changes);
    }
  }

  #keep(node: NamespaceNode, keeps: boolean): void {
    for (const holder of node.holders) {
      const pid = holderPid(holder);
      if (pid === undefined) continue;
      const kept = this.#kept.get(pid);
      if (keeps && kept === undefined) this.#kept.set(pid, new Set([node]));
      else if (keeps) kept?.add(node);
      else {
        kept?.delete(node);
        if (kept?.size === 0) this.#kept.delete(pid);
      }
    }
  }

  #mark(node: NamespaceNode, initial: boolean, changes: ChangeCollector): void {
    changes.place(node);
    changes.change(node);
    node.initial = initial;
    this.unname(node);
    for (const workload of node.workloadCounts.keys()) {
      changes.workload(workload);
      if (node.listed && initial) workload.unlist(node);
      else if (node.listed) workload.list(node);
    }
  }

  #list(node: NamespaceNode, changes: ChangeCollector | undefined): void {
    this.ofType(node.type).add(node);
    this.#owners.link(node, changes);
    this.#parents.link(node, changes);
    if (!node.initial) for (const workload of node.workloadCounts.keys()) workload.list(node);
  }

  #unlist(node: NamespaceNode, changes?: ChangeCollector): void {
    this.ofType(node.type).delete(node);
    this.#owners.unlink(node, changes);
    this.#parents.unlink(node, changes);
    if (!node.initial) for (const workload of node.workloadCounts.keys()) workload.unlist(node);
  }

  #remove(node: NamespaceNode, changes: ChangeCollector): void {
    changes.remove(node);
    if (node.listed) this.#unlist(node, changes);
    this.#keep(node, false);
    this.all.delete(node.key);
    this.#types.get(node.type)?.byId.delete(node.id);
    node.removed = true;
    if ((node.type === 'net' || node.type === 'mnt') && this.#hostsOwn.get(node.type) === node) {
      this.#hostsOwn.delete(node.type);
    }
  }
}

/** A number that can be an inode number, a pid or a start time. */
export function isId(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0;
}
