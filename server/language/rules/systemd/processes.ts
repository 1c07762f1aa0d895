import { lastOf, listOf, onOf, type Unit } from '../../dialects/systemd/unit.ts';
import { manual, related, removal, unitRule, wholeUnitRule, type SystemdRule } from './rule.ts';

const pidLink = manual('exec', 'PrivatePIDs');

/** The kernel shows all of /proc to the group of root, which hidepid= has for its gid= unless it is told another. */
function runsAsRoot(unit: Unit): boolean {
  const root = (key: string): boolean => /^(?:root|0)$/.test(lastOf(unit, key)?.value.text ?? 'root');
  return onOf(unit, 'DynamicUser') === undefined && root('User') && root('Group');
}

export const processRules: readonly SystemdRule[] = [
  unitRule(
    {
      id: 'systemd/pid-namespace-with-forking',
      severity: 'error',
      summary: 'PrivatePIDs= together with Type=forking',
      link: pidLink,
    },
    (unit) => {
      const pids = onOf(unit, 'PrivatePIDs');
      const type = lastOf(unit, 'Type');
      if (pids === undefined || type?.value.text !== 'forking') return undefined;
      return {
        span: type.span,
        message:
          'systemd refuses PrivatePIDs=, which it knows from 257 on, with Type=forking: when the first process ends, the kernel kills all in its pid namespace.',
        remedy: 'Start the program in the foreground, with Type=exec or Type=notify.',
        related: [related(pids)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/pid-namespace-with-pam',
      severity: 'error',
      summary: 'PrivatePIDs= together with PAMName=',
      link: pidLink,
    },
    (unit) => {
      const pids = onOf(unit, 'PrivatePIDs');
      const pam = lastOf(unit, 'PAMName');
      if (pids === undefined || pam === undefined) return undefined;
      return {
        span: pam.span,
        message: 'systemd refuses a unit with both PAMName= and PrivatePIDs=, which it knows from 257 on.',
        remedy: 'Keep the one that is meant.',
        related: [related(pids)],
        fixes: [removal(unit, pam)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/pid-namespace-outside-service',
      severity: 'error',
      summary: 'PrivatePIDs= in a unit that is no service',
      link: pidLink,
    },
    (unit) => {
      const pids = onOf(unit, 'PrivatePIDs');
      if (pids === undefined || unit.kind === 'service') return undefined;
      return {
        span: pids.span,
        message: `systemd refuses PrivatePIDs=, which it knows from 257 on, in a ${unit.kind ?? 'foreign'} unit: only services can have it.`,
        remedy: 'Leave the line out.',
        fixes: [removal(unit, pids)],
      };
    },
  ),
  wholeUnitRule(
    {
      id: 'systemd/protect-proc-as-root',
      severity: 'hint',
      summary: 'ProtectProc= in a unit whose processes run as root',
      link: manual('exec', 'ProtectProc'),
    },
    (unit) => {
      const protect = lastOf(unit, 'ProtectProc');
      if (protect === undefined || protect.value.text === 'default' || unit.user || !runsAsRoot(unit)) return undefined;
      // ptraceable asks for CAP_SYS_PTRACE whatever the group is, and in another user namespace root is not root.
      if (protect.value.text === 'ptraceable' || onOf(unit, 'PrivateUsers') !== undefined) return undefined;
      return {
        span: protect.span,
        message: `ProtectProc=${protect.value.text} does not affect root, and the processes of this unit run as root.`,
        remedy: 'Set User= or DynamicUser=yes.',
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/proc-subset-before-250',
      severity: 'hint',
      summary: 'ProcSubset=pid with a setting that needs the rest of /proc in old versions',
      link: manual('exec', 'ProcSubset'),
    },
    (unit) => {
      const subset = lastOf(unit, 'ProcSubset');
      const other = onOf(unit, 'ProtectKernelTunables') ?? onOf(unit, 'ProtectKernelLogs');
      if (subset?.value.text !== 'pid' || other === undefined) return undefined;
      return {
        span: subset.span,
        message: `systemd before 250 cannot start a unit with both ProcSubset=pid and ${other.key}=.`,
        remedy: 'Leave one of the two out where older versions matter.',
        related: [related(other)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/network-wait-without-network',
      severity: 'hint',
      summary: 'The unit waits for the network of the host and cannot use it',
      link: manual('exec', 'PrivateNetwork'),
    },
    function* (unit) {
      const network = onOf(unit, 'PrivateNetwork');
      if (network === undefined || listOf(unit, 'JoinsNamespaceOf').length > 0) return;
      for (const wants of listOf(unit, 'Wants').concat(listOf(unit, 'Requires'))) {
        const at = wants.value.text.indexOf('network-online.target');
        if (at < 0) continue;
        yield {
          span: wants.value.at(at, at + 'network-online.target'.length),
          message:
            'The unit waits until the host is online, but its processes see only the loopback device of their own network namespace.',
          remedy: 'Leave the dependency out where nothing else needs it.',
          related: [related(network)],
        };
      }
    },
  ),
];
