import { oci } from '../../../server/language/dialects/oci/index.ts';
import { testRules, type RuleCase } from '../support/judging.ts';
import { capabilityCases, securityCases } from './cases-security.ts';
import { dependencyCases, mappingCases } from './cases-dependency.ts';
import { mountCases, portabilityCases } from './cases-mounts.ts';
import { config, entries, map, maps, without } from './texts.ts';

const joins = (type: string, path: string): string => `{ "type": "${type}", "path": ${path} }`;

const structureCases: Readonly<Record<string, RuleCase | readonly RuleCase[]>> = {
  'oci/unknown-namespace-type': {
    flagged: config({ namespaces: `${without('network')}, { "type": «"net"» }` }),
    clean: config(),
    fixed: config({ namespaces: `${without('network')}, { "type": "network" }` }),
  },
  'oci/missing-namespace-type': {
    flagged: config({ namespaces: `${without()}, «{ "path": "/run/netns/blue" }», «{ "type": 3 }»` }),
    clean: config({ namespaces: `${without('network')}, ${joins('network', '"/run/netns/blue"')}` }),
  },
  'oci/duplicate-namespace': {
    flagged: config({ namespaces: `${entries('pid', 'mount')}, «{ "type": "pid", "path": "/run/pidns/a" }»` }),
    clean: config({ namespaces: entries('pid', 'mount') }),
    fixed: config({ namespaces: entries('pid', 'mount') }),
  },
  'oci/empty-namespace-path': {
    flagged: config({ namespaces: `${without('ipc')}, ${joins('ipc', '«""»')}` }),
    clean: config(),
  },
  'oci/relative-namespace-path': {
    flagged: config({ namespaces: `${without('network')}, ${joins('network', '«"netns/blue"»')}` }),
    clean: config({ namespaces: `${without('network')}, ${joins('network', '"/netns/blue"')}` }),
  },
  'oci/comma-in-namespace-path': {
    flagged: config({ namespaces: `${without('network')}, ${joins('network', '«"/run/netns/a,b"»')}` }),
    clean: config({ namespaces: `${without('network')}, ${joins('network', '"/run/netns/a-b"')}` }),
  },
  'oci/namespace-path-of-other-type': [
    {
      flagged: config({ namespaces: `${without('network')}, ${joins('network', '«"/proc/17/ns/pid"»')}` }),
      clean: config({ namespaces: `${without('network')}, ${joins('network', '"/proc/17/ns/net"')}` }),
    },
    {
      flagged: config({ namespaces: `${without('pid')}, ${joins('pid', '«"/var/run/netns/blue"»')}` }),
      clean: config({ namespaces: `${without('pid')}, ${joins('pid', '"/proc/17/ns/pid_for_children"')}` }),
    },
  ],
  'oci/joins-own-user-namespace': {
    flagged: config({ namespaces: `${without()}, ${joins('user', '«"/proc/self/ns/user"»')}` }),
    clean: config({ namespaces: `${without()}, ${joins('user', '"/proc/17/ns/user"')}` }),
  },
  'oci/namespace-path-of-process': {
    flagged: config({ namespaces: `${without('ipc')}, ${joins('ipc', '«"/proc/17/ns/ipc"»')}` }),
    clean: config({ namespaces: `${without('ipc')}, ${joins('ipc', '"/run/ipcns/a"')}` }),
  },
  'oci/joined-mount-namespace': [
    {
      flagged: config({ namespaces: `${without('mount')}, ${joins('mount', '«"/run/mntns/a"»')}` }),
      clean: config(),
    },
    {
      flagged: config({
        namespaces: `${without('mount')}, ${joins('mount', '«"/run/mntns/a"»')}, { "type": "user" }`,
        linux: maps(map(0, 5000, 10)),
      }),
      clean: config({ namespaces: `${without()}, { "type": "user" }`, linux: maps(map(0, 5000, 10)) }),
    },
  ],
};

testRules(oci, {
  ...structureCases,
  ...dependencyCases,
  ...mappingCases,
  ...mountCases,
  ...securityCases,
  ...capabilityCases,
  ...portabilityCases,
});
