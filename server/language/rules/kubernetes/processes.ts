import { booleanOf } from '../../yaml.ts';
import { fieldOf, flagOf, textField, textsIn } from '../../dialects/kubernetes/fields.ts';
import { containerRule, inNodeUserNamespace, links, podRule, quoted } from './support.ts';

const sharedWithHostPid = podRule({
  id: 'kubernetes/share-process-namespace-with-host-pid',
  severity: 'error',
  summary: 'shareProcessNamespace together with hostPID',
  link: links.hostNamespaces,
  about: ['shareProcessNamespace'],
  *check({ shareProcessNamespace, hostPid }) {
    if (shareProcessNamespace.value !== true || shareProcessNamespace.span === undefined) return;
    if (hostPid.value !== true || hostPid.span === undefined) return;
    yield {
      span: shareProcessNamespace.span,
      message:
        "The API server refuses `shareProcessNamespace: true` together with `hostPID: true`: the containers are in the node's PID namespace already.",
      remedy: 'Remove one of the two.',
      related: [{ span: hostPid.span, message: 'The PID namespace of the node is asked for here.' }],
    };
  },
});

const shared = podRule({
  id: 'kubernetes/shared-process-namespace',
  severity: 'information',
  summary: 'The containers of a pod share a PID namespace',
  link: links.sharing,
  about: ['shareProcessNamespace'],
  *check({ shareProcessNamespace: { value, span }, hostPid }) {
    if (value !== true || span === undefined || hostPid.value === true) return;
    yield {
      span,
      message:
        "The containers see each other's processes, with their arguments, and reach each other's files through `/proc/PID/root`; process 1 is that of the pod sandbox, not a container's own.",
      remedy: 'Run containers as different users to keep their environments and files apart.',
    };
  },
});

const hostPid = podRule({
  id: 'kubernetes/host-pid',
  severity: 'warning',
  summary: 'A pod is in the PID namespace of the node',
  link: links.hostNamespaces,
  about: ['hostPID'],
  *check({ hostPid: { value, span }, windows }) {
    if (value !== true || span === undefined || windows) return;
    yield {
      span,
      message:
        'The containers see and, as far as user and capabilities allow, signal and trace every process of the node; the Baseline pod security standard refuses it.',
      remedy: 'Remove it unless the pod manages processes of the node.',
    };
  },
});

const hostIpc = podRule({
  id: 'kubernetes/host-ipc',
  severity: 'warning',
  summary: 'A pod is in the IPC namespace of the node',
  link: links.hostNamespaces,
  about: ['hostIPC'],
  *check({ hostIpc: { value, span }, windows }) {
    if (value !== true || span === undefined || windows) return;
    yield {
      span,
      message:
        "The containers share the node's System V shared memory, semaphores and message queues, its POSIX message queues and its `/dev/shm`; the Baseline pod security standard refuses it.",
      remedy: 'Remove it: the containers of a pod share an IPC namespace of their own.',
    };
  },
});

const privileged = containerRule({
  id: 'kubernetes/privileged',
  severity: 'warning',
  summary: 'A privileged container in the user namespace of the node',
  link: links.baseline,
  about: ['privileged'],
  *check({ securityContext }, pod) {
    const { value, span } = flagOf(securityContext, 'privileged');
    if (value !== true || span === undefined || !inNodeUserNamespace(pod)) return;
    yield {
      span,
      message:
        "The container has every capability in the node's user namespace, all its devices and no masked paths: namespaces hardly separate it from the node, and the Baseline pod security standard refuses it.",
      remedy: 'Add the capabilities that are needed instead, or `hostUsers: false` to the spec of the pod.',
    };
  },
});

interface Power {
  readonly means: string;
  /** What else must be so. */
  readonly when?: 'hostPid' | 'hostNetwork';
}

/** What a capability in the initial user namespace allows beyond the container. */
const powers: ReadonlyMap<string, Power> = new Map<string, Power>([
  ['ALL', { means: 'has every capability in the user namespace of the node' }],
  ['SYS_ADMIN', { means: 'may mount file systems and enter other namespaces, in the user namespace of the node' }],
  ['SYS_MODULE', { means: 'may load modules into the kernel of the node' }],
  ['SYS_RAWIO', { means: 'may access I/O ports and raw memory of the node' }],
  ['DAC_READ_SEARCH', { means: 'may open any file of a mounted file system by its handle, outside its root too' }],
  ['SYS_PTRACE', { means: 'may trace every process of the node', when: 'hostPid' }],
  ['NET_ADMIN', { means: 'may change the network of the node', when: 'hostNetwork' }],
  ['NET_RAW', { means: 'may capture and forge the traffic of the node', when: 'hostNetwork' }],
]);

const capability = containerRule({
  id: 'kubernetes/capability-on-the-node',
  severity: 'warning',
  summary: 'A capability that reaches beyond the container, in the user namespace of the node',
  link: links.baseline,
  about: ['capabilities'],
  *check({ securityContext }, pod) {
    if (!inNodeUserNamespace(pod) || booleanOf(fieldOf(securityContext, 'privileged')?.value) === true) return;
    for (const { text, span } of textsIn(fieldOf(securityContext, 'capabilities')?.value, 'add')) {
      const power = powers.get(text.toUpperCase().replace(/^CAP_/, ''));
      if (power === undefined) continue;
      const needs = power.when === undefined ? undefined : pod[power.when];
      if (needs !== undefined && needs.value !== true) continue;
      const name = power.when === 'hostPid' ? 'hostPID' : 'hostNetwork';
      yield {
        span,
        message: `With ${quoted(text)}${needs === undefined ? '' : ` and ${quoted(`${name}: true`)}`} the container ${power.means}.`,
        remedy: 'Leave it out or, if it is needed within the pod only, add `hostUsers: false` to the spec of the pod.',
        ...(needs?.span !== undefined && { related: [{ span: needs.span, message: `${name} is set here.` }] }),
      };
    }
  },
});

const escalation = containerRule({
  id: 'kubernetes/privileged-without-escalation',
  severity: 'error',
  summary: 'allowPrivilegeEscalation is false in a container that is privileged or has CAP_SYS_ADMIN',
  link: links.securityContext,
  about: ['allowPrivilegeEscalation'],
  *check({ securityContext }) {
    const escalate = flagOf(securityContext, 'allowPrivilegeEscalation');
    if (escalate.value !== false || escalate.span === undefined) return;
    const also = flagOf(securityContext, 'privileged');
    const admin = textsIn(fieldOf(securityContext, 'capabilities')?.value, 'add').find(
      // The API server compares with this spelling only.
      ({ text }) => text === 'CAP_SYS_ADMIN',
    );
    const span = also.value === true ? also.span : admin?.span;
    if (span === undefined) return;
    const beside = also.value === true ? '`privileged: true`' : 'the capability `CAP_SYS_ADMIN`';
    yield {
      span: escalate.span,
      message: `The API server refuses \`allowPrivilegeEscalation: false\` together with ${beside}, which is more than what it would prevent.`,
      remedy: 'Remove one of the two.',
      related: [{ span, message: 'It is given here.' }],
    };
  },
});

const targetUnknown = podRule({
  id: 'kubernetes/ephemeral-target-unknown',
  severity: 'error',
  summary: 'An ephemeral container is to share the PID namespace of a container that is not there',
  link: links.ephemeral,
  about: ['targetContainerName'],
  *check({ containers, complete }) {
    if (!complete) return;
    const names = new Set(containers.flatMap(({ list, name }) => (list === 'ephemeralContainers' ? [] : [name])));
    for (const { list, node } of containers) {
      const target = list === 'ephemeralContainers' ? textField(node, 'targetContainerName') : undefined;
      if (target === undefined || target.text === '' || names.has(target.text)) continue;
      yield {
        span: target.valueSpan,
        message: `The API server refuses ${quoted(target.text)} here: no container or init container of the pod has that name.`,
        remedy: 'Name the container whose processes are to be seen.',
      };
    }
  },
});

export const processRules = [
  targetUnknown,
  sharedWithHostPid,
  shared,
  hostPid,
  hostIpc,
  privileged,
  capability,
  escalation,
];
