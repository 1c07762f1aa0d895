import type { RuleCase } from '../support/judging.ts';
import { config, entries, inUser, without } from './texts.ts';

type Cases = Readonly<Record<string, RuleCase | readonly RuleCase[]>>;

const mount = (destination: string, type: string, source: string, options: string): string =>
  `{ "destination": ${destination}, "type": ${type}, "source": ${source}, "options": [${options}] }`;
const bind = (options: string, more = ''): string =>
  `{ "destination": "/data", "source": "/srv/data", "options": [${options}]${more} }`;
const mapping = '[{ "containerID": 0, "hostID": 1, "size": 1 }]';
const userWithout = (type: string): string => `${without(type)}, { "type": "user" }`;

export const mountCases: Cases = {
  'oci/no-proc-mount': {
    flagged: config({ proc: mount('"/tmp"', '"tmpfs"', '"tmpfs"', '') }).replace('"mounts"', '«$&»'),
    clean: config({ proc: mount('"//proc/"', '"proc"', '"proc"', '') }),
    fixed: config({
      proc: mount('"/tmp"', '"tmpfs"', '"tmpfs"', ''),
      mounts: '{ "destination": "/proc", "type": "proc", "source": "proc" }',
    }),
  },
  'oci/proc-of-other-pid-namespace': {
    flagged: config({ proc: mount('"/proc"', '"none"', '«"/proc"»', '"rbind"') }),
    clean: config({ namespaces: without('pid'), proc: mount('"/proc"', '"none"', '"/proc"', '"rbind"') }),
  },
  'oci/proc-mount-without-pid-namespace': {
    flagged: inUser({ namespaces: userWithout('pid'), proc: mount('"/proc"', '«"proc"»', '"proc"', '') }),
    clean: config({ namespaces: without('pid') }),
  },
  'oci/sysfs-mount-without-network-namespace': {
    flagged: inUser({ namespaces: userWithout('network'), mounts: mount('"/sys"', '«"sysfs"»', '"sysfs"', '"ro"') }),
    clean: inUser({ mounts: mount('"/sys"', '"sysfs"', '"sysfs"', '"ro"') }),
  },
  'oci/mqueue-mount-without-ipc-namespace': {
    flagged: inUser({ namespaces: userWithout('ipc'), mounts: mount('"/dev/mqueue"', '«"mqueue"»', '"mqueue"', '') }),
    clean: inUser({
      namespaces: userWithout('ipc'),
      mounts: mount('"/dev/mqueue"', '"mqueue"', '"/dev/mqueue"', '"bind"'),
    }),
  },
  'oci/mount-inside-proc': {
    flagged: config({ mounts: mount('«"/proc/sys/kernel"»', '"none"', '"/srv"', '"bind"') }),
    clean: config({ mounts: mount('"/proc/meminfo"', '"none"', '"/srv/meminfo"', '"bind"') }),
  },
  'oci/mount-over-proc': {
    flagged: config({ proc: mount('"/proc"', '«"tmpfs"»', '"tmpfs"', '') }),
    clean: config({ proc: mount('"/proc"', '"none"', '"/proc"', '"rbind"') }),
    fixed: config({ proc: mount('"/proc"', '"proc"', '"tmpfs"', '') }),
  },
  'oci/bind-type-without-option': {
    flagged: config({ mounts: mount('"/data"', '«"bind"»', '"/srv"', '"ro"') }),
    clean: config({ mounts: mount('"/data"', '"bind"', '"/srv"', '"rbind", "ro"') }),
  },
  'oci/bind-mount-with-data': {
    flagged: config({ mounts: bind('"bind", «"mode=755"», "ro"') }),
    clean: config({ mounts: mount('"/data"', '"tmpfs"', '"tmpfs"', '"mode=755"') }),
  },
  'oci/idmap-without-mappings': {
    flagged: config({ mounts: bind('"bind", «"idmap"»') }),
    clean: inUser({ mounts: bind('"bind", "idmap"') }),
  },
  'oci/mount-mapping-incomplete': {
    flagged: config({ mounts: bind('"bind", "idmap"', `, «"uidMappings"»: ${mapping}`) }),
    clean: config({ mounts: bind('"bind", "idmap"', `, "uidMappings": ${mapping}, "gidMappings": ${mapping}`) }),
  },
  'oci/mount-mapping-without-idmap': {
    flagged: config({ mounts: bind('"rbind", "ro"', `, «"uidMappings"»: ${mapping}, "gidMappings": ${mapping}`) }),
    clean: config({ mounts: bind('"rbind", "ridmap"', `, "uidMappings": ${mapping}, "gidMappings": ${mapping}`) }),
    fixed: config({
      mounts: bind('"rbind", "ro", "ridmap"', `, "uidMappings": ${mapping}, "gidMappings": ${mapping}`),
    }),
  },
  'oci/idmap-not-a-bind-mount': {
    flagged: inUser({ mounts: mount('"/data"', '"tmpfs"', '"tmpfs"', '«"idmap"»') }),
    clean: inUser({ mounts: bind('"bind", "idmap"') }),
  },
  'oci/relative-mount-destination': {
    flagged: config({ mounts: mount('«"data"»', '"tmpfs"', '"tmpfs"', '') }),
    clean: config({ mounts: mount('"/data"', '"tmpfs"', '"tmpfs"', '') }),
    fixed: config({ mounts: mount('"/data"', '"tmpfs"', '"tmpfs"', '') }),
  },
  'oci/relative-masked-path': {
    flagged: config({ linux: '"readonlyPaths": ["/proc/sys", «"proc/irq"»]' }),
    clean: config({ linux: '"readonlyPaths": ["/proc/sys", "/proc/irq"]' }),
  },
  'oci/unknown-rootfs-propagation': {
    flagged: config({ linux: '"rootfsPropagation": «"rslaved"»' }),
    clean: config({ linux: '"rootfsPropagation": "rslave"' }),
  },
  'oci/unbindable-rootfs': {
    flagged: config({ linux: '"rootfsPropagation": «"unbindable"»' }),
    clean: config({ linux: '"rootfsPropagation": "private"' }),
  },
  'oci/shared-memory-not-shared': {
    flagged: config({
      namespaces: `${without('ipc')}, { "type": "ipc", "path": "/run/ipcns/a" }`,
      mounts: mount('«"/dev/shm"»', '"tmpfs"', '"shm"', ''),
    }),
    clean: config({ mounts: mount('"/dev/shm"', '"tmpfs"', '"shm"', '') }),
  },
};

export const portabilityCases: Cases = {
  'oci/newer-than-its-version': [
    {
      flagged: config({ version: '1.0.2', root: '«"domainname"»: "nis.test"' }),
      clean: config({ version: '1.1.0', root: '"domainname": "nis.test"' }),
    },
    {
      flagged: inUser({ version: '1.1.0', mounts: bind('"bind", «"idmap"»') }),
      clean: inUser({ version: '1.2.0', mounts: bind('"bind", "idmap"') }),
    },
  ],
  'oci/time-namespace-support': {
    flagged: config({ namespaces: `${without()}, «{ "type": "time" }»` }),
    clean: config(),
  },
  'oci/idmapped-mount-support': {
    flagged: inUser({ mounts: bind('"bind", «"idmap"»') }),
    clean: inUser({ mounts: bind('"bind"') }),
  },
  'oci/recursive-option-support': {
    flagged: config({ mounts: bind('"rbind", «"rro"»') }),
    clean: config({ mounts: bind('"rbind", "ro", "rslave"') }),
  },
  'oci/prestart-hook': {
    flagged: config({ root: '"hooks": { «"prestart"»: [{ "path": "/bin/true" }] }' }),
    clean: config({ root: '"hooks": { "createRuntime": [{ "path": "/bin/true" }], "prestart": [] }' }),
  },
  'oci/relative-hook-path': {
    flagged: config({ root: '"hooks": { "startContainer": [{ "path": «"true"» }] }' }),
    clean: config({ root: '"hooks": { "startContainer": [{ "path": "/bin/true" }] }' }),
  },
  'oci/hook-timeout': {
    flagged: config({ root: '"hooks": { "poststop": [{ "path": "/bin/true", "timeout": «0» }] }' }),
    clean: config({ root: '"hooks": { "poststop": [{ "path": "/bin/true", "timeout": 1 }] }' }),
  },
  'oci/hook-of-container-with-host-mounts': {
    flagged: config({ namespaces: entries('pid'), root: '"hooks": { «"createContainer"»: [{ "path": "/bin/a" }] }' }),
    clean: config({ namespaces: entries('pid'), root: '"hooks": { "createRuntime": [{ "path": "/bin/a" }] }' }),
  },
};
