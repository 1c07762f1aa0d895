import { literalValue, option } from '../../dialects/shell/invocation.ts';
import type { Finding } from '../../rule.ts';
import { optionRule, type ShellRule } from './rule.ts';

const engines = ['docker', 'podman'] as const;
const dockerRun = 'https://docs.docker.com/reference/cli/docker/container/run/';

/** What opens a container, and settings that are given to the wrong kind of unit. */
export const securityRules: readonly ShellRule[] = [
  optionRule(
    engines,
    {
      id: 'shell/container-privileged',
      severity: 'information',
      summary: 'A privileged container',
      link: `${dockerRun}#privileged`,
    },
    (invocation) => {
      const privileged = option(invocation, 'privileged');
      if (privileged === undefined) return undefined;
      const pid = literalValue(option(invocation, 'pid')) === 'host';
      return {
        span: privileged.key,
        severity: pid ? 'warning' : 'information',
        message: pid
          ? 'With --pid=host a privileged container can enter every namespace of the host through its process 1: it is confined by nothing that its root user cannot leave.'
          : 'A privileged container has all capabilities and devices, and neither seccomp, AppArmor nor masked paths: its namespaces confine it only as long as its root user does not leave them.',
        remedy: 'Give only what is needed, with --cap-add and --device.',
      };
    },
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-shares-host',
      severity: 'information',
      summary: 'A namespace that the container shares with the host',
      link: `${dockerRun}#pid`,
    },
    function* shares(invocation): Iterable<Finding> {
      for (const name of ['pid', 'ipc']) {
        const given = option(invocation, name);
        if (given?.value === undefined || literalValue(given) !== 'host') continue;
        if (name === 'pid' && option(invocation, 'privileged') !== undefined) continue;
        yield {
          span: given.whole ?? given.key,
          message:
            name === 'pid'
              ? 'The container sees all processes of the host, and may signal and trace those that its users and capabilities let it.'
              : 'The container reaches the System V IPC objects, the POSIX message queues and the /dev/shm of the host.',
          remedy: `Leave out --${name}=host where the container needs no more than its own, or share another container's with --${name}=container:NAME.`,
        };
      }
    },
    ['pid', 'ipc'],
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-sys-admin',
      severity: 'information',
      summary: 'CAP_SYS_ADMIN in a container',
      link: 'https://man7.org/linux/man-pages/man7/capabilities.7.html#DESCRIPTION',
    },
    function* capabilities(invocation): Iterable<Finding> {
      for (const given of invocation.options) {
        const value = given.name === 'cap-add' ? literalValue(given) : undefined;
        if (value === undefined || given.value === undefined) continue;
        if (!value.split(',').some((each) => /^(?:CAP_)?SYS_ADMIN$|^ALL$/i.test(each))) continue;
        yield {
          span: given.value.span,
          message:
            'CAP_SYS_ADMIN lets the container mount, and make and enter namespaces; without a user namespace of its own it holds on the host.',
          remedy: 'Give a narrower capability, or a user namespace.',
        };
      }
    },
    ['cap-add'],
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-shared-propagation',
      severity: 'warning',
      summary: 'Mounts of the container reach the host',
      link: 'https://docs.docker.com/engine/storage/bind-mounts/#configure-bind-propagation',
    },
    function* propagation(invocation): Iterable<Finding> {
      for (const given of invocation.options) {
        const { value } = given;
        if (value === undefined) continue;
        const shared =
          given.name === 'volume'
            ? value.literal && /:[^:]*\br?shared\b[^:/]*$/.test(value.text)
            : given.name === 'mount' && value.literal && /(?:^|,)bind-propagation=r?shared(?:,|$)/.test(value.text);
        if (!shared) continue;
        yield {
          span: value.span,
          message:
            'What the container mounts beneath this is mounted on the host too, and stays there when the container ends.',
          remedy: 'Take rslave where it need only see what the host mounts.',
        };
      }
    },
    ['volume', 'mount'],
  ),
  optionRule(
    ['runc'],
    {
      id: 'shell/runc-no-pivot',
      severity: 'warning',
      summary: 'runc --no-pivot',
      link: 'https://github.com/opencontainers/runc/blob/main/man/runc-run.8.md#options',
    },
    (invocation) => {
      const given = option(invocation, 'no-pivot');
      if (given === undefined) return undefined;
      return {
        span: given.key,
        message:
          "Without pivot_root(2) the host's root stays mounted in the container's mount namespace, which root in the container may get back to.",
        remedy: 'Leave it out unless the root is a ramdisk, which cannot be pivoted.',
      };
    },
  ),
  optionRule(
    ['systemd-run'],
    {
      id: 'shell/systemd-run-scope',
      severity: 'error',
      summary: 'A setting of services for a scope',
      link: 'https://www.freedesktop.org/software/systemd/man/latest/systemd-run.html#--scope',
    },
    function* scopes(invocation): Iterable<Finding> {
      if (option(invocation, 'scope') === undefined) return;
      for (const given of invocation.options) {
        const { value } = given;
        if (given.name !== 'property' || value === undefined) continue;
        const [, key] = /^(\w+)=/.exec(value.text) ?? [];
        if (key === undefined || !ofServices.has(key)) continue;
        yield {
          span: value.span,
          message: `systemd-run refuses ${key}= for a scope: its processes are its caller's children, whose namespaces are not made by systemd.`,
          remedy: 'Leave out --scope.',
        };
      }
    },
    ['scope'],
  ),
  optionRule(
    ['lsns'],
    {
      id: 'shell/lsns-type',
      severity: 'error',
      summary: 'A type of namespace that lsns does not know',
      link: 'https://man7.org/linux/man-pages/man8/lsns.8.html#OPTIONS',
    },
    (invocation) => {
      const type = option(invocation, 'type');
      const text = literalValue(type);
      if (type?.value === undefined || text === undefined) return undefined;
      if (/^(?:mnt|net|ipc|user|pid|uts|cgroup|time)$/.test(text)) return undefined;
      const meant = text === 'mount' ? 'mnt' : text === 'network' ? 'net' : undefined;
      return {
        span: type.value.span,
        message: 'lsns refuses this type.',
        remedy: meant === undefined ? 'Take mnt, net, ipc, user, pid, uts, cgroup or time.' : `Write ${meant}.`,
        ...(meant === undefined
          ? {}
          : { fixes: [{ title: `Write ${meant}`, edits: [{ span: type.value.span, text: meant }] }] }),
      };
    },
  ),
];

/** Settings of systemd.exec(5) about namespaces, which scopes lack. */
const ofServices: ReadonlySet<string> = new Set(
  'PrivateNetwork NetworkNamespacePath PrivateUsers PrivateMounts PrivateTmp PrivateDevices PrivateIPC IPCNamespacePath PrivatePIDs UserNamespacePath ProtectHostname ProtectClock ProtectProc ProcSubset ProtectSystem ProtectHome ProtectKernelTunables ProtectControlGroups RestrictNamespaces DelegateNamespaces RootDirectory RootImage BindPaths BindReadOnlyPaths MountFlags MountAPIVFS DynamicUser TemporaryFileSystem ReadOnlyPaths ReadWritePaths InaccessiblePaths'.split(
    ' ',
  ),
);
