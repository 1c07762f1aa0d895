/**
 * A small kernel to make records with: processes that fork, exec, unshare, join and exit, and namespaces that live as long
 * as something holds them. It tells its state as `scan` does, and what changed between two states as `watch` does, so that a
 * graph kept up by changes can be compared with one built afresh.
 */
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import type {
  HelperRecord,
  Holder,
  NamespaceRecord,
  NamespaceType,
  ProcessRecord,
} from '../../../extension/helper/protocol.ts';

/** A generator of numbers that is the same on every run (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

const initialIds: Readonly<Record<NamespaceType, number>> = {
  ipc: 4026531839,
  uts: 4026531838,
  user: 4026531837,
  pid: 4026531836,
  cgroup: 4026531835,
  time: 4026531834,
  // As on a kernel before 6.17.
  net: 4026531840,
  mnt: 4026531841,
};

interface WorldNamespace {
  readonly type: NamespaceType;
  readonly id: number;
  readonly owner: number | undefined;
  readonly parent: number | undefined;
  readonly uid: number | undefined;
  readonly mounts: Set<string>;
}

interface WorldProcess {
  pid: number;
  start: number;
  ppid: number;
  uid: number;
  comm: string;
  cmdline: string | undefined;
  cgroup: string;
  nspid: number[] | undefined;
  ns: Record<NamespaceType, number>;
  fds: Set<string>;
}

const commands = ['nginx', 'sleep', 'bash', 'redis-server', 'conmon', 'containerd-shim', 'bwrap', 'pause'];

/** What there is, by a name that stays. */
export type State = ReadonlyMap<string, HelperRecord>;

export class World {
  readonly namespaces = new Map<string, WorldNamespace>();
  readonly processes = new Map<number, WorldProcess>();
  readonly users = new Map<number, string>([[0, 'root']]);
  readonly random: Random;
  #nextId = 4026532000;
  #nextPid = 2;
  #clock = 100;

  constructor(seed: number) {
    this.random = new Random(seed);
    for (const type of namespaceTypes) {
      this.namespaces.set(`${type}:${initialIds[type]}`, {
        type,
        id: initialIds[type],
        owner: type === 'user' ? undefined : initialIds.user,
        parent: undefined,
        uid: type === 'user' ? 0 : undefined,
        mounts: new Set(),
      });
    }
    this.processes.set(1, {
      pid: 1,
      start: 0,
      ppid: 0,
      uid: 0,
      comm: 'systemd',
      cmdline: '/sbin/init',
      cgroup: '/init.scope',
      nspid: undefined,
      ns: { ...initialIds },
      fds: new Set(),
    });
  }

  fork(parent: WorldProcess, cgroup = parent.cgroup): WorldProcess {
    const pid = this.#nextPid++;
    if (this.random.below(3) === 0) this.#clock++;
    const depth = parent.nspid?.length ?? 1;
    const child: WorldProcess = {
      ...parent,
      pid,
      start: this.#clock,
      ppid: parent.pid,
      cgroup,
      nspid: depth === 1 ? undefined : [pid, ...Array.from({ length: depth - 1 }, () => 2 + this.random.below(1000))],
      ns: { ...parent.ns },
      fds: new Set(),
    };
    this.processes.set(pid, child);
    return child;
  }

  exec(process: WorldProcess, comm: string, cmdline: string | undefined = comm): void {
    process.comm = comm;
    process.cmdline = cmdline;
  }

  /** The process itself gets new namespaces; for pid it must be without children, as if it had been cloned into it. */
  unshare(process: WorldProcess, types: readonly NamespaceType[]): void {
    for (const type of types.toSorted((a, b) => Number(b === 'user') - Number(a === 'user'))) {
      const id = this.#nextId++;
      const nested = type === 'user' || type === 'pid';
      this.namespaces.set(`${type}:${id}`, {
        type,
        id,
        owner: process.ns.user,
        parent: nested ? process.ns[type] : undefined,
        uid: type === 'user' ? process.uid : undefined,
        mounts: new Set(),
      });
      process.ns[type] = id;
      if (type === 'pid') process.nspid = [...(process.nspid ?? [process.pid]), 1];
    }
    this.#collect();
  }

  join(process: WorldProcess, type: NamespaceType, id: number): void {
    process.ns[type] = id;
    this.#collect();
  }

  exit(process: WorldProcess): void {
    this.processes.delete(process.pid);
    for (const child of this.processes.values()) if (child.ppid === process.pid) child.ppid = 1;
    this.#collect();
  }

  mount(namespace: WorldNamespace, path: string): void {
    namespace.mounts.add(path);
  }

  unmount(namespace: WorldNamespace, path: string): void {
    namespace.mounts.delete(path);
    this.#collect();
  }

  /** One random step. */
  step(): void {
    const { random } = this;
    const others = [...this.processes.values()].filter(({ pid }) => pid !== 1);
    const some = others.length === 0 ? undefined : random.pick(others);
    const namespace = random.pick([...this.namespaces.values()]);
    const kind = random.below(12);
    const init = this.processes.get(1);
    if (init === undefined) throw new Error('no pid 1');
    if (some === undefined || kind < 4) {
      const child = this.fork(random.below(2) === 0 ? init : (some ?? init), this.#cgroup());
      if (random.below(2) === 0) this.#randomExec(child);
      if (random.below(3) === 0) {
        const types = namespaceTypes.filter(() => random.below(3) === 0);
        this.unshare(child, types);
      }
    } else if (kind < 6) this.exit(some);
    else if (kind === 6) this.#randomExec(some);
    else if (kind === 7) this.mount(namespace, `/run/netns/n${random.below(50)}`);
    else if (kind === 8) {
      for (const path of namespace.mounts) this.unmount(namespace, path);
    } else if (kind === 9) {
      if (namespace.type !== 'pid') this.join(some, namespace.type, namespace.id);
    } else if (kind === 10) {
      some.fds.add(`${namespace.type}:${namespace.id}`);
      if (random.below(3) === 0) some.fds.clear();
      this.#collect();
    } else {
      some.uid = random.pick([0, 1000, 1001, 1002]);
      some.cgroup = this.#cgroup();
      this.users.set(1000 + random.below(3), random.pick(['alice', 'bob', 'carol']));
    }
  }

  /** What `scan` prints. */
  snapshot(): HelperRecord[] {
    const records: HelperRecord[] = [{ snapshot: { time: this.#clock, complete: true, source: ['proc', 'mounts'] } }];
    for (const [uid, name] of this.users) records.push({ user: { uid, name } });
    for (const namespace of this.namespaces.values()) records.push({ ns: this.#namespaceRecord(namespace) });
    for (const process of this.processes.values()) records.push({ process: processRecord(process) });
    records.push({ end: this.#totals() });
    return records;
  }

  /** A state to compare with later. */
  state(): State {
    const state = new Map<string, HelperRecord>();
    for (const [uid, name] of this.users) state.set(`user ${uid}`, { user: { uid, name } });
    for (const [key, namespace] of this.namespaces) state.set(key, { ns: this.#namespaceRecord(namespace) });
    for (const process of this.processes.values()) {
      state.set(`process ${process.pid} ${process.start}`, { process: processRecord(process) });
    }
    return state;
  }

  /** What `watch` prints for what happened since `before`, in any order. */
  changesSince(before: State): HelperRecord[] {
    const records: HelperRecord[] = [];
    const now = this.state();
    for (const [key, record] of now) {
      if (JSON.stringify(before.get(key)) !== JSON.stringify(record)) records.push(record);
    }
    for (const [key, record] of before) {
      if (now.has(key)) continue;
      if ('ns' in record) records.push({ gone: { ns: `${record.ns.type}:${record.ns.id}` } });
      if ('process' in record) {
        const { pid, start } = record.process;
        records.push({ gone: { process: { pid, start } } });
      }
    }
    for (let index = records.length - 1; index > 0; index--) {
      const other = this.random.below(index + 1);
      const [a, b] = [records[index], records[other]];
      if (a !== undefined && b !== undefined) [records[index], records[other]] = [b, a];
    }
    records.push({ tick: { ...this.#totals(), milliseconds: 1, interval: 1000, bound: 5000 } });
    return records;
  }

  #totals(): { processes: number; namespaces: number; unreadable: number } {
    return { processes: this.processes.size, namespaces: this.namespaces.size, unreadable: 0 };
  }

  #namespaceRecord(namespace: WorldNamespace): NamespaceRecord {
    const { type, id, owner, parent, uid, mounts } = namespace;
    const held: Holder[] = [];
    const member = [...this.processes.values()].find(({ ns }) => ns[type] === id);
    if (member !== undefined) held.push({ by: 'process', pid: member.pid });
    for (const path of mounts) held.push({ by: 'mount', path, mntns: initialIds.mnt });
    for (const process of this.processes.values()) {
      const fd = [...process.fds].indexOf(`${type}:${id}`);
      if (fd !== -1) held.push({ by: 'fd', pid: process.pid, fd });
    }
    if (this.#hasDependents(namespace)) held.push({ by: 'child' });
    return {
      type,
      id,
      ...(owner === undefined ? {} : { owner }),
      ...(parent === undefined ? {} : { parent }),
      ...(uid === undefined ? {} : { uid }),
      held,
    };
  }

  #hasDependents({ type, id }: WorldNamespace): boolean {
    return [...this.namespaces.values()].some(
      (other) => (type === 'user' && other.owner === id) || (other.type === type && other.parent === id),
    );
  }

  /** Frees what nothing holds, until nothing more goes. */
  #collect(): void {
    const used = new Set<string>();
    for (const { ns, fds } of this.processes.values()) {
      for (const type of namespaceTypes) used.add(`${type}:${ns[type]}`);
      for (const key of fds) used.add(key);
    }
    let freed = true;
    while (freed) {
      freed = false;
      for (const [key, namespace] of this.namespaces) {
        if (used.has(key) || namespace.mounts.size > 0 || this.#hasDependents(namespace)) continue;
        this.namespaces.delete(key);
        freed = true;
      }
    }
  }

  #randomExec(process: WorldProcess): void {
    const { random } = this;
    const comm = random.pick(commands);
    if (comm === 'conmon') {
      this.exec(
        process,
        comm,
        `/usr/bin/conmon --api-version 1 -c ${id64(random)} -u x -n ${random.pick(['web', 'db'])}`,
      );
    } else if (comm === 'containerd-shim') {
      this.exec(process, comm, `/usr/bin/containerd-shim-runc-v2 -namespace moby -id ${id64(random)} -address /run/x`);
    } else if (comm === 'bwrap')
      this.exec(process, comm, `bwrap --unshare-all -- ${random.pick(['/bin/cat', 'gimp'])}`);
    else if (random.below(5) === 0) this.exec(process, 'chromium', '/usr/lib/chromium/chromium --type=renderer');
    else this.exec(process, comm);
  }

  #cgroup(): string {
    const { random } = this;
    return random.pick([
      '/',
      '/user.slice/user-1000.slice/session-3.scope',
      `/system.slice/${random.pick(['nginx', 'ssh', 'cron'])}.service`,
      `/system.slice/docker-${id64(random)}.scope`,
      `/machine.slice/libpod-${id64(random)}.scope`,
      `/lxc.payload.${random.pick(['c1', 'c2'])}/system.slice/cron.service`,
      '/kubepods/burstable/pod0a1b2c3d-0000-1111-2222-333344445555/' + id64(random),
    ]);
  }
}

/** One of four ids, so that evidence and cgroups meet. */
function id64(random: Random): string {
  return String(random.below(4)).repeat(64);
}

function processRecord(process: WorldProcess): ProcessRecord {
  const { pid, start, ppid, uid, comm, cmdline, cgroup, nspid, ns } = process;
  return {
    pid,
    start,
    ppid,
    uid,
    comm,
    cgroup,
    ns: { ...ns },
    ...(cmdline === undefined ? {} : { cmdline }),
    ...(nspid === undefined ? {} : { nspid }),
  };
}
