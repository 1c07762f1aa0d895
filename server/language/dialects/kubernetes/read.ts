import { LateDeclared, type DeclaredNamespace, type DeclaredSysctl, type Workload } from '../../declared.ts';
import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import type { Span } from '../../span.ts';
import { asMap, eachEntry, entryOf, itemsOf, readYaml, textOf, valueAt, valueOf } from '../../yaml.ts';
import type { YamlDocument, YamlMap, YamlNode } from '../../yaml.ts';
import { fieldOf, flagOf, mapsIn } from './fields.ts';
import { containerLists } from './model.ts';
import type { Container, Flag, KubernetesDocument, Mount, Pod, PodSysctl, Volume } from './model.ts';
import { mayHoldPod, templateOf } from './kinds.ts';

/** Lists in lists are not made by any tool: a few levels are enough. */
const deepestList = 4;

export function readKubernetes(text: string): KubernetesDocument {
  return new Manifest(text);
}

class Manifest extends LateDeclared implements KubernetesDocument {
  readonly pods: readonly Pod[];
  readonly #text: string;
  #documents: readonly YamlDocument[] | undefined;

  constructor(text: string) {
    super(() => this.pods.map(workloadOf));
    this.#text = text;
    // Of what is no pod only completion and hovers read anything, and only where they are asked for.
    this.#documents = mayHoldPod(text) ? readYaml(text) : undefined;
    // Without aliases a text has fewer items than characters; with them a short one can say very much, which is left out.
    const budget = { left: text.length };
    this.pods = (this.#documents ?? []).flatMap(({ root }) => podsOf(root, 0, budget));
  }

  get documents(): readonly YamlDocument[] {
    return (this.#documents ??= readYaml(this.#text));
  }
}

function podsOf(node: YamlNode, depth: number, budget: { left: number }): Pod[] {
  const object = asMap(node);
  const kind = textOf(valueOf(object, 'kind'));
  const apiVersion = textOf(valueOf(object, 'apiVersion'));
  if (object === undefined || kind === undefined || apiVersion === undefined) return [];
  if (kind.endsWith('List') && depth < deepestList) {
    return itemsOf(valueOf(object, 'items')).flatMap((item) => podsOf(item, depth + 1, budget));
  }
  const path = templateOf(apiVersion, kind);
  if (path === undefined) return [];
  const around: YamlMap[] = [];
  let holder: YamlMap | undefined = object;
  for (const step of path) {
    holder = asMap(valueOf(holder, step));
    if (holder !== undefined && step === 'spec') around.push(holder);
  }
  const spec = asMap(valueOf(holder, 'spec'));
  if (holder === undefined || spec === undefined || budget.left < 0) return [];
  budget.left -= itemsUnder(spec, budget.left);
  return budget.left < 0 ? [] : [podOf({ object, kind, around, holder, spec })];
}

/** How much there is to look at in a pod, whatever aliases it consists of; it need not be known beyond `most`. */
function itemsUnder(spec: YamlMap, most: number): number {
  let items = 1;
  for (const key of [...containerLists, 'volumes']) {
    for (const node of mapsIn(spec, key)) {
      items += 1;
      for (const { value } of eachEntry(node)) items += itemsOf(value).length;
      if (items > most) return items;
    }
  }
  return items;
}

interface Parts {
  readonly object: YamlMap;
  readonly kind: string;
  readonly around: readonly YamlMap[];
  readonly holder: YamlMap;
  readonly spec: YamlMap;
}

function podOf({ object, kind, around, holder, spec }: Parts): Pod {
  const securityContext = asMap(valueOf(spec, 'securityContext'));
  const containers: Container[] = [];
  for (const list of containerLists) for (const node of mapsIn(spec, list)) containers.push(containerOf(node, list));
  const nameNode = valueAt(object, 'metadata', 'name');
  return {
    kind,
    name: textOf(nameNode),
    kubernetesNamespace: textOf(valueAt(object, 'metadata', 'namespace')),
    nameSpan: textOf(nameNode) === undefined ? kindSpan(object) : (nameNode?.span ?? kindSpan(object)),
    around,
    metadata: asMap(valueOf(holder, 'metadata')),
    spec,
    securityContext,
    containers,
    complete:
      containers.some(({ list }) => list === 'containers') &&
      containers.every(({ node }) => fieldOf(node, 'image') !== undefined) &&
      fieldOf(spec, '$patch') === undefined,
    hostNetwork: flagOf(spec, 'hostNetwork'),
    hostPid: flagOf(spec, 'hostPID'),
    hostIpc: flagOf(spec, 'hostIPC'),
    hostUsers: flagOf(spec, 'hostUsers', true),
    shareProcessNamespace: flagOf(spec, 'shareProcessNamespace'),
    setHostnameAsFqdn: flagOf(spec, 'setHostnameAsFQDN'),
    windows:
      textOf(valueAt(spec, 'os', 'name')) === 'windows' ||
      [securityContext, ...containers.map((container) => container.securityContext)].some(
        (context) => flagOf(valueOf(context, 'windowsOptions'), 'hostProcess').value === true,
      ),
    sysctls: mapsIn(securityContext, 'sysctls').flatMap(sysctlOf),
    volumes: volumesOf(spec),
  };
}

function kindSpan(object: YamlMap): Span {
  return entryOf(object, 'kind')?.value.span ?? { start: object.span.start, end: object.span.start };
}

function containerOf(node: YamlMap, list: Container['list']): Container {
  const name = valueOf(node, 'name');
  const first = node.entries[0]?.keySpan ?? { start: node.span.start, end: node.span.start };
  return {
    list,
    name: textOf(name),
    span: textOf(name) === undefined ? first : (name?.span ?? first),
    node,
    securityContext: asMap(valueOf(node, 'securityContext')),
    mounts: mapsIn(node, 'volumeMounts').map(mountOf),
  };
}

function mountOf(node: YamlMap): Mount {
  const name = entryOf(node, 'name');
  return {
    node,
    volume: textOf(name?.value),
    span: name?.value.span ?? { start: node.span.start, end: node.span.start },
    readOnly: flagOf(node, 'readOnly'),
  };
}

function volumesOf(spec: YamlMap): ReadonlyMap<string, Volume> {
  const volumes = new Map<string, Volume>();
  for (const node of mapsIn(spec, 'volumes')) {
    const name = textOf(valueOf(node, 'name'));
    if (name !== undefined) volumes.set(name, { name, node });
  }
  return volumes;
}

function sysctlOf(node: YamlMap): PodSysctl[] {
  const nameNode = entryOf(node, 'name')?.value;
  const name = textOf(nameNode);
  if (name === undefined || nameNode === undefined) return [];
  return [{ name, key: withDots(name), nameSpan: nameNode.span, value: fieldOf(node, 'value')?.value }];
}

/** As sysctl(8): where a slash is the first separator, slashes separate and dots are part of a name. */
export function withDots(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  if (first !== '/') return name;
  return name.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

const meanings: Readonly<
  Record<
    string,
    { readonly type: NamespaceType; readonly host: string; readonly own: string; readonly flag: (pod: Pod) => Flag }
  >
> = {
  hostNetwork: {
    type: 'net',
    host: "The pod is in the node's network namespace and, with containerd and CRI-O, in its UTS namespace.",
    own: 'The pod has a network namespace of its own, which its containers share.',
    flag: ({ hostNetwork }) => hostNetwork,
  },
  hostPID: {
    type: 'pid',
    host: "The pod's containers are in the node's PID namespace and see every process of the node.",
    own: 'Each container has a PID namespace of its own, unless shareProcessNamespace is true.',
    flag: ({ hostPid }) => hostPid,
  },
  hostIPC: {
    type: 'ipc',
    host: "The pod's containers are in the node's IPC namespace, with its shared memory, semaphores and message queues.",
    own: 'The pod has an IPC namespace of its own, which its containers share.',
    flag: ({ hostIpc }) => hostIpc,
  },
  hostUsers: {
    type: 'user',
    host: "The pod is in the node's user namespace: root in a container is root of the node, limited by its capabilities.",
    own: 'The pod has a user namespace of its own, with ids that the kubelet picks and that no other pod of the node has.',
    flag: ({ hostUsers }) => hostUsers,
  },
};

function workloadOf(pod: Pod): Workload {
  const namespaces: DeclaredNamespace[] = [];
  for (const { type, host, own, flag } of Object.values(meanings)) {
    const { value, span, valueSpan } = flag(pod);
    if (span === undefined || valueSpan === undefined || value === 'unknown') continue;
    const from = value ? ({ kind: 'host' } as const) : ({ kind: 'new' } as const);
    namespaces.push({ type, from, span, sourceSpan: valueSpan, meaning: value ? host : own });
  }
  const { value, span, valueSpan } = pod.shareProcessNamespace;
  if (value === true && span !== undefined && valueSpan !== undefined && pod.hostPid.span === undefined) {
    const meaning =
      'All containers of the pod share one PID namespace, whose first process is that of the pod sandbox.';
    namespaces.push({ type: 'pid', from: { kind: 'new' }, span, sourceSpan: valueSpan, meaning });
  }
  const sysctls: DeclaredSysctl[] = pod.sysctls.flatMap(({ key, nameSpan, value: node }) => {
    const text = textOf(node);
    return text === undefined || node === undefined
      ? []
      : [{ key, value: text, keySpan: nameSpan, valueSpan: node.span }];
  });
  return {
    ...(pod.name !== undefined && { name: pod.name }),
    span: pod.nameSpan,
    namespaces: namespaces.toSorted((one, other) => one.span.start - other.span.start),
    mappings: [],
    sysctls,
    // They run where the scheduler puts them, which need not be the host that is connected.
    runtimes: [],
  };
}
