import type { Assignment } from '../../dialects/systemd/text.ts';
import { lastOf, listOf, mountSettings, offOf, onOf, type Unit } from '../../dialects/systemd/unit.ts';
import type { Finding } from '../../rule.ts';
import { manual, related, removal, unitRule, wholeUnitRule, type SystemdRule } from './rule.ts';

/** `mount`, `umount`, or what makes or ends a named network namespace, which is a mount as well. What runs with + is not judged. */
const mounting =
  /^[-@:!|]*(?:(?:\/usr)?\/bin\/env\s+)?(?:(?:\/usr)?\/s?bin\/)?(?:u?mount(?=\s|$)|ip\s+(?:-\S+\s+){0,8}(netns\s+(?:add|attach|del|delete))\s)/;

const commandKeys = ['ExecStartPre', 'ExecStart', 'ExecStartPost', 'ExecReload', 'ExecStop', 'ExecStopPost'];

export const mountRules: readonly SystemdRule[] = [
  unitRule(
    {
      id: 'systemd/shared-propagation-without-effect',
      severity: 'warning',
      summary: 'MountFlags=shared does not carry mounts from the unit to the host',
      link: manual('exec', 'MountFlags'),
    },
    (unit) => {
      const flags = lastOf(unit, 'MountFlags');
      const [other] = mountSettings(unit);
      if (flags?.value.text !== 'shared' || other === undefined) return undefined;
      return {
        span: flags.span,
        message: `MountFlags=shared does not let mounts of the unit reach the host, since ${other.key}= makes its mount namespace a slave of the host first.`,
        remedy: `Leave out ${other.key}= and all else that needs a mount namespace, or MountFlags=.`,
        related: [related(other)],
        fixes: [removal(unit, flags)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/private-propagation',
      severity: 'information',
      summary: 'MountFlags=private keeps file systems busy that the host has unmounted',
      link: manual('exec', 'MountFlags'),
    },
    (unit) => {
      const flags = lastOf(unit, 'MountFlags');
      if (flags?.value.text !== 'private') return undefined;
      return {
        span: flags.value.span,
        message:
          'With private the unit never learns that the host has unmounted something, so that file systems stay busy for as long as it runs.',
        remedy: 'Write PrivateMounts=yes instead, which stops mounts only on their way to the host.',
        fixes: [{ title: 'Write PrivateMounts=yes', edits: [{ span: flags.span, text: 'PrivateMounts=yes' }] }],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/private-mounts-off',
      severity: 'information',
      summary: 'PrivateMounts=no beside a setting that makes a mount namespace all the same',
      link: manual('exec', 'PrivateMounts'),
    },
    (unit) => {
      const off = offOf(unit, 'PrivateMounts');
      const [other] = mountSettings(unit);
      if (off === undefined || other === undefined) return undefined;
      return {
        span: off.span,
        message: `The processes get a mount namespace all the same, since ${other.key}= needs one.`,
        remedy: 'Leave one of the two settings out.',
        related: [related(other)],
        fixes: [removal(unit, off)],
      };
    },
  ),
  wholeUnitRule(
    {
      id: 'systemd/api-mounts-without-root',
      severity: 'information',
      summary: 'MountAPIVFS= without another root directory',
      link: manual('exec', 'MountAPIVFS'),
    },
    (unit) => {
      const api = onOf(unit, 'MountAPIVFS');
      if (api === undefined) return undefined;
      if (
        ['RootDirectory', 'RootImage', 'RootMStack', 'TemporaryFileSystem'].some(
          (key) => lastOf(unit, key) !== undefined,
        )
      )
        return undefined;
      return {
        span: api.span,
        message:
          'MountAPIVFS= has no effect without RootDirectory= or RootImage=, since the host has these mounts already.',
        remedy: 'Leave the line out.',
        fixes: [removal(unit, api)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/working-directory-in-api-mount',
      severity: 'warning',
      summary: 'WorkingDirectory= below /proc, /sys or /dev in a mount namespace',
      link: manual('exec', 'WorkingDirectory'),
    },
    (unit) => {
      const directory = lastOf(unit, 'WorkingDirectory');
      const [other] = mountSettings(unit);
      if (directory === undefined || other === undefined) return undefined;
      if (!/^-?\/+(?:proc|sys|dev)(?:\/|$)/.test(directory.value.text)) return undefined;
      return {
        span: directory.span,
        message: `New versions of systemd, such as 262, refuse a working directory below /proc, /sys or /dev in a unit that has a mount namespace, here for ${other.key}=; 252 does not.`,
        remedy: 'Choose another directory, and let the program change to this one.',
        related: [related(other)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/mount-stays-in-unit',
      severity: 'warning',
      summary: 'A command mounts something, but in a mount namespace of its own',
      link: manual('exec', 'PrivateMounts'),
    },
    function* (unit) {
      const [other] = mountSettings(unit);
      const cause = other ?? networkWithMounts(unit);
      if (cause === undefined || unit.kind !== 'service') return;
      for (const key of commandKeys) {
        for (const command of listOf(unit, key)) yield* staying(command, cause, other === undefined);
      }
    },
  ),
];

/** From 254 on these imply PrivateMounts=, so that /sys shows the network namespace. */
function networkWithMounts(unit: Unit): Assignment | undefined {
  if (offOf(unit, 'PrivateMounts') !== undefined) return undefined;
  return lastOf(unit, 'NetworkNamespacePath') ?? onOf(unit, 'PrivateNetwork');
}

function* staying({ value }: Assignment, other: Assignment, since254: boolean): Iterable<Finding> {
  const match = mounting.exec(value.text);
  if (match === null) return;
  const netns = match[1] !== undefined;
  const what = netns ? 'The network namespace that it names is mounted' : 'What it mounts or unmounts is';
  yield {
    span: value.at(0, match[0].trimEnd().length),
    message: `${what} only in the mount namespace of this one command, which ${other.key}= makes${since254 ? ' from systemd 254 on' : ''}: neither the host nor other commands of the unit see it.`,
    remedy: since254
      ? 'Set PrivateMounts=no, or mount it in a unit of its own.'
      : `Leave out ${other.key}= and all else that needs a mount namespace, or mount it in a unit of its own.`,
    related: [related(other)],
  };
}
