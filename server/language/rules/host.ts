import type { NamespaceType } from '../../../extension/helper/protocol.ts';
import { listed } from '../../../extension/model/plain-words.ts';
import { typeWord, withArticle } from '../../../extension/model/words.ts';
import type { Declared, DeclaredMapping, DeclaredNamespace, Workload } from '../declared.ts';
import type { Host } from '../host.ts';
import { freeSubordinate } from '../free-ids.ts';
import type { Finding, Fix, Rule } from '../rule.ts';

type HostCheck = (host: Host, workload: Workload) => Iterable<Finding>;

function hostRule(info: Omit<Rule<Declared>, 'check'>, check: HostCheck): Rule<Declared> {
  return {
    ...info,
    *check({ workloads }, host) {
      if (host === undefined) return;
      for (const workload of workloads) yield* check(host, workload);
    },
  };
}

function* each(
  { namespaces }: Workload,
  find: (namespace: DeclaredNamespace) => Finding | undefined,
): Generator<Finding> {
  for (const namespace of namespaces) {
    const finding = find(namespace);
    if (finding !== undefined) yield finding;
  }
}

const pages = 'https://man7.org/linux/man-pages/man7/';

const typeMissing = hostRule(
  {
    id: 'host/type-missing',
    severity: 'warning',
    summary: 'The host’s kernel does not have this type of namespace',
    link: `${pages}namespaces.7.html`,
  },
  (host, workload) =>
    each(workload, ({ type, from, span }) =>
      from.kind === 'host' || host.facts.types.includes(type)
        ? undefined
        : {
            span,
            message: `Linux ${host.facts.kernel} of ${host.name} has no ${typeWord(type)} namespaces.`,
            remedy: 'Leave it out on that host, or use a kernel that was built with them.',
          },
    ),
);

/** A path that does not exist now may be made before it is needed, so this is no error. */
const pathMissing = hostRule(
  {
    id: 'host/path-missing',
    severity: 'warning',
    summary: 'No namespace is at this path of the host',
    link: `${pages}namespaces.7.html`,
  },
  (host, workload) =>
    each(workload, ({ from, sourceSpan, type }) =>
      from.kind === 'path' && host.at(from.path) === 'missing'
        ? {
            span: sourceSpan,
            message: `No namespace is mounted at ${from.path} on ${host.name} now.`,
            remedy: `Create ${withArticle(typeWord(type))} namespace there before this is started.`,
          }
        : undefined,
    ),
);

const pathOfOtherType = hostRule(
  {
    id: 'host/path-of-other-type',
    severity: 'error',
    summary: 'The path of the host refers to a namespace of another type',
    link: 'https://man7.org/linux/man-pages/man2/setns.2.html#ERRORS',
  },
  (host, workload) =>
    each(workload, ({ from, sourceSpan, type }) => {
      const there = from.kind === 'path' ? host.at(from.path) : undefined;
      if (from.kind !== 'path' || there === undefined || there === 'missing' || there.type === type) return undefined;
      return {
        span: sourceSpan,
        message: `${from.path} on ${host.name} is ${withArticle(typeWord(there.type))} namespace, so that joining it as ${withArticle(typeWord(type))} namespace fails with EINVAL.`,
        remedy: `Name ${withArticle(typeWord(type))} namespace.`,
      };
    }),
);

const limitIsZero = hostRule(
  {
    id: 'host/limit-is-zero',
    severity: 'warning',
    summary: 'The host allows no namespace of this type to be created',
    link: `${pages}namespaces.7.html`,
  },
  (host, workload) =>
    each(workload, ({ type, from, span }) => {
      const name = `max_${type}_namespaces`;
      return from.kind === 'new' && host.facts.limits[name] === 0
        ? {
            span,
            message: `/proc/sys/user/${name} is 0 on ${host.name}, so that creating one fails with ENOSPC.`,
            remedy: `An administrator can raise it: sysctl user.${name}=N.`,
          }
        : undefined;
    }),
);

const containerUnknown = hostRule(
  {
    id: 'host/container-not-seen',
    severity: 'information',
    summary: 'No running container of this name is seen on the host',
    link: 'https://docs.docker.com/engine/network/#container-networks',
  },
  (host, workload) =>
    each(workload, ({ from, sourceSpan }) =>
      from.kind === 'container' && host.complete && host.container(from.name) === undefined
        ? {
            span: sourceSpan,
            message: `No running container ${from.name} is seen on ${host.name}.`,
            remedy: 'Start it first; where containers are known by their ids only, this cannot be told.',
          }
        : undefined,
    ),
);

/** Those of the helper's `facts` that something can be started with. Whether another program is there was not looked at. */
export const soughtPrograms: ReadonlySet<string> = new Set([
  'runc',
  'crun',
  'podman',
  'docker',
  'containerd',
  'ctr',
  'nerdctl',
  'crictl',
  'lxc-start',
  'systemd-nspawn',
  'bwrap',
  'unshare',
  'nsenter',
  'ip',
]);

const runtimeMissing = hostRule(
  {
    id: 'host/runtime-missing',
    severity: 'information',
    summary: 'The host has none of the programs that this needs',
    link: 'https://github.com/opencontainers/runtime-spec/blob/main/implementations.md',
  },
  function* runtimes(host, { runtimes: wanted, span }) {
    if (
      wanted.length === 0 ||
      wanted.some((name) => !soughtPrograms.has(name) || Object.hasOwn(host.facts.tools, name))
    )
      return;
    yield {
      span,
      message: `${listed(wanted)} ${wanted.length === 1 ? 'was' : 'were'} not found on ${host.name}.`,
      remedy: 'Install one, or choose another host.',
    };
  },
);

/** Who may write any mapping has CAP_SETUID in the parent user namespace; others need subordinate ids: user_namespaces(7). */
const outsideSubordinate = hostRule(
  {
    id: 'host/ids-not-subordinate',
    severity: 'warning',
    summary: 'The user has no right to map these ids',
    link: 'https://man7.org/linux/man-pages/man5/subuid.5.html',
  },
  function* subordinate(host, { mappings }) {
    const { uid, user = String(uid), capabilities } = host.facts;
    for (const mapping of mappings) {
      const capability = mapping.kind === 'uid' ? 'CAP_SETUID' : 'CAP_SETGID';
      if (capabilities.includes(capability) || mayMap(host, mapping)) continue;
      const last = mapping.outside + mapping.count - 1;
      yield {
        span: mapping.span,
        message: `${user} on ${host.name} may not map ${mapping.kind}s ${mapping.outside} to ${last}: they are not within its ranges of /etc/sub${mapping.kind}.`,
        remedy: `${rangesOf(host, mapping)} An administrator can give it more: usermod --add-sub${mapping.kind}s.`,
        ...freeRangeFix(host, mapping, mappings),
      };
    }
  },
);

function mayMap({ facts }: Host, { kind, outside, count }: DeclaredMapping): boolean {
  const own = kind === 'uid' ? facts.uid : facts.gid;
  if (count === 1 && outside === own) return true;
  const ranges = kind === 'uid' ? facts.subuid : facts.subgid;
  return ranges.some(({ start, count: size }) => start <= outside && outside + count <= start + size);
}

/** The first range that is the user's, that is large enough, and that no other line of the workload takes. */
function freeRangeFix(
  host: Host,
  mapping: DeclaredMapping,
  mappings: readonly DeclaredMapping[],
): { readonly fixes?: readonly Fix[] } {
  const others = mappings.filter((other) => other !== mapping);
  const range = freeSubordinate(host, mapping.kind, others).find(({ count }) => count >= mapping.count);
  if (range === undefined || mapping.outsideSpan === undefined || mapping.count === 0) return {};
  const title = `Map to the subordinate ids from ${range.start} on`;
  return { fixes: [{ title, edits: [{ span: mapping.outsideSpan, text: String(range.start) }] }] };
}

function rangesOf({ facts, name }: Host, { kind }: DeclaredMapping): string {
  const ranges = kind === 'uid' ? facts.subuid : facts.subgid;
  if (ranges.length === 0) return `It has no range there on ${name}.`;
  return `It has ${listed(ranges.map(({ start, count }) => `${start} to ${start + count - 1}`))}.`;
}

/** Who is root may create user namespaces in any case; these gates are for the others. */
const gates: readonly {
  readonly name: string;
  readonly value: number;
  readonly words: string;
  readonly file: string;
}[] = [
  {
    name: 'unprivileged_userns_clone',
    value: 0,
    file: '/proc/sys/kernel/unprivileged_userns_clone',
    words: 'Debian’s kernel.unprivileged_userns_clone is 0',
  },
  {
    name: 'apparmor_restrict_unprivileged_userns',
    value: 1,
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    words: 'AppArmor takes the capabilities in it from programs without a profile that allows it',
  },
];

const userNamespaceGate = hostRule(
  {
    id: 'host/user-namespace-gate',
    severity: 'information',
    summary: 'The host keeps ordinary users from user namespaces',
    link: `${pages}user_namespaces.7.html`,
  },
  (host, workload) =>
    each(workload, ({ type, from, span }) => {
      if (type !== 'user' || from.kind !== 'new' || host.facts.capabilities.includes('CAP_SYS_ADMIN')) return undefined;
      const gate = gates.find(({ name, value }) => host.facts.restrictions[name] === value);
      return gate === undefined
        ? undefined
        : {
            span,
            message: `An ordinary user cannot use a user namespace on ${host.name}: ${gate.words}.`,
            remedy: `Start it as root, or let an administrator change ${gate.file}.`,
          };
    }),
);

/** What only a connected host shows, of every dialect. */
export const hostRules: readonly Rule<Declared>[] = [
  typeMissing,
  pathMissing,
  pathOfOtherType,
  limitIsZero,
  containerUnknown,
  runtimeMissing,
  outsideSubordinate,
  userNamespaceGate,
];

/** Types of which a host can have named ones, with the paths that a person may write. */
export function pathsOf(
  host: Host,
  type: NamespaceType,
): readonly { readonly path: string; readonly detail: string }[] {
  return host.named
    .filter((namespace) => namespace.type === type)
    .flatMap(({ paths, name, members }) =>
      paths.map((path) => ({ path, detail: `${name}, ${members} processes on ${host.name}` })),
    );
}
