import { compose } from '../../../server/language/dialects/compose/index.ts';
import { testRules } from '../support/judging.ts';

/** A service with these lines, and what follows it at the same indentation as `services`. */
function service(lines: string, others = ''): string {
  const body = lines.replaceAll(/^(?=.)/gm, '    ');
  return `services:\n  web:\n    image: nginx\n${body}\n${others}`;
}

const vpn = '  vpn:\n    image: vpn\n';

testRules(compose, {
  'compose/invalid-pid-mode': [
    { flagged: service('pid: «hots»'), clean: service('pid: host') },
    {
      flagged: service('pid: "«private»"').replace('"«', '«"').replace('»"', '"»'),
      clean: service('pid: ${PID_MODE}'),
    },
    { flagged: service('pid: «${PID_MODE:-hots}»'), clean: service('pid: ${PID_MODE:-host}') },
  ],
  'compose/invalid-ipc-mode': { flagged: service('ipc: «shared»'), clean: service('ipc: shareable') },
  'compose/invalid-uts-mode': {
    flagged: service('uts: «service:vpn»', vpn),
    clean: service('uts: host'),
  },
  'compose/invalid-cgroup-mode': { flagged: service('cgroup: «shared»'), clean: service('cgroup: private') },
  'compose/invalid-userns-mode': [
    { flagged: service('userns_mode: «keep-id»'), clean: service('userns_mode: host') },
    { flagged: service('userns_mode: «hots»'), clean: service('userns_mode:') },
  ],
  'compose/namespace-of-nobody': {
    flagged: service('network_mode: «"service:"»\nipc: «container:»'),
    clean: service('network_mode: "service:vpn"\nipc: container:other', vpn),
  },
  'compose/hostname-too-long': {
    flagged: service(`hostname: «${'a'.repeat(65)}»`),
    clean: service(`hostname: ${'a'.repeat(64)}`),
  },
  'compose/network-mode-with-networks': [
    {
      flagged: service('network_mode: host\n«networks»:\n  - front # not both\ncommand: run'),
      clean: service('network_mode: host\nnetworks: []\ncommand: run'),
      fixed: service('network_mode: host\ncommand: run'),
    },
    {
      flagged: `x-net: &net\n  «networks»: [front]\n${service('<<: *net\nnetwork_mode: none')}`,
      clean: `x-net: &net\n  networks: [front]\n${service('<<: *net')}`,
    },
    {
      flagged: service('extends: base\nnetwork_mode: none', '  base:\n    image: a\n    «networks»: {front: }\n'),
      clean: service('extends: base\nnetwork_mode: none\nnetworks: !reset null', '  base:\n    networks: {front: }\n'),
    },
    {
      flagged: `${service('network_mode: host')}---\nservices:\n  web:\n    «networks»: [front]\n`,
      clean: `${service('network_mode: host')}---\nservices:\n  other:\n    networks: [front]\n`,
    },
  ],
  'compose/ports-with-shared-network': [
    {
      flagged: service('network_mode: service:vpn\n«ports»: ["80:80"]\n«expose»:\n  - 90', vpn),
      clean: service('network_mode: service:vpn\nports: []', vpn),
      fixed: service('network_mode: service:vpn\nexpose:\n  - 90', vpn),
    },
    {
      flagged: service('network_mode: container:vpn\n«ports»:\n- 80:80'),
      clean: service('network_mode: bridge\nports:\n- 80:80'),
    },
  ],
  'compose/hostname-with-shared-network': {
    flagged: service('network_mode: container:vpn\n«hostname»: blue'),
    clean: service('network_mode: host\nhostname: blue'),
    fixed: service('network_mode: container:vpn'),
  },
  'compose/dns-with-shared-network': {
    flagged: service('network_mode: container:vpn\n«dns»: 9.9.9.9'),
    clean: service('network_mode: host\ndns: 9.9.9.9'),
  },
  'compose/extra-hosts-with-shared-network': {
    flagged: service('network_mode: container:vpn\n«extra_hosts»:\n  db: 10.0.0.1'),
    clean: service('network_mode: host\nextra_hosts:\n  db: 10.0.0.1'),
  },
  'compose/links-with-shared-network': {
    flagged: service('network_mode: container:vpn\n«links»: [vpn]', vpn),
    clean: service('links: [vpn]', vpn),
  },
  'compose/network-mode-names-network': {
    flagged: service('network_mode: «front»', 'networks:\n  front:\n    driver: bridge\n'),
    clean: service('network_mode: front', 'networks:\n  front:\n    name: front\n'),
  },
  'compose/namespace-of-unknown-service': [
    { flagged: service('network_mode: service:«vnp»', vpn), clean: service('network_mode: service:vpn', vpn) },
    {
      flagged: service('pid: "service:«db»"\nipc: service:«db»', vpn),
      clean: service('pid: service:db', 'include: [db.yaml]\n'),
    },
  ],
  'compose/namespace-cycle': [
    {
      flagged: service('network_mode: service:«vpn»', '  vpn:\n    image: vpn\n    pid: service:«web»\n'),
      clean: service('network_mode: service:vpn', '  vpn:\n    image: vpn\n    pid: service:db\n  db: {image: db}\n'),
    },
    {
      flagged: service('network_mode: service:«web»'),
      clean: service('network_mode: container:web'),
    },
    {
      flagged: service(
        'ipc: service:«vpn»',
        '  vpn:\n    image: vpn\n    ipc: shareable\n    depends_on:\n      db: {condition: service_started}\n  db:\n    links: ["web:w"]\n',
      ),
      clean: service(
        'ipc: service:vpn\ndepends_on: [vpn]',
        '  vpn:\n    image: vpn\n    ipc: shareable\n    depends_on: [db]\n  db: {image: db}\n',
      ),
    },
  ],
  'compose/joins-private-ipc': [
    {
      flagged: service('ipc: service:«db»', '  db:\n    image: db\n'),
      clean: service('ipc: service:db', '  db:\n    image: db\n    ipc: shareable\n'),
    },
    {
      flagged: service('ipc: service:«db»', '  db:\n    image: db\n    ipc: private\n'),
      clean: service('ipc: service:db', '  db:\n    extends: {file: db.yaml, service: db}\n'),
    },
  ],
  'compose/container-of-this-file': {
    flagged: service('network_mode: «"container:tunnel"»', '  vpn:\n    container_name: tunnel\n'),
    clean: service('network_mode: "container:tunnel"', vpn),
    fixed: service('network_mode: "service:vpn"', '  vpn:\n    container_name: tunnel\n'),
  },
  'compose/namespace-of-scaled-service': {
    flagged: service('network_mode: service:«vpn»', '  vpn:\n    image: vpn\n    deploy:\n      replicas: 3\n'),
    clean: service('network_mode: service:vpn', '  vpn:\n    image: vpn\n    deploy:\n      replicas: 1\n'),
  },
  'compose/ports-with-host-network': [
    {
      flagged: service('network_mode: "host"\n«ports»:\n  # the web\n  - "80:80"\n  - 443:443\nrestart: always'),
      clean: service('network_mode: "bridge"\nports:\n  - "80:80"'),
      fixed: service('network_mode: "host"\nrestart: always'),
    },
    {
      flagged: service('network_mode: ${MODE:-host}\n«ports»: [80]'),
      clean: service('network_mode: ${MODE}\nports: [80]'),
    },
    { flagged: service('network_mode: none\n«ports»: [80]'), clean: service('network_mode: none\nexpose: [80]') },
  ],
  'compose/links-with-host-network': {
    flagged: service('network_mode: host\n«links»:\n  - vpn', vpn),
    clean: service('network_mode: bridge\nlinks:\n  - vpn', vpn),
  },
  'compose/hostname-with-host-uts': {
    flagged: service('uts: host\n«hostname»: blue\n«domainname»: example'),
    clean: service('network_mode: host\nhostname: blue\ndomainname: example'),
    fixed: service('uts: host\ndomainname: example'),
  },
  'compose/sysctl-without-namespace': [
    {
      flagged: service('sysctls:\n  «vm.max_map_count»: 262144\n  net.core.somaxconn: 1024\n  «kernel.hostname»: a'),
      clean: service('sysctls:\n  kernel.shm_rmid_forced: 1\n  fs.mqueue.msg_max: 20\n  kernel.domainname: a'),
    },
    {
      flagged: service('sysctls:\n  - «fs.file-max»=100\n  - "«vm/swappiness»=1"\n  - «user.max_user_namespaces»=0'),
      clean: service('sysctls:\n  - net/ipv4/ip_forward=1\n  - ${KEY}=1'),
    },
  ],
  'compose/sysctl-of-host-namespace': [
    {
      flagged: service('network_mode: host\nsysctls:\n  - «net.ipv4.ip_forward»=1\n  - kernel.sem=1 1 1 1'),
      clean: service('network_mode: service:vpn\nsysctls:\n  - net.ipv4.ip_forward=1', vpn),
    },
    {
      flagged: service('ipc: host\nuts: host\nsysctls: {«kernel.shmmax»: 1, «kernel.domainname»: a}'),
      clean: service('ipc: ${IPC:-host}\nsysctls: {kernel.shmmax: 1, net.core.somaxconn: 9}'),
    },
  ],
  'compose/sysctl-of-joined-namespace': {
    flagged: service('network_mode: service:vpn\nsysctls:\n  «net.core.somaxconn»: 9\n  kernel.shmmax: 9', vpn),
    clean: service('ipc: service:vpn\nsysctls:\n  net.core.somaxconn: 9', vpn),
  },
  'compose/shm-size-without-effect': [
    {
      flagged: service('ipc: host\n«shm_size»: 2gb'),
      clean: service('ipc: shareable\nshm_size: 2gb'),
      fixed: service('ipc: host'),
    },
    { flagged: service('ipc: none\n«shm_size»: 2gb'), clean: service('shm_size: 2gb') },
  ],
  'compose/init-without-own-pid': {
    flagged: service('pid: host\n«init»: true'),
    clean: service('pid: host\ninit: false'),
    fixed: service('pid: host'),
  },
  'compose/cgroup-parent-without-slice': {
    flagged: service('cgroup_parent: «m-executor-abcd»'),
    clean: service('cgroup_parent: workers.slice'),
  },
  'compose/host-pid': { flagged: service('pid: «"host"»'), clean: service('pid: service:vpn', vpn) },
  'compose/host-network': [
    { flagged: service('network_mode: «host»'), clean: service('networks: [host]') },
    {
      flagged: `x-host: &host\n  network_mode: «host»\n${service('<<: *host', '  two:\n    <<: [*host]\n')}`,
      clean: `x-host:\n  network_mode: host\n${service('')}`,
    },
  ],
  'compose/host-ipc': { flagged: service('ipc: «host»'), clean: service('ipc: private') },
  'compose/host-uts': { flagged: service('uts: «host»'), clean: service('uts: ${UTS}') },
  'compose/host-user': { flagged: service('userns_mode: «host»'), clean: service('user: host') },
  'compose/host-cgroup': { flagged: service('cgroup: «host»'), clean: service('cgroup: private') },
  'compose/privileged': [
    { flagged: service('privileged: «true»'), clean: service('privileged: false') },
    { flagged: service('privileged: «"yes"»'), clean: service('privileged: ${PRIVILEGED:-false}') },
  ],
  'compose/capabilities-with-privileged': {
    flagged: service('privileged: true\n«cap_add»: [NET_ADMIN]\n«cap_drop»:\n  - ALL'),
    clean: service('privileged: false\ncap_add: [NET_ADMIN]\ncap_drop: [ALL]'),
    fixed: service('privileged: true\ncap_drop:\n  - ALL'),
  },
  'compose/unknown-capability': {
    flagged: service('cap_add: [net_admin, «NET_ADMINS»]\ncap_drop:\n  - «CAP_FOO»'),
    clean: service('cap_add: [cap_net_admin, ALL, $CAPABILITY]'),
  },
  'compose/capability-of-the-host': [
    { flagged: service('cap_add: [«SYS_ADMIN», SYS_PTRACE]'), clean: service('cap_add: [NET_ADMIN, SYS_TIME]') },
    {
      flagged: service('pid: host\ncap_add:\n  - «CAP_SYS_PTRACE»'),
      clean: service('privileged: true\ncap_add: [ALL]'),
    },
  ],
  'compose/unconfined': {
    flagged: service(
      'security_opt:\n  - «seccomp:unconfined»\n  - «apparmor=unconfined»\n  - «systempaths=unconfined»',
    ),
    clean: service('security_opt:\n  - seccomp:profile.json\n  - no-new-privileges:true\n  - label=disable'),
  },
  'compose/engine-socket-mounted': [
    {
      flagged: service('volumes:\n  - «/var/run/docker.sock»:/var/run/docker.sock:ro\n  - data:/run/docker.sock'),
      clean: service('volumes:\n  - ./docker.sock:/var/run/docker.sock'),
    },
    {
      flagged: service(
        'use_api_socket: «true»\nvolumes:\n  - type: bind\n    source: «/run/podman/podman.sock»\n    target: /s',
      ),
      clean: service(
        'use_api_socket: false\nvolumes:\n  - type: volume\n    source: /run/podman/podman.sock\n    target: /s',
      ),
    },
  ],
  'compose/host-tree-mounted': {
    flagged: service(
      'volumes:\n  - «/»:/host:ro,rslave\n  - «/proc/»:/host/proc\n  - {type: bind, source: «/sys», target: /s}\n  - «/dev»:/dev',
    ),
    clean: service('volumes:\n  - /proc/cpuinfo:/c:ro\n  - ./:/app\n  - /srv:/srv\n  - ${ROOT:-/}:/h'),
  },
  'compose/mounts-reach-the-host': {
    flagged: service(
      'volumes:\n  - /mnt:/mnt:ro,«rshared»\n  - type: bind\n    source: /m\n    target: /m\n    bind: {propagation: «shared»}',
    ),
    clean: service('volumes:\n  - /mnt:/mnt:rslave\n  - /shared:/rshared'),
  },
  'compose/invalid-propagation': {
    flagged: service(
      'volumes:\n  - type: bind\n    source: /m\n    target: /m\n    bind:\n      propagation: «recursive»',
    ),
    clean: service('volumes:\n  - type: bind\n    source: /m\n    target: /m\n    bind:\n      propagation: rslave'),
  },
  'compose/mount-inside-proc': {
    flagged: service('volumes:\n  - ./limits:«/proc/sys/vm»\n  - data:«/proc»'),
    clean: service('volumes:\n  - /var/lib/lxcfs/proc/meminfo:/proc/meminfo\n  - /proc:/proc\n  - /proc:/host/proc'),
  },
});
