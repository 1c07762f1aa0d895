/** What `create` will do, before it is done: in words, as words for the helper, and as the unshare(1) line that comes closest. */
import type { IdMapping, NamespaceType } from '../helper/protocol.ts';
import { namespaceTypes } from '../helper/protocol.ts';
import { shellQuote, typeOptions } from '../model/commands.ts';
import { displayText } from '../model/text.ts';
import { listed } from '../model/plain-words.ts';
import { typeWord } from '../model/words.ts';
import { mapLine } from './evidence.ts';

export interface CreateOptions {
  readonly new: readonly NamespaceType[];
  readonly join?: readonly { readonly type: NamespaceType; readonly reference: string }[];
  readonly map?: 'root' | 'same' | 'auto';
  readonly uidMap?: readonly IdMapping[];
  readonly gidMap?: readonly IdMapping[];
  readonly setgroups?: 'deny';
  readonly hostname?: string;
  readonly domainname?: string;
  /** Whole seconds. */
  readonly monotonic?: number;
  readonly boottime?: number;
  readonly root?: string;
  readonly mountProc?: boolean;
  readonly mounts?: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[];
  readonly sysctls?: readonly { readonly name: string; readonly value: string }[];
  readonly loopback?: boolean;
  readonly veth?: { readonly hostInterface: string; readonly address: string; readonly peerAddress: string };
  readonly chdir?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly keep?: string;
  readonly argv?: readonly string[];
}

export interface CreatePreview {
  /** In the order in which it happens; plain text, safe to show. */
  readonly steps: readonly string[];
  /** Words after the verb `create`, for the helper. */
  readonly words: readonly string[];
  /** For a POSIX shell on the host; undefined where a word has control characters, which a terminal would act on. */
  readonly unshare: string | undefined;
  /** What that line leaves out or does otherwise; empty where it is the same. */
  readonly beyondUnshare: readonly string[];
}

export function createPreview(options: CreateOptions): CreatePreview {
  return {
    steps: steps(options).map((step) => displayText(step, 400)),
    words: createWords(options),
    unshare: unshareLine(options),
    beyondUnshare: beyond(options).map((part) => displayText(part, 400)),
  };
}

/** Given only where there is a value. */
function option(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

function flag(name: string, wanted: boolean | undefined): readonly string[] {
  return wanted === true ? [`--${name}`] : [];
}

function inOrder(types: readonly NamespaceType[]): readonly NamespaceType[] {
  return namespaceTypes.filter((type) => types.includes(type));
}

function colons({ inside, outside, count }: IdMapping): string {
  return [inside, outside, count].join(':');
}

export function createWords(options: CreateOptions): readonly string[] {
  const { join = [], uidMap = [], gidMap = [], mounts = [], sysctls = [], veth, argv } = options;
  const fresh = inOrder(options.new);
  const link = veth === undefined ? undefined : [veth.hostInterface, veth.address, veth.peerAddress].join(',');
  return [
    ...option('new', fresh.length === 0 ? undefined : fresh.join(',')),
    ...join.map(({ type, reference }) => `--join=${type}:${reference}`),
    ...option('map', options.map),
    ...uidMap.map((each) => `--uid-map=${colons(each)}`),
    ...gidMap.map((each) => `--gid-map=${colons(each)}`),
    ...option('setgroups', options.setgroups),
    ...option('hostname', options.hostname),
    ...option('domainname', options.domainname),
    ...option('monotonic', options.monotonic),
    ...option('boottime', options.boottime),
    ...option('root', options.root),
    ...flag('mount-proc', options.mountProc),
    ...mounts.map(({ source, target, readOnly }) => `--mount=${source}:${target}${readOnly ? ':ro' : ''}`),
    ...sysctls.map(({ name, value }) => `--sysctl=${name}=${value}`),
    ...flag('loopback', options.loopback),
    ...option('veth', link),
    ...option('chdir', options.chdir),
    ...option('uid', options.uid),
    ...option('gid', options.gid),
    ...option('keep', options.keep),
    ...(argv === undefined ? [] : ['--', ...argv]),
  ];
}

function mapWords({ map, uidMap = [], gidMap = [] }: CreateOptions): readonly string[] {
  const explicit = [
    ...(uidMap.length === 0 ? [] : [`user ids (inside, outside, count) ${uidMap.map(mapLine).join('; ')}`]),
    ...(gidMap.length === 0 ? [] : [`group ids (inside, outside, count) ${gidMap.map(mapLine).join('; ')}`]),
  ];
  if (explicit.length > 0) return [`From outside, its maps are written: ${explicit.join(', ')}.`];
  switch (map) {
    case 'root':
      return ['From outside, its maps are written: the user becomes root (id 0) in it, and no other id exists.'];
    case 'same':
      return ['From outside, its maps are written: the user keeps its own ids, and no other id exists.'];
    case 'auto':
      return [
        'From outside, its maps are written with a free range of subordinate ids: by newuidmap and newgidmap where the user may not do it.',
      ];
    case undefined:
    default:
      return ['No id is mapped: everyone in it is the overflow user, usually nobody.'];
  }
}

/** Sentences that hold only then. */
function when(wanted: boolean | undefined, ...sentences: readonly string[]): readonly string[] {
  return wanted === true ? sentences : [];
}

function steps(options: CreateOptions): readonly string[] {
  const { join = [], new: types, mounts = [], sysctls = [], veth, root, argv, keep } = options;
  const has = (type: NamespaceType): boolean => types.includes(type);
  const others = inOrder(types).filter((type) => type !== 'user');
  const offsets = [
    ...(options.monotonic === undefined ? [] : [`monotonic by ${options.monotonic} s`]),
    ...(options.boottime === undefined ? [] : [`boottime by ${options.boottime} s`]),
  ];
  const names = [
    ...(options.hostname === undefined ? [] : [`the host name ${options.hostname}`]),
    ...(options.domainname === undefined ? [] : [`the domain name ${options.domainname}`]),
  ];
  const ids = [
    ...(options.uid === undefined ? [] : [`uid ${options.uid}`]),
    ...(options.gid === undefined ? [] : [`gid ${options.gid}`]),
  ];
  return [
    ...join.map(({ type, reference }) => `Join the ${typeWord(type)} namespace ${reference}.`),
    ...when(has('user'), 'Make a user namespace, first, since it gives the rights for the others.'),
    ...when(has('user') && options.setgroups === 'deny', 'Deny setgroups(2) in it, for good.'),
    ...(has('user') ? mapWords(options) : []),
    ...when(others.length > 0, `Make a new namespace of each of these types: ${listed(others.map(typeWord))}.`),
    ...when(offsets.length > 0, `Shift the clocks before the first process is there: ${listed(offsets)}.`),
    ...when(has('pid'), 'Start process 1 of the pid namespace; it collects ended children and passes signals on.'),
    ...when(has('mnt'), 'Make all mounts private, so that nothing that is mounted from here on shows outside.'),
    ...when(root !== undefined, `Make ${root ?? ''} the root by pivot_root; the old root is unmounted.`),
    ...mounts.map(
      ({ source, target, readOnly }) =>
        `Mount ${source} with everything below it at ${target}${readOnly ? ', read-only' : ''}.`,
    ),
    ...when(options.mountProc, 'Mount a new /proc, which shows the pid namespace.'),
    ...when(names.length > 0, `Set ${listed(names)}.`),
    ...when(options.loopback, 'Bring the loopback interface up.'),
    ...when(
      veth !== undefined,
      `Connect it by a veth pair: ${veth?.hostInterface ?? ''} on the host with ${veth?.address ?? ''}, the other end with ${veth?.peerAddress ?? ''}.`,
    ),
    ...sysctls.map(({ name, value }) => `Set ${name} to ${value}.`),
    ...when(options.chdir !== undefined, `Go to the folder ${options.chdir ?? ''}.`),
    ...when(ids.length > 0, `Become ${listed(ids)}.`),
    ...when(keep !== undefined, `Keep all of it under the name ${keep ?? ''}, also after this connection ends.`),
    argv === undefined ? 'Wait until it is ended.' : `Run ${argv.map(shellQuote).join(' ')}.`,
    ...when(keep === undefined, 'When that ends, or the connection does, all of it goes.'),
    'If any step fails, every step before it is undone.',
  ];
}

/** Options of unshare(1) of util-linux 2.38. */
const maps = { root: '--map-root-user', same: '--map-current-user', auto: '--map-auto' } as const;

/** With commas it is outside, inside, count in every version; with colons, from 2.39 on, the other way round. */
function ranges(name: string, map: readonly IdMapping[]): readonly string[] {
  return map.map(({ inside, outside, count }) => `--map-${name}=${outside},${inside},${count}`);
}

function unshareLine(options: CreateOptions): string | undefined {
  const { new: types, uidMap = [], gidMap = [], argv } = options;
  const words = [
    'unshare',
    ...inOrder(types).map((type) => typeOptions[type]),
    ...(types.includes('pid') || types.includes('time') ? ['--fork'] : []),
    ...(types.includes('pid') ? ['--kill-child'] : []),
    ...(options.map === undefined ? [] : [maps[options.map]]),
    ...ranges('users', uidMap),
    ...ranges('groups', gidMap),
    ...option('setgroups', options.setgroups),
    ...option('monotonic', options.monotonic),
    ...option('boottime', options.boottime),
    ...option('root', options.root),
    ...flag('mount-proc', options.mountProc),
    ...option('wd', options.chdir),
    ...option('setuid', options.uid),
    ...option('setgid', options.gid),
    ...(argv === undefined ? [] : ['--', ...argv]),
  ];
  const text = words.map(shellQuote).join(' ');
  return displayText(text, text.length) === text ? text : undefined;
}

function beyond(options: CreateOptions): readonly string[] {
  const { join = [], mounts = [], sysctls = [], uidMap = [], gidMap = [] } = options;
  const several = Math.max(uidMap.length, gidMap.length) > 1;
  const parts: readonly (readonly [boolean, string])[] = [
    [join.length > 0, 'joining existing namespaces: that is nsenter(1), before it'],
    [several, 'several ranges in one map: only from util-linux 2.39 on'],
    [options.root !== undefined, 'pivot_root: --root of unshare is a chroot, in which no user namespace can be made'],
    [mounts.length > 0, 'mounts: mount(8) inside'],
    [options.hostname !== undefined, 'the host name: hostname(1) inside'],
    [options.domainname !== undefined, 'the domain name: domainname(1) inside'],
    [sysctls.length > 0, 'settings: sysctl(8) inside'],
    [options.loopback === true, 'the loopback interface: "ip link set lo up" inside'],
    [options.veth !== undefined, 'the veth pair: ip-link(8) from outside'],
    [options.keep !== undefined, 'keeping all of it under one name: unshare keeps single namespaces in files'],
    [options.new.includes('pid'), 'a process 1 that collects ended children: the command itself is process 1'],
  ];
  return parts.filter(([concerned]) => concerned).map(([, words]) => words);
}
