import type { Word } from './word.ts';

/** One command of ip(8) that concerns network namespaces. */
export interface IpCommand {
  /** `ip -n NAME`: the namespace that all of it happens in. */
  readonly inside: Word | undefined;
  readonly all: boolean;
  readonly object: 'netns' | 'link' | 'address' | 'route';
  /** In full; empty where the default is meant. */
  readonly verb: string;
  readonly verbWord: Word | undefined;
  readonly args: readonly Word[];
  /** What `ip netns exec` runs. */
  readonly program: readonly Word[] | undefined;
}

/** Of iproute2's ip/ip.c: those with a value of their own. */
const withValue = new Set(['-f', '-family', '-l', '-loops', '-b', '-batch', '-rc', '-rcvbuf']);

/** As `matches` of iproute2 does, the first that begins so: ip/ip.c, ip/ipnetns.c, ip/iplink.c, ip/ipaddress.c. */
const objects = [
  'address',
  'addrlabel',
  'maddress',
  'route',
  'rule',
  'neighbor',
  'neighbour',
  'ntable',
  'ntbl',
  'link',
] as const;
const verbs: Readonly<Record<IpCommand['object'], readonly string[]>> = {
  netns: [
    'list',
    'show',
    'lst',
    'list-id',
    'help',
    'add',
    'set',
    'delete',
    'identify',
    'pids',
    'exec',
    'monitor',
    'attach',
  ],
  link: ['add', 'set', 'change', 'replace', 'delete', 'show', 'lst', 'list', 'xstats', 'afstats', 'property', 'help'],
  address: [
    'add',
    'change',
    'chg',
    'replace',
    'delete',
    'show',
    'lst',
    'list',
    'flush',
    'save',
    'showdump',
    'restore',
    'help',
  ],
  route: [
    'list',
    'show',
    'lst',
    'get',
    'add',
    'append',
    'change',
    'chg',
    'delete',
    'replace',
    'save',
    'restore',
    'showdump',
    'flush',
    'help',
  ],
};

export function parseIp(words: readonly Word[], from: number): IpCommand | undefined {
  let index = from;
  let inside: Word | undefined;
  let all = false;
  for (; words[index]?.text.startsWith('-') === true; index++) {
    const text = words[index]?.text.replace(/^--/, '-') ?? '';
    if (words[index]?.literal !== true) return undefined;
    if (text.length > 1 && '-netns'.startsWith(text)) inside = words[++index];
    else if (text === '-a' || text === '-all') all = true;
    else if (withValue.has(text)) index++;
  }
  const object = words[index];
  if (object?.literal !== true || (inside?.splits ?? false)) return undefined;
  const kind = objectOf(object.text);
  if (kind === undefined) return undefined;
  const verbWord = words[index + 1];
  if (verbWord !== undefined && !verbWord.literal) return undefined;
  const verb = verbWord === undefined ? '' : verbs[kind].find((each) => each.startsWith(verbWord.text));
  if (verb === undefined) return undefined;
  const args = words.slice(index + 2);
  const program = kind === 'netns' && verb === 'exec' ? args.slice(all ? 0 : 1) : undefined;
  return { inside, all, object: kind, verb, verbWord, args, program };
}

function objectOf(text: string): IpCommand['object'] | undefined {
  // `ip n` and `ip ne` are `ip neighbor`.
  if (text.length > 2 && 'netns'.startsWith(text)) return 'netns';
  const found = objects.find((each) => each.startsWith(text));
  return found === 'address' || found === 'link' || found === 'route' ? found : undefined;
}
