import { privateNetworkKeys } from '../../dialects/systemd/declare.ts';
import { lastOf, listOf, offOf, onOf, type Unit } from '../../dialects/systemd/unit.ts';
import type { Assignment } from '../../dialects/systemd/text.ts';
import { containerRule, manual, related, removal, type SystemdRule } from './rule.ts';

/** Settings that systemd-nspawn takes only from files that root has written. */
const privileged = [
  'Capability',
  'AmbientCapability',
  'PrivateUsers',
  'PrivateUsersOwnership',
  'Bind',
  'BindReadOnly',
  'BindUser',
  'TemporaryFileSystem',
  'Inaccessible',
  'Overlay',
  'OverlayReadOnly',
  ...privateNetworkKeys.filter((key) => key !== 'VirtualEthernet'),
  'NamespacePath',
  'Port',
];

export const containerRules: readonly SystemdRule[] = [
  containerRule(
    {
      id: 'systemd/container-path-with-network',
      severity: 'error',
      summary: 'NamespacePath= together with another setting of the network',
      link: manual('nspawn', 'NamespacePath'),
    },
    function* (unit) {
      const path = lastOf(unit, 'NamespacePath');
      if (path === undefined) return;
      for (const key of ['Private', ...privateNetworkKeys]) {
        const other = onOf(unit, key);
        if (other === undefined) continue;
        yield {
          span: other.span,
          message: `systemd-nspawn refuses ${key}= together with NamespacePath=, which it knows from 259 on.`,
          remedy: 'Keep the one that is meant.',
          related: [related(path)],
          fixes: [removal(unit, other)],
        };
      }
    },
  ),
  containerRule(
    {
      id: 'systemd/container-network-implied',
      severity: 'information',
      summary: 'Private=no beside a setting that implies a private network',
      link: manual('nspawn', 'Private'),
    },
    (unit) => {
      const off = offOf(unit, 'Private');
      const other = first(unit, privateNetworkKeys);
      if (off === undefined || other === undefined) return undefined;
      return {
        span: off.span,
        message: `The container gets a network namespace all the same, since ${other.key}= implies Private=yes.`,
        remedy: 'Leave one of the two settings out.',
        related: [related(other)],
        fixes: [removal(unit, off)],
      };
    },
  ),
  containerRule(
    {
      id: 'systemd/container-port-without-network',
      severity: 'error',
      summary: 'Port= without a private network',
      link: manual('nspawn', 'Port'),
    },
    (unit) => {
      const [port] = listOf(unit, 'Port');
      const off = offOf(unit, 'Private');
      const veth = offOf(unit, 'VirtualEthernet');
      // Nothing said is no proof: the template systemd-nspawn@.service has VirtualEthernet on.
      if (port === undefined || off === undefined || veth === undefined) return undefined;
      if (first(unit, privateNetworkKeys) !== undefined) return undefined;
      return {
        span: port.span,
        message: 'systemd-nspawn refuses Port= for a container in the network namespace of the host.',
        remedy: 'Add VirtualEthernet=yes, or leave Port= out.',
        related: [related(off)],
      };
    },
  ),
  containerRule(
    {
      id: 'systemd/container-bridge-with-zone',
      severity: 'error',
      summary: 'Bridge= together with Zone=',
      link: manual('nspawn', 'Zone'),
    },
    (unit) => {
      const [bridge, zone] = [lastOf(unit, 'Bridge'), lastOf(unit, 'Zone')];
      if (bridge === undefined || zone === undefined) return undefined;
      return {
        span: zone.span,
        message: 'systemd-nspawn refuses Bridge= together with Zone=: the veth pair has room for one bridge.',
        remedy: 'Keep the one that is meant.',
        related: [related(bridge)],
        fixes: [removal(unit, zone)],
      };
    },
  ),
  containerRule(
    {
      id: 'systemd/container-delegation-unmanaged',
      severity: 'error',
      summary: 'PrivateUsersDelegate= without PrivateUsers=managed',
      link: manual('nspawn', 'PrivateUsersDelegate'),
    },
    (unit) => {
      const delegate = lastOf(unit, 'PrivateUsersDelegate');
      const users = lastOf(unit, 'PrivateUsers');
      if (delegate === undefined || !/^[1-9]/.test(delegate.value.text)) return undefined;
      if (users === undefined || users.value.text === 'managed') return undefined;
      return {
        span: delegate.span,
        message:
          'systemd-nspawn, which knows PrivateUsersDelegate= from 260 on, refuses it without PrivateUsers=managed.',
        remedy: 'Write PrivateUsers=managed.',
        related: [related(users)],
        fixes: [{ title: 'Write managed', edits: [{ span: users.value.span, text: 'managed' }] }],
      };
    },
  ),
  containerRule(
    {
      id: 'systemd/container-without-users',
      severity: 'information',
      summary: 'A container whose root is root of the host',
      link: manual('nspawn', 'PrivateUsers'),
    },
    (unit) => {
      const users = lastOf(unit, 'PrivateUsers');
      const off = offOf(unit, 'PrivateUsers');
      if (users === undefined || (off === undefined && !/^(?:identity|0(?::\d+)?)$/.test(users.value.text)))
        return undefined;
      return {
        span: users.span,
        message:
          off === undefined
            ? 'The ids of the container are those of the host: whatever leaves it is root there. The manual warns not to run untrusted code in it.'
            : 'Root of the container is root of the host. The manual warns not to run untrusted code in it.',
        remedy: 'Write PrivateUsers=pick, or managed.',
        fixes: [{ title: 'Write pick', edits: [{ span: users.value.span, text: 'pick' }] }],
      };
    },
  ),
  containerRule(
    {
      id: 'systemd/container-ownership-without-users',
      severity: 'information',
      summary: 'PrivateUsersOwnership= without a user namespace',
      link: manual('nspawn', 'PrivateUsersOwnership'),
    },
    (unit) => {
      const ownership = lastOf(unit, 'PrivateUsersOwnership');
      const off = offOf(unit, 'PrivateUsers');
      if (ownership === undefined || ownership.value.text === 'off' || off === undefined) return undefined;
      return {
        span: ownership.span,
        message: 'PrivateUsersOwnership= has no effect without a user namespace.',
        remedy: 'Leave the line out, or switch PrivateUsers= on.',
        related: [related(off)],
        fixes: [removal(unit, ownership)],
      };
    },
  ),
  containerRule(
    {
      id: 'systemd/container-chown-range',
      severity: 'error',
      summary: 'The owners of files are to be changed to a range that systemd-nspawn cannot change to',
      link: manual('nspawn', 'PrivateUsersOwnership'),
    },
    (unit) => {
      const ownership = lastOf(unit, 'PrivateUsersOwnership');
      const users = lastOf(unit, 'PrivateUsers');
      const range = /^(\d+)(?::(\d+))?$/.exec(users?.value.text ?? '');
      if (
        ownership?.value.text !== 'chown' ||
        users === undefined ||
        range === null ||
        range[0] === '1' ||
        range[0] === '0'
      )
        return undefined;
      if (Number(range[1]) % 65_536 === 0 && Number(range[2] ?? 65_536) === 65_536) return undefined;
      return {
        span: users.value.span,
        message: 'systemd-nspawn changes owners only to ranges of 65536 ids that start at a multiple of 65536.',
        remedy: 'Choose such a range, or write PrivateUsersOwnership=map.',
        related: [related(ownership)],
      };
    },
  ),
  containerRule(
    {
      id: 'systemd/container-chown-read-only',
      severity: 'error',
      summary: 'The owners of files are to be changed in a container that is read-only or volatile',
      link: manual('nspawn', 'PrivateUsersOwnership'),
    },
    (unit) => {
      const ownership = lastOf(unit, 'PrivateUsersOwnership');
      const other = onOf(unit, 'ReadOnly') ?? onOf(unit, 'Volatile');
      if (ownership?.value.text !== 'chown' || other === undefined) return undefined;
      return {
        span: ownership.span,
        message: `systemd-nspawn refuses PrivateUsersOwnership=chown together with ${other.key}=.`,
        remedy: 'Write map.',
        related: [related(other)],
        fixes: [{ title: 'Write map', edits: [{ span: ownership.value.span, text: 'map' }] }],
      };
    },
  ),
  containerRule(
    {
      id: 'systemd/container-setting-untrusted',
      severity: 'information',
      summary: 'A setting that systemd-nspawn ignores in files beside the image',
      link: 'https://www.freedesktop.org/software/systemd/man/latest/systemd.nspawn.html#.nspawn%20File%20Discovery',
    },
    function* (unit) {
      if (!unit.untrusted) return;
      for (const key of privileged) {
        for (const found of listOf(unit, key)) {
          yield {
            span: found.span,
            message: `systemd-nspawn ignores ${key}= in a file beside the image unless it is told to trust it.`,
            remedy: 'Move the file to /etc/systemd/nspawn.',
          };
        }
      }
    },
  ),
];

function first(unit: Unit, keys: readonly string[]): Assignment | undefined {
  return keys.map((key) => onOf(unit, key)).find((found) => found !== undefined);
}
