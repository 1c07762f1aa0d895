import type { RuleCase } from '../support/judging.ts';
import { config, entries, inUser, map, maps, without } from './texts.ts';

type Cases = Readonly<Record<string, RuleCase | readonly RuleCase[]>>;

const sysctl = (name: string, value = '1'): string => `"sysctl": { ${name}: "${value}" }`;
const user = `${without()}, { "type": "user" }`;
const joined = (type: string, path: string): string => `${without(type)}, { "type": "${type}", "path": "${path}" }`;

export const dependencyCases: Cases = {
  'oci/hostname-without-uts-namespace': [
    {
      flagged: config({ namespaces: without('uts'), root: '«"hostname"»: "box"' }),
      clean: config({ root: '"hostname": "box"' }),
      fixed: config({ namespaces: `${without('uts')},\n      { "type": "uts" }`, root: '"hostname": "box"' }),
    },
    {
      flagged: config({ namespaces: '', root: '«"hostname"»: "box"' }),
      clean: config({ namespaces: '', root: '"hostname": ""' }),
    },
  ],
  'oci/domainname-without-uts-namespace': {
    flagged: config({ namespaces: without('uts'), root: '«"domainname"»: "nis.test"' }),
    clean: config({ root: '"domainname": "nis.test"' }),
  },
  'oci/mappings-without-user-namespace': {
    flagged: config({ linux: maps().replaceAll(/"[ug]idMappings"/g, '«$&»') }),
    clean: inUser(),
  },
  'oci/mappings-with-joined-user-namespace': {
    flagged: config({
      namespaces: `${without()}, { "type": "user", "path": "/run/userns/a" }`,
      linux: maps().replaceAll(/"[ug]idMappings"/g, '«$&»'),
    }),
    clean: config({ namespaces: `${without()}, { "type": "user", "path": "/run/userns/a" }` }),
  },
  'oci/time-offsets-without-time-namespace': {
    flagged: config({ linux: '«"timeOffsets"»: { "monotonic": { "secs": 1 } }' }),
    clean: config({
      namespaces: `${without()}, ${entries('time')}`,
      linux: '"timeOffsets": { "monotonic": { "secs": 1 } }',
    }),
  },
  'oci/time-offsets-with-joined-time-namespace': {
    flagged: config({
      namespaces: joined('time', '/run/timens/a'),
      linux: '«"timeOffsets"»: { "monotonic": { "secs": 1 } }',
    }),
    clean: config({ namespaces: joined('time', '/run/timens/a') }),
  },
  'oci/network-sysctl-without-network-namespace': {
    flagged: config({ namespaces: without('network'), linux: sysctl('«"net/ipv4/ip_forward"»') }),
    clean: config({ linux: sysctl('"net.ipv4.ip_forward"') }),
  },
  'oci/ipc-sysctl-without-ipc-namespace': [
    {
      flagged: config({ namespaces: without('ipc'), linux: sysctl('«"kernel.shmmax"»') }),
      clean: config({ linux: sysctl('"kernel.shmmax"') }),
    },
    {
      flagged: config({ namespaces: without('ipc'), linux: sysctl('«"fs.mqueue.msg_max"»') }),
      clean: config({ namespaces: without('ipc'), linux: sysctl('"net.core.somaxconn"') }),
    },
  ],
  'oci/uts-sysctl': [
    {
      flagged: config({ linux: sysctl('«"kernel.hostname"»', 'box') }),
      clean: config({ linux: sysctl('"kernel.domainname"', 'nis.test') }),
    },
    {
      flagged: config({ namespaces: without('uts'), linux: sysctl('«"kernel.domainname"»', 'nis.test') }),
      clean: config({ root: '"domainname": "a"', linux: sysctl('"kernel.domainname"', 'a') }),
    },
    {
      flagged: config({ root: '"domainname": "a"', linux: sysctl('«"kernel.domainname"»', 'b') }),
      clean: config(),
    },
  ],
  'oci/user-sysctl': [
    {
      flagged: config({ linux: sysctl('«"user.max_net_namespaces"»') }),
      clean: config({ linux: sysctl('"net.core.somaxconn"') }),
    },
    {
      flagged: config({ namespaces: user, linux: `${maps()}, ${sysctl('«"user.max_net_namespaces"»')}` }),
      clean: inUser(),
    },
  ],
  'oci/sysctl-not-namespaced': {
    flagged: config({ linux: sysctl('«"vm.swappiness"»') }),
    clean: config({ linux: sysctl('"kernel.shm_rmid_forced"') }),
  },
  'oci/net-sysctl-in-runtime-namespace': {
    flagged: config({
      namespaces: joined('network', '/proc/self/ns/net'),
      linux: sysctl('«"net.ipv4.ip_forward"»'),
    }),
    clean: config({ namespaces: joined('network', '/run/netns/blue'), linux: sysctl('"net.ipv4.ip_forward"') }),
  },
  'oci/masked-paths-without-mount-namespace': {
    flagged: config({ namespaces: without('mount'), linux: '«"maskedPaths"»: ["/proc/kcore"], "readonlyPaths": []' }),
    clean: config({ linux: '"maskedPaths": ["/proc/kcore"]' }),
  },
  'oci/no-mount-namespace': [
    {
      flagged: config({ namespaces: without('mount') }).replace('"namespaces"', '«$&»'),
      clean: config(),
      fixed: config({ namespaces: `${without('mount')},\n      { "type": "mount" }` }),
    },
    {
      flagged: inUser({ namespaces: `${without('mount')}, { "type": "user" }` }).replace('"namespaces"', '«$&»'),
      clean: inUser(),
    },
  ],
  'oci/net-devices-without-network-namespace': {
    flagged: config({ namespaces: without('network'), linux: '«"netDevices"»: { "eth1": {} }' }),
    clean: config({ linux: '"netDevices": { "eth1": {} }' }),
  },
  'oci/changes-joined-namespace': [
    {
      flagged: config({ namespaces: joined('uts', '/run/utsns/a'), root: '«"hostname"»: "box"' }),
      clean: config({ root: '"hostname": "box"' }),
    },
    {
      flagged: config({ namespaces: joined('network', '/run/netns/a'), linux: sysctl('«"net.core.somaxconn"»') }),
      clean: config({ namespaces: joined('network', '/run/netns/a'), linux: sysctl('"kernel.shmmax"') }),
    },
  ],
  'oci/host-name-too-long': {
    flagged: config({ root: `"hostname": «"${'é'.repeat(33)}"»` }),
    clean: config({ root: `"hostname": "${'é'.repeat(32)}"` }),
  },
  'oci/unknown-clock': {
    flagged: config({
      namespaces: `${without()}, ${entries('time')}`,
      linux: '"timeOffsets": { «"realtime"»: { "secs": 1 } }',
    }),
    clean: config({
      namespaces: `${without()}, ${entries('time')}`,
      linux: '"timeOffsets": { "boottime": { "secs": -1 } }',
    }),
  },
  'oci/clock-offset-out-of-range': {
    flagged: config({
      namespaces: `${without()}, ${entries('time')}`,
      linux: '"timeOffsets": { "boottime": { "secs": «4611686019», "nanosecs": «1000000000» } }',
    }),
    clean: config({
      namespaces: `${without()}, ${entries('time')}`,
      linux: '"timeOffsets": { "boottime": { "secs": 4611600000, "nanosecs": 999999999 } }',
    }),
  },
};

export const mappingCases: Cases = {
  'oci/user-namespace-without-mappings': [
    {
      flagged: config({ namespaces: `${without()}, «{ "type": "user" }»` }),
      clean: inUser(),
    },
    {
      flagged: config({ namespaces: `${without()}, «{ "type": "user" }»`, linux: `"uidMappings": [${map(0, 1, 1)}]` }),
      clean: config({ namespaces: `${without()}, { "type": "user", "path": "/run/userns/a" }` }),
    },
  ],
  'oci/root-not-mapped': {
    flagged: inUser({ linux: maps(map(1, 100_000, 5000)).replace('"uidMappings"', '«$&»') }),
    clean: inUser({ linux: maps(`${map(1, 100_000, 5000)}, ${map(0, 200_000, 1)}`) }),
  },
  'oci/user-not-mapped': [
    {
      flagged: inUser({ user: '{ "uid": «1000», "gid": 1000 }', linux: maps(map(0, 100_000, 1000)) }),
      clean: inUser({ user: '{ "uid": 1000, "gid": 1000 }', linux: maps(map(0, 100_000, 1001)) }),
    },
    {
      flagged: inUser({ user: '{ "uid": 0, "gid": 0, "additionalGids": [5, «70000»] }' }),
      clean: config({ user: '{ "uid": 0, "gid": 0, "additionalGids": [5, 70000] }', linux: maps() }),
    },
  ],
  'oci/mount-owner-not-mapped': {
    flagged: inUser({
      mounts: '{ "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": [«"gid=5"»] }',
      user: '{ "uid": 0, "gid": 0 }',
      linux: maps(map(0, 1000, 1), map(0, 1000, 1)),
    }),
    clean: inUser({
      mounts: '{ "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["gid=5"] }',
    }),
  },
  'oci/mapping-overlap': [
    {
      flagged: inUser({ linux: maps(`${map(0, 100_000, 2000)}, «${map(1999, 200_000, 5)}»`) }),
      clean: inUser({ linux: maps(`${map(0, 100_000, 2000)}, ${map(2000, 200_000, 5)}`) }),
    },
    {
      flagged: inUser({ linux: maps(`${map(10, 100_000, 2000)}, «${map(0, 101_999, 5)}»`) }),
      clean: config({ linux: maps(`${map(0, 100_000, 2000)}, ${map(1999, 200_000, 5)}`) }),
    },
  ],
  'oci/mapping-of-nothing': {
    flagged: inUser({
      linux: maps(
        `${map(0, 100_000, 2000)}, ${map(5000, 300_000, 0).replace('0 }', '«0» }')}, «{ "containerID": 6000, "hostID": 1 }»`,
      ),
    }),
    clean: inUser({ linux: maps(`${map(0, 100_000, 2000)}, ${map(5000, 300_000, 1)}`) }),
    fixed: inUser({ linux: maps(`${map(0, 100_000, 2000)}, { "containerID": 6000, "hostID": 1 }`) }),
  },
  'oci/mapping-out-of-range': [
    {
      flagged: inUser({ linux: maps(`${map(0, 1, 2000)}, «${map(5000, 4_294_967_290, 6)}»`) }),
      clean: inUser({ linux: maps(`${map(0, 1, 2000)}, ${map(5000, 4_294_967_290, 5)}`) }),
    },
    {
      flagged: config({
        linux: maps('{ "containerID": «-1», "hostID": 0, "size": 1 }, { "hostID": «1.5», "size": 1 }'),
      }),
      clean: config({ linux: maps(map(0, 0, 4_294_967_295)) }),
    },
  ],
  'oci/too-many-mappings': [
    {
      flagged: inUser({ linux: maps(lines(341)).replace('"uidMappings"', '«$&»') }),
      clean: inUser({ linux: maps(lines(200)) }),
    },
    {
      flagged: inUser({ linux: maps(lines(330)).replace('"uidMappings"', '«$&»') }),
      clean: config({ linux: maps(lines(330)) }),
    },
  ],
  'oci/maps-host-root': {
    flagged: inUser({ linux: maps(`«${map(0, 0, 1)}», ${map(1, 100_000, 2000)}`) }),
    clean: inUser({ linux: maps(`${map(0, 1, 1)}, ${map(1, 100_000, 2000)}`) }),
  },
  'oci/no-user-namespace': {
    flagged: config({ user: '{ "uid": 0, "gid": 0 }' }).replace('"namespaces"', '«$&»'),
    clean: inUser({ user: '{ "uid": 0, "gid": 0 }' }),
  },
};

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => map(index * 10, 1_000_000 + index * 20, 10)).join(',');
}
