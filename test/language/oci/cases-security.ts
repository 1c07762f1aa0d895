import type { RuleCase } from '../support/judging.ts';
import { config, inUser, without } from './texts.ts';

type Cases = Readonly<Record<string, RuleCase | readonly RuleCase[]>>;

const capabilities = (sets: string): string => `"capabilities": { ${sets} }`;
const root = '{ "uid": 0, "gid": 0 }';

function hostCase(type: string, link: string): readonly RuleCase[] {
  const joined = (path: string): string =>
    config({ namespaces: `${without(type)}, { "type": "${type}", "path": ${path} }` });
  return [
    { flagged: config({ namespaces: without(type) }).replace('"namespaces"', '«$&»'), clean: config() },
    { flagged: joined(`«"/proc/1/ns/${link}"»`), clean: joined(`"/proc/17/ns/${link}"`) },
  ];
}

export const securityCases: Cases = {
  'oci/host-pid': hostCase('pid', 'pid'),
  'oci/host-network': hostCase('network', 'net'),
  'oci/host-ipc': hostCase('ipc', 'ipc'),
  'oci/host-uts': hostCase('uts', 'uts'),
  'oci/host-cgroup': hostCase('cgroup', 'cgroup'),
  'oci/writable-proc-sys': [
    {
      flagged: config({ user: root, proc: '{ "destination": «"/proc"», "type": "proc", "source": "proc" }' }),
      clean: config({ user: root, linux: '"readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger"]' }),
    },
    {
      flagged: config({ user: root, linux: '«"readonlyPaths"»: ["/proc/sys"]' }),
      clean: inUser({ user: root }),
    },
  ],
  'oci/writable-sysfs': {
    flagged: config({
      mounts: '{ "destination": "/sys", "type": «"sysfs"», "source": "sysfs", "options": ["nosuid"] }',
    }),
    clean: config({ mounts: '{ "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"] }' }),
  },
  'oci/writable-cgroup-without-cgroup-namespace': {
    flagged: config({
      namespaces: without('cgroup'),
      mounts: '{ "destination": "/sys/fs/cgroup", "type": «"cgroup"», "source": "cgroup" }',
    }),
    clean: config({ mounts: '{ "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup" }' }),
  },
  'oci/host-files-mounted': {
    flagged: config({
      mounts: '{ "destination": "/sock", "source": «"/run/docker.sock"», "options": ["bind", "ro"] }',
    }),
    clean: config({ mounts: '{ "destination": "/data", "source": "/srv/run/docker.sock", "options": ["bind"] }' }),
  },
  'oci/shared-rootfs-propagation': {
    flagged: config({ linux: '"rootfsPropagation": «"rshared"»' }),
    clean: config({ linux: '"rootfsPropagation": "rslave"' }),
  },
  'oci/shared-mount-propagation': [
    {
      flagged: config({ mounts: '{ "destination": "/a", "source": "/srv", "options": ["rbind", «"rshared"»] }' }),
      clean: config({ mounts: '{ "destination": "/a", "source": "/srv", "options": ["rbind", "rslave"] }' }),
    },
    {
      flagged: inUser({ mounts: '{ "destination": "/a", "source": "/srv", "options": ["rbind", «"rshared"»] }' }),
      clean: inUser({ mounts: '{ "destination": "/a", "type": "tmpfs", "options": ["rshared"] }' }),
    },
  ],
  'oci/loopback-cannot-move': {
    flagged: config({ linux: '"netDevices": { «"lo"»: {} }' }),
    clean: config({ linux: '"netDevices": { "lo0": {} }' }),
  },
  'oci/invalid-net-device-name': {
    flagged: config({ linux: '"netDevices": { «"a/b"»: {}, "eth1": { "name": «"sixteen-letters-"» } }' }),
    clean: config({ linux: '"netDevices": { "eth1": { "name": "fifteen-letters" }, "eth2": { "name": "" } }' }),
  },
  'oci/join-and-new-user-namespace': {
    flagged: inUser({
      namespaces: `${without('network')}, { "type": "network", "path": «"/run/netns/a"» }, { "type": "user" }`,
    }),
    clean: inUser(),
  },
};

export const capabilityCases: Cases = {
  'oci/sys-admin-in-host-user-namespace': {
    flagged: config({ process: capabilities('"bounding": ["CAP_KILL", «"CAP_SYS_ADMIN"»]') }),
    clean: inUser({ process: capabilities('"bounding": ["CAP_SYS_ADMIN"]') }),
  },
  'oci/powerful-capability': [
    {
      flagged: config({ process: capabilities('"bounding": [«"CAP_SYS_MODULE"»]') }),
      clean: config({ process: capabilities('"bounding": ["CAP_NET_BIND_SERVICE", "CAP_SYS_PTRACE"]') }),
    },
    {
      flagged: config({ namespaces: without('pid'), process: capabilities('"bounding": [«"CAP_SYS_PTRACE"»]') }),
      clean: inUser({ process: capabilities('"bounding": ["CAP_SYS_MODULE"]') }),
    },
  ],
  'oci/capability-refused': [
    {
      flagged: config({ process: capabilities('"permitted": ["CAP_KILL"], "effective": ["CAP_KILL", «"CAP_CHOWN"»]') }),
      clean: config({ process: capabilities('"permitted": ["CAP_KILL"], "effective": ["CAP_KILL"]') }),
    },
    {
      flagged: config({ process: capabilities('"permitted": ["CAP_KILL"], "inheritable": [«"CAP_KILL"»]') }),
      clean: config({ process: capabilities('"bounding": ["CAP_KILL"], "inheritable": ["CAP_KILL"]') }),
    },
  ],
  'oci/ambient-capability-without-effect': {
    flagged: config({ process: capabilities('"permitted": ["CAP_KILL"], "ambient": [«"CAP_KILL"»]') }),
    clean: config({
      process: capabilities(
        '"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]',
      ),
    }),
  },
  'oci/unknown-capability': {
    flagged: config({ process: capabilities('"bounding": [«"net_raw"», «"CAP_ALL"»]') }),
    clean: config({ process: capabilities('"bounding": ["CAP_CHECKPOINT_RESTORE"]') }),
    fixed: config({ process: capabilities('"bounding": ["CAP_NET_RAW", "CAP_ALL"]') }),
  },
};
