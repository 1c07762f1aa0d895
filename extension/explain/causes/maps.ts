/** uid_map, gid_map and setgroups, whoever writes them. */
import { capabilityEvidence, containerEvidence, mapLine, range, seen, stepEvidence } from '../evidence.ts';
import { manual } from '../../model/manual.ts';
import { isAtLeast } from '../kernel-versions.ts';
import { isOwnOnly, lineEvidence, side } from '../map-side.ts';
import { badMap, insideRanges, lineOutside } from '../maps.ts';
import { mappers, mapping } from '../steps.ts';
import type { Rule } from '../types.ts';

const userNamespaces = manual('user_namespaces', 7);

const badLine: Rule = {
  id: 'bad-map',
  errnos: ['EINVAL', 'EPERM'],
  steps: [...mapping, ...mappers],
  source: userNamespaces,
  check(situation) {
    const { map, file } = side(situation);
    const bad = map === undefined ? undefined : badMap(map, situation.facts.kernel);
    if (map === undefined || bad === undefined) return undefined;
    return {
      certainty: 'certain',
      cause: `Line ${bad.line} of the ${file} is not valid: ${bad.why}.`,
      evidence: [lineEvidence(map, bad.line), seen('Lines', map.length, 'what was asked for')],
      remedy: 'Correct that line: ids must not repeat on either side, and every count is at least 1.',
      needsAdministrator: false,
    };
  },
};

const foreignId: Rule = {
  id: 'map-outside-parent',
  errnos: ['EPERM'],
  steps: [...mapping, ...mappers],
  source: userNamespaces,
  check(situation) {
    const { map, parent, kind } = side(situation);
    if (map === undefined || parent === undefined) return undefined;
    const line = lineOutside(map, insideRanges(parent));
    if (line === undefined) return undefined;
    return {
      certainty: 'certain',
      cause: `Line ${line} of the map names ${kind}s that do not exist in the user namespace around it: only ids that have a mapping there can be handed on.`,
      evidence: [
        lineEvidence(map, line),
        seen(
          `The ${kind}s there`,
          parent.map(({ inside, count }) => range(inside, count)).join('; ') || 'none',
          `/proc/self/${kind}_map`,
        ),
        ...containerEvidence(situation),
      ],
      remedy: 'Choose outside ids from that list, or have the outer user namespace made with a larger map.',
      needsAdministrator: false,
    };
  },
};

const groupsNotDenied: Rule = {
  id: 'setgroups-not-denied',
  errnos: ['EPERM'],
  steps: ['gid_map'],
  source: userNamespaces,
  check(situation) {
    const { context, has } = situation;
    if (has('CAP_SETGID') || context.setgroups === 'deny') return undefined;
    return {
      certainty: context.setgroups === 'allow' ? 'certain' : 'likely',
      cause:
        'Without CAP_SETGID outside, a group map can be written only after setgroups(2) was denied in the new user namespace: dropping a group could otherwise open files that are closed to that group.',
      evidence: [
        seen('setgroups of the new user namespace', context.setgroups ?? 'not known', '/proc/PID/setgroups'),
        ...capabilityEvidence(situation, 'CAP_SETGID'),
      ],
      remedy: 'Deny setgroups first (--setgroups=deny), or have newgidmap write the map.',
      needsAdministrator: false,
    };
  },
};

const needsCapability: Rule = {
  id: 'map-needs-capability',
  errnos: ['EPERM'],
  steps: mapping,
  source: userNamespaces,
  check(situation) {
    const half = side(situation);
    const { map, kind, own, capability } = half;
    if (map === undefined || situation.has(capability) || isOwnOnly(half)) return undefined;
    const mapper = kind === 'uid' ? 'newuidmap' : 'newgidmap';
    return {
      certainty: 'certain',
      cause: `Without ${capability} outside, only the caller's own ${kind} can be mapped, in one line with the count 1; this map has more.`,
      evidence: [
        seen('The map', map.map(mapLine).join('; '), 'what was asked for'),
        seen(`The caller's ${kind}`, own, kind === 'uid' ? 'geteuid(2)' : 'getegid(2)'),
        ...capabilityEvidence(situation, capability),
      ],
      remedy: `Map only ${own} (--map=root or --map=same), or use ${mapper} with a range of /etc/sub${kind} (--map=auto).`,
      needsAdministrator: false,
    };
  },
};

const needsSetfcap: Rule = {
  id: 'map-root-needs-setfcap',
  errnos: ['EPERM'],
  steps: ['uid_map', 'newuidmap'],
  source: manual('capabilities', 7),
  check(situation) {
    const { facts, has } = situation;
    const { map } = side(situation);
    const root = map?.findIndex(({ outside, count }) => outside === 0 && count > 0);
    if (root === undefined || root === -1 || has('CAP_SETFCAP') || map === undefined) return undefined;
    if (isAtLeast(facts.kernel, '5.12') === false) return undefined;
    return {
      certainty: 'certain',
      cause:
        'The map hands on uid 0 of the user namespace around it, which takes CAP_SETFCAP since Linux 5.12: otherwise file capabilities of that root could be forged.',
      evidence: [lineEvidence(map, root + 1), ...capabilityEvidence(situation, 'CAP_SETFCAP')],
      remedy: 'Map another outside id than 0, or keep CAP_SETFCAP.',
      needsAdministrator: false,
    };
  },
};

const writtenBefore: Rule = {
  id: 'map-already-written',
  errnos: ['EPERM'],
  steps: mapping,
  source: userNamespaces,
  check(situation) {
    const half = side(situation);
    if (half.map !== undefined && !isOwnOnly(half) && !situation.has(half.capability)) return undefined;
    return {
      certainty: 'possible',
      cause: `The ${half.file} was written before (it can be written once), or the writer is not the one who made the user namespace.`,
      evidence: [stepEvidence(situation)],
      remedy: 'Make a new user namespace and write the map once, as the user who made it.',
      needsAdministrator: false,
    };
  },
};

const setgroupsRefused: Rule = {
  id: 'setgroups-denied',
  errnos: ['EPERM', 'EINVAL'],
  steps: ['setgroups'],
  source: userNamespaces,
  check(situation) {
    const { facts, context, has } = situation;
    const denied = context.setgroups === 'deny' || facts.userns?.setgroups === 'deny';
    if (!denied && has('CAP_SETGID')) return undefined;
    return {
      certainty: 'certain',
      cause: denied
        ? 'setgroups(2) is denied in this user namespace, for good and for every one below it, so supplementary groups cannot be changed.'
        : 'Changing supplementary groups takes CAP_SETGID in this user namespace, and a group map.',
      evidence: [
        seen('setgroups', context.setgroups ?? facts.userns?.setgroups ?? 'not known', '/proc/self/setgroups'),
        ...capabilityEvidence(situation, 'CAP_SETGID'),
      ],
      remedy: denied
        ? 'Keep the supplementary groups as they are, or have the group map written by newgidmap or by root, which needs no denial.'
        : 'Write the group map first.',
      needsAdministrator: false,
    };
  },
};

export const mapRules: readonly Rule[] = [
  badLine,
  foreignId,
  groupsNotDenied,
  needsCapability,
  needsSetfcap,
  setgroupsRefused,
  writtenBefore,
];
