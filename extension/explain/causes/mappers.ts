/** newuidmap(1), newgidmap(1) and the ranges of /etc/subuid and /etc/subgid. */
import type { IdRange, MapperFacts, SubordinateRange } from '../../helper/protocol.ts';
import { displayText } from '../../model/text.ts';
import { capabilityEvidence, range, restriction, seen } from '../evidence.ts';
import { manual } from '../../model/manual.ts';
import { isOwnOnly, lineEvidence, side } from '../map-side.ts';
import { insideRanges, lineOutside, overlapping } from '../maps.ts';
import { mappers } from '../steps.ts';
import type { Evidence, Finding, Rule, Situation } from '../types.ts';

const userNamespaces = manual('user_namespaces', 7);
const refused = ['EPERM', 'EACCES', 'EINVAL', 'EIO'];

/** newuidmap or newgidmap as the facts know it. */
function mapperOf({ error, facts }: Situation): MapperFacts | undefined {
  return facts.mappers?.[error.step];
}

const mapperMissing: Rule = {
  id: 'mapper-missing',
  errnos: ['ENOENT'],
  steps: mappers,
  source: manual('newuidmap', 1),
  check({ error, facts }) {
    if (facts.tools[error.step] !== undefined) return undefined;
    return {
      certainty: 'certain',
      cause: `${error.step} is not installed, and without it an ordinary user can map no id but the own one.`,
      evidence: [seen(error.step, 'not found', 'the search path and /usr/sbin, /sbin, /usr/bin, /bin')],
      remedy:
        'An administrator installs the package uidmap (Debian, Ubuntu) or shadow-utils (Fedora, RHEL) or shadow-uidmap (Alpine).',
      needsAdministrator: true,
    };
  },
};

const mapperRights: Rule = {
  id: 'mapper-without-rights',
  errnos: refused,
  steps: mappers,
  source: manual('newuidmap', 1),
  check(situation) {
    const mapper = mapperOf(situation);
    const { step } = situation.error;
    const capability = step === 'newgidmap' ? 'CAP_SETGID' : 'CAP_SETUID';
    if (mapper === undefined || situation.has(capability)) return undefined;
    const evidence = [
      seen('Set-user-ID bit', mapper.setuid ? 'set' : 'not set', mapper.path),
      seen('Owner', mapper.owner, mapper.path),
      seen(capability, mapper.capability ? 'a file capability' : 'no file capability', `getcap ${mapper.path}`),
    ];
    if ((!mapper.setuid || mapper.owner !== 0) && !mapper.capability) {
      return {
        certainty: 'certain',
        cause: `${step} has neither the set-user-ID bit of root nor the file capability ${capability}, so it has no more rights than its caller.`,
        evidence,
        remedy: `An administrator gives it the one ("chmod u+s ${mapper.path}", owned by root) or the other ("setcap ${capability.toLowerCase()}+ep ${mapper.path}").`,
        needsAdministrator: true,
      };
    }
    return ineffective(situation, mapper, capability, evidence);
  },
};

/** The rights are there but do not come into effect. */
function ineffective(
  situation: Situation,
  mapper: MapperFacts,
  capability: string,
  evidence: readonly Evidence[],
): Finding | undefined {
  const { facts, error } = situation;
  const finding = (cause: string, more: readonly Evidence[], remedy: string, admin: boolean): Finding => ({
    certainty: 'certain',
    cause,
    evidence: [...more, ...evidence],
    remedy,
    needsAdministrator: admin,
  });
  if (mapper.nosuid === true) {
    return finding(
      `The file system that ${error.step} is on is mounted with nosuid, so it gains no rights.`,
      [seen('Mount option', 'nosuid', mapper.path)],
      'An administrator mounts that file system without nosuid.',
      true,
    );
  }
  if (facts.restrictions['no_new_privs'] === true) {
    return finding(
      `The caller runs with no_new_privs, so no program that it starts, ${error.step} included, gains rights.`,
      restriction(facts, 'no_new_privs', 'no_new_privs'),
      'Start the session without it: NoNewPrivileges= of a systemd unit and allowPrivilegeEscalation: false of Kubernetes set it.',
      false,
    );
  }
  if (facts.bounding !== undefined && !facts.bounding.includes(capability)) {
    return finding(
      `${capability} is not in the caller's bounding set, so ${error.step} cannot gain it.`,
      capabilityEvidence(situation, capability),
      `Whatever started this container or service has to grant ${capability}.`,
      true,
    );
  }
  return undefined;
}

interface Subordinate {
  readonly file: string;
  readonly ranges: readonly IdRange[];
  readonly all: readonly SubordinateRange[];
  readonly source: string | undefined;
  readonly user: string;
}

function subordinate(situation: Situation): Subordinate {
  const { facts, error } = situation;
  const isGroup = error.step === 'newgidmap' || error.path === '/etc/subgid';
  return {
    file: isGroup ? '/etc/subgid' : '/etc/subuid',
    ranges: isGroup ? facts.subgid : facts.subuid,
    all: (isGroup ? facts.subordinate?.subgid : facts.subordinate?.subuid) ?? [],
    source: facts.subordinate?.source,
    user: displayText(facts.user ?? String(facts.uid)),
  };
}

function rangesEvidence({ file, ranges, source, user }: Subordinate): readonly Evidence[] {
  return [
    seen(`Ranges of ${user}`, ranges.map(({ start, count }) => range(start, count)).join('; ') || 'none', file),
    ...(source === undefined ? [] : [seen('Ranges come also from', source, '/etc/nsswitch.conf, subid')]),
  ];
}

/** The lowest start from which 65,536 ids are free of everyone's ranges. */
export function freeStart(all: readonly IdRange[]): number {
  return all.reduce((start, { start: from, count }) => Math.max(start, from + count), 100_000);
}

const noRange: Rule = {
  id: 'subordinate-missing',
  errnos: [...refused, 'ENOENT'],
  // The helper's own search for a range that is free, and the programs that write the map.
  steps: [...mappers, 'subordinate'],
  source: manual('subuid', 5),
  check(situation) {
    const found = subordinate(situation);
    const half = side(situation);
    // That newuidmap is missing is another cause.
    if (situation.error.errno === 'ENOENT' && situation.error.step !== 'subordinate') return undefined;
    if (found.ranges.length > 0 || isOwnOnly(half)) return undefined;
    const kind = half.kind === 'uid' ? 'subuids' : 'subgids';
    const start = freeStart(found.all);
    return {
      // With another source the file alone does not decide.
      certainty: found.source === undefined ? 'certain' : 'likely',
      cause: `${found.user} has no range of subordinate ids, so nothing but the own id can be mapped.`,
      evidence: rangesEvidence(found),
      remedy: `An administrator gives one: "usermod --add-${kind} ${start}-${start + 65_535} ${found.user}", or the line "${found.user}:${start}:65536" in ${found.file}.`,
      needsAdministrator: true,
    };
  },
};

const outsideRange: Rule = {
  id: 'subordinate-outside',
  errnos: refused,
  steps: mappers,
  source: manual('newuidmap', 1),
  check(situation) {
    const found = subordinate(situation);
    const { map, own, kind } = side(situation);
    if (map === undefined || found.ranges.length === 0) return undefined;
    const line = lineOutside(map, [...found.ranges, { start: own, count: 1 }]);
    if (line === undefined) return undefined;
    return {
      certainty: found.source === undefined ? 'certain' : 'likely',
      cause: `Line ${line} of the map names outside ids that are not all within one range of ${found.user} in ${found.file}.`,
      evidence: [lineEvidence(map, line), ...rangesEvidence(found)],
      remedy: `Choose outside ids within the range (--map=auto does), or an administrator adds one to ${found.file} ("usermod --add-sub${kind}s").`,
      needsAdministrator: false,
    };
  },
};

const rangeNotMapped: Rule = {
  id: 'subordinate-not-in-user-namespace',
  errnos: refused,
  steps: mappers,
  source: userNamespaces,
  check(situation) {
    const found = subordinate(situation);
    const { map, parent, kind } = side(situation);
    // With a map, the rule about the map says it more exactly.
    if (map !== undefined || parent === undefined || situation.facts.userns?.initial !== false) return undefined;
    const inside = insideRanges(parent);
    const lost = found.ranges.find(
      ({ start, count }) => !inside.some((each) => start >= each.start && start + count <= each.start + each.count),
    );
    if (lost === undefined) return undefined;
    return {
      certainty: 'certain',
      cause: `${found.file} gives ${range(lost.start, lost.count)}, but this user namespace has no such ids: a container's map has to be large enough for those that are made in it.`,
      evidence: [
        ...rangesEvidence(found),
        seen(
          'Ids of this user namespace',
          parent.map((each) => range(each.inside, each.count)).join('; ') || 'none',
          `/proc/self/${kind}_map`,
        ),
      ],
      remedy: `Write a range into ${found.file} in here that lies within those ids, or make the outer one with more ids.`,
      needsAdministrator: true,
    };
  },
};

const rangesOverlap: Rule = {
  id: 'subordinate-overlap',
  errnos: refused,
  steps: mappers,
  source: manual('subuid', 5),
  check(situation) {
    const found = subordinate(situation);
    const own = found.ranges.findIndex((each, index) =>
      found.ranges.slice(0, index).some((other) => overlapping(each, other)),
    );
    const twice = found.ranges[own];
    if (twice !== undefined && situation.error.errno === 'EINVAL') {
      return {
        certainty: 'likely',
        cause: `Two ranges of ${found.user} in ${found.file} overlap, so a map that uses both has ids twice, which the kernel does not take.`,
        evidence: [
          ...rangesEvidence(found),
          seen('Overlaps with another', range(twice.start, twice.count), found.file),
        ],
        remedy: `An administrator corrects ${found.file}; until then use one of the ranges only.`,
        needsAdministrator: true,
      };
    }
    const foreign = foreignOverlap(found.ranges, found.all);
    if (foreign === undefined) return undefined;
    return {
      certainty: 'possible',
      cause: `A range of ${found.user} in ${found.file} overlaps with one of ${displayText(foreign.name)}: files and processes of the one can be those of the other.`,
      evidence: [
        ...rangesEvidence(found),
        seen(`Range of ${foreign.name}`, range(foreign.start, foreign.count), found.file),
      ],
      remedy: `An administrator gives each user a range of its own in ${found.file}.`,
      needsAdministrator: true,
    };
  },
};

/** A range of someone else that has ids of the user's own; `all` holds the user's own ranges too. */
export function foreignOverlap(
  own: readonly IdRange[],
  all: readonly SubordinateRange[],
): SubordinateRange | undefined {
  const isOwn = (each: IdRange): boolean =>
    own.some(({ start, count }) => start === each.start && count === each.count);
  const several = (each: IdRange): boolean =>
    all.filter(({ start, count }) => start === each.start && count === each.count).length > 1;
  return all.find((each) => (!isOwn(each) || several(each)) && own.some((mine) => overlapping(mine, each)));
}

export const mapperRules: readonly Rule[] = [
  mapperMissing,
  mapperRights,
  noRange,
  outsideRange,
  rangeNotMapped,
  rangesOverlap,
];
