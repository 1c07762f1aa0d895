import type { RuleCase } from '../support/judging.ts';
import { container, controllerWith, podHolding, podOf, podWith, sysctl, sysctlsWith } from './manifests.ts';

const networkOfNode = 'hostNetwork: true';

/** Structure, host names, ports and sysctls. */
export const structureCases: Readonly<Record<string, RuleCase | readonly RuleCase[]>> = {
  'kubernetes/field-in-wrong-place': [
    {
      flagged: podOf('«hostNetwork»: true', '«privileged»: true', 'securityContext:', '  «sysctls»: []'),
      clean: podHolding([networkOfNode], container('securityContext:', '  privileged: true')),
    },
    {
      flagged: controllerWith('Deployment', ['replicas: 2', '«hostNetwork»: true', '«securityContext»: {}'], []),
      clean: controllerWith('Deployment', ['replicas: 2'], [networkOfNode, 'securityContext: {}']),
    },
    {
      flagged: podWith('securityContext:', '  «hostPID»: true', '  «capabilities»: { add: [NET_ADMIN] }'),
      clean: podWith('hostPID: true', 'securityContext:', '  runAsUser: 1000'),
    },
    { flagged: podWith('«runAsUser»: 1000', '«sysctls»: []'), clean: podWith('hostname: web') },
  ],
  'kubernetes/field-misspelt': [
    {
      flagged: '{"apiVersion":"v1","kind":"Pod","spec":{«"hostPid"»:true}}',
      clean: '{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true}}',
      fixed: '{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true}}',
    },
    {
      flagged: podWith('«hostPid»: true', '«hostNetworking»: true'),
      clean: podWith('hostPID: true', 'hostAliases: []'),
      fixed: podWith('hostPID: true', 'hostNetworking: true'),
    },
    {
      flagged: podOf('volumeMounts:', '  - name: data', '    mountPath: /data', '    «mountpropagation»: None'),
      clean: podOf('volumeMounts:', '  - name: data', '    mountPath: /data', '    mountPropagation: None'),
    },
  ],
  'kubernetes/flag-not-boolean': [
    {
      flagged: '{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":«"true"»}}',
      clean: '{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true}}',
      fixed: '{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true}}',
    },
    {
      flagged: podWith('hostNetwork: «"true"»', 'hostUsers: «0»'),
      clean: podWith('hostNetwork: yes', 'hostUsers: {{ .Values.hostUsers }}'),
      fixed: podWith('hostNetwork: true', 'hostUsers: 0'),
    },
    {
      flagged: podOf('securityContext:', "  privileged: «'false'»"),
      clean: podOf('securityContext:', '  privileged: ${PRIVILEGED}'),
    },
  ],
  'kubernetes/obsolete-annotation': {
    flagged: `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    «security.alpha.kubernetes.io/sysctls»: kernel.shm_rmid_forced=1
spec:
  containers: []
`,
    clean: `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    container.apparmor.security.beta.kubernetes.io/web: runtime/default
spec:
  containers: []
`,
  },
  'kubernetes/ephemeral-container-declared': {
    flagged: podWith('«ephemeralContainers»:', '  - name: debug', '    image: registry.example/debug:1'),
    clean: podWith(
      'nodeName: node-1',
      'ephemeralContainers:',
      '  - name: debug',
      '    image: registry.example/debug:1',
    ),
  },
  'kubernetes/capability-with-prefix': {
    flagged: podOf('securityContext:', '  capabilities:', '    add: [«"CAP_NET_ADMIN"», SYS_TIME]'),
    clean: podOf('securityContext:', '  capabilities:', '    add: [NET_ADMIN, SYS_TIME]'),
    fixed: podOf('securityContext:', '  capabilities:', '    add: ["NET_ADMIN", SYS_TIME]'),
  },
  'kubernetes/capabilities-not-a-map': {
    flagged: podOf('securityContext:', '  «capabilities»:', '    - NET_ADMIN'),
    clean: podOf('securityContext:', '  capabilities:', '    add:', '      - NET_ADMIN'),
  },
  'kubernetes/host-port-mismatch': {
    flagged: podHolding([networkOfNode], container('ports:', '  - containerPort: 80', '    «hostPort: 8080»')),
    clean: podHolding(
      [networkOfNode],
      container('ports:', '  - containerPort: 80', '    hostPort: 80', '  - containerPort: 81'),
    ),
    fixed: podHolding([networkOfNode], container('ports:', '  - containerPort: 80', '    hostPort: 80')),
  },
  'kubernetes/host-port-invalid': {
    flagged: podOf('ports:', '  - containerPort: 80', '    hostPort: «70000»'),
    clean: podOf('ports:', '  - containerPort: 80', '    hostPort: 65535'),
  },
  'kubernetes/host-port-twice': [
    {
      flagged: podOf(
        'ports:',
        '  - containerPort: 80',
        '    hostPort: 80',
        '  - containerPort: 81',
        '    «hostPort: 80»',
      ),
      clean: podOf(
        'ports:',
        '  - containerPort: 53',
        '    hostPort: 53',
        '    protocol: UDP',
        '  - containerPort: 53',
        '    hostPort: 53',
        '    protocol: TCP',
      ),
    },
    {
      flagged: podHolding(
        [networkOfNode],
        container('ports: [{ containerPort: 80 }]'),
        container('ports: [{ «containerPort: 80» }]'),
      ),
      clean: podHolding([], container('ports: [{ containerPort: 80 }]'), container('ports: [{ containerPort: 80 }]')),
    },
  ],
  'kubernetes/cluster-dns-with-host-network': [
    { flagged: podWith('«hostNetwork: true»'), clean: podWith(networkOfNode, 'dnsPolicy: Default') },
    {
      flagged: podWith(networkOfNode, '«dnsPolicy: ClusterFirst»'),
      clean: podWith(networkOfNode, 'dnsPolicy: ClusterFirstWithHostNet'),
      fixed: podWith(networkOfNode, 'dnsPolicy: ClusterFirstWithHostNet'),
    },
  ],
  'kubernetes/host-network-dns-without-host-network': {
    flagged: podWith('«dnsPolicy: ClusterFirstWithHostNet»'),
    clean: podWith('hostNetwork: ${HOST_NETWORK}', 'dnsPolicy: ClusterFirstWithHostNet'),
  },
  'kubernetes/host-port': {
    flagged: podOf('ports:', '  - containerPort: 80', '    «hostPort: 8080»'),
    clean: podOf('ports:', '  - containerPort: 80', '    hostPort: 0'),
  },
  'kubernetes/probe-of-node-loopback': [
    {
      flagged: podOf('livenessProbe:', '  httpGet: { port: 80, «host: 127.0.0.1» }'),
      clean: podHolding([networkOfNode], container('livenessProbe:', '  httpGet: { port: 80, host: 127.0.0.1 }')),
    },
    {
      flagged: podOf('lifecycle:', '  preStop:', '    tcpSocket:', '      port: 80', '      «host: localhost»'),
      clean: podOf('readinessProbe:', '  tcpSocket:', '    port: 80'),
    },
  ],
  'kubernetes/host-network': { flagged: podWith('«hostNetwork: true»'), clean: podWith('hostNetwork: false') },
  'kubernetes/hostname-invalid': [
    {
      flagged: podWith('hostname: «web.example.org»', 'subdomain: «Web»'),
      clean: podWith('hostname: web-1', 'subdomain: 1web'),
    },
    { flagged: podWith(`hostname: «${'a'.repeat(64)}»`), clean: podWith(`hostname: ${'a'.repeat(63)}`) },
    { flagged: podWith('hostname: «"-web"»'), clean: podWith('hostname: $(NAME)') },
  ],
  'kubernetes/hostname-override-invalid': {
    flagged: podWith(`hostnameOverride: «${'abc.'.repeat(16)}de»`),
    clean: podWith('hostnameOverride: web.example.org'),
  },
  'kubernetes/hostname-override-conflict': {
    flagged: podWith('«hostnameOverride: web.example.org»', networkOfNode),
    clean: podWith('hostnameOverride: web.example.org', 'setHostnameAsFQDN: false'),
  },
  'kubernetes/hostname-with-host-network': [
    {
      flagged: podWith(networkOfNode, '«hostname: web»', 'dnsPolicy: Default'),
      clean: podWith(networkOfNode, 'hostname: web', 'subdomain: service'),
    },
    { flagged: podWith(networkOfNode, '«setHostnameAsFQDN: true»'), clean: podWith('hostname: web') },
  ],
  'kubernetes/fqdn-without-subdomain': {
    flagged: podWith('«setHostnameAsFQDN: true»'),
    clean: podWith('setHostnameAsFQDN: true', 'subdomain: service'),
  },
  'kubernetes/fqdn-too-long': [
    {
      flagged: podWith('«setHostnameAsFQDN: true»', `hostname: ${'h'.repeat(30)}`, `subdomain: ${'s'.repeat(30)}`),
      clean: podWith('setHostnameAsFQDN: false', `hostname: ${'h'.repeat(30)}`, `subdomain: ${'s'.repeat(30)}`),
    },
    {
      flagged: podWith('«setHostnameAsFQDN: true»', `subdomain: ${'s'.repeat(43)}`),
      clean: podWith('setHostnameAsFQDN: true', `subdomain: ${'s'.repeat(41)}`),
    },
  ],
  'kubernetes/hostname-in-stateful-set': {
    flagged: controllerWith('StatefulSet', ['serviceName: db'], ['«hostname: db»', '«subdomain: db»']),
    clean: controllerWith('Deployment', [], ['hostname: db', 'subdomain: db']),
  },
  'kubernetes/hostname-of-several-pods': {
    flagged: controllerWith('Deployment', ['replicas: 3'], ['«hostname: web»']),
    clean: controllerWith('Deployment', ['replicas: 1'], ['hostname: web']),
  },
  'kubernetes/sysctl-name-invalid': {
    flagged: sysctlsWith([...sysctl('«net.ipv4.tcp_syncookies=1»'), ...sysctl('«Net.core.somaxconn»')]),
    clean: sysctlsWith([...sysctl('net/ipv4/tcp_syncookies'), ...sysctl('$(NAME)')]),
  },
  'kubernetes/sysctl-twice': {
    flagged: sysctlsWith([
      ...sysctl('net.ipv4.tcp_syncookies'),
      ...sysctl('«net/ipv4/tcp_syncookies»'),
      ...sysctl('«net.ipv4.tcp_syncookies»'),
    ]),
    clean: sysctlsWith([...sysctl('net.ipv4.conf.eth0.forwarding'), ...sysctl('net/ipv4/conf/eth0.1/forwarding')]),
  },
  'kubernetes/sysctl-value-not-text': {
    flagged: sysctlsWith(sysctl('net.ipv4.tcp_syncookies', '«1»')),
    clean: sysctlsWith(sysctl('net.ipv4.ip_local_port_range', '1024 65535')),
    fixed: sysctlsWith(sysctl('net.ipv4.tcp_syncookies', '"1"')),
  },
  'kubernetes/sysctl-not-namespaced': {
    flagged: sysctlsWith(sysctl('«vm.max_map_count»', '"262144"')),
    clean: sysctlsWith([...sysctl('kernel.shm_rmid_forced'), ...sysctl('fs.mqueue.msg_max'), ...sysctl('kernel.sem')]),
  },
  'kubernetes/sysctl-of-host-namespace': [
    {
      flagged: sysctlsWith(sysctl('«net.ipv4.tcp_syncookies»'), networkOfNode),
      clean: sysctlsWith(sysctl('kernel.shm_rmid_forced'), networkOfNode),
    },
    {
      flagged: sysctlsWith(sysctl('«kernel.shm_rmid_forced»'), 'hostIPC: true'),
      clean: sysctlsWith(sysctl('net.ipv4.tcp_syncookies'), 'hostIPC: true'),
    },
  ],
  'kubernetes/sysctl-unsafe': {
    flagged: sysctlsWith([...sysctl('«net.core.somaxconn»', '"1024"'), ...sysctl('«kernel.msgmax»')]),
    clean: sysctlsWith([...sysctl('net/ipv4/ping_group_range'), ...sysctl('vm.swappiness')]),
  },
  'kubernetes/sysctl-safe-since': {
    flagged: sysctlsWith(sysctl('«net.ipv4.tcp_rmem»', '4096 87380 6291456')),
    clean: sysctlsWith(sysctl('net.ipv4.ip_unprivileged_port_start', '"0"')),
  },
  'kubernetes/sysctl-by-command': [
    {
      flagged: podOf('«command»: [sysctl, -w, vm.max_map_count=262144]', 'securityContext: { privileged: true }'),
      clean: podOf('command: [sysctl, -a]', 'securityContext: { privileged: true }'),
    },
    {
      flagged: podOf(
        '«command»:',
        '  - sh',
        '  - -c',
        '  - sysctl -w net.core.somaxconn=1024 && true',
        'securityContext: { privileged: true }',
      ),
      clean: podOf('command: [sysctl, -w, net.core.somaxconn=1024]'),
    },
  ],
};
