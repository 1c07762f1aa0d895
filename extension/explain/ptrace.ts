/** What stands in the way of a debugger, before it is started. Pure. */
import type { FactsRecord } from '../helper/protocol.ts';
import { manual } from '../model/manual.ts';
import { restriction, seen } from './evidence.ts';
import type { Explanation } from './types.ts';

export interface Tracing {
  readonly request: 'launch' | 'attach';
  /** A user namespace is joined in which the debugger has all capabilities. */
  readonly gainsCapabilities: boolean;
  /** User id of the process as the helper sees it; undefined where it is not known, or for a program that is launched. */
  readonly uid: number | undefined;
  /** The debugger runs as another user than the helper by default does there. */
  readonly user: string | undefined;
}

/** What is known to stand in the way, or may; the most certain first. Empty where nothing does. */
export function tracingProblems(facts: FactsRecord, tracing: Tracing): readonly Explanation[] {
  const { request, gainsCapabilities, uid, user } = tracing;
  const dropped = user !== undefined && !/^(root|keep|0(:\d+)?)$/.test(user);
  const capable = !dropped && (gainsCapabilities || facts.capabilities.includes('CAP_SYS_PTRACE'));
  const scope = Number(facts.restrictions['yama_ptrace_scope'] ?? 0);
  return [
    ...yama(facts, request, scope, capable),
    ...foreign(facts, tracing, capable, dropped),
    ...filters(facts, capable, uid),
  ];
}

function yama(
  facts: FactsRecord,
  request: 'launch' | 'attach',
  scope: number,
  capable: boolean,
): readonly Explanation[] {
  const evidence = restriction(facts, 'yama_ptrace_scope', 'Yama’s scope of ptrace');
  const common = {
    evidence,
    needsAdministrator: true,
    source: 'https://docs.kernel.org/admin-guide/LSM/Yama.html',
  };
  if (scope >= 3) {
    return [
      {
        id: 'ptrace-scope',
        cause: 'This host lets nobody use ptrace(2): Yama’s scope is 3, which only a restart of the host takes back.',
        remedy: 'Set kernel.yama.ptrace_scope to another value for the next start (sysctl.d(5)), and restart the host.',
        certainty: 'certain',
        ...common,
      },
    ];
  }
  if (capable || scope === 0 || (scope === 1 && request === 'launch')) return [];
  return [
    {
      id: 'ptrace-scope',
      cause:
        scope === 1
          ? 'Yama lets a debugger attach only to what it has started itself, unless it has CAP_SYS_PTRACE in the user namespace of the process.'
          : 'Yama lets only a debugger use ptrace(2) that has CAP_SYS_PTRACE in the user namespace of the process.',
      remedy:
        'Connect with sudo, or launch the program under the debugger; an administrator may also set kernel.yama.ptrace_scope to 0.',
      certainty: 'certain',
      ...common,
    },
  ];
}

function foreign(
  facts: FactsRecord,
  { request, uid }: Tracing,
  capable: boolean,
  dropped: boolean,
): readonly Explanation[] {
  if (capable || dropped || request === 'launch' || uid === undefined || uid === facts.uid) return [];
  return [
    {
      id: 'ptrace-other-user',
      cause: 'The process is another user’s, and the debugger has no CAP_SYS_PTRACE in its user namespace.',
      evidence: [
        seen('User id of the process', uid, '/proc/PID/status, Uid'),
        seen('User id of the helper', facts.uid, 'geteuid(2)'),
        seen('CAP_SYS_PTRACE is effective', 'no', '/proc/self/status, CapEff'),
      ],
      remedy: 'Connect with sudo, or as that user.',
      needsAdministrator: true,
      certainty: 'certain',
      source: manual('ptrace', 2),
    },
  ];
}

function filters(facts: FactsRecord, capable: boolean, uid: number | undefined): readonly Explanation[] {
  if (Number(facts.restrictions['seccomp'] ?? 0) !== 2) return [];
  return [
    {
      id: 'ptrace-seccomp',
      cause:
        'The helper runs under a seccomp filter, as in a container, which may refuse ptrace(2) or process_vm_readv(2).',
      evidence: [
        ...restriction(facts, 'seccomp', 'Seccomp mode'),
        seen('CAP_SYS_PTRACE', capable ? 'yes' : 'no', '/proc/self/status, CapEff'),
        ...(uid === undefined ? [] : [seen('User id of the process', uid, '/proc/PID/status, Uid')]),
      ],
      remedy: 'Run the container in which the helper is with a profile that allows ptrace, or connect to its host.',
      needsAdministrator: true,
      certainty: 'possible',
      source: manual('seccomp', 2),
    },
  ];
}

/** Plain text: the cause, what it was seen by, and what helps. */
export function explanationText({ cause, evidence, remedy }: Explanation): string {
  return [cause, ...evidence.map(({ what, value, source }) => `• ${what}: ${value} (${source})`), remedy].join('\n');
}
