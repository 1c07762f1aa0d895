/** What we call an ignored line or a refused unit is that to systemd itself, and what we call clean is clean to it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { systemd } from '../../../server/language/dialects/systemd.ts';
import { judged } from '../support/judging.ts';

const version = Number(
  /^systemd (\d+)/.exec(spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 0,
);
const skip = version < 250 ? 'systemd-analyze is missing or older than 250' : false;

/** Rules that say that systemd ignores a line or refuses the unit, for which it warns when it reads the unit. */
const read = [
  'invalid-boolean',
  'invalid-private-users',
  'invalid-private-tmp',
  'invalid-protect-hostname',
  'invalid-protect-proc',
  'invalid-proc-subset',
  'invalid-protect-control-groups',
  'invalid-mount-flags',
  'unknown-namespace-type',
  'delegated-user-namespace',
  'invalid-namespace-path',
  'invalid-root',
  'invalid-bind-path',
  'invalid-joined-unit',
  'misspelt-directive',
  'misplaced-directive',
].map((id) => `systemd/${id}`);

/** Each line with the first version that knows what is in it, where that is not every one. */
const serviceLines: readonly (readonly [string, number?])[] = [
  ...['yes', 'no', 'TRUE', 'On', 't', '0', 'enable', '"yes"', 'yes # no', 'yes;no', '', 'yes no', '%i'].flatMap(
    (value) =>
      ['PrivateNetwork', 'PrivateIPC', 'PrivateDevices', 'ProtectClock', 'DynamicUser', 'MountAPIVFS'].map(
        (key) => [`${key}=${value}`] as const,
      ),
  ),
  ...['yes', 'no', '', 'Self', 'mapped'].map((value) => [`PrivateUsers=${value}`] as const),
  ...['self', 'identity'].map((value) => [`PrivateUsers=${value}`, 257] as const),
  ['PrivateUsers=full', 258],
  ['PrivateUsers=managed', 260],
  ...['yes', 'tmpfs', ''].map((value) => [`PrivateTmp=${value}`] as const),
  ['PrivateTmp=disconnected', 257],
  ...['yes', 'maybe', 'no:a', 'no'].map((value) => [`ProtectHostname=${value}`] as const),
  ...['private', 'private:a.b', 'yes:a_b', 'YES:a', 'private:', 'yes:-a', ''].map(
    (value) => [`ProtectHostname=${value}`, 258] as const,
  ),
  ...['noaccess', 'invisible', 'ptraceable', 'default', 'yes', ''].map((value) => [`ProtectProc=${value}`] as const),
  ...['all', 'pid', 'none', ''].map((value) => [`ProcSubset=${value}`] as const),
  ...['yes', 'full', ''].map((value) => [`ProtectControlGroups=${value}`] as const),
  ['ProtectControlGroups=strict', 257],
  ...['shared', 'slave', 'private', 'Slave', 'rslave', ''].map((value) => [`MountFlags=${value}`] as const),
  ...[
    'yes',
    'net',
    'net mnt',
    '~net',
    '~ net mnt',
    'net,mnt',
    'mount',
    '"net"',
    'net ~ipc',
    'NET',
    'time',
    '',
    '~',
  ].map((value) => [`RestrictNamespaces=${value}`] as const),
  ...['net', 'net user', 'net user foo', 'time', '~net', 'yes'].map(
    (value) => [`DelegateNamespaces=${value}`, 258] as const,
  ),
  ...['/run/netns/a', 'netns/a', '/a/../b', '/a..b', '%t/a', '', '/a/./b'].map(
    (value) => [`NetworkNamespacePath=${value}`] as const,
  ),
  ...['/run/a', 'a'].map((value) => [`IPCNamespacePath=${value}`] as const),
  ...['/a', 'a', '/a/../b', ''].flatMap((value) => [[`RootDirectory=${value}`], [`RootImage=${value}`]] as const),
  ...[
    '/a',
    '/a:/b',
    '-/a:/b:norbind',
    '/a:/b:rbind',
    '/a:/b:ro',
    'a:/b',
    '/a:b',
    '"/a b:/c"',
    '/a::rbind',
    '-a',
    '',
  ].flatMap((value) => [[`BindPaths=${value}`], [`BindReadOnlyPaths=${value}`]] as const),
  ['Privatenetwork=yes'],
  ['PrivateUser=yes'],
  ['JoinsNamespaceOf=a.service'],
  ['BindPaths=/a \\\n# between\n  b'],
];

const unitLines: readonly (readonly [string])[] = [
  ['JoinsNamespaceOf=a.service b.socket'],
  ['JoinsNamespaceOf=a.service,b.service'],
  ['JoinsNamespaceOf=a'],
  ['JoinsNamespaceOf=a/b.service'],
  ['JoinsNamespaceOf="a.service" \\\n  b@c.service'],
  ['PrivateTmp=yes'],
  ['JoinNamespaceOf=a.service'],
];

/** Pairs that the manager refuses when the unit is loaded. */
const refused: readonly (readonly [string, number])[] = [
  ['PrivatePIDs=yes\nType=forking', 257],
  ['PrivatePIDs=yes\nPAMName=login', 257],
  ['PrivateUsers=managed\nUser=root', 260],
  ['PrivateUsers=yes\nUserNamespacePath=/run/a', 260],
  ['DynamicUser=perhaps', 250],
  ['RootDirectory=a', 250],
];

const accepted: readonly (readonly [string, number])[] = [
  ['PrivatePIDs=no\nType=forking', 257],
  ['PrivatePIDs=yes\nType=exec', 257],
  ['PrivateUsers=self\nUser=root', 260],
  ['PrivateUsers=no\nUserNamespacePath=/run/a', 260],
  ['PrivateNetwork=yes\nNetworkNamespacePath=/run/a', 250],
  ['RestrictNamespaces=yes\nPrivateNetwork=yes\nPrivateUsers=yes', 250],
];

const known = <T extends readonly [string, number?]>(list: readonly T[]): readonly T[] =>
  list.filter(([, since]) => since === undefined || since <= version);

describe('systemd-analyze verify', { skip }, () => {
  const folder = skip === false ? mkdtempSync(join(tmpdir(), 'units-')) : '';
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  const verify = (names: readonly string[]): string => {
    const { stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', '--generators=no', ...names.map((name) => `./${name}`)],
      { cwd: folder, encoding: 'utf8' },
    );
    return stdout + stderr;
  };
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  test('warns of the lines that we call ignored, and of no others', () => {
    const texts = [
      ...known(serviceLines).map(([line]) => `[Service]\nExecStart=/bin/true\n${line}\n`),
      ...unitLines.map(([line]) => `[Unit]\n${line}\n[Service]\nExecStart=/bin/true\n`),
    ];
    const names = texts.map((_, index) => `case-${index}.service`);
    for (const [index, name] of names.entries()) write(name, texts[index] ?? '');
    const said = verify(names);
    const differing = texts.filter((text, index) => {
      const warned = said.split('\n').some((line) => line.includes(`case-${index}.service:`));
      return warned !== judged(systemd, text).some(({ rule }) => read.includes(rule.id));
    });
    assert.deepEqual(differing, []);
  });

  for (const [list, refuses] of [
    [refused, true],
    [accepted, false],
  ] as const) {
    test(refuses ? 'refuses what we call an error' : 'accepts what we call no error', () => {
      const differing = known(list).filter(([lines], index) => {
        const name = `${refuses ? 'refused' : 'accepted'}-${index}.service`;
        const text = `[Service]\nExecStart=/bin/true\n${lines}\n`;
        write(name, text);
        const bad = verify([name]).includes('bad unit file setting');
        return bad !== refuses || judged(systemd, text).some(({ severity }) => severity === 'error') !== refuses;
      });
      assert.deepEqual(differing, []);
    });
  }
});
