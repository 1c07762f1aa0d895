/** What is known of a field: for hovers and completion. */
export interface KnownKey {
  readonly about: readonly string[];
  readonly link: string;
  readonly values?: readonly (readonly [value: string, detail: string])[];
}

const pod = 'https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#hosts-namespaces';
const hostname = 'https://kubernetes.io/docs/concepts/workloads/pods/pod-hostname/';
const userNamespaces = 'https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/';
const security = 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/';

function flag(onTrue: string, onFalse: string): NonNullable<KnownKey['values']> {
  return [
    ['true', onTrue],
    ['false', onFalse],
  ];
}

/** Fields of the spec of a pod. */
export const podKeys: ReadonlyMap<string, KnownKey> = new Map<string, KnownKey>([
  [
    'hostNetwork',
    {
      about: [
        "true: the pod is in the node's network namespace and, with containerd and CRI-O, in its UTS namespace. false, the default: it has its own of both.",
        '`hostPort` must then be `containerPort`, and names of services are resolved with `dnsPolicy: ClusterFirstWithHostNet` only.',
      ],
      link: pod,
      values: flag("the node's network namespace", "the pod's own network namespace"),
    },
  ],
  [
    'hostPID',
    {
      about: [
        "true: the containers are in the node's PID namespace. false, the default: each has its own, or all share one with `shareProcessNamespace`.",
      ],
      link: pod,
      values: flag("the node's PID namespace", 'PID namespaces of their own'),
    },
  ],
  [
    'hostIPC',
    {
      about: [
        "true: the containers are in the node's IPC namespace. false, the default: the pod has one of its own, which its containers share.",
      ],
      link: pod,
      values: flag("the node's IPC namespace", "the pod's own IPC namespace"),
    },
  ],
  [
    'hostUsers',
    {
      about: [
        "false: the pod has a user namespace of its own, and its root is an unprivileged user of the node. true, the default: it is in the node's.",
        'It does not go with `hostPID`, `hostIPC`, `volumeDevices` nor, without a feature gate of Kubernetes 1.35, with `hostNetwork`.',
      ],
      link: userNamespaces,
      values: flag("the node's user namespace", "the pod's own user namespace"),
    },
  ],
  [
    'shareProcessNamespace',
    {
      about: [
        'true: the containers of the pod share one PID namespace, in which process 1 is that of the pod sandbox. false, the default: each has its own.',
      ],
      link: 'https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/',
      values: flag('one PID namespace for all containers', 'a PID namespace for each container'),
    },
  ],
  [
    'hostname',
    {
      about: [
        "The host name in the pod's UTS namespace, instead of the pod's name: a DNS label of at most 63 characters. With `subdomain` it makes the pod's fully qualified name.",
      ],
      link: hostname,
    },
  ],
  [
    'subdomain',
    {
      about: [
        "Makes the pod's fully qualified name `HOSTNAME.SUBDOMAIN.NAMESPACE.svc.CLUSTER-DOMAIN`. It does not change the host name of the UTS namespace unless `setHostnameAsFQDN` is true.",
      ],
      link: hostname,
    },
  ],
  [
    'setHostnameAsFQDN',
    {
      about: [
        "true: the host name in the pod's UTS namespace is its fully qualified name, for which the kernel has 64 bytes. It needs `subdomain`.",
      ],
      link: hostname,
      values: flag('the fully qualified name', 'the short name'),
    },
  ],
  [
    'hostnameOverride',
    {
      about: [
        "The host name in the pod's UTS namespace, whatever `hostname` and `subdomain` say: a DNS name of at most 64 characters. It does not go with `hostNetwork` or `setHostnameAsFQDN`, and is there by default from Kubernetes 1.35.",
      ],
      link: hostname,
    },
  ],
  [
    'dnsPolicy',
    {
      about: [
        "Where the pod's resolver looks. A pod in the node's network namespace is treated as `Default` unless it says `ClusterFirstWithHostNet`.",
      ],
      link: 'https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy',
      values: [
        ['ClusterFirst', "the cluster's DNS, the default"],
        ['ClusterFirstWithHostNet', "the cluster's DNS with hostNetwork: true"],
        ['Default', "the node's settings"],
        ['None', 'only what dnsConfig says'],
      ],
    },
  ],
]);

/** Fields of the `securityContext` of a pod. */
export const podSecurityKeys: ReadonlyMap<string, KnownKey> = new Map<string, KnownKey>([
  [
    'sysctls',
    {
      about: [
        "Sysctls that are set in the pod's own namespaces. The kubelet allows the safe ones, others only where it is told to; what belongs to no namespace it never allows.",
      ],
      link: 'https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/',
    },
  ],
]);

/** Fields of the `securityContext` of a container. */
export const containerSecurityKeys: ReadonlyMap<string, KnownKey> = new Map<string, KnownKey>([
  [
    'privileged',
    {
      about: [
        "true: every capability, all devices of the node, no masked paths and no seccomp filter. The capabilities are those of the pod's user namespace, which is the node's unless `hostUsers` is false.",
      ],
      link: security,
      values: flag('every capability and device', 'as the other fields say'),
    },
  ],
  [
    'procMount',
    {
      about: [
        'Unmasked: the paths of `/proc` that the runtime hides or makes read-only are left as they are, as nested containers need it. From Kubernetes 1.30 on only with `hostUsers: false`.',
      ],
      link: `${security}#proc-access`,
      values: [
        ['Default', 'masked and read-only paths of the runtime'],
        ['Unmasked', 'no such paths; needs hostUsers: false'],
      ],
    },
  ],
  [
    'allowPrivilegeEscalation',
    {
      about: ['false: the no_new_privs flag is set, so that set-user-ID programs and file capabilities give nothing.'],
      link: security,
      values: flag('may gain privileges by execve(2)', 'no_new_privs'),
    },
  ],
]);

/** Fields of a volume mount. */
export const mountKeys: ReadonlyMap<string, KnownKey> = new Map<string, KnownKey>([
  [
    'mountPropagation',
    {
      about: [
        "What later mounts pass between the node's mount namespace and the container's: none (rprivate), from the node (rslave) or both ways (rshared).",
      ],
      link: 'https://kubernetes.io/docs/concepts/storage/volumes/#mount-propagation',
      values: [
        ['None', 'rprivate, the default'],
        ['HostToContainer', 'rslave'],
        ['Bidirectional', 'rshared; for privileged containers only'],
      ],
    },
  ],
  [
    'recursiveReadOnly',
    {
      about: [
        'Enabled: mounts below a read-only mount are read-only too, or the container is not started. Needs `readOnly: true` and no mount propagation.',
      ],
      link: 'https://kubernetes.io/docs/concepts/storage/volumes/#recursive-read-only-mounts',
      values: [
        ['Disabled', 'the default'],
        ['IfPossible', 'where runtime and kernel can'],
        ['Enabled', 'or the container is not started'],
      ],
    },
  ],
]);
