/** EPERM and EACCES when namespaces are made, in the order in which the kernel checks. */
import type { NamespaceType } from '../../helper/protocol.ts';
import { apparmorAdvice, isRestrictedByApparmor } from '../apparmor.ts';
import {
  capabilityEvidence,
  containerEvidence,
  kernelEvidence,
  mapLine,
  restriction,
  seen,
  stepEvidence,
} from '../evidence.ts';
import { manual } from '../../model/manual.ts';
import { covers } from '../maps.ts';
import { creating, mapping, mounting } from '../steps.ts';
import type { Evidence, Finding, Rule, Situation } from '../types.ts';

const refused = ['EPERM', 'EACCES'];

/** A step that needs a capability which the maker of a user namespace has in it, unless something takes it away. */
const afterwards = [
  ...creating,
  ...mapping,
  ...mounting,
  'capability',
  'setgroups',
  'sethostname',
  'setdomainname',
  'pivot_root',
];

const userNamespaceRights = manual('user_namespaces', 7);

const unprivilegedClone: Rule = {
  id: 'unprivileged-userns-clone',
  errnos: ['EPERM'],
  steps: creating,
  source: 'https://www.debian.org/releases/bullseye/amd64/release-notes/ch-information.en.html#linux-user-namespaces',
  check({ facts, types, has }) {
    if (!types.includes('user') || facts.restrictions['unprivileged_userns_clone'] !== 0) return undefined;
    if (has('CAP_SYS_ADMIN')) return undefined;
    return {
      certainty: 'certain',
      cause: 'This kernel lets only administrators make user namespaces: kernel.unprivileged_userns_clone is 0.',
      evidence: restriction(facts, 'unprivileged_userns_clone', 'kernel.unprivileged_userns_clone'),
      remedy:
        'An administrator sets "sysctl -w kernel.unprivileged_userns_clone=1", and for good in a file under /etc/sysctl.d/; or connect with sudo.',
      needsAdministrator: true,
    };
  },
};

const chroot: Rule = {
  id: 'chroot',
  errnos: ['EPERM'],
  steps: creating,
  source: manual('clone', 2),
  check({ facts, types }) {
    const known = facts.restrictions['chroot'];
    if (!types.includes('user') || known === false) return undefined;
    return {
      certainty: known === true ? 'certain' : 'possible',
      cause:
        'The caller is in a chroot, and the kernel makes no user namespace there, because its maker could leave the chroot.',
      evidence: restriction(facts, 'chroot', 'The root directory is not the root of the mount namespace'),
      remedy:
        'Work outside of the chroot, or enter it with pivot_root(2) in a mount namespace of its own, as "unshare --mount --root" does not but "bwrap" and container engines do.',
      needsAdministrator: false,
    };
  },
};

const unmappedId: Rule = {
  id: 'unmapped-uid',
  errnos: ['EPERM'],
  steps: creating,
  source: manual('clone', 2),
  check({ facts, types }) {
    const { userns } = facts;
    if (!types.includes('user') || userns === undefined) return undefined;
    const uid = covers(userns.uid_map, facts.uid);
    const gid = covers(userns.gid_map, facts.gid);
    if (uid !== false && gid !== false) return undefined;
    const name = uid === false ? 'user' : 'group';
    const map = (uid === false ? userns.uid_map : userns.gid_map) ?? [];
    const file = uid === false ? 'uid_map' : 'gid_map';
    return {
      certainty: 'certain',
      cause: `The caller's ${name} id has no mapping in its own user namespace, and only an id that has one can own a new user namespace.`,
      evidence: [
        seen(`The ${name} id`, uid === false ? facts.uid : facts.gid, '/proc/self/status'),
        seen('Mapped there', map.length === 0 ? 'nothing' : map.map(mapLine).join('; '), `/proc/self/${file}`),
        ...overflow(facts.sysctls, uid === false ? 'kernel/overflowuid' : 'kernel/overflowgid'),
      ],
      remedy: `Whoever made the user namespace writes ${file} first (unshare --map-root-user or --map-current-user), or the caller becomes an id that is mapped.`,
      needsAdministrator: false,
    };
  },
};

function overflow(sysctls: Readonly<Record<string, string>> | undefined, name: string): readonly Evidence[] {
  const value = sysctls?.[name];
  return value === undefined ? [] : [seen('Shown for every id without a mapping', value, `/proc/sys/${name}`)];
}

/** The step needs rights in a user namespace, and the one that was asked for would give them. */
const missingCapability: Rule = {
  id: 'missing-capability',
  errnos: ['EPERM'],
  steps: creating,
  source: manual('namespaces', 7),
  check(situation) {
    const { types, context, has } = situation;
    const asksForUser = types.includes('user') || context.new?.includes('user') === true;
    if (types.length === 0 || asksForUser || has('CAP_SYS_ADMIN')) return undefined;
    return withoutCapability(situation, types);
  },
};

function withoutCapability(situation: Situation, types: readonly NamespaceType[]): Finding {
  const { facts } = situation;
  const never = facts.bounding !== undefined && !facts.bounding.includes('CAP_SYS_ADMIN');
  const closed = facts.restrictions['unprivileged_userns_clone'] === 0 || facts.restrictions['chroot'] === true;
  const userNamespace = 'Ask for a user namespace too: it gives its maker the capabilities for the others.';
  const remedies = [
    closed ? undefined : userNamespace,
    never
      ? 'CAP_SYS_ADMIN is not in the bounding set, so no program started from here can gain it, not even with sudo: whatever started this container or service has to grant it.'
      : 'Otherwise connect with sudo.',
  ];
  return {
    certainty: 'certain',
    cause: `Making ${types.length === 1 ? `a ${types[0]} namespace` : `namespaces of the types ${types.join(', ')}`} takes CAP_SYS_ADMIN, which the caller does not have.`,
    evidence: [
      seen('The caller', `uid ${facts.uid}`, 'geteuid(2)'),
      ...capabilityEvidence(situation, 'CAP_SYS_ADMIN'),
      ...containerEvidence(situation),
    ],
    remedy: remedies.filter((part) => part !== undefined).join(' '),
    needsAdministrator: closed,
  };
}

const apparmor: Rule = {
  id: 'apparmor-userns',
  errnos: refused,
  steps: afterwards,
  source: 'https://documentation.ubuntu.com/security/security-features/privilege-restriction/apparmor/',
  check(situation) {
    const { facts, context, error } = situation;
    const restricted = isRestrictedByApparmor(facts);
    if (restricted === undefined) return undefined;
    const concerned = situation.types.includes('user') || context.new?.includes('user') === true;
    // In a user namespace that was made before, every step can show it.
    if (!concerned && restricted !== 'inside') return undefined;
    const second = !creating.includes(error.step) || (error.type !== undefined && error.type !== 'user');
    return {
      certainty: restricted === 'inside' ? 'certain' : 'likely',
      cause: second
        ? 'AppArmor on this host lets programs without a profile make a user namespace, but takes all capabilities in it away; so the first step succeeds and a later one, this one, is refused.'
        : 'AppArmor on this host lets only programs with a profile that says "userns" make user namespaces.',
      evidence: [
        ...restriction(facts, 'apparmor_restrict_unprivileged_userns', 'AppArmor restricts user namespaces'),
        ...restriction(facts, 'unconfined_restrictions_userns', 'The kernel can do so'),
        ...restriction(facts, 'context', 'Profile of the caller'),
        stepEvidence(situation),
      ],
      ...apparmorAdvice(context.program),
      needsAdministrator: true,
    };
  },
};

const seccomp: Rule = {
  id: 'seccomp',
  errnos: [...refused, 'ENOSYS'],
  steps: [...creating, ...mounting, 'setns', 'pivot_root', 'umount2', 'keyctl', 'sethostname'],
  source: 'https://docs.docker.com/engine/security/seccomp/',
  check(situation) {
    const { facts, error } = situation;
    if (facts.restrictions['seccomp'] !== 2) return undefined;
    // clone3(2) came with 5.3: where it is missing in a newer kernel, a filter hides it. clone(2) and unshare(2) always exist.
    const hidden = error.errno === 'ENOSYS';
    return {
      certainty: 'likely',
      cause: hidden
        ? `A seccomp filter, which containers usually have, hides ${error.step} from the caller.`
        : `A seccomp filter, which containers usually have, refuses ${error.step}. What is in a filter cannot be read, so this follows from there being one and from no other cause that is certain.`,
      evidence: [
        ...restriction(facts, 'seccomp', 'Seccomp mode (2: filter)'),
        ...restriction(facts, 'seccomp_filters', 'Filters'),
        ...containerEvidence(situation),
        ...(hidden ? [kernelEvidence(situation)] : []),
      ],
      remedy:
        'Whoever starts the container gives it a profile that allows the call ("docker run --security-opt seccomp=PROFILE.json"; in Kubernetes seccompProfile), or the namespaces are made from the host instead of from inside.',
      needsAdministrator: true,
    };
  },
};

const selinux: Rule = {
  id: 'security-module',
  errnos: refused,
  steps: creating,
  source: 'https://docs.kernel.org/admin-guide/LSM/index.html',
  check(situation) {
    const { facts, has, types } = situation;
    const enforcing = facts.restrictions['selinux_enforce'] === 1;
    const modules = String(facts.restrictions['lsm'] ?? '').split(',');
    // The hook userns_create of 6.1, which SELinux and BPF programs have.
    const judges = modules.filter((name) => name === 'bpf' || (name === 'selinux' && enforcing));
    if (judges.length === 0 || !(types.includes('user') || has('CAP_SYS_ADMIN'))) return undefined;
    return {
      certainty: 'possible',
      cause: `A security module (${judges.join(', ')}) refuses it by its policy, which cannot be read from here.`,
      evidence: [
        ...restriction(facts, 'lsm', 'Security modules'),
        ...restriction(facts, 'selinux_enforce', 'SELinux enforces'),
        ...restriction(facts, 'context', 'Context of the caller'),
      ],
      remedy:
        'An administrator looks for the refusal in the audit log ("ausearch -m avc -ts recent") and allows it in the policy.',
      needsAdministrator: true,
    };
  },
};

const ownRights: Rule = {
  id: 'rights-in-user-namespace',
  errnos: ['EPERM'],
  steps: ['sethostname', 'setdomainname', 'pivot_root', ...mounting],
  source: userNamespaceRights,
  check(situation) {
    const { context, has, error } = situation;
    if (has('CAP_SYS_ADMIN') || context.new?.includes('user') === true) return undefined;
    return {
      certainty: 'certain',
      cause: `${error.step} takes CAP_SYS_ADMIN in the user namespace that owns what is changed, and the caller does not have it.`,
      evidence: capabilityEvidence(situation, 'CAP_SYS_ADMIN'),
      remedy: 'Ask for a user namespace too, or connect with sudo.',
      needsAdministrator: false,
    };
  },
};

export const createRules: readonly Rule[] = [
  unprivilegedClone,
  chroot,
  unmappedId,
  missingCapability,
  ownRights,
  apparmor,
  seccomp,
  selinux,
];
