import type { RuleCase } from '../support/judging.ts';
import { container, podHolding, podOf, podWith } from './manifests.ts';

const own = 'hostUsers: false';

function capabilities(list: string): string[] {
  return ['securityContext:', '  capabilities:', `    add: [${list}]`];
}

function mounting(path: string, ...mount: readonly string[]): string {
  return podHolding(
    ['volumes:', '  - name: host', `    hostPath: { ${path} }`],
    container('volumeMounts:', '  - name: host', '    mountPath: /host', ...mount.map((line) => `    ${line}`)),
  );
}

function propagating(privileged: string, propagation: string): string {
  return podOf(
    'securityContext:',
    `  ${privileged}`,
    'volumeMounts:',
    '  - name: host',
    '    mountPath: /host',
    `    ${propagation}`,
  );
}

/** Processes, users, mounts, Windows and what a declaration needs. */
export const namespaceCases: Readonly<Record<string, RuleCase | readonly RuleCase[]>> = {
  'kubernetes/share-process-namespace-with-host-pid': {
    flagged: podWith('hostPID: true', '«shareProcessNamespace: true»'),
    clean: podWith('hostPID: true', 'shareProcessNamespace: false'),
  },
  'kubernetes/shared-process-namespace': {
    flagged: podWith('«shareProcessNamespace: true»'),
    clean: podWith('shareProcessNamespace: false'),
  },
  'kubernetes/host-pid': { flagged: podWith('«hostPID: true»'), clean: podWith('hostPID: false') },
  'kubernetes/host-ipc': { flagged: podWith('«hostIPC: true»'), clean: podWith('hostIPC:') },
  'kubernetes/privileged': {
    flagged: podOf('securityContext:', '  «privileged: true»'),
    clean: podHolding([own], container('securityContext:', '  privileged: true')),
  },
  'kubernetes/capability-on-the-node': [
    {
      flagged: podOf(...capabilities('«SYS_ADMIN», NET_BIND_SERVICE, «CAP_SYS_MODULE», NET_ADMIN')),
      clean: podHolding([own], container(...capabilities('SYS_ADMIN'))),
    },
    {
      flagged: podHolding(['hostPID: true'], container(...capabilities('«SYS_PTRACE», NET_ADMIN'))),
      clean: podOf(...capabilities('SYS_PTRACE, NET_ADMIN')),
    },
  ],
  'kubernetes/privileged-without-escalation': [
    {
      flagged: podOf('securityContext:', '  privileged: true', '  «allowPrivilegeEscalation: false»'),
      clean: podOf('securityContext:', '  privileged: true', '  allowPrivilegeEscalation: true'),
    },
    {
      flagged: podOf(
        'securityContext:',
        '  «allowPrivilegeEscalation: false»',
        '  capabilities: { add: [CAP_SYS_ADMIN] }',
      ),
      clean: podOf('securityContext:', '  allowPrivilegeEscalation: false', '  capabilities: { add: [SYS_ADMIN] }'),
    },
  ],
  'kubernetes/id-out-of-range': {
    flagged: podHolding(
      ['securityContext:', '  fsGroup: «-1»', '  supplementalGroups: [1, «4294967295»]'],
      container('securityContext:', '  runAsUser: «2147483648»'),
    ),
    clean: podHolding(['securityContext:', '  fsGroup: 0'], container('securityContext:', '  runAsUser: 2147483647')),
  },
  'kubernetes/id-not-mapped': {
    flagged: podHolding(
      [own, 'securityContext:', '  runAsUser: «65536»'],
      container('securityContext: { runAsGroup: «100000» }'),
    ),
    clean: podHolding([own, 'securityContext:', '  runAsUser: 65535'], container()),
  },
  'kubernetes/user-namespace-with-host-namespace': {
    flagged: podWith(own, '«hostPID: true»', '«hostIPC: true»'),
    clean: podWith('hostUsers: true', 'hostPID: true', 'hostIPC: true'),
  },
  'kubernetes/user-namespace-with-host-network': {
    flagged: podWith(own, '«hostNetwork: true»'),
    clean: podWith(own, 'hostNetwork: false'),
  },
  'kubernetes/block-device-in-user-namespace': {
    flagged: podHolding([own], container('«volumeDevices»:', '  - name: disk', '    devicePath: /dev/xvda')),
    clean: podOf('volumeDevices:', '  - name: disk', '    devicePath: /dev/xvda'),
  },
  'kubernetes/nfs-in-user-namespace': {
    flagged: podHolding(
      [own, 'volumes:', '  - name: share', '    «nfs»: { server: nfs.example, path: / }'],
      container('volumeMounts:', '  - name: share', '    mountPath: /share'),
    ),
    clean: podHolding([own, 'volumes:', '  - name: share', '    nfs: { server: nfs.example, path: / }'], container()),
  },
  'kubernetes/unmasked-proc-without-user-namespace': [
    {
      flagged: podOf('securityContext:', '  procMount: «Unmasked»'),
      clean: podHolding([own], container('securityContext:', '  procMount: Unmasked')),
    },
    {
      flagged: podHolding(['hostUsers: true'], container('securityContext:', '  procMount: «Unmasked»')),
      // A patch says only a part of the pod.
      clean: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: app
      securityContext:
        procMount: Unmasked
`,
    },
  ],
  'kubernetes/proc-mount-unknown': {
    flagged: podOf('securityContext:', '  procMount: «unmasked»'),
    clean: podOf('securityContext:', '  procMount: Default'),
  },
  'kubernetes/capability-void-in-user-namespace': {
    flagged: podHolding([own], container(...capabilities('«SYS_MODULE», SYS_ADMIN, «SYS_TIME»'))),
    clean: podOf(...capabilities('SYS_MODULE')),
  },
  'kubernetes/root-though-non-root': [
    {
      flagged: podHolding(
        ['securityContext:', '  runAsNonRoot: true'],
        container('securityContext:', '  runAsUser: «0»'),
      ),
      clean: podHolding(
        ['securityContext:', '  runAsNonRoot: true'],
        container('securityContext:', '  runAsUser: 0', '  runAsNonRoot: false'),
      ),
    },
    {
      flagged: podHolding([own, 'securityContext: { runAsNonRoot: true, runAsUser: «0» }'], container()),
      clean: podHolding(['securityContext: { runAsNonRoot: true, runAsUser: 1000 }'], container()),
    },
  ],
  'kubernetes/root-of-the-node': {
    flagged: podWith('securityContext:', '  «runAsUser: 0»'),
    clean: podWith(own, 'securityContext:', '  runAsUser: 0'),
  },
  'kubernetes/mount-propagation-unknown': {
    flagged: propagating('privileged: true', 'mountPropagation: «rshared»'),
    clean: propagating('privileged: true', 'mountPropagation: HostToContainer'),
  },
  'kubernetes/bidirectional-without-privilege': {
    flagged: propagating('privileged: false', '«mountPropagation: Bidirectional»'),
    clean: propagating('privileged: ${PRIVILEGED}', 'mountPropagation: Bidirectional'),
  },
  'kubernetes/mounts-reach-the-node': {
    flagged: propagating('privileged: true', '«mountPropagation: Bidirectional»'),
    clean: propagating('privileged: true', 'mountPropagation: HostToContainer'),
  },
  'kubernetes/recursive-read-only-refused': [
    {
      flagged: mounting('path: /srv', '«recursiveReadOnly: Enabled»'),
      clean: mounting('path: /srv', 'recursiveReadOnly: Enabled', 'readOnly: true'),
    },
    {
      flagged: mounting(
        'path: /srv',
        'readOnly: true',
        '«recursiveReadOnly: IfPossible»',
        'mountPropagation: HostToContainer',
      ),
      clean: mounting(
        'path: /srv',
        'readOnly: true',
        'recursiveReadOnly: Disabled',
        'mountPropagation: HostToContainer',
      ),
    },
  ],
  'kubernetes/runtime-socket': [
    { flagged: mounting('«path: /var/run/docker.sock»'), clean: mounting('path: /var/run/syslog.sock') },
    {
      flagged: mounting('«path: /run/containerd/containerd.sock»', 'readOnly: true'),
      clean: mounting('path: /run/app'),
    },
  ],
  'kubernetes/host-path-exposes-node': [
    { flagged: mounting('«path: /proc»'), clean: mounting('path: /proc', 'subPath: meminfo') },
    { flagged: mounting('«path: /»', 'readOnly: true'), clean: mounting('path: /sys', 'readOnly: true') },
    { flagged: mounting('«path: /var/run/netns/»'), clean: mounting('path: /var/lib/app') },
  ],
  'kubernetes/linux-field-for-windows': {
    flagged: podHolding(
      ['os: { name: windows }', '«hostUsers: false»', 'securityContext:', '  «runAsUser: 1000»'],
      container('securityContext:', '  «privileged: true»', '  «capabilities»:', '    drop: [ALL]'),
    ),
    clean: podHolding(
      ['os: { name: windows }', 'hostNetwork: true'],
      container('securityContext:', '  runAsNonRoot: true'),
    ),
  },
  'kubernetes/windows-options-for-linux': {
    flagged: podWith('os: { name: linux }', 'securityContext:', '  «windowsOptions»:', '    runAsUserName: app'),
    clean: podWith('securityContext:', '  windowsOptions:', '    runAsUserName: app'),
  },
  'kubernetes/host-process-without-host-network': {
    flagged: podWith('securityContext:', '  windowsOptions:', '    «hostProcess: true»'),
    clean: podWith('hostNetwork: true', 'securityContext:', '  windowsOptions:', '    hostProcess: true'),
  },
  'kubernetes/host-process-mixed': {
    flagged: podHolding(
      ['hostNetwork: true', 'securityContext: { windowsOptions: { hostProcess: true } }'],
      container('securityContext: { windowsOptions: { «hostProcess: false» } }'),
    ),
    clean: podHolding(
      ['hostNetwork: true', 'securityContext: { windowsOptions: { hostProcess: true } }'],
      container(),
      container('securityContext: { windowsOptions: { hostProcess: true } }'),
    ),
  },
  'kubernetes/os-unknown': { flagged: podWith('os: { name: «Windows» }'), clean: podWith('os: { name: linux }') },
  'kubernetes/ephemeral-target-unknown': {
    flagged: podWith('ephemeralContainers:', '  - name: debug', '    image: debug:1', '    targetContainerName: «api»'),
    clean: podWith('ephemeralContainers:', '  - name: debug', '    image: debug:1', '    targetContainerName: app'),
  },
  'kubernetes/user-namespace-support': { flagged: podWith('«hostUsers: false»'), clean: podWith('hostUsers: true') },
  'kubernetes/hostname-override-support': {
    flagged: podWith('«hostnameOverride: web.example.org»'),
    clean: podWith('hostname: web'),
  },
  'kubernetes/unmasked-proc-support': {
    flagged: podHolding([own], container('securityContext:', '  «procMount: Unmasked»')),
    clean: podOf('securityContext:', '  procMount: Default'),
  },
};
