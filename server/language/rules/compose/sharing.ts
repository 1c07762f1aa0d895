import { dependenciesOf } from '../../dialects/compose/dependencies.ts';
import {
  given,
  listed,
  setting,
  targetOf,
  type ComposeDocument,
  type KeyedSetting,
  type Service,
  type Target,
} from '../../dialects/compose/model.ts';
import type { Rule } from '../../rule.ts';
import { isSame } from '../../span.ts';
import { integerOf, valueAt } from '../../yaml.ts';
import { loader, removal, serviceRule, specification, unlessAssumed, type ServiceRule } from './support.ts';

const what: ReadonlyMap<string, string> = new Map([
  ['network_mode', 'network'],
  ['pid', 'PID'],
  ['ipc', 'IPC'],
]);

const joining = [...what.keys()];

interface Joined {
  readonly key: string;
  readonly written: KeyedSetting;
  readonly target: Target;
}

/** The namespaces of others that a service joins. */
function joined(service: Service, kind: Target['kind']): Joined[] {
  const found: Joined[] = [];
  for (const key of joining) {
    const written = setting(service, key);
    const target = written && targetOf(written);
    if (written !== undefined && target?.kind === kind && target.name !== '') found.push({ key, written, target });
  }
  return found;
}

const unknownService = serviceRule(
  {
    id: 'compose/namespace-of-unknown-service',
    severity: 'warning',
    summary: 'Joins a namespace of a service that this file does not have',
    link: loader,
  },
  joining,
  function* (service, { byName, includes }) {
    if (includes) return;
    for (const { key, written, target } of joined(service, 'service')) {
      if (byName.has(target.name)) continue;
      yield {
        span: target.nameSpan,
        message: `There is no service ${target.name} here, and the Compose command refuses \`${key}: ${written.text}\` unless another of its files declares it.`,
        remedy: 'Name a service of this project, or use `container:` for a container that is not of it.',
        ...unlessAssumed(written),
      };
    }
  },
);

/** Where each service waits for another: Compose makes a dependency of a shared namespace. */
function waitsFor(service: Service): string[] {
  return [...joined(service, 'service').map(({ target }) => target.name), ...dependenciesOf(service)];
}

/** The only one that looks at all services together. */
export const cycleRule: Rule<ComposeDocument> = {
  id: 'compose/namespace-cycle',
  severity: 'error',
  summary: 'Services that wait for each other’s namespaces',
  link: 'https://github.com/compose-spec/compose-go/blob/main/graph/cycle.go',
  *check({ services }) {
    if (!services.some((service) => joined(service, 'service').length > 0)) return;
    const groups = circles(new Map(services.map((service) => [service.name, waitsFor(service)])));
    const said = new Set<number>();
    for (const service of services) {
      for (const { key, written, target } of joined(service, 'service')) {
        const own = target.name === service.name;
        if (!own && (groups.get(service.name) === undefined || groups.get(service.name) !== groups.get(target.name))) {
          continue;
        }
        if (said.has(target.nameSpan.start)) continue;
        said.add(target.nameSpan.start);
        yield {
          span: target.nameSpan,
          message: own
            ? `${service.name} cannot join its own namespace, and the Compose command refuses the cycle.`
            : `${service.name} joins the ${what.get(key) ?? ''} namespace of ${target.name}, which itself waits for ${service.name}: the Compose command refuses the cycle.`,
          remedy: 'Let one of them own the namespace, and depend on none of those that join it.',
          ...unlessAssumed(written),
        };
      }
    }
  },
};

/** Each name that can be reached from itself through others -> its strongly connected component, by Tarjan's algorithm without recursion. */
function circles(edges: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const group = new Map<string, number>();
  const open: string[] = [];
  const waiting = new Set<string>();
  let groups = 0;
  for (const root of edges.keys()) {
    if (order.has(root)) continue;
    const path: { name: string; next: number }[] = [];
    const enter = (name: string): void => {
      order.set(name, order.size);
      low.set(name, order.size - 1);
      open.push(name);
      waiting.add(name);
      path.push({ name, next: 0 });
    };
    enter(root);
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const { name } = at;
      const to = edges.get(name)?.[at.next];
      at.next += 1;
      const lower = (value: number | undefined): void => {
        low.set(name, Math.min(low.get(name) ?? 0, value ?? Infinity));
      };
      if (to !== undefined) {
        if (!edges.has(to)) continue;
        if (!order.has(to)) enter(to);
        else if (waiting.has(to)) lower(order.get(to));
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.name;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent) ?? 0, low.get(name) ?? 0));
      if (low.get(name) !== order.get(name)) continue;
      const members = open.splice(open.lastIndexOf(name));
      for (const member of members) {
        waiting.delete(member);
        if (members.length > 1) group.set(member, groups);
      }
      groups += 1;
    }
  }
  return group;
}

const privateIpc = serviceRule(
  {
    id: 'compose/joins-private-ipc',
    severity: 'warning',
    summary: 'Joins the IPC namespace of a service that does not share it',
    link: `${specification}#ipc`,
  },
  ['ipc'],
  function* (service, { byName }) {
    for (const { key, written, target } of joined(service, 'service')) {
      const owner = key === 'ipc' ? byName.get(target.name) : undefined;
      if (owner === undefined || owner === service || !owner.complete) continue;
      const mode = setting(owner, 'ipc');
      const unsaid = mode === undefined && !owner.fields.has('ipc');
      if (!unsaid && mode?.text !== 'private' && mode?.text !== 'none') continue;
      const why = unsaid ? 'does not say `ipc: shareable`' : `says \`ipc: ${mode?.text ?? ''}\``;
      yield {
        span: target.nameSpan,
        message: `${owner.name} ${why}, so Docker Engine does not let others join its IPC namespace${unsaid ? ' unless its `default-ipc-mode` is `shareable`' : ''}.`,
        remedy: `Write \`ipc: shareable\` in ${owner.name}.`,
        related: [{ span: mode?.span ?? owner.span, message: `${owner.name} ${why}.` }],
        ...unlessAssumed(written, mode),
      };
    }
  },
);

const containers = new WeakMap<ComposeDocument, ReadonlyMap<string, Service>>();

/** The first service of each name of a container. */
function byContainerName(document: ComposeDocument): ReadonlyMap<string, Service> {
  const known = containers.get(document);
  if (known !== undefined) return known;
  const found = new Map<string, Service>();
  for (const service of document.services) {
    const name = setting(service, 'container_name')?.text;
    if (name !== undefined && !found.has(name)) found.set(name, service);
  }
  containers.set(document, found);
  return found;
}

const ownContainer = serviceRule(
  {
    id: 'compose/container-of-this-file',
    severity: 'information',
    summary: 'Joins a container by name that a service of the same file makes',
    link: `${specification}#network_mode`,
  },
  joining,
  function* (service, document) {
    for (const { written, target } of joined(service, 'container')) {
      const owner = byContainerName(document).get(target.name);
      if (owner === undefined || owner === service) continue;
      yield {
        span: written.span,
        message: `Container ${target.name} is of service ${owner.name}, but \`container:\` does not make the Compose command start it first, nor restart this one after it.`,
        remedy: `Write \`service:${owner.name}\`.`,
        related: [{ span: owner.span, message: 'The service.' }],
        ...(written.scalar.value === written.text &&
          isSame(written.span, written.scalar.span) && {
            fixes: [
              {
                title: `Write \`service:${owner.name}\``,
                edits: [{ span: written.scalar.content, text: `service:${owner.name}` }],
              },
            ],
          }),
      };
    }
  },
);

const scaledOwner = serviceRule(
  {
    id: 'compose/namespace-of-scaled-service',
    severity: 'information',
    summary: 'Joins a namespace of a service with several containers',
    link: 'https://github.com/docker/compose/blob/main/pkg/compose/convergence.go',
  },
  joining,
  function* (service, { byName }) {
    for (const { key, target } of joined(service, 'service')) {
      const owner = byName.get(target.name);
      if (owner === undefined || owner === service) continue;
      const scale = integerOf(owner.fields.get('scale')?.at(-1)?.value);
      const replicas = owner.fields
        .get('deploy')
        ?.map(({ value }) => integerOf(valueAt(value, 'replicas')))
        .at(-1);
      const count = scale ?? replicas ?? 1;
      if (count < 2) continue;
      yield {
        span: target.nameSpan,
        message: `${owner.name} has ${count} containers, and all of ${service.name} join the ${what.get(key) ?? ''} namespace of the first of them.`,
        remedy: `Give ${owner.name} one container only.`,
      };
    }
  },
);

const networkByKey = serviceRule(
  {
    id: 'compose/network-mode-names-network',
    severity: 'warning',
    summary: '`network_mode` with the key of a network of this file',
    link: `${specification}#networks`,
  },
  ['network_mode'],
  function* (service, { networks }) {
    const written = setting(service, 'network_mode');
    const network = written && networks.get(written.text);
    if (written === undefined || network === undefined) return;
    if (['host', 'none', 'bridge', 'default'].includes(written.text)) return;
    if (valueAt(network.value, 'name') !== undefined || valueAt(network.value, 'external') !== undefined) return;
    yield {
      span: written.span,
      message: `Docker Engine looks for a network called ${written.text}, but the one of this file gets the name of the project in front of it.`,
      remedy: `Write \`networks: [${written.text}]\` instead of \`network_mode\`.`,
      related: [{ span: network.keySpan, message: 'The network of this file.' }],
      ...unlessAssumed(written),
    };
  },
);

const both = serviceRule(
  {
    id: 'compose/network-mode-with-networks',
    severity: 'error',
    summary: '`network_mode` together with `networks`',
    link: loader,
  },
  ['network_mode'],
  function* (service, document) {
    const mode = given(service, 'network_mode');
    const networks = given(service, 'networks');
    if (mode === undefined || networks === undefined) return;
    const written = setting(service, 'network_mode');
    // A variable may leave it empty, which is as if it were not there.
    if (written === undefined) return;
    yield {
      span: networks.keySpan,
      message: `The Compose command refuses \`networks\` together with \`network_mode: ${written.text}\`.`,
      remedy: 'Keep one of the two.',
      related: [{ span: mode.keySpan, message: 'The network mode.' }],
      ...removal(document, service, networks),
      ...unlessAssumed(written),
    };
  },
);

interface Forbidden {
  readonly id: string;
  readonly keys: readonly string[];
  readonly summary: string;
  readonly reason: string;
  readonly remedy: string;
}

const forbidden: readonly Forbidden[] = [
  {
    id: 'ports',
    keys: ['ports', 'expose'],
    summary: 'Ports of a service that joins the network namespace of another container',
    reason: 'has no ports of its own, and Docker Engine refuses',
    remedy: 'Declare the ports in the service that owns the network namespace.',
  },
  {
    id: 'hostname',
    keys: ['hostname'],
    summary: 'A host name of a service that joins the network namespace of another container',
    reason: 'takes its host name from there, and Docker Engine refuses',
    remedy: 'Declare the host name in the service that owns the network namespace.',
  },
  {
    id: 'dns',
    keys: ['dns'],
    summary: 'Name servers of a service that joins the network namespace of another container',
    reason: 'takes its resolv.conf from there, and Docker Engine refuses',
    remedy: 'Declare the name servers in the service that owns the network namespace.',
  },
  {
    id: 'extra-hosts',
    keys: ['extra_hosts'],
    summary: 'Extra hosts of a service that joins the network namespace of another container',
    reason: 'takes its /etc/hosts from there, and Docker Engine refuses',
    remedy: 'Declare the extra hosts in the service that owns the network namespace.',
  },
  {
    id: 'links',
    keys: ['links', 'external_links'],
    summary: 'Links of a service that joins the network namespace of another container',
    reason: 'has no network of its own, and Docker Engine refuses',
    remedy: 'Remove them: names are resolved as in the service that owns the network namespace.',
  },
];

const withSharedNetwork = forbidden.map(({ id, keys, summary, reason, remedy }) =>
  serviceRule(
    {
      id: `compose/${id}-with-shared-network`,
      severity: 'error',
      summary,
      link: 'https://github.com/moby/moby/blob/master/daemon/internal/runconfig/hostconfig.go',
    },
    ['network_mode'],
    function* (service, document) {
      const written = setting(service, 'network_mode');
      if (written === undefined || targetOf(written) === undefined) return;
      for (const key of keys) {
        const entry = given(service, key);
        if (entry === undefined) continue;
        // An empty default of a variable is as if nothing were there.
        const value = entry.value.kind === 'scalar' ? setting(service, key) : listed(service, key)[0];
        yield {
          span: entry.keySpan,
          message: `A container with \`network_mode: ${written.text}\` ${reason} \`${key}\`.`,
          remedy,
          related: [{ span: written.entry.keySpan, message: 'The network namespace is shared here.' }],
          ...removal(document, service, entry),
          ...unlessAssumed(written, value),
        };
      }
    },
  ),
);

export const sharingRules: readonly ServiceRule[] = [
  both,
  ...withSharedNetwork,
  networkByKey,
  unknownService,
  privateIpc,
  ownContainer,
  scaledOwner,
];
