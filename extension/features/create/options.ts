/** What can be asked for beside the types, and how its text is read. Pure. */
import { isIP } from 'node:net';
import type { IdMapping, NamespaceType } from '../../helper/protocol.ts';
import { badMap } from '../../explain/maps.ts';
import type { CreateOptions } from '../../explain/preview.ts';
import { commandLine } from '../../model/command-line.ts';

export type Read = { readonly options: Partial<CreateOptions> } | { readonly problem: string };

export interface CreateOption {
  readonly id: string;
  readonly label: string;
  /** One line. */
  readonly description: string;
  readonly applies: (types: readonly NamespaceType[]) => boolean;
  /** Ticked from the start. */
  readonly usual?: boolean;
  /** What it means where it needs no answer of its own. */
  readonly means?: (name: string) => Partial<CreateOptions>;
  /** What is asked when it is chosen. */
  readonly text?: {
    readonly prompt: string;
    readonly placeHolder: string;
    readonly read: (text: string, kernel: string) => Read;
  };
}

const always = (): boolean => true;
const withType =
  (type: NamespaceType) =>
  (types: readonly NamespaceType[]): boolean =>
    types.includes(type);

export const createOptions: readonly CreateOption[] = [
  {
    id: 'hostname',
    label: 'Host Name',
    description: 'Its name becomes the host name in it',
    applies: withType('uts'),
    usual: true,
    // utsname(2) has no room for more.
    means: (name) => ({ hostname: name.slice(0, 64) }),
  },
  {
    id: 'loopback',
    label: 'Loopback',
    description: 'The loopback interface is brought up',
    applies: withType('net'),
    usual: true,
    means: () => ({ loopback: true }),
  },
  {
    id: 'mountProc',
    label: '/proc',
    description: 'A new /proc is mounted, which shows the new pid namespace',
    applies: (types) => types.includes('pid') && types.includes('mnt'),
    usual: true,
    means: () => ({ mountProc: true }),
  },
  {
    id: 'otherHostname',
    label: 'Another Host Name',
    description: 'Not that of its name',
    applies: withType('uts'),
    text: {
      prompt: 'Host name, at most 64 bytes',
      placeHolder: 'web.example',
      read: (text) => shortText(text, 'hostname'),
    },
  },
  {
    id: 'domainname',
    label: 'NIS Domain Name',
    description: 'As domainname(1) shows it',
    applies: withType('uts'),
    text: {
      prompt: 'NIS domain name, at most 64 bytes',
      placeHolder: 'example',
      read: (text) => shortText(text, 'domainname'),
    },
  },
  {
    id: 'uidMap',
    label: 'User Id Map',
    description: 'Your own lines, as in /proc/PID/uid_map',
    applies: withType('user'),
    text: mapText('user', 'uidMap'),
  },
  {
    id: 'gidMap',
    label: 'Group Id Map',
    description: 'Your own lines, as in /proc/PID/gid_map',
    applies: withType('user'),
    text: mapText('group', 'gidMap'),
  },
  {
    id: 'setgroups',
    label: 'Deny setgroups',
    description: 'setgroups(2) is denied in it, for good',
    applies: withType('user'),
    means: () => ({ setgroups: 'deny' }),
  },
  {
    id: 'monotonic',
    label: 'Monotonic Clock',
    description: 'Shifted against the host’s',
    applies: withType('time'),
    text: offsetText('monotonic'),
  },
  {
    id: 'boottime',
    label: 'Boot-Time Clock',
    description: 'Shifted against the host’s',
    applies: withType('time'),
    text: offsetText('boottime'),
  },
  {
    id: 'veth',
    label: 'veth Pair',
    description: 'An interface on the host that is connected to one in it',
    applies: withType('net'),
    text: {
      prompt: 'Interface on the host, its address, the address in it; nobody else may use the addresses',
      placeHolder: 'veth-web,10.213.7.1/30,10.213.7.2/30',
      read: readVeth,
    },
  },
  {
    id: 'root',
    label: 'Root Folder',
    description: 'A root file system of its own, by pivot_root(2)',
    applies: withType('mnt'),
    text: {
      prompt: 'Absolute path of a folder on the host',
      placeHolder: '/srv/rootfs',
      read: (text) => absolute(text, 'root'),
    },
  },
  {
    id: 'mount',
    label: 'Bind Mount',
    description: 'A file or folder of the host in it',
    applies: withType('mnt'),
    text: {
      prompt: 'SOURCE:TARGET, or SOURCE:TARGET:ro for read-only; both absolute',
      placeHolder: '/srv/data:/data:ro',
      read: readMount,
    },
  },
  {
    id: 'sysctl',
    label: 'sysctl',
    description: 'A setting of one of the new namespaces',
    applies: (types) => ['net', 'ipc', 'uts', 'user'].some((type) => types.some((each) => each === type)),
    text: { prompt: 'NAME=VALUE', placeHolder: 'net.ipv4.ip_forward=1', read: readSysctl },
  },
  {
    id: 'ids',
    label: 'User and Group',
    description: 'Its first process runs as these ids',
    applies: always,
    text: { prompt: 'UID, or UID:GID, as seen inside', placeHolder: '1000:1000', read: readIds },
  },
  {
    id: 'chdir',
    label: 'Working Folder',
    description: 'Of its first process',
    applies: always,
    text: { prompt: 'Absolute path, as seen inside', placeHolder: '/srv', read: (text) => absolute(text, 'chdir') },
  },
  {
    id: 'argv',
    label: 'Command',
    description: 'Its first process, by no shell; it all ends with it',
    applies: always,
    text: {
      prompt: 'Run as it is, by no shell: quotes only keep words together',
      placeHolder: 'sleep 1000',
      read: (text) => {
        const line = commandLine(text);
        return 'problem' in line ? line : { options: { argv: line.argv } };
      },
    },
  },
];

/** What the options mean that need no answer, of those that were chosen and apply. */
export function meanings(
  chosen: (option: CreateOption) => boolean,
  types: readonly NamespaceType[],
  name: string,
): Partial<CreateOptions> {
  return Object.fromEntries(
    createOptions.flatMap((option) =>
      option.applies(types) && chosen(option) ? Object.entries(option.means?.(name) ?? {}) : [],
    ),
  );
}

export function isUsual({ usual }: CreateOption): boolean {
  return usual === true;
}

/** Of paths of the host and of what is inside. */
export function pathProblem(text: string): string | undefined {
  return text.startsWith('/') ? undefined : 'An absolute path is needed.';
}

function problem(text: string): Read {
  return { problem: text };
}

/** utsname(2) has 64 bytes and an end for each. */
function shortText(text: string, key: 'hostname' | 'domainname'): Read {
  const size = new TextEncoder().encode(text).length;
  if (size === 0 || size > 64) return problem('1 to 64 bytes.');
  return /\p{Cc}/u.test(text) ? problem('No control characters.') : { options: { [key]: text } };
}

function absolute(text: string, key: 'root' | 'chdir'): Read {
  const why = pathProblem(text);
  return why === undefined ? { options: { [key]: text } } : problem(why);
}

function offsetText(key: 'monotonic' | 'boottime'): CreateOption['text'] & object {
  return {
    prompt: 'Whole seconds; a minus sign sets it back, not below the time since the host started',
    placeHolder: '86400',
    read: (text) =>
      /^-?\d{1,10}$/.test(text) ? { options: { [key]: Number(text) } } : problem('Whole seconds are needed.'),
  };
}

function mapText(kind: string, key: 'uidMap' | 'gidMap'): CreateOption['text'] & object {
  return {
    prompt: `INSIDE OUTSIDE COUNT for ${kind} ids; several lines are parted by commas`,
    placeHolder: '0 1000 1, 1 100000 65536',
    read: (text, kernel) => readMap(text, kernel, key),
  };
}

function readMap(text: string, kernel: string, key: 'uidMap' | 'gidMap'): Read {
  const map: IdMapping[] = [];
  for (const [index, line] of text.split(',').entries()) {
    const numbers = line.trim().split(/\s+/);
    const [inside, outside, count] = numbers.map((number) => (/^\d{1,10}$/.test(number) ? Number(number) : NaN));
    const whole = inside !== undefined && outside !== undefined && count !== undefined && numbers.length === 3;
    if (!whole || [inside, outside, count].some(Number.isNaN)) {
      return problem(`Line ${index + 1} is not three whole numbers: inside, outside, count.`);
    }
    map.push({ inside, outside, count });
  }
  const bad = badMap(map, kernel);
  return bad === undefined ? { options: { [key]: map } } : problem(`Line ${bad.line}: ${bad.why}.`);
}

function readMount(text: string): Read {
  const [source = '', target = '', mode, ...more] = text.split(':');
  if (!source.startsWith('/') || !target.startsWith('/') || more.length > 0)
    return problem('SOURCE:TARGET is needed, both absolute paths; neither may have a colon.');
  if (mode !== undefined && mode !== 'ro') return problem('After the target only :ro can follow.');
  return { options: { mounts: [{ source, target, readOnly: mode === 'ro' }] } };
}

function readSysctl(text: string): Read {
  const [, name, value] = /^([a-z0-9_]+(?:[./][A-Za-z0-9_*-]+)+)\s*=\s*(\S.*)$/.exec(text) ?? [];
  return name === undefined || value === undefined
    ? problem('NAME=VALUE is needed, with a name as sysctl(8) takes it.')
    : { options: { sysctls: [{ name, value }] } };
}

function readIds(text: string): Read {
  const [, uid, gid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? [];
  const numbers = [uid, gid].flatMap((each) => (each === undefined ? [] : [Number(each)]));
  // 4294967295 means "no id".
  if (numbers.length === 0 || numbers.some((each) => each >= 0xffffffff)) return problem('UID or UID:GID is needed.');
  return { options: { uid: numbers[0] ?? 0, ...(numbers[1] === undefined ? {} : { gid: numbers[1] }) } };
}

/** An IPv4 or IPv6 address with the length of its prefix. */
function isAddress(text: string): boolean {
  const [, address = '', length = ''] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(length) <= (family === 4 ? 32 : 128);
}

function readVeth(text: string): Read {
  const [hostInterface = '', own = '', peerAddress = '', ...more] = text.split(',').map((part) => part.trim());
  // IFNAMSIZ is 16 with its end; the kernel refuses blanks, slashes and colons (dev_valid_name()).
  if (!/^[A-Za-z0-9_.-]{1,15}$/.test(hostInterface) || hostInterface === '.' || hostInterface === '..')
    return problem('First the interface’s name: 1 to 15 letters, digits, dots, hyphens or underscores.');
  if (!isAddress(own) || !isAddress(peerAddress) || more.length > 0)
    return problem('After the name, two addresses with their prefix lengths: 10.213.7.1/30,10.213.7.2/30.');
  return own === peerAddress
    ? problem('The two ends need different addresses.')
    : { options: { veth: { hostInterface, address: own, peerAddress } } };
}

/** For a person to look at and change; the helper refuses those of a network that is in use on the host. */
export function proposedVeth(name: string): NonNullable<CreateOptions['veth']> {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 16_384;
  const base = `10.213.${sum >> 6}.`;
  const last = (sum % 64) * 4;
  return {
    hostInterface: `ve-${name.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 12)}`,
    address: `${base}${last + 1}/30`,
    peerAddress: `${base}${last + 2}/30`,
  };
}
