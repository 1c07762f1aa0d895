import type { Assignment } from '../../dialects/systemd/text.ts';
import { lastOf, listOf, offOf, onOf, type Unit } from '../../dialects/systemd/unit.ts';
import { wordsOf } from '../../dialects/systemd/words.ts';
import { manual, related, removal, unitRule, type SystemdRule } from './rule.ts';

/** Capabilities over what belongs to the host as a whole: the kernel looks for them in the initial user namespace. */
const hostCapabilities: ReadonlySet<string> = new Set(
  'SYS_TIME SYS_MODULE SYS_RAWIO SYSLOG MKNOD WAKE_ALARM BLOCK_SUSPEND MAC_ADMIN MAC_OVERRIDE LINUX_IMMUTABLE'
    .split(' ')
    .map((name) => `CAP_${name}`),
);

/** Capabilities over a network namespace: the kernel looks for them in the user namespace that owns it. */
const networkCapabilities: ReadonlySet<string> = new Set(['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN', 'CAP_NET_RAW']);

export const userRules: readonly SystemdRule[] = [
  unitRule(
    {
      id: 'systemd/user-path-with-private-users',
      severity: 'error',
      summary: 'UserNamespacePath= together with PrivateUsers=',
      link: manual('exec', 'UserNamespacePath'),
    },
    (unit) => {
      const path = lastOf(unit, 'UserNamespacePath');
      const users = onOf(unit, 'PrivateUsers');
      if (path === undefined || users === undefined) return undefined;
      return {
        span: users.span,
        message:
          'systemd from 260 on refuses a unit with both UserNamespacePath= and PrivateUsers=; 259 ignores PrivateUsers= here.',
        remedy: 'Keep the one that is meant.',
        related: [related(path)],
        fixes: [removal(unit, users)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/managed-users-with-user',
      severity: 'error',
      summary: 'PrivateUsers=managed together with a user, a group or PAM',
      link: manual('exec', 'PrivateUsers'),
    },
    (unit) => {
      const users = lastOf(unit, 'PrivateUsers');
      if (users?.value.text !== 'managed') return undefined;
      const other = ['User', 'Group', 'PAMName'].map((key) => lastOf(unit, key)).find((found) => found !== undefined);
      const conflicting = other ?? onOf(unit, 'DynamicUser');
      if (conflicting === undefined) return undefined;
      return {
        span: conflicting.span,
        message: `systemd refuses a unit with both PrivateUsers=managed, which it knows from 260 on, and ${conflicting.key}=.`,
        remedy: `Leave ${conflicting.key}= out: the processes are root of their own user namespace.`,
        related: [related(users)],
        fixes: [removal(unit, conflicting)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/ambient-capability-without-effect',
      severity: 'warning',
      summary: 'A capability over the host is given to processes in a user namespace of their own',
      link: manual('exec', 'PrivateUsers'),
    },
    function* (unit) {
      const users = onOf(unit, 'PrivateUsers');
      if (users === undefined) return;
      const ownNetwork = ownsNetwork(unit);
      for (const { value } of listOf(unit, 'AmbientCapabilities')) {
        if (value.text.startsWith('~')) continue;
        for (const { text, span } of wordsOf(value)) {
          const name = text.toUpperCase();
          const network = networkCapabilities.has(name);
          if (!hostCapabilities.has(name) && !(network && !ownNetwork)) continue;
          yield {
            span,
            message: network
              ? `${name} counts only in the user namespace that owns the network namespace, which with PrivateUsers= is not that of the processes.`
              : `With PrivateUsers= the processes have ${name} only in their own user namespace, where it allows nothing on the host.`,
            remedy: 'Switch PrivateUsers= off, or do without the capability.',
            related: [related(users)],
          };
        }
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/delegation-needs-users',
      severity: 'warning',
      summary: 'PrivateUsers=no beside DelegateNamespaces=, which makes a user namespace all the same',
      link: manual('exec', 'DelegateNamespaces'),
    },
    (unit) => {
      const delegates = onOf(unit, 'DelegateNamespaces');
      const off = offOf(unit, 'PrivateUsers');
      if (delegates === undefined || off === undefined) return undefined;
      return {
        span: off.span,
        message: 'The processes get a user namespace all the same: DelegateNamespaces= implies PrivateUsers=self.',
        remedy: 'Leave one of the two settings out.',
        related: [related(delegates)],
        fixes: [removal(unit, off)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/dynamic-user-switches',
      severity: 'information',
      summary: 'A switch that DynamicUser= has on whatever it says',
      link: manual('exec', 'DynamicUser'),
    },
    function* (unit) {
      const dynamic = onOf(unit, 'DynamicUser');
      if (dynamic === undefined) return;
      for (const key of [
        'PrivateTmp',
        'ProtectSystem',
        'ProtectHome',
        'RemoveIPC',
        'NoNewPrivileges',
        'RestrictSUIDSGID',
      ]) {
        const off = offOf(unit, key);
        if (off === undefined) continue;
        yield {
          span: off.span,
          message: `${key}= cannot be switched off here: DynamicUser= implies it.`,
          remedy: 'Leave the line out.',
          related: [related(dynamic)],
          fixes: [removal(unit, off)],
        };
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/dynamic-user-binds',
      severity: 'information',
      summary: 'BindPaths= together with DynamicUser=',
      link: manual('exec', 'DynamicUser'),
    },
    function* (unit) {
      const dynamic = onOf(unit, 'DynamicUser');
      if (dynamic === undefined) return;
      for (const binds of listOf(unit, 'BindPaths')) {
        yield {
          span: binds.span,
          message:
            'Files that the processes make there outlive the dynamic user, and another unit can get the same uid later.',
          remedy: 'Use StateDirectory=, CacheDirectory= or BindReadOnlyPaths= instead.',
          related: [related(dynamic)],
        };
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/identity-mapping',
      severity: 'hint',
      summary: 'A mapping that isolates capabilities, but no ids',
      link: manual('exec', 'PrivateUsers'),
    },
    (unit) => {
      const users = lastOf(unit, 'PrivateUsers');
      if (users === undefined || !/^(?:identity|full)$/.test(users.value.text)) return undefined;
      return {
        span: users.value.span,
        message: `The mapping ${users.value.text} takes away the capabilities over the host, but leaves the processes their uids: files of the same uid stay open to them.`,
        remedy: 'Write managed for ids of their own, from systemd 260 on.',
      };
    },
  ),
];

/** The network namespace is made after the user namespace and belongs to it. */
function ownsNetwork(unit: Unit): boolean {
  const delegates = listOf(unit, 'DelegateNamespaces');
  return onOf(unit, 'PrivateNetwork') !== undefined && (unit.user || delegates.some(delegatesNetwork));
}

function delegatesNetwork({ value }: Assignment): boolean {
  return (
    value.text.startsWith('~') || /^(?:1|yes|y|true|t|on)$/i.test(value.text) || /(?:^|\s)net(?:\s|$)/.test(value.text)
  );
}
