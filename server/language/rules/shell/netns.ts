import type { ShellDocument } from '../../dialects/shell.ts';
import { invocationsIn, type IpInvocation } from '../../dialects/shell/invocation.ts';
import type { Word } from '../../dialects/shell/word.ts';
import type { Finding } from '../../rule.ts';
import { insideRule, ipRule, netnsManual as link, type ShellRule } from './rule.ts';

const source = 'https://github.com/iproute2/iproute2/blob/main/ip/ipnetns.c';
const linkManual = 'https://man7.org/linux/man-pages/man8/ip-link.8.html#DESCRIPTION';

/** What each command of `ip netns` needs, by iproute2's ip/ipnetns.c. */
const needs: Readonly<Record<string, readonly string[]>> = {
  add: ['a name'],
  attach: ['a name', 'a process id'],
  set: ['a name', 'an nsid'],
  delete: ['a name'],
  exec: ['a name', 'a command'],
  pids: ['a name'],
};

/** Programs between two commands of which it is known that they make no named network namespace. */
const harmless = new Set(
  'ip echo printf sleep true false set sysctl ping iptables ip6tables nft tc bridge ethtool cat test [ wait kill exit cd rm mkdir export unset shift modprobe local declare readonly trap umask ls grep sed awk tee curl wget nc'.split(
    ' ',
  ),
);

export const netnsRules: readonly ShellRule[] = [
  ipRule(
    { id: 'shell/netns-name', severity: 'error', summary: 'A name that ip netns refuses', link: source },
    ({ ip }) => {
      const [name] = ip.args;
      if (ip.object !== 'netns' || ip.all || name?.literal !== true || !(ip.verb in needs)) return undefined;
      const { text } = name;
      if (text !== '' && text !== '.' && text !== '..' && !text.includes('/') && Buffer.byteLength(text) <= 255)
        return undefined;
      return {
        span: name.span,
        message: text.includes('/')
          ? 'ip netns refuses a name with a slash: it is a file in /run/netns.'
          : 'ip netns refuses this name: it must be that of a file in /run/netns, of 1 to 255 bytes.',
        remedy: text.includes('/')
          ? 'Give the name without its folder; nsenter --net=FILE enters a network namespace by any path.'
          : 'Give another name.',
      };
    },
  ),
  ipRule(
    { id: 'shell/netns-arguments', severity: 'error', summary: 'ip netns without what its command needs', link },
    ({ ip, span, program }) => {
      const wanted = ip.object === 'netns' && Object.hasOwn(needs, ip.verb) ? needs[ip.verb] : undefined;
      if (wanted === undefined || ip.args.some(({ splits }) => splits)) return undefined;
      const list = ip.all ? wanted.slice(1) : wanted;
      const missing = list[ip.args.length];
      if (missing === undefined) return undefined;
      return {
        span: { start: program.span.start, end: ip.args.at(-1)?.span.end ?? ip.verbWord?.span.end ?? span.end },
        message: `ip netns ${ip.verb} needs ${missing} as well.`,
        remedy: `Add ${missing}.`,
      };
    },
  ),
  ipRule(
    { id: 'shell/netns-attach-pid', severity: 'error', summary: 'ip netns attach without a process id', link },
    ({ ip }) => {
      const pid = ip.args[1];
      if (ip.object !== 'netns' || ip.verb !== 'attach' || pid?.literal !== true) return undefined;
      if (/^[1-9]\d*$|^0[xX][0-9a-fA-F]+$|^0[1-7]/.test(pid.text)) return undefined;
      return {
        span: pid.span,
        message: 'ip netns attach takes a process id and refuses anything else.',
        remedy: 'Give the id of a process that is in the network namespace.',
      };
    },
  ),
  insideRule(
    {
      id: 'shell/netns-exec-sysctl',
      severity: 'warning',
      summary: 'A sysctl that is not of the network namespace',
      link: 'https://docs.kernel.org/admin-guide/sysctl/net.html',
    },
    function* sysctls(invocation): Iterable<Finding> {
      if (invocation.within?.tool !== 'ip' || invocation.tool !== 'other' || invocation.name !== 'sysctl') return;
      const writes = invocation.words.some(({ text }) => text === '-w' || text === '--write');
      for (const word of invocation.words) {
        const [, key] = /^([\w./-]+?)=/.exec(word.text) ?? [];
        if (key === undefined || key.startsWith('-') || /^net[./]/.test(key)) continue;
        if (!writes && !/^(?:kernel|vm|fs|dev|user|abi|debug)[./]/.test(key)) continue;
        yield {
          span: word.span,
          message: `${key} is not of the network namespace: this changes it for all that share the caller's other namespaces, and for the whole host where it has one value only.`,
          remedy: 'Set it where it belongs, outside of ip netns exec.',
        };
      }
    },
  ),
  {
    id: 'shell/netns-deleted',
    severity: 'warning',
    summary: 'A named network namespace that the script has deleted before',
    link,
    check: deletedBefore,
  },
  {
    id: 'shell/netns-added-twice',
    severity: 'warning',
    summary: 'A named network namespace that the script has added before',
    link,
    check: addedTwice,
  },
  {
    id: 'shell/link-moved-away',
    severity: 'warning',
    summary: 'A network device that the script has moved to another namespace before',
    link: linkManual,
    check: movedAway,
  },
  {
    id: 'shell/address-lost',
    severity: 'warning',
    summary: 'An address that is lost when its device moves to another namespace',
    link: linkManual,
    check: addressLost,
  },
];

/** What is needed of an invocation: to keep all of its words takes longer than to read them. */
interface Step extends Pick<IpInvocation, 'ip' | 'span'> {
  readonly sure: boolean;
}

interface Steps {
  readonly list: readonly Step[];
  /** A named namespace is deleted somewhere. */
  readonly deletes: boolean;
  /** A device is moved to another namespace somewhere. */
  readonly moves: boolean;
}

/** What is done to a name for certain, in the order of the text, from where something is done that a later command may not fit. */
const steps = forDocument(({ script, hasIp }): Steps => {
  const list: Step[] = [];
  let deletes = false;
  let moves = false;
  for (const invocation of hasIp ? invocationsIn(script, engines) : []) {
    if (invocation.tool !== 'ip') continue;
    if (list.length === 0 && !isRemembered(invocation.ip)) continue;
    const sure = invocation.command.straight && !invocation.command.background && invocation.within === undefined;
    list.push({ ip: invocation.ip, span: invocation.span, sure });
    deletes ||= invocation.ip.object === 'netns' && invocation.ip.verb === 'delete';
    moves ||= moved(invocation.ip) !== undefined;
  }
  return { list, deletes, moves };
});

function isRemembered(ip: IpInvocation['ip']): boolean {
  const { object, verb } = ip;
  if (object === 'netns') return verb === 'add' || verb === 'attach' || verb === 'delete';
  return (object === 'address' && verb === 'add') || moved(ip) !== undefined;
}

/** What they run is no command of the script. */
const engines: ReadonlySet<string> = new Set(['docker', 'podman', 'runc', 'lsns']);

/** Several rules ask for the same. */
function forDocument<T extends object>(find: (document: ShellDocument) => T): (document: ShellDocument) => T {
  const known = new WeakMap<ShellDocument, T>();
  return (document) => {
    const found = known.get(document) ?? find(document);
    known.set(document, found);
    return found;
  };
}

/** Whether commands of which it is not known what they do stand between two places: then nothing is certain. */
function uncertain(document: ShellDocument, from: number, to: number): boolean {
  const places = uncertainPlaces(document);
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) <= from) low = middle + 1;
    else high = middle;
  }
  return (places[low] ?? to) < to;
}

const uncertainPlaces = forDocument(({ whole }): readonly number[] => {
  const script = whole();
  const places: number[] = [];
  /** Of those that do no harm, unless they are functions of the script, which is known at its end. */
  const ofHarmless = new Map<string, number[]>();
  for (const { words } of script.commands) {
    const [program] = words;
    if (program === undefined || words.every(({ text }) => /^[A-Za-z_]\w*\+?=/.test(text))) continue;
    const { text, literal, span } = program;
    if (literal && harmless.has(text)) {
      const known = ofHarmless.get(text);
      if (known === undefined) ofHarmless.set(text, [span.start]);
      else known.push(span.start);
    } else if (text !== 'sudo') places.push(span.start);
  }
  for (const name of script.functions) for (const start of ofHarmless.get(name) ?? []) places.push(start);
  return places.toSorted((one, other) => one - other);
});

function* deletedBefore(document: ShellDocument): Iterable<Finding> {
  const { list, deletes } = steps(document);
  if (!deletes) return;
  const deleted = new Map<string, Word>();
  for (const { ip, span, sure } of list) {
    const [name] = ip.args;
    if (ip.object === 'netns' && (ip.verb === 'add' || ip.verb === 'attach')) {
      if (name?.literal === true) deleted.delete(name.text);
      else deleted.clear();
      continue;
    }
    const used = usedName(ip);
    const before = used === undefined ? undefined : deleted.get(used.text);
    if (used !== undefined && before !== undefined && sure && !uncertain(document, before.span.start, span.start)) {
      yield {
        span: used.span,
        message: `The script has deleted ${used.text} before: ip finds it in /run/netns no longer.`,
        remedy: 'Delete it last, or add it anew.',
        related: [{ span: before.span, message: 'It is deleted here.' }],
      };
    }
    if (sure && ip.object === 'netns' && ip.verb === 'delete' && name?.literal === true) deleted.set(name.text, name);
  }
}

/** The name that must be there for a command to work. Deleting twice is a way to be sure. */
function usedName(ip: IpInvocation['ip']): Word | undefined {
  if (ip.inside?.literal === true) return ip.inside;
  const [name] = ip.args;
  const uses = ip.object === 'netns' && !ip.all && ['exec', 'set', 'pids'].includes(ip.verb);
  if (uses) return name?.literal === true ? name : undefined;
  return moved(ip)?.to;
}

function* addedTwice(document: ShellDocument): Iterable<Finding> {
  const { list } = steps(document);
  const added = new Map<string, Word>();
  for (const { ip, span, sure } of list) {
    const [name] = ip.args;
    if (ip.object !== 'netns' || ip.inside !== undefined) continue;
    if (ip.verb === 'delete') {
      if (name?.literal === true && !ip.all) added.delete(name.text);
      else added.clear();
    }
    if ((ip.verb !== 'add' && ip.verb !== 'attach') || name?.literal !== true || !sure) continue;
    const before = added.get(name.text);
    if (before !== undefined && !uncertain(document, before.span.start, span.start)) {
      yield {
        span: name.span,
        message: `The script has added ${name.text} before, and ip netns refuses a name that is there.`,
        remedy: 'Give another name, or delete it first.',
        related: [{ span: before.span, message: 'It is added here.' }],
      };
    }
    added.set(name.text, name);
  }
}

/** `ip link set [dev] DEVICE netns NAME` of the caller's namespace. */
function moved(ip: IpInvocation['ip']): { readonly device: Word; readonly to: Word } | undefined {
  if (ip.object !== 'link' || ip.verb !== 'set' || ip.inside !== undefined) return undefined;
  const device = ip.args[0]?.text === 'dev' ? ip.args[1] : ip.args[0];
  const at = ip.args.findIndex(({ text }) => text === 'netns');
  const to = at < 0 ? undefined : ip.args[at + 1];
  // A name of digits only may be a process id, and one with a slash is a file.
  if (device?.literal !== true || to?.literal !== true || /^\d+$|\//.test(to.text) || device.text === to.text)
    return undefined;
  return { device, to };
}

/** The device that a command of the caller's namespace needs. */
function needed(ip: IpInvocation['ip']): Word | undefined {
  if (ip.inside !== undefined || !['add', 'set', 'replace', 'change'].includes(ip.verb)) return undefined;
  if (ip.object === 'link')
    return ip.verb === 'set' ? (ip.args[0]?.text === 'dev' ? ip.args[1] : ip.args[0]) : undefined;
  const at = ip.args.findIndex(({ text }) => text === 'dev');
  return at < 0 ? undefined : ip.args[at + 1];
}

function* movedAway(document: ShellDocument): Iterable<Finding> {
  const { list, moves } = steps(document);
  if (!moves) return;
  const away = new Map<string, Word>();
  for (const step of list) {
    const { ip, span, sure } = step;
    // What makes a device, or gives back those of a namespace, may bring one of the name.
    if (
      (ip.object === 'link' && ip.verb !== 'set') ||
      (ip.object === 'netns' && ip.verb !== 'exec') ||
      ip.inside !== undefined
    ) {
      if (ip.inside !== undefined || ip.verb === 'add' || ip.verb === 'delete') away.clear();
      continue;
    }
    const device = needed(ip);
    const before = device === undefined ? undefined : away.get(device.text);
    if (device !== undefined && before !== undefined && sure && !uncertain(document, before.span.start, span.start)) {
      yield {
        span: device.span,
        message: `The script has moved ${device.text} to another network namespace before: ip finds it here no longer.`,
        remedy: 'Do this with ip -n NAME.',
        related: [{ span: before.span, message: 'It is moved here.' }],
      };
    }
    // Renaming, or moving inside of another namespace, leaves nothing certain.
    if (!sure) away.clear();
    else if (ip.args.some(({ text }) => text === 'name')) away.clear();
    const move = sure ? moved(ip) : undefined;
    if (move !== undefined) away.set(move.device.text, move.device);
  }
}

function* addressLost(document: ShellDocument): Iterable<Finding> {
  const { list, moves } = steps(document);
  if (!moves) return;
  const addresses = new Map<string, Step>();
  for (const step of list) {
    const { ip, span, sure } = step;
    if (!sure) {
      addresses.clear();
      continue;
    }
    const move = moved(ip);
    const before = move === undefined ? undefined : addresses.get(move.device.text);
    if (move !== undefined && before !== undefined) {
      yield {
        span: before.span,
        message: `${move.device.text} loses its addresses when it is moved to another network namespace, as it is further below.`,
        remedy: 'Move it first, then add the address with ip -n NAME.',
        related: [{ span, message: 'It is moved here.' }],
      };
      addresses.delete(move.device.text);
    }
    const device = ip.object === 'address' && ip.verb === 'add' ? needed(ip) : undefined;
    if (device?.literal === true) addresses.set(device.text, step);
    if (ip.object === 'address' && ip.verb !== 'add') addresses.clear();
    if (ip.object === 'link' && ip.verb === 'delete') addresses.clear();
  }
}
