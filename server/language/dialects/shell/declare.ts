import { namespaceTypes, type NamespaceType } from '../../../../extension/helper/protocol.ts';
import type { DeclaredMapping, DeclaredNamespace, DeclaredSysctl, NamespaceSource, Workload } from '../../declared.ts';
import { literalValue, option, type Invocation, type IpInvocation, type OptionInvocation } from './invocation.ts';
import type { Given } from './options.ts';

/** Long option of unshare(1), nsenter(1) -> type. */
export const typeOfOption: ReadonlyMap<string, NamespaceType> = new Map([
  ['mount', 'mnt'],
  ['uts', 'uts'],
  ['ipc', 'ipc'],
  ['net', 'net'],
  ['pid', 'pid'],
  ['user', 'user'],
  ['cgroup', 'cgroup'],
  ['time', 'time'],
]);

/** Options of unshare(1) that imply --user. */
export const impliesUser = [
  'map-user',
  'map-users',
  'map-group',
  'map-groups',
  'map-root-user',
  'map-current-user',
  'map-auto',
  'map-subids',
  'owner',
  'mount-binfmt',
  'load-interp',
] as const;
/** And those that imply --mount. */
export const impliesMount = ['mount-proc', 'mount-binfmt', 'load-interp'] as const;

/** Docker's and podman's options that say which namespace a container is in. */
export const containerNamespaces: ReadonlyMap<string, NamespaceType> = new Map([
  ['network', 'net'],
  ['net', 'net'],
  ['pid', 'pid'],
  ['ipc', 'ipc'],
  ['uts', 'uts'],
  ['userns', 'user'],
  ['cgroupns', 'cgroup'],
]);

const isolates: Readonly<Record<NamespaceType, string>> = {
  mnt: 'mounts',
  uts: 'host name and NIS domain name',
  ipc: 'System V IPC objects and POSIX message queues',
  pid: 'process ids',
  net: 'network devices, addresses, routes, firewall rules and sockets',
  user: 'user and group ids and capabilities',
  cgroup: 'view of the cgroup hierarchy',
  time: 'monotonic and boot-time clocks',
};

export function workloadsOf(invocations: Iterable<Invocation>): Workload[] {
  const added = namesAdded(invocations);
  const found: Workload[] = [];
  for (const invocation of invocations) {
    const workload = workloadOf(invocation, added);
    if (workload !== undefined && (workload.namespaces.length > 0 || workload.sysctls.length > 0)) found.push(workload);
  }
  return found;
}

/** Names that the script itself gives: whether they are there already says nothing. Undefined when they are not all known. */
export function namesAdded(invocations: Iterable<Invocation>): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const invocation of invocations) {
    if (invocation.tool !== 'ip' || invocation.ip.object !== 'netns') continue;
    if (invocation.ip.verb !== 'add' && invocation.ip.verb !== 'attach') continue;
    const [name] = invocation.ip.args;
    if (name?.literal !== true) return undefined;
    names.add(name.text);
  }
  return names;
}

function workloadOf(invocation: Invocation, added: ReadonlySet<string> | undefined): Workload | undefined {
  const { tool, program } = invocation;
  const common = { span: program.span, mappings: [], sysctls: [] };
  if (tool === 'unshare') {
    return { ...common, namespaces: unshared(invocation), mappings: mappings(invocation), runtimes: ['unshare'] };
  }
  if (tool === 'nsenter') return { ...common, namespaces: entered(invocation), runtimes: ['nsenter'] };
  if (tool === 'ip') return { ...common, namespaces: named(invocation, added), runtimes: ['ip'] };
  return tool === 'docker' || tool === 'podman' ? container(invocation) : undefined;
}

function unshared(invocation: OptionInvocation): DeclaredNamespace[] {
  const found = new Map<NamespaceType, Given>();
  for (const given of invocation.options) {
    const type = typeOfOption.get(given.name);
    if (type !== undefined) found.set(type, given);
  }
  const imply = (type: NamespaceType, names: readonly string[]): void => {
    const given = option(invocation, ...names);
    if (given !== undefined && !found.has(type)) found.set(type, given);
  };
  imply('user', impliesUser);
  imply('mnt', impliesMount);
  return [...found].map(([type, { key, whole }]) => ({
    type,
    from: { kind: 'new' },
    span: whole ?? key,
    sourceSpan: key,
    meaning:
      type === 'pid' && option(invocation, 'fork', 'kill-child', 'forward-signals') === undefined
        ? 'The children of the program are in a pid namespace of their own, the program itself is not.'
        : `The program has its own ${isolates[type]}.`,
  }));
}

function entered(invocation: OptionInvocation): DeclaredNamespace[] {
  const target = literalValue(option(invocation, 'target'));
  const pid = target !== undefined && /^\d+$/.test(target) ? target : undefined;
  const all = option(invocation, 'all');
  const namespaces: DeclaredNamespace[] = [];
  for (const type of namespaceTypes) {
    const long = [...typeOfOption].find(([, each]) => each === type)?.[0] ?? type;
    const given = option(invocation, long) ?? all;
    if (given === undefined) continue;
    const file = given === all ? undefined : given.value;
    // A colon begins the id of a namespace, from util-linux 2.42 on.
    const path = file === undefined ? pid && `/proc/${pid}/ns/${type}` : file.literal ? file.text : undefined;
    if (path?.startsWith('/') !== true) continue;
    namespaces.push({
      type,
      from: { kind: 'path', path },
      span: given.whole ?? given.key,
      sourceSpan: file?.span ?? given.key,
      meaning: `The program enters the ${type} namespace that ${path} refers to.`,
    });
  }
  return namespaces;
}

function named(invocation: IpInvocation, added: ReadonlySet<string> | undefined): DeclaredNamespace[] {
  const { ip } = invocation;
  const [name] = ip.args;
  if (ip.object === 'netns' && ip.verb === 'add' && name?.literal === true) {
    const meaning = `A new network namespace is bound to /run/netns/${name.text}, which keeps it when nothing runs in it.`;
    return [{ type: 'net', from: { kind: 'new' }, span: name.span, sourceSpan: name.span, meaning }];
  }
  const used = ip.object === 'netns' && ip.verb === 'exec' && !ip.all ? name : ip.inside;
  if (used?.literal !== true || added === undefined || added.has(used.text) || used.text.includes('/')) return [];
  const path = `/run/netns/${used.text}`;
  const meaning = `The command runs in the network namespace that ${path} refers to, with a mount namespace of its own.`;
  return [{ type: 'net', from: { kind: 'path', path }, span: used.span, sourceSpan: used.span, meaning }];
}

function container(invocation: OptionInvocation): Workload {
  const name = option(invocation, 'name');
  const known = literalValue(name);
  const namespaces: DeclaredNamespace[] = [];
  for (const given of invocation.options) {
    const type = containerNamespaces.get(given.name);
    const mode = literalValue(given);
    const from = type === undefined || mode === undefined ? undefined : sourceOf(type, mode);
    if (type === undefined || from === undefined || given.value === undefined) continue;
    namespaces.push({
      type,
      from,
      span: given.whole ?? given.key,
      sourceSpan: given.value.span,
      meaning: containerMeaning(type, from),
    });
  }
  return {
    ...(known === undefined ? {} : { name: known }),
    span: name?.value?.span ?? invocation.program.span,
    namespaces,
    mappings: [],
    sysctls: invocation.options.flatMap(sysctlOf),
    runtimes: [invocation.tool],
  };
}

function sourceOf(type: NamespaceType, mode: string): NamespaceSource | undefined {
  const value = mode.slice(mode.indexOf(':') + 1);
  if (mode === 'host') return { kind: 'host' };
  if (mode.startsWith('container:') && value !== '') return { kind: 'container', name: value };
  if (mode.startsWith('ns:') && value.startsWith('/')) return { kind: 'path', path: value };
  // Any other word is a network's name; of the other types only these are modes.
  const fresh = type === 'net' ? /^[\w.-]+$/ : /^(?:private|shareable|none|auto(?::.*)?|keep-id(?::.*)?|nomap)$/;
  return fresh.test(mode) ? { kind: 'new' } : undefined;
}

function containerMeaning(type: NamespaceType, from: NamespaceSource): string {
  if (from.kind === 'host') return `The container shares the ${isolates[type]} of the host.`;
  if (from.kind === 'container') {
    return `The container shares the ${isolates[type]} of the container ${from.name}.`;
  }
  return from.kind === 'path'
    ? `The container is in the ${type} namespace that ${from.path} refers to.`
    : `The container has its own ${isolates[type]}.`;
}

export function sysctlOf(given: Given): DeclaredSysctl[] {
  const { value } = given;
  if (given.name !== 'sysctl' || value?.literal !== true) return [];
  const equals = value.text.indexOf('=');
  if (equals <= 0) return [];
  const { start, end } = value.span;
  // With quotes the two parts have no place of their own.
  const exact = end - start === value.text.length;
  return [
    {
      key: value.text.slice(0, equals).replaceAll('/', '.'),
      value: value.text.slice(equals + 1),
      keySpan: exact ? { start, end: start + equals } : value.span,
      valueSpan: exact ? { start: start + equals + 1, end } : value.span,
    },
  ];
}

/** `inner:outer:count`, or `outer,inner,count` as before util-linux 2.39. */
export function rangeOf(given: Given): DeclaredMapping | undefined {
  const kind = given.name === 'map-users' ? 'uid' : given.name === 'map-groups' ? 'gid' : undefined;
  const text = literalValue(given);
  if (kind === undefined || text === undefined) return undefined;
  const [, first, separator, second, count] = /^(\d{1,10})([:,])(\d{1,10})\2(\d{1,10})$/.exec(text) ?? [];
  if (given.value === undefined || first === undefined) return undefined;
  const [inside, outside] = separator === ':' ? [first, second] : [second, first];
  const numbers = { inside: Number(inside), outside: Number(outside), count: Number(count) };
  if (Math.max(numbers.inside, numbers.outside, numbers.count) > 0xffff_ffff) return undefined;
  const { span } = given.value;
  const outsideAt = span.start + (separator === ':' ? first.length + 1 : 0);
  const outsideSpan = { start: outsideAt, end: outsideAt + (outside?.length ?? 0) };
  // With quotes the parts have no place of their own.
  const exact = span.end - span.start === text.length;
  return { kind, ...numbers, span, ...(exact && { outsideSpan }) };
}

function mappings(invocation: OptionInvocation): DeclaredMapping[] {
  return invocation.options.flatMap((given) => rangeOf(given) ?? []);
}
