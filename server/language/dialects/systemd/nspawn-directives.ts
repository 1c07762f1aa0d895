import type { Directive, Grammar, Place } from './directives.ts';

const boolean: Grammar = { kind: 'boolean' };
const free: Grammar = { kind: 'free' };

function nspawn(place: Place, key: string, since: number | undefined, grammar: Grammar, summary: string): Directive {
  return { key, places: [place], ...(since === undefined ? {} : { since }), grammar, resets: false, summary };
}

/** Those of systemd.nspawn(5) that concern namespaces. */
export const nspawnDirectives: readonly Directive[] = [
  nspawn(
    'Exec',
    'Boot',
    undefined,
    boolean,
    'Starts the init program of the container as process 1 of its pid namespace.',
  ),
  nspawn(
    'Exec',
    'ProcessTwo',
    undefined,
    boolean,
    'Starts the program as process 2 of the pid namespace, below a stub init that reaps processes.',
  ),
  nspawn(
    'Exec',
    'PrivateUsers',
    undefined,
    { kind: 'ids' },
    'Starts the container in a new user namespace: yes takes the range from the owner of its root directory, pick chooses a free one, managed asks systemd-nsresourced, identity maps 0 to 65535 to themselves, and UID or UID:RANGE is the range itself. With no, root of the container is root of the host. Ignored in files that are not trusted.',
  ),
  nspawn(
    'Exec',
    'PrivateUsersDelegate',
    260,
    free,
    'Delegates so many more ranges of 65536 ids to the user namespace of the container. It requires PrivateUsers=managed.',
  ),
  nspawn('Exec', 'Hostname', undefined, free, 'The host name in the UTS namespace of the container.'),
  nspawn(
    'Files',
    'PrivateUsersOwnership',
    249,
    {
      kind: 'choice',
      boolean: false,
      choices: [
        { word: 'off', meaning: 'Files keep their owners.' },
        { word: 'chown', meaning: 'Changes the owners of all files to ids of the range.' },
        { word: 'map', meaning: 'Maps the owners with an idmapped mount.' },
        { word: 'foreign', meaning: 'Maps the owners from the foreign range with an idmapped mount.' },
        { word: 'auto', meaning: 'Takes map or foreign where that is possible, else chown.' },
      ],
    },
    'How the owners of the files in the container are fitted to the range of its user namespace.',
  ),
  nspawn('Network', 'Private', undefined, boolean, 'Starts the container in a new network namespace.'),
  nspawn(
    'Network',
    'NamespacePath',
    259,
    { kind: 'namespace path', type: 'net' },
    'Starts the container in the network namespace that this file refers to. It goes with no other setting of this section.',
  ),
  nspawn(
    'Network',
    'VirtualEthernet',
    undefined,
    boolean,
    'Makes a veth pair between the network namespaces of the host and of the container; it implies Private=yes. The template systemd-nspawn@.service has it on.',
  ),
  nspawn('Network', 'VirtualEthernetExtra', undefined, free, 'Makes one more veth pair; it implies Private=yes.'),
  nspawn(
    'Network',
    'Interface',
    undefined,
    free,
    'Moves interfaces of the host into the network namespace of the container; it implies Private=yes.',
  ),
  nspawn(
    'Network',
    'MACVLAN',
    undefined,
    free,
    'Adds MACVLAN interfaces to the network namespace of the container; it implies Private=yes.',
  ),
  nspawn(
    'Network',
    'IPVLAN',
    undefined,
    free,
    'Adds IPVLAN interfaces to the network namespace of the container; it implies Private=yes.',
  ),
  nspawn(
    'Network',
    'Bridge',
    undefined,
    free,
    'Connects the veth pair to a bridge of the host; it implies VirtualEthernet=yes and Private=yes.',
  ),
  nspawn(
    'Network',
    'Zone',
    undefined,
    free,
    'Connects the veth pair to the bridge of a zone; it implies VirtualEthernet=yes and Private=yes.',
  ),
  nspawn(
    'Network',
    'Port',
    undefined,
    free,
    'Makes a port of the container reachable on the host; it requires private networking.',
  ),
];
