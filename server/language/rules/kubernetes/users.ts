import { fieldOf, mapsIn, numberField, shortSpan, textField, textsIn } from '../../dialects/kubernetes/fields.ts';
import type { NumberField } from '../../dialects/kubernetes/fields.ts';
import type { Pod } from '../../dialects/kubernetes/model.ts';
import type { Finding } from '../../rule.ts';
import { booleanOf, integerOf, itemsOf } from '../../yaml.ts';
import type { YamlMap } from '../../yaml.ts';
import { containerRule, inNodeUserNamespace, links, podRule, quoted } from './support.ts';

/** What the kubelet maps for each pod unless `userNamespaces.idsPerPod` of its configuration says more. */
const idsPerPod = 65536;
/** IsValidUserID and IsValidGroupID of the API machinery. */
const highestId = 2_147_483_647;

interface Id extends Pick<NumberField, 'number' | 'valueSpan'> {
  readonly key: string;
}

const idKeys = ['runAsUser', 'runAsGroup', 'fsGroup'] as const;

function* idsIn(context: YamlMap | undefined): Iterable<Id> {
  for (const key of idKeys) {
    const field = numberField(context, key);
    if (field !== undefined) yield { key, ...field };
  }
  for (const item of itemsOf(fieldOf(context, 'supplementalGroups')?.value)) {
    const number = integerOf(item);
    if (number !== undefined) yield { key: 'supplementalGroups', number, valueSpan: item.span };
  }
}

function* allIds({ securityContext, containers }: Pod): Iterable<Id> {
  yield* idsIn(securityContext);
  for (const container of containers) yield* idsIn(container.securityContext);
}

const idOutOfRange = podRule({
  id: 'kubernetes/id-out-of-range',
  severity: 'error',
  summary: 'A user or group id is negative or beyond 2³¹−1',
  link: links.securityContext,
  about: [...idKeys, 'supplementalGroups'],
  *check(pod) {
    for (const { key, number, valueSpan } of allIds(pod)) {
      if (number >= 0 && number <= highestId) continue;
      yield {
        span: valueSpan,
        message: `The API server refuses this ${quoted(key)}: ids are from 0 to 2147483647.`,
        remedy: 'Choose an id in that range.',
      };
    }
  },
});

const idNotMapped = podRule({
  id: 'kubernetes/id-not-mapped',
  severity: 'warning',
  summary: "An id beyond those that the pod's user namespace maps",
  link: `${links.userNamespaces}#id-count-for-each-of-pods`,
  about: ['hostUsers'],
  *check(pod) {
    const { hostUsers } = pod;
    if (hostUsers.value !== false || hostUsers.span === undefined) return;
    for (const { key, number, valueSpan } of allIds(pod)) {
      if (number < idsPerPod || number > highestId) continue;
      yield {
        span: valueSpan,
        message: `The pod's user namespace maps the ids 0 to 65535 only, so that the runtime cannot start a container with this ${quoted(key)}, unless the kubelet maps more with \`idsPerPod\`, which is there from Kubernetes 1.33.`,
        remedy: 'Choose an id below 65536, or raise `userNamespaces.idsPerPod` of the kubelets.',
        related: [{ span: hostUsers.span, message: 'The user namespace is asked for here.' }],
      };
    }
  },
});

const hostPidOrIpc = podRule({
  id: 'kubernetes/user-namespace-with-host-namespace',
  severity: 'error',
  summary: "A pod with a user namespace of its own is in the node's PID or IPC namespace",
  link: links.userNamespaceLimits,
  about: ['hostUsers'],
  *check({ hostUsers, hostPid, hostIpc }) {
    if (hostUsers.value !== false || hostUsers.span === undefined) return;
    for (const [name, { value, span }] of [
      ['hostPID', hostPid],
      ['hostIPC', hostIpc],
    ] as const) {
      if (value !== true || span === undefined) continue;
      yield {
        span,
        message: `The API server refuses ${quoted(`${name}: true`)} together with \`hostUsers: false\`.`,
        remedy: 'Remove one of the two.',
        related: [{ span: hostUsers.span, message: 'The user namespace is asked for here.' }],
      };
    }
  },
});

const hostNetwork = podRule({
  id: 'kubernetes/user-namespace-with-host-network',
  severity: 'warning',
  summary: "A pod with a user namespace of its own is in the node's network namespace",
  link: links.userNamespaceLimits,
  about: ['hostUsers'],
  *check({ hostUsers, hostNetwork: { value, span } }) {
    if (hostUsers.value !== false || hostUsers.span === undefined || value !== true || span === undefined) return;
    yield {
      span,
      message:
        'The API server refuses `hostNetwork: true` together with `hostUsers: false`, unless the feature gate UserNamespacesHostNetworkSupport is on, which is there from Kubernetes 1.35 and off by default.',
      remedy: 'Remove one of the two, or turn the feature gate on.',
      related: [{ span: hostUsers.span, message: 'The user namespace is asked for here.' }],
    };
  },
});

const blockDevice = containerRule({
  id: 'kubernetes/block-device-in-user-namespace',
  severity: 'error',
  summary: 'A raw block volume in a pod with a user namespace of its own',
  link: links.userNamespaceLimits,
  about: ['volumeDevices'],
  *check({ node }, { hostUsers }) {
    const entry = fieldOf(node, 'volumeDevices');
    if (hostUsers.value !== false || hostUsers.span === undefined || entry === undefined) return;
    if (mapsIn(node, 'volumeDevices').length === 0) return;
    yield {
      span: entry.keySpan,
      message:
        'Raw block volumes do not work in a user namespace: from Kubernetes 1.34 on the API server refuses `volumeDevices` together with `hostUsers: false`.',
      remedy: 'Mount the volume as a file system, or remove `hostUsers: false`.',
      related: [{ span: hostUsers.span, message: 'The user namespace is asked for here.' }],
    };
  },
});

const nfs = podRule({
  id: 'kubernetes/nfs-in-user-namespace',
  severity: 'warning',
  summary: 'An NFS volume in a pod with a user namespace of its own',
  link: `${links.userNamespaces}#before-you-begin`,
  about: ['nfs'],
  *check({ hostUsers, volumes, containers }) {
    if (hostUsers.value !== false || hostUsers.span === undefined) return;
    const used = new Set(containers.flatMap(({ mounts }) => mounts.map(({ volume }) => volume)));
    for (const { name, node } of volumes.values()) {
      const entry = fieldOf(node, 'nfs');
      if (entry === undefined || !used.has(name)) continue;
      yield {
        span: entry.keySpan,
        message:
          "The volumes of a pod in a user namespace are ID-mapped mounts, which the kernel's NFS client does not support: the runtime cannot start the containers.",
        remedy: 'Use a volume with another file system, or remove `hostUsers: false`.',
        related: [{ span: hostUsers.span, message: 'The user namespace is asked for here.' }],
      };
    }
  },
});

const unmasked = containerRule({
  id: 'kubernetes/unmasked-proc-without-user-namespace',
  severity: 'error',
  summary: 'procMount: Unmasked in the user namespace of the node',
  link: `${links.securityContext}#proc-access`,
  about: ['procMount'],
  *check({ securityContext }, pod) {
    const field = textField(securityContext, 'procMount');
    if (field?.text !== 'Unmasked' || pod.hostUsers.value !== true || !pod.complete) return;
    yield {
      span: field.valueSpan,
      message: 'The API server refuses `Unmasked` unless `hostUsers` is false, from Kubernetes 1.30 on.',
      remedy: 'Add `hostUsers: false` to the spec of the pod, or leave `/proc` masked.',
    };
  },
});

const procMountUnknown = containerRule({
  id: 'kubernetes/proc-mount-unknown',
  severity: 'error',
  summary: 'procMount is neither Default nor Unmasked',
  link: `${links.securityContext}#proc-access`,
  about: ['procMount'],
  *check({ securityContext }) {
    const field = textField(securityContext, 'procMount');
    if (field === undefined || /^(?:Default|Unmasked)$/.test(field.text)) return;
    yield {
      span: field.valueSpan,
      message: 'The API server refuses this `procMount`: it knows `Default` and `Unmasked`, in this case of letters.',
      remedy: 'Write `Default` or `Unmasked`.',
    };
  },
});

/** Capabilities that the kernel asks for in the initial user namespace, whatever the namespace of the process. */
const onlyInitial: ReadonlyMap<string, string> = new Map([
  ['SYS_MODULE', 'load kernel modules'],
  ['SYS_RAWIO', 'access I/O ports and raw memory'],
  ['SYS_TIME', 'set the clocks of the system'],
]);

const capabilityVoid = containerRule({
  id: 'kubernetes/capability-void-in-user-namespace',
  severity: 'warning',
  summary: "A capability that has no effect in the pod's user namespace",
  link: `${links.userNamespaces}#pods-and-userns`,
  about: ['hostUsers'],
  *check({ securityContext }, { hostUsers }) {
    if (hostUsers.value !== false || hostUsers.span === undefined) return;
    for (const { text, span } of textsIn(fieldOf(securityContext, 'capabilities')?.value, 'add')) {
      const what = onlyInitial.get(text.toUpperCase().replace(/^CAP_/, ''));
      if (what === undefined) continue;
      yield {
        span,
        message: `In the pod's own user namespace this capability does not allow to ${what}: the kernel asks for it in the initial user namespace.`,
        remedy: 'Remove the capability, or `hostUsers: false`.',
        related: [{ span: hostUsers.span, message: 'The user namespace is asked for here.' }],
      };
    }
  },
});

/** A container's own setting counts before the pod's. */
function effective(own: YamlMap | undefined, pod: YamlMap | undefined, key: string): ReturnType<typeof fieldOf> {
  return fieldOf(own, key) ?? fieldOf(pod, key);
}

const rootRefused = containerRule({
  id: 'kubernetes/root-though-non-root',
  severity: 'error',
  summary: 'runAsNonRoot with user 0',
  link: links.securityContext,
  about: ['runAsNonRoot'],
  *check({ securityContext }, pod): Iterable<Finding> {
    if (pod.windows) return;
    const nonRoot = effective(securityContext, pod.securityContext, 'runAsNonRoot');
    const user = effective(securityContext, pod.securityContext, 'runAsUser');
    if (nonRoot === undefined || user === undefined) return;
    if (booleanOf(nonRoot.value) !== true || integerOf(user.value) !== 0) return;
    yield {
      span: user.value.span,
      message:
        'The kubelet does not start a container as user 0 where `runAsNonRoot` is true, in a user namespace too.',
      remedy: 'Choose another user, or remove `runAsNonRoot`.',
      related: [{ span: shortSpan(nonRoot), message: 'runAsNonRoot is set here.' }],
    };
  },
});

const rootOfNode = podRule({
  id: 'kubernetes/root-of-the-node',
  severity: 'hint',
  summary: 'A container runs as root of the user namespace of the node',
  link: links.userNamespaces,
  about: ['runAsUser'],
  *check(pod) {
    if (!inNodeUserNamespace(pod) || pod.hostNetwork.value || pod.hostPid.value || pod.hostIpc.value) return;
    const contexts = [pod.securityContext, ...pod.containers.map(({ securityContext }) => securityContext)];
    for (const context of contexts) {
      const user = numberField(context, 'runAsUser');
      if (user?.number !== 0 || booleanOf(fieldOf(context, 'privileged')?.value) === true) continue;
      yield {
        span: shortSpan(user.entry),
        message:
          'User 0 of this pod is user 0 of the node; with `hostUsers: false`, which Kubernetes has by default from 1.33, it would be an unprivileged user of the node.',
        remedy: 'Add `hostUsers: false` to the spec of the pod if it needs no privileges on the node.',
      };
    }
  },
});

export const userRules = [
  idOutOfRange,
  idNotMapped,
  hostPidOrIpc,
  hostNetwork,
  blockDevice,
  nfs,
  unmasked,
  procMountUnknown,
  capabilityVoid,
  rootRefused,
  rootOfNode,
];
