import { findLeaks, type Leak } from '../leaks.ts';
import { count } from '../plain-words.ts';
import { namespaceName, processName } from '../words.ts';
import type { Process } from '../types.ts';
import { type Finding, type FindingTarget, type Live } from './types.ts';
import { manual } from '../manual.ts';

/** Namespaces that nothing but a descriptor or a mount keeps, what is left of instances, and names that are only files. */
export function* leftOver(live: Live): Iterable<Finding> {
  const { leaks, doubt } = findLeaks(live.graph, live);
  for (const leak of leaks) {
    const finding = leakFinding(leak, doubt);
    if (finding !== undefined) yield finding;
  }
}

/** What ended processes keep is said of their pid namespace, by another rule. */
function leakFinding({ id, held, detail, label, actions }: Leak, doubt: string | undefined): Finding | undefined {
  const action = 'findLeaks' as const;
  if (id.startsWith('process ')) return undefined;
  if (id.startsWith('file '))
    return {
      id: 'live/netns-file',
      severity: 'warning',
      target: { kind: 'host' },
      at: 'host',
      message: `/run/netns/${label.slice('File: '.length)} is only a file. ${held}. ${detail}`,
      remedy: 'Remove the file, or mount a namespace on it.',
      link: manual('ip-netns', 8),
      action,
    };
  const target = actions.flatMap((each): FindingTarget[] => (each.kind === 'details' ? [each.of] : []))[0];
  if (target === undefined) return undefined;
  const instance = id.startsWith('instance ');
  return {
    id: instance ? 'live/instance-left' : 'live/leak',
    severity: instance && doubt === undefined ? 'warning' : 'information',
    target,
    at: 'held by',
    message: `${held}. ${detail}${doubt === undefined ? '' : ` Not certain: ${doubt}`}`,
    remedy: instance ? 'End what is left of it.' : 'If nobody needs it, close or unmount what keeps it.',
    link: manual('namespaces', 7),
    action,
  };
}

/** Pid namespaces whose init has ended, or lets ended processes wait. */
export function* inits({ graph, lasting }: Live): Iterable<Finding> {
  const waiting = new Map<Process, { count: number; lasting: boolean }>();
  for (const process of graph.processes.values()) {
    if (!process.zombie) continue;
    if (isInit(process)) yield endedInit(graph, process);
    const parent = graph.processes.get(process.ppid);
    if (parent === undefined || parent.zombie || !isInit(parent)) continue;
    const before = waiting.get(parent);
    const lasts = lasting.has(`${process.pid}.${process.start}`);
    waiting.set(parent, { count: (before?.count ?? 0) + 1, lasting: lasts || before?.lasting === true });
  }
  for (const [init, zombies] of waiting) {
    const key = init.namespaces?.pid;
    if (!zombies.lasting) continue;
    yield {
      id: 'live/init-does-not-reap',
      severity: 'warning',
      target: key === undefined ? { kind: 'process', pid: init.pid, start: init.start } : { kind: 'namespace', key },
      at: key === undefined ? 'command' : 'leading process',
      message: `${processName(init, init.pid)}, the init of this PID namespace, has not waited for ${count(zombies.count, 'ended child', 'ended children')}.`,
      remedy: 'Run an init that waits for its children, as docker run --init does.',
      link: manual('pid_namespaces', 7),
    };
  }
}

/** The first process of a pid namespace below the host's. */
export function isInit({ nspid }: Process): boolean {
  return nspid !== undefined && nspid.length > 1 && nspid.at(-1) === 1;
}

function endedInit(graph: Live['graph'], { pid, start, ppid, namespaces }: Process): Finding {
  const key = namespaces?.pid;
  const known = key !== undefined && graph.namespaces.has(key);
  return {
    id: 'live/init-ended',
    severity: 'warning',
    target: known ? { kind: 'namespace', key } : { kind: 'process', pid, start },
    at: known ? 'members' : 'ended, not yet waited for',
    message: `The init of ${known ? namespaceName(graph, key) : 'a PID namespace'} has ended, so no process can be created in it; ${processName(graph.processes.get(ppid), ppid)} has not taken note of that.`,
    remedy: 'It goes when its parent waits for it, or ends.',
    link: manual('pid_namespaces', 7),
    action: 'findLeaks',
  };
}
