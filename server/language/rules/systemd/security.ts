import { listedTypes } from '../../dialects/systemd/declare.ts';
import type { Assignment } from '../../dialects/systemd/text.ts';
import { lastOf, listOf, onOf, type Unit } from '../../dialects/systemd/unit.ts';
import { booleanOf, wordsOf } from '../../dialects/systemd/words.ts';
import type { Finding } from '../../rule.ts';
import { manual, related, unitRule, wholeUnitRule, type SystemdRule } from './rule.ts';

const pathKeys = [
  ['NetworkNamespacePath', 'net'],
  ['IPCNamespacePath', 'ipc'],
  ['UserNamespacePath', 'user'],
] as const;

export const securityRules: readonly SystemdRule[] = [
  unitRule(
    {
      id: 'systemd/namespace-path-of-manager',
      severity: 'warning',
      summary: 'A namespace path leads to the namespace in which the service manager is itself',
      link: manual('exec', 'NetworkNamespacePath'),
    },
    (unit) =>
      namespacePaths(unit, (path, type) =>
        new RegExp(`^/proc/(?:1|self|thread-self)/ns/${type}$`).test(path) &&
        !(unit.user && path.startsWith('/proc/1/'))
          ? {
              message:
                type === 'user'
                  ? 'This is the user namespace that the service manager is in, and the kernel does not let a process enter the one that it is in: the unit fails.'
                  : 'This is the namespace that the service manager is in: the unit is isolated from nothing.',
              remedy: 'Name the namespace that is meant, or leave the line out.',
            }
          : undefined,
      ),
  ),
  unitRule(
    {
      id: 'systemd/namespace-path-of-process',
      severity: 'warning',
      summary: 'A namespace path names a process by a pid, which another one has after the next start',
      link: manual('exec', 'NetworkNamespacePath'),
    },
    (unit) =>
      namespacePaths(unit, (path) =>
        /^\/proc\/(?!1\/)\d+\//.test(path)
          ? {
              message:
                'The pid belongs to another process, or to none, after the process or the host has been started again.',
              remedy: 'Name a bind mount of the namespace, such as one of /run/netns, or use JoinsNamespaceOf=.',
            }
          : undefined,
      ),
  ),
  unitRule(
    {
      id: 'systemd/namespace-path-of-other-type',
      severity: 'error',
      summary: 'A namespace path leads to a namespace of another type',
      link: manual('exec', 'NetworkNamespacePath'),
    },
    (unit) =>
      namespacePaths(unit, (path, type) => {
        const file = /^\/proc\/[\w-]+(?:\/task\/\d+)?\/ns\/(\w+)$/.exec(path)?.[1];
        const found =
          file?.replace(/_for_children$/, '') ?? (/^(?:\/var)?\/run\/netns\/[^/]+$/.test(path) ? 'net' : type);
        if (found === type) return undefined;
        return {
          message: `systemd refuses to start the unit: this path leads to a namespace of the type ${found}, and it takes one of the type ${type}.`,
          remedy: `Name a namespace of the type ${type}.`,
          ...(file === undefined ? { severity: 'warning' as const } : {}),
        };
      }),
  ),
  unitRule(
    {
      id: 'systemd/restriction-widened',
      severity: 'information',
      summary: 'A further line of RestrictNamespaces= allows more than the lines before',
      link: manual('exec', 'RestrictNamespaces'),
    },
    function* (unit) {
      let before: Assignment | undefined;
      for (const assignment of listOf(unit, 'RestrictNamespaces')) {
        const { value, span } = assignment;
        const types = listedTypes(assignment);
        const earlier = before === undefined ? [] : listedTypes(before);
        if (before !== undefined && types.some((type) => !earlier.includes(type))) {
          yield {
            span,
            message:
              'The lines of RestrictNamespaces= are merged: this one allows its types beside what the lines before allow.',
            remedy: 'Write one list, or take back the lines before with an empty RestrictNamespaces=.',
            related: [related(before)],
          };
        }
        const narrows = booleanOf(value.text) === true || types.length > 0;
        before = narrows ? assignment : undefined;
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/user-namespaces-allowed',
      severity: 'hint',
      summary: 'The processes may make user namespaces, in which they have all capabilities',
      link: manual('exec', 'RestrictNamespaces'),
    },
    function* (unit) {
      for (const assignment of listOf(unit, 'RestrictNamespaces')) {
        if (assignment.value.text.startsWith('~')) continue;
        for (const { text, span } of wordsOf(assignment.value)) {
          if (text !== 'user' || listedTypes(assignment).length === 1) continue;
          yield {
            span,
            message:
              'A user namespace gives the processes all capabilities over the other namespaces of this list that they make with it.',
            remedy: 'Leave user out where they need no namespaces without privileges.',
          };
        }
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/filter-denies-namespaces',
      severity: 'information',
      summary: 'SystemCallFilter= denies the system calls that another line means to allow',
      link: manual('exec', 'SystemCallFilter'),
    },
    function* (unit) {
      const allowed = listOf(unit, 'RestrictNamespaces').find((each) => listedTypes(each).length > 0);
      const delegated = onOf(unit, 'DelegateNamespaces');
      for (const filter of listOf(unit, 'SystemCallFilter')) {
        if (!filter.value.text.startsWith('~')) continue;
        const words = wordsOf(filter.value).map(({ text, span }) => ({
          text: text.replace(/^~/, '').replace(/:.*$/, ''),
          span,
        }));
        const mounts = words.find(({ text }) => text === '@mount' || text === 'mount');
        if (mounts !== undefined && delegated !== undefined && delegatesMounts(delegated)) {
          yield denied(mounts.span, 'mount(2), for which the mount namespace is delegated', delegated);
        }
        const both = words.find(({ text }) => text === '@process') ?? words.find(({ text }) => text === 'unshare');
        const enters = both?.text === '@process' || words.some(({ text }) => text === 'setns');
        if (both !== undefined && enters && allowed !== undefined) {
          yield denied(
            both.span,
            'unshare(2) and setns(2), with which the allowed types of namespaces are made and entered',
            allowed,
          );
        }
      }
    },
  ),
  wholeUnitRule(
    {
      id: 'systemd/root-can-remount',
      severity: 'hint',
      summary: 'Root in a mount namespace can undo what it makes read-only',
      link: manual('exec', 'ReadWritePaths'),
    },
    (unit) => {
      const protect = ['ReadOnlyPaths', 'InaccessiblePaths']
        .map((key) => listOf(unit, key)[0])
        .find((found) => found !== undefined);
      if (protect === undefined || unit.user || onOf(unit, 'PrivateUsers') !== undefined) return undefined;
      const user = lastOf(unit, 'User');
      const others = ['DynamicUser', 'CapabilityBoundingSet', 'SystemCallFilter'];
      if (
        (user !== undefined && !/^(?:root|0)$/.test(user.value.text)) ||
        others.some((key) => onOf(unit, key) !== undefined)
      ) {
        return undefined;
      }
      return {
        span: protect.span,
        message:
          'Processes with CAP_SYS_ADMIN can undo this in their mount namespace, and those of this unit run as root.',
        remedy: 'Add CapabilityBoundingSet=~CAP_SYS_ADMIN or SystemCallFilter=~@mount, or set User=.',
      };
    },
  ),
];

function delegatesMounts(delegates: Assignment): boolean {
  return booleanOf(delegates.value.text) === true || listedTypes(delegates).includes('mnt');
}

function denied(span: Finding['span'], calls: string, other: Assignment): Finding {
  return {
    span,
    message: `The filter denies ${calls}.`,
    remedy: `Leave it out of the filter, or ${other.key}= out of the unit.`,
    related: [related(other)],
  };
}

function* namespacePaths(
  unit: Unit,
  judge: (path: string, type: string) => Omit<Finding, 'span'> | undefined,
): Iterable<Finding> {
  for (const [key, type] of pathKeys) {
    const assignment = lastOf(unit, key);
    const found = assignment === undefined ? undefined : judge(assignment.value.text, type);
    if (assignment !== undefined && found !== undefined) yield { ...found, span: assignment.value.span };
  }
}
