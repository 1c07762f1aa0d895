import type { Host } from '../../host/types.ts';
import type { Plain } from '../../model/details.ts';
import { stateWords } from '../host-words.ts';

type Members = Readonly<Record<string, Plain | undefined>>;

/** What is known of a host itself. What is not known is left out. */
export function hostDetails(host: Host): Plain {
  const { facts, graph, spec, state } = host;
  return plain({
    host: host.label,
    state: stateWords(host),
    problem: state.kind === 'lost' || state.kind === 'failed' ? state.error.message : undefined,
    remedy: state.kind === 'lost' || state.kind === 'failed' ? state.error.remedy : undefined,
    'helper runs through sudo': spec.sudo,
    kernel: facts?.kernel,
    architecture: facts?.arch,
    'host name': facts?.hostname,
    'boot id': facts?.boot,
    'helper runs as': facts && plain({ uid: facts.uid, gid: facts.gid, user: facts.user }),
    capabilities: facts?.capabilities,
    'namespace types of the kernel': facts?.types,
    'own namespaces of the helper': facts && plain(facts.own),
    'limits (/proc/sys/user)': facts && plain(facts.limits),
    restrictions: facts && plain(facts.restrictions),
    'subordinate uids': facts?.subuid.map(({ start, count }) => `${start}, ${count} of them`),
    'subordinate gids': facts?.subgid.map(({ start, count }) => `${start}, ${count} of them`),
    cgroup: facts?.cgroup,
    'hidepid of /proc': facts?.hidepid,
    'listns(2)': facts?.listns,
    'namespace ids (NS_GET_ID)': facts?.nsid,
    tools: facts && plain(facts.tools),
    seen:
      graph &&
      plain({
        namespaces: graph.namespaces.size,
        workloads: graph.workloads.size,
        processes: graph.completeness.processes,
        'processes that may not be read': graph.completeness.unreadable,
        sources: graph.completeness.source,
      }),
  });
}

function plain(members: Members): Plain {
  const known: Record<string, Plain> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)) continue;
    known[name] = value;
  }
  return known;
}
