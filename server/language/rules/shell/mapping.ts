import { lacks, literalValue, option, type OptionInvocation } from '../../dialects/shell/invocation.ts';
import { rangeOf } from '../../dialects/shell/declare.ts';
import type { Given } from '../../dialects/shell/options.ts';
import type { Finding } from '../../rule.ts';
import { makesUser, mapsRanges, optionRule, remove, unshareManual as link, type ShellRule } from './rule.ts';

const userNamespaces = 'https://man7.org/linux/man-pages/man7/user_namespaces.7.html#DESCRIPTION';
const groupMaps = ['map-group', 'map-root-user', 'map-current-user'] as const;

/** User namespaces of unshare(1): which ids are mapped, and what follows from it. */
export const mappingRules: readonly ShellRule[] = [
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-setgroups-allow-with-map-group',
      severity: 'error',
      summary: 'unshare --setgroups=allow with an option that denies it',
      link,
    },
    (invocation) => {
      const setgroups = option(invocation, 'setgroups');
      const map = option(invocation, ...groupMaps);
      if (literalValue(setgroups) !== 'allow' || map === undefined || !lacks(invocation, ...mapsRanges))
        return undefined;
      return {
        span: setgroups?.whole ?? invocation.program.span,
        message: `unshare refuses --setgroups=allow with --${map.name}, which implies --setgroups=deny.`,
        remedy: 'Leave out --setgroups, or map groups with --map-groups.',
        ...(setgroups === undefined ? {} : remove('Remove --setgroups', setgroups)),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-setgroups-deny-after-map',
      severity: 'error',
      summary: 'unshare --setgroups=deny after the groups have been mapped',
      link: userNamespaces,
    },
    (invocation) => {
      const setgroups = option(invocation, 'setgroups');
      const map = option(invocation, ...groupMaps, 'map-groups', 'map-auto', 'map-subids');
      if (literalValue(setgroups) !== 'deny' || map === undefined) return undefined;
      return {
        span: setgroups?.whole ?? invocation.program.span,
        message: `From util-linux 2.35 on this fails with EPERM: unshare writes deny once more when --${map.name} has set the gid map, after which the kernel takes it no longer.`,
        remedy: groupMaps.some((name) => name === map.name)
          ? `Leave it out: --${map.name} implies it.`
          : 'Leave out --setgroups.',
        ...(setgroups === undefined ? {} : remove('Remove --setgroups', setgroups)),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-setgroups-without-user',
      severity: 'error',
      summary: 'unshare --setgroups without a new user namespace',
      link: userNamespaces,
    },
    (invocation) => {
      const setgroups = option(invocation, 'setgroups');
      if (setgroups === undefined || makesUser(invocation) || invocation.open) return undefined;
      const denies = literalValue(setgroups) === 'deny';
      return {
        span: setgroups.whole ?? setgroups.key,
        severity: denies ? 'error' : 'warning',
        message: denies
          ? 'Without a new user namespace unshare asks to deny setgroups(2) in the one that it is in, which the kernel refuses with EPERM because its gid map is set.'
          : '--setgroups is about a new user namespace, and none is made.',
        remedy: 'Add --user, or leave out --setgroups.',
        ...remove('Remove --setgroups', setgroups),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-map-overridden',
      severity: 'warning',
      summary: 'Of two maps of the same id only the last one counts',
      link,
    },
    function* overridden(invocation): Iterable<Finding> {
      for (const kind of ['user', 'group']) {
        const maps = invocation.options.filter(({ name }) => name === `map-${kind}` || isBoth(name));
        const last = maps.at(-1);
        const first = maps.find((each) => last !== undefined && saysOtherwise(each, last));
        if (first === undefined || last === undefined) continue;
        // What one of the two maps besides is still wanted.
        if (isBoth(first.name) !== isBoth(last.name)) continue;
        if (kind === 'group' && isBoth(first.name)) continue;
        yield {
          span: first.whole ?? first.key,
          message: `--${first.name} has no effect: unshare maps the caller's ${isBoth(first.name) ? 'ids' : `${kind} id`} once, as the last such option says.`,
          remedy: `Leave out either this or the later --${last.name}.`,
          ...remove(`Remove --${first.name}`, first),
        };
      }
    },
    ['map-user', 'map-group', 'map-root-user', 'map-current-user'],
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-map-as-root',
      severity: 'information',
      summary: 'A user namespace that root does not need',
      link: userNamespaces,
    },
    (invocation) => {
      const map = option(invocation, 'map-root-user');
      if (map === undefined || !invocation.asRoot || !lacks(invocation, ...mapsRanges, 'owner', 'user', 'map-user'))
        return undefined;
      return {
        span: map.key,
        message:
          'Run by root, the other namespaces need no user namespace; in one that maps root only, all other ids are the overflow id, and nothing that the host owns can be administered.',
        remedy: 'Leave out either sudo or --map-root-user.',
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-user-without-map',
      severity: 'information',
      summary: 'A new user namespace without a map',
      link: userNamespaces,
    },
    (invocation) => {
      const user = option(invocation, 'user');
      if (user === undefined || user.value !== undefined || invocation.command.background) return undefined;
      if (!lacks(invocation, ...groupMaps, ...mapsRanges, 'map-user', 'owner', 'keep-caps')) return undefined;
      return {
        span: user.key,
        message:
          'Without a map the program runs as the overflow id, 65534, and loses its capabilities in the new user namespace when it is executed.',
        remedy: 'Add --map-root-user or --map-current-user, unless the maps are written from outside.',
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-setuid-not-mapped',
      severity: 'error',
      summary: 'unshare --setuid to an id that the new user namespace does not map',
      link: userNamespaces,
    },
    (invocation) => {
      const setuid = option(invocation, 'setuid');
      const wanted = literalValue(setuid);
      if (setuid === undefined || wanted === undefined || !/^\d+$/.test(wanted)) return undefined;
      if (!makesUser(invocation) || !lacks(invocation, ...mapsRanges, 'owner')) return undefined;
      const mapped = mappedUser(invocation);
      if (mapped === 'unknown' || mapped === Number(wanted)) return undefined;
      return {
        span: setuid.whole ?? setuid.key,
        message:
          mapped === undefined
            ? 'setuid(2) fails with EINVAL: the new user namespace maps no ids.'
            : `setuid(2) fails with EINVAL: the new user namespace maps ${mapped} only.`,
        remedy: `Map it with --map-user=${wanted}, or map a range with --map-users.`,
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-setgid-denied',
      severity: 'error',
      summary: 'unshare --setgid in a user namespace that denies setgroups(2)',
      link: userNamespaces,
    },
    (invocation) => {
      const setgid = option(invocation, 'setgid');
      if (setgid === undefined || !makesUser(invocation) || !lacks(invocation, ...mapsRanges, 'owner'))
        return undefined;
      return {
        span: setgid.whole ?? setgid.key,
        message:
          'unshare drops supplementary groups for --setgid, and setgroups(2) fails with EPERM in a user namespace whose gid map is not set or was set with setgroups denied.',
        remedy: 'Leave it out, or map groups with --map-groups.',
        ...remove('Remove --setgid', setgid),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-map-range',
      severity: 'error',
      summary: 'A range of --map-users or --map-groups that cannot be',
      link,
    },
    function* ranges(invocation): Iterable<Finding> {
      for (const given of invocation.options) {
        if (given.name !== 'map-users' && given.name !== 'map-groups') continue;
        const finding = rangeFinding(given);
        if (finding !== undefined) yield finding;
      }
    },
    ['map-users', 'map-groups'],
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-map-order',
      severity: 'information',
      summary: 'The comma form of --map-users, which has another order',
      link,
    },
    function* order(invocation): Iterable<Finding> {
      for (const given of invocation.options) {
        const range = rangeOf(given);
        if (range === undefined || given.value?.text.includes(',') !== true) continue;
        const exact = given.value.span.end - given.value.span.start === given.value.text.length;
        const colons = `${range.inside}:${range.outside}:${range.count}`;
        yield {
          span: range.span,
          message:
            'OUTER,INNER,COUNT is deprecated since util-linux 2.39, which has the order of uid_map: INNER:OUTER:COUNT.',
          remedy: `Write ${colons}, unless older versions are to run it.`,
          ...(exact ? { fixes: [{ title: `Write ${colons}`, edits: [{ span: range.span, text: colons }] }] } : {}),
        };
      }
    },
    ['map-users', 'map-groups'],
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-map-overlap',
      severity: 'error',
      summary: 'Two ranges of a map that overlap',
      link: userNamespaces,
    },
    function* overlaps(invocation): Iterable<Finding> {
      const ranges = invocation.options.flatMap((given) => rangeOf(given) ?? []).slice(0, mostLines);
      for (const [index, range] of ranges.entries()) {
        const other = ranges.slice(0, index).find((each) => each.kind === range.kind && overlap(each, range));
        if (other === undefined) continue;
        yield {
          span: range.span,
          message: `The kernel refuses a ${range.kind} map with EINVAL when ranges overlap, inside or outside, as these two do.`,
          remedy: 'Give ranges that share no id on either side.',
          related: [{ span: other.span, message: 'The other range.' }],
        };
      }
    },
    ['map-users', 'map-groups'],
  ),
];

/** Lines that the kernel takes of a map; each is held against all others. */
const mostLines = 340;

function isBoth(name: string): boolean {
  return name === 'map-root-user' || name === 'map-current-user';
}

/** They cannot mean the same. */
function saysOtherwise(one: Given, other: Given): boolean {
  if (one === other) return false;
  if (one.name !== other.name) return true;
  const [first, second] = [literalValue(one), literalValue(other)];
  return first !== undefined && second !== undefined && first !== second;
}

/** The user id inside that the caller's is mapped to. */
function mappedUser(invocation: OptionInvocation): number | 'unknown' | undefined {
  const map = option(invocation, 'map-user', 'map-root-user', 'map-current-user');
  if (map === undefined) return undefined;
  if (map.name === 'map-root-user') return 0;
  const value = literalValue(map);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : 'unknown';
}

function rangeFinding(given: Given): Finding | undefined {
  const text = literalValue(given);
  if (text === undefined || given.value === undefined || /^(?:auto|subids|all)$/.test(text)) return undefined;
  const { span } = given.value;
  const range = rangeOf(given);
  if (range === undefined) {
    return {
      span,
      message: `unshare takes auto, subids, all, or three numbers up to 4294967295 for --${given.name}.`,
      remedy: 'Write INNER:OUTER:COUNT, or OUTER,INNER,COUNT before util-linux 2.39.',
    };
  }
  const { inside, outside, count } = range;
  if (count > 0 && Math.max(inside, outside) + count <= 0xffff_ffff) return undefined;
  return {
    span,
    message:
      count === 0
        ? 'A range of no ids is refused with EINVAL.'
        : 'The range goes beyond the last id, 4294967294, and is refused with EINVAL.',
    remedy: count === 0 ? 'Give a count of 1 or more.' : 'Give a smaller count.',
  };
}

interface Range {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

function overlap(one: Range, other: Range): boolean {
  const meet = (first: number, second: number): boolean => first < second + other.count && second < first + one.count;
  return meet(one.inside, other.inside) || meet(one.outside, other.outside);
}
