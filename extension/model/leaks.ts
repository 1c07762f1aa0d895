/**
 * What is left over on a host: namespaces that no process is in and that nobody keeps on purpose, instances whose holder has
 * died, ended processes that nobody has taken note of, and names of ip-netns(8) that are only files. Pure.
 *
 * What a graph shows is what was visible. Where that is not all, nothing here is certain, and `doubt` says why.
 */
import type { Holder } from '../helper/protocol.ts';
import { completenessSentence, type Rights } from './completeness.ts';
import { foldedHolders, holderPid, type FoldedHolder } from './holders.ts';
import { bestMountName } from './naming/mounts.ts';
import { instanceName, instanceOf, pinHolder } from './naming/instances.ts';
import { displayText } from './text.ts';
import type { Graph, Namespace, NamespaceKey, Process } from './types.ts';
import { count, listed, processes, typeNames } from './plain-words.ts';
import { foldedName, namespaceName, processName } from './words.ts';

export interface LeakContext {
  readonly rights: Rights;
  /** Number of the mount namespace in which the helper can take mounts away; undefined where it is not known. */
  readonly mntns: number | undefined;
  /** Names in /run/netns there; undefined where nobody looked. */
  readonly netnsNames: readonly string[] | undefined;
}

/** What can be done about it, safest first. */
export type LeakAction =
  /** `unpin`: an absolute path, or the name of a pin that a process holds, which both have to keep this namespace still. */
  | { readonly kind: 'unpin'; readonly what: string; readonly key: NamespaceKey }
  /** A file on which nothing is mounted. */
  | { readonly kind: 'remove'; readonly path: string }
  /** `end` of an instance by its name. */
  | { readonly kind: 'end'; readonly name: string }
  | { readonly kind: 'details' | 'reveal'; readonly of: LeakTarget }
  /** `end` of a whole process, as long as it keeps this namespace. */
  | { readonly kind: 'endProcess'; readonly process: ProcessTarget; readonly key: NamespaceKey };

interface ProcessTarget {
  readonly kind: 'process';
  readonly pid: number;
  readonly start: number;
}

export type LeakTarget = { readonly kind: 'namespace'; readonly key: NamespaceKey } | ProcessTarget;

export interface Leak {
  /** The same as long as it is the same leak. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** What holds it, short enough for one line. */
  readonly held: string;
  /** Why it is there and when it goes, in a sentence or two. */
  readonly detail: string;
  readonly actions: readonly LeakAction[];
}

export interface Leaks {
  readonly leaks: readonly Leak[];
  /** Without a process, but kept on purpose. */
  readonly kept: readonly Leak[];
  /** Why nothing of this is certain, and what may be missing; undefined when everything was looked at. */
  readonly doubt: string | undefined;
}

const netnsPath = /^\/(?:var\/)?run\/netns\/[^/]+$/;

export function findLeaks(graph: Graph, context: LeakContext): Leaks {
  const keepers = new Set<string>();
  for (const { cmdline, zombie } of graph.processes.values()) {
    const name = zombie ? undefined : (instanceName(cmdline) ?? pinHolder(cmdline)?.name);
    if (name !== undefined) keepers.add(name);
  }
  const leaks: Leak[] = [];
  const kept: Leak[] = [];
  const dead = new Map<string, Namespace[]>();
  for (const namespace of graph.namespaces.values()) {
    const holders = abandoned(graph, namespace);
    if (holders === undefined) continue;
    const name = holders.flatMap(({ holder }) => mountedFor(holder) ?? [])[0];
    const purpose = purposeOf(graph, namespace, holders, keepers, context);
    if (purpose !== undefined) kept.push(namespaceLeak(graph, namespace, holders, context, purpose));
    else if (name === undefined) leaks.push(namespaceLeak(graph, namespace, holders, context, undefined));
    else dead.set(name, [...(dead.get(name) ?? []), namespace]);
  }
  for (const [name, namespaces] of dead) {
    const [only] = namespaces;
    // `pin` keeps by a mount alone too, and one at a time; an instance that has died leaves all of its types.
    if (namespaces.length === 1 && only !== undefined && only.type !== 'pid') {
      const holders = foldedHolders(graph, only);
      const actions = holders.flatMap(({ holder }) => unpinOf(only, holder, context.mntns));
      kept.push(namespaceLeak(graph, only, holders, context, { words: `Kept as “${displayText(name)}”.`, actions }));
    } else leaks.push(instanceLeak(name, namespaces));
  }
  for (const process of graph.processes.values())
    if (keepsPidNamespace(process)) leaks.push(zombieLeak(graph, process));
  leaks.push(...fileLeaks(graph, context));
  const byLabel = (a: Leak, b: Leak): number => (a.label < b.label ? -1 : Number(a.label > b.label));
  return { leaks: leaks.toSorted(byLabel), kept: kept.toSorted(byLabel), doubt: doubtOf(graph, context) };
}

/** What keeps it, where nothing but descriptors, mounts and sockets does; undefined for what is in use or not known. */
function abandoned(graph: Graph, namespace: Namespace): readonly FoldedHolder[] | undefined {
  if (namespace.initial || namespace.memberList.size > 0) return undefined;
  const holders = foldedHolders(graph, namespace);
  const idle = holders.every(({ holder: { by } }) => by === 'fd' || by === 'mount' || by === 'socket');
  return idle && holders.length > 0 ? holders : undefined;
}

function mountedFor(holder: Holder): string | undefined {
  return holder.by === 'mount' ? instanceOf(holder.path) : undefined;
}

interface Purpose {
  readonly words: string;
  /** How it stops. */
  readonly actions: readonly LeakAction[];
}

/** Why it is kept without a process; undefined when nobody seems to want it. */
function purposeOf(
  graph: Graph,
  namespace: Namespace,
  holders: readonly FoldedHolder[],
  keepers: ReadonlySet<string>,
  { mntns }: LeakContext,
): Purpose | undefined {
  for (const { holder } of holders) {
    const pid = holderPid(holder);
    const cmdline = pid === undefined ? undefined : graph.processes.get(pid)?.cmdline;
    const pin = pinHolder(cmdline);
    const by = pin?.name ?? instanceName(cmdline);
    if (by !== undefined) {
      const actions: readonly LeakAction[] = pin === undefined ? [] : [{ kind: 'unpin', what: by, key: namespace.key }];
      return { words: `Kept as “${by}” by its holder.`, actions };
    }
    const name = mountedFor(holder);
    // Its mounts go with it, when it is ended.
    if (name !== undefined && keepers.has(name))
      return { words: `Kept as “${displayText(name)}”, whose holder is alive.`, actions: [] };
    if (holder.by !== 'mount') continue;
    const actions = unpinOf(namespace, holder, mntns);
    // What a program made up was to go with what it was made for.
    if (netnsPath.test(holder.path) && bestMountName([holder.path], namespace.type)?.made === false)
      return { words: 'Kept by name on purpose, as ip netns does.', actions };
    if (/^\/(?:var\/)?run\/snapd\/ns\//.test(holder.path))
      return { words: 'Kept by snapd for the next start of the snap.', actions };
  }
  return undefined;
}

/** Nothing where the helper cannot take it away. */
function unpinOf({ key }: Namespace, holder: Holder, mntns: number | undefined): readonly LeakAction[] {
  return holder.by === 'mount' && holder.mntns === mntns ? [{ kind: 'unpin', what: holder.path, key }] : [];
}

function namespaceLeak(
  graph: Graph,
  namespace: Namespace,
  holders: readonly FoldedHolder[],
  { mntns }: LeakContext,
  purpose: Purpose | undefined,
): Leak {
  const { key, type, name } = namespace;
  const target = { kind: 'namespace', key } as const;
  const targets = processTargets(graph, holders);
  const elsewhere = holders.flatMap(({ holder }): LeakAction[] =>
    holder.by !== 'mount' || holder.mntns === mntns || !graph.namespaces.has(`mnt:${holder.mntns}`)
      ? []
      : [{ kind: 'reveal', of: { kind: 'namespace', key: `mnt:${holder.mntns}` } }],
  );
  return {
    id: key,
    label: `${typeNames[type]}: ${name.source === 'none' ? key : name.text}`,
    description: name.source === 'none' ? '' : key,
    held: `Kept by ${listed(holders.map((holder) => foldedName(graph, holder)))}`,
    detail: [
      purpose?.words,
      type === 'pid' ? 'No process is in it, and none can be any more.' : 'No process is in it.',
      whenGone(graph, holders),
    ]
      .filter((part) => part !== undefined)
      .join(' '),
    actions: [
      ...(purpose?.actions ?? holders.flatMap(({ holder }) => unpinOf(namespace, holder, mntns))),
      ...targets.map((of): LeakAction => ({ kind: 'reveal', of })),
      { kind: 'reveal', of: target },
      { kind: 'details', of: target },
      ...elsewhere,
      // The helper refuses init, on which everything hangs.
      ...(purpose === undefined ? targets.filter(({ pid }) => pid !== 1) : []).map((process): LeakAction => ({
        kind: 'endProcess',
        process,
        key,
      })),
    ],
  };
}

function processTargets(graph: Graph, holders: readonly FoldedHolder[]): readonly ProcessTarget[] {
  const pids = new Set(holders.flatMap(({ holder }) => holderPid(holder) ?? []));
  return [...pids].flatMap((pid) => {
    const process = graph.processes.get(pid);
    return process === undefined ? [] : [{ kind: 'process', pid, start: process.start } as const];
  });
}

function whenGone(graph: Graph, holders: readonly FoldedHolder[]): string | undefined {
  const pids = [...new Set(holders.flatMap(({ holder }) => holderPid(holder) ?? []))];
  if (pids.length === 0) return undefined;
  const names = listed(
    pids.map((pid) => processName(graph.processes.get(pid), pid)),
    4,
  );
  return pids.length === 1 ? `It goes when ${names} closes it or ends.` : `It goes when ${names} close it or end.`;
}

function instanceLeak(name: string, namespaces: readonly Namespace[]): Leak {
  const [first] = namespaces;
  const target = first && ({ kind: 'namespace', key: first.key } as const);
  return {
    id: `instance ${name}`,
    label: `Instance: ${displayText(name)}`,
    description: listed(namespaces.map(({ type }) => type)),
    held: `Kept by mounts beneath /run/linux-namespaces/${displayText(name)}`,
    detail: `Its holder has ended, and no process is in its ${count(namespaces.length, 'namespace')}.`,
    actions: [
      { kind: 'end', name },
      ...(target === undefined
        ? []
        : ([
            { kind: 'reveal', of: target },
            { kind: 'details', of: target },
          ] as const)),
    ],
  };
}

/** An ended init keeps its pid namespace until its parent takes note of it. */
function keepsPidNamespace({ zombie, nspid }: Process): boolean {
  return zombie && nspid !== undefined && nspid.length > 1 && nspid.at(-1) === 1;
}

function zombieLeak(graph: Graph, process: Process): Leak {
  const { pid, start, comm, ppid } = process;
  const parent = graph.processes.get(ppid);
  const targets: readonly LeakTarget[] = [
    { kind: 'process', pid, start },
    ...(parent === undefined ? [] : [{ kind: 'process', pid: ppid, start: parent.start } as const]),
  ];
  return {
    id: `process ${pid}.${start}`,
    label: `Ended: ${comm}`,
    description: `pid ${pid}`,
    held: `Kept until ${processName(parent, ppid)} takes note of its end`,
    detail:
      'It was the first process of a PID namespace, in which nothing can run any more. It goes when its parent takes note, or ends itself.',
    actions: targets.map((of): LeakAction => ({ kind: 'details', of })),
  };
}

/** Names of ip-netns(8) on which nothing is mounted where the helper is. */
function fileLeaks(graph: Graph, { netnsNames = [], mntns }: LeakContext): readonly Leak[] {
  if (netnsNames.length === 0 || mntns === undefined) return [];
  const here = new Set<string>();
  const elsewhere = new Map<string, Namespace>();
  for (const namespace of graph.ofType('net')) {
    for (const holder of namespace.held) {
      if (holder.by !== 'mount' || !netnsPath.test(holder.path)) continue;
      const name = holder.path.slice(holder.path.lastIndexOf('/') + 1);
      if (holder.mntns === mntns) here.add(name);
      else elsewhere.set(name, namespace);
    }
  }
  return netnsNames
    .filter((name) => !here.has(name))
    .map((name): Leak => {
      const path = `/run/netns/${name}`;
      const other = elsewhere.get(name);
      return {
        id: `file ${name}`,
        label: `File: ${displayText(name)}`,
        description: displayText(path),
        held: other === undefined ? 'No namespace is mounted on it' : 'A namespace is mounted on it elsewhere only',
        detail:
          other === undefined
            ? 'A name of ip netns that is only a file: ip netns exec fails with EINVAL.'
            : `Only a file here: ${namespaceName(graph, other.key)} is mounted on it in another mount namespace.`,
        actions: [
          { kind: 'remove', path },
          ...(other === undefined ? [] : [{ kind: 'reveal', of: { kind: 'namespace', key: other.key } } as const]),
        ],
      };
    });
}

/** The source of a snapshot that looked at everything which can hold a namespace. */
const needed = {
  proc: 'processes',
  mounts: 'mounts',
  tasks: 'threads',
  fds: 'open files',
  sockets: 'sockets',
} as const;

function doubtOf({ completeness }: Graph, { rights, netnsNames }: LeakContext): string | undefined {
  const { text, partial } = completenessSentence(completeness, rights);
  const missing: string[] = Object.entries(needed).flatMap(([source, what]) =>
    completeness.source.includes(source) ? [] : [what],
  );
  if (netnsNames === undefined) missing.push('/run/netns');
  const parts = [
    partial ? text : undefined,
    missing.length === 0 ? undefined : `Not looked at: ${listed(missing)}.`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** What a person is told when there is nothing to list. */
export function nothingWords({ completeness, namespaces }: Graph): string {
  return `No leak was found among ${count(namespaces.size, 'namespace')} and ${processes(completeness.processes)}.`;
}
