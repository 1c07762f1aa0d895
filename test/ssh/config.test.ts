/** What the SSH configuration means for a host, compared with what OpenSSH itself makes of it (`ssh -G`). */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfiguration } from '../../extension/transport/config-files.ts';
import { selectOptions } from '../../extension/transport/config-options.ts';
import { resolveFrom } from '../../extension/transport/config.ts';
import { temporaryFolder } from './support/folder.ts';
import { run } from './support/processes.ts';

interface Case {
  readonly name: string;
  /** `DIR` stands for the folder of the files. */
  readonly config: string;
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  readonly files?: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  { name: 'nothing at all', config: '', host: 'plain.example' },
  {
    name: 'the first value wins, and later sections add what is missing',
    config: 'Host a\n Port 2201\n Port 2202\n User one\nHost *\n User two\n HostName star.example\n Port 9\n',
    host: 'a',
  },
  {
    name: 'keywords in any case, equals signs, quotes, tabs, comments, CRLF',
    config:
      '# comment\r\nhOsT=a\r\n\tHOSTNAME = "h.example"   # trailing\r\n\tport\t=\t2222\r\n  user "some body"\r\n identityfile "/k/with space"\r\n',
    host: 'a',
  },
  { name: 'one space before equals only', config: 'Host a\nUser =x\nPort= 99\nHostName\t=\th\n', host: 'a' },
  { name: 'single quotes', config: "Host 'a'\nIdentityFile '/k/a b'\nUser 'x'\n", host: 'a' },
  { name: 'escaped quotes', config: 'Host a\nIdentityFile "/k/a\\"b"\nIdentityFile /k/c\\ d\n', host: 'a' },
  { name: 'a hash inside a word is no comment', config: 'Host a\nIdentityFile /k/a#b\nUser x#y\n', host: 'a' },
  { name: 'options before any Host hold for all', config: 'User first\nHost a\nUser second\n', host: 'a' },
  { name: 'question mark is exactly one character', config: 'Host a?\nPort 1\nHost a??\nPort 2\n', host: 'ab' },
  { name: 'question mark does not match nothing', config: 'Host a?\nPort 1\n', host: 'a' },
  { name: 'star matches nothing too', config: 'Host a*\nPort 1234\n', host: 'a' },
  {
    name: 'negation wins whatever its place',
    config: 'Host * !a\nPort 1\nHost !a *\nPort 2\nHost *\nPort 3\n',
    host: 'a',
  },
  { name: 'negation alone matches nothing', config: 'Host !b\nPort 1\n', host: 'a' },
  { name: 'several patterns', config: 'Host x y a z\nPort 77\n', host: 'a' },
  { name: 'Host is no comma list', config: 'Host x,a\nPort 77\n', host: 'a' },
  { name: 'Host compares case', config: 'Host A\nPort 77\nHost a\nPort 78\n', host: 'A' },
  { name: 'regular expression characters are plain', config: 'Host a.b\nPort 1\nHost a+b\nPort 2\n', host: 'axb' },
  { name: 'HostName with tokens', config: 'Host a\nHostName %h.example.%%\n', host: 'a' },
  { name: 'user and port given outweigh', config: 'Host a\nUser x\nPort 1\n', host: 'a', user: 'me', port: 2200 },
  {
    name: 'several identity files, from several sections, once each',
    config:
      'Host a\nIdentityFile /k/1\nIdentityFile /k/2\nHost *\nIdentityFile /k/1\nIdentityFile /k/3\nIdentitiesOnly yes\n',
    host: 'a',
  },
  {
    name: 'known hosts files are lists',
    config:
      'Host a\nUserKnownHostsFile /k/1 "/k/2 b" # c\nGlobalKnownHostsFile /g/1 /g/2\nHostKeyAlias other\nHashKnownHosts yes\n',
    host: 'a',
  },
  ...['yes', 'no', 'off', 'ask', 'accept-new', 'YES', 'true', 'false'].map((value) => ({
    name: `StrictHostKeyChecking ${value}`,
    config: `StrictHostKeyChecking ${value}\n`,
    host: 'a',
  })),
  {
    name: 'times',
    config: 'ServerAliveInterval 1m30s\nServerAliveCountMax 7\nConnectTimeout 2m\n',
    host: 'a',
  },
  { name: 'ConnectTimeout none', config: 'ConnectTimeout none\nServerAliveInterval 0\n', host: 'a' },
  {
    name: 'ProxyCommand as it stands',
    config: `Host a\nProxyCommand  sh -c 'echo "a  b" # x' =%h:%p "%r"\n`,
    host: 'a',
  },
  { name: 'ProxyCommand with an equals sign', config: 'Host a\nProxyCommand=nc -X connect --a=b %h %p\n', host: 'a' },
  { name: 'ProxyCommand with an odd quote', config: `Host a\nProxyCommand echo it's %h\n`, host: 'a' },
  { name: 'ProxyJump with several hops', config: 'Host a\nProxyJump one,x@two:22,ssh://y@three:33\n', host: 'a' },
  { name: 'ProxyJump none', config: 'Host a\nProxyJump none\nHost *\nProxyJump bastion\n', host: 'a' },
  { name: 'ProxyCommand none', config: 'Host a\nProxyCommand none\nHost *\nProxyJump bastion\n', host: 'a' },
  { name: 'ProxyJump before ProxyCommand', config: 'ProxyJump b\nProxyCommand nc %h\n', host: 'a' },
  { name: 'ProxyCommand before ProxyJump', config: 'ProxyCommand nc %h\nProxyJump b\n', host: 'a' },
  { name: 'ProxyJump with a comment', config: 'ProxyJump b # through b\n', host: 'a' },
  { name: 'IdentityAgent none', config: 'IdentityAgent none\n', host: 'a' },
  { name: 'IdentityAgent as a variable', config: 'IdentityAgent SSH_AUTH_SOCK\n', host: 'a' },
  { name: 'AddressFamily and BindAddress', config: 'AddressFamily inet6\nBindAddress ::1\n', host: 'a' },
  { name: 'Match all', config: 'Match all\nPort 44\n', host: 'a' },
  { name: 'Match host uses HostName', config: 'Host a\nHostName real.example\nMatch host real.*\nPort 5\n', host: 'a' },
  {
    name: 'Match host before HostName is known',
    config: 'Match host real.*\nPort 5\nHost a\nHostName real.x\n',
    host: 'a',
  },
  { name: 'Match originalhost', config: 'Host a\nHostName r\nMatch originalhost a\nPort 5\n', host: 'a' },
  { name: 'Match host ignores case', config: 'Match host ABC\nPort 5\n', host: 'aBc' },
  {
    name: 'Match with a list and a negation in it',
    config: 'Match host *,!a\nPort 5\nMatch host b,a\nPort 6\n',
    host: 'a',
  },
  { name: 'Match with negated criterion', config: 'Match !host b\nPort 5\n', host: 'a' },
  { name: 'Match with two criteria, one of them false', config: 'Match host a user nobody-here\nPort 5\n', host: 'a' },
  { name: 'Match user uses what is set', config: 'Host a\nUser x\nMatch user x,y\nPort 5\n', host: 'a' },
  { name: 'Match user uses what is given', config: 'Match user me\nPort 5\n', host: 'a', user: 'me' },
  {
    name: 'Match with the same criterion twice',
    config: 'Match host a* host b*\nPort 5\nMatch host a* host *c\nPort 6\n',
    host: 'abc',
  },
  { name: 'Match in odd case and with a comment', config: 'mAtCh HoSt a # yes\nPort 5\n', host: 'a' },
  {
    name: 'Match localuser',
    config: 'Match localuser root,me\nPort 5\nMatch localuser nobody-here\nUser x\n',
    host: 'a',
  },
  { name: 'Match exec true', config: 'Match exec "test %h = a"\nPort 5\n', host: 'a' },
  { name: 'Match exec false', config: 'Match exec "test %h = b"\nPort 5\n', host: 'a' },
  { name: 'Match not exec', config: 'Match !exec "false"\nPort 5\n', host: 'a' },
  {
    name: 'Match exec is not run when it cannot matter',
    config: 'Match host b exec "touch DIR/ran"\nPort 5\n',
    host: 'a',
  },
  {
    name: 'Match final reads again with the real name',
    config: 'Host a\nHostName real.example\nHost real.*\nUser late\nMatch final host real.*\nPort 5\n',
    host: 'a',
  },
  {
    name: 'Match final with capitals',
    config: 'Host A\nHostName Real.example\nHost real.*\nUser l\nMatch final\nPort 5\n',
    host: 'A',
  },
  { name: 'Match canonical without canonicalization', config: 'Match canonical\nPort 5\n', host: 'a' },
  { name: 'Match not final', config: 'Match !final\nPort 5\nMatch final\nUser f\nPort 6\n', host: 'a' },
  {
    name: 'Include in the middle',
    config: 'Include DIR/one\nPort 2\nUser z\n',
    files: { one: 'Port 1\n' },
    host: 'a',
  },
  {
    name: 'Include with a glob, sorted, without hidden files',
    config: 'Include DIR/conf.d/*.conf\n',
    files: {
      'conf.d/b.conf': 'Port 2\nUser b\n',
      'conf.d/a.conf': 'Port 1\n',
      'conf.d/.h.conf': 'HostName h\n',
      'conf.d/x': 'User x\n',
    },
    host: 'a',
  },
  {
    name: 'Include with a glob in a folder',
    config: 'Include DIR/*/c?nf\n',
    files: { 'one/conf': 'Port 1\n', 'two/conf': 'User t\n' },
    host: 'a',
  },
  { name: 'Include of what is missing', config: 'Include DIR/none DIR/*.none\nPort 2\n', host: 'a' },
  {
    name: 'Include of several',
    config: 'Include DIR/one DIR/two\n',
    files: { one: 'Port 1\n', two: 'Port 2\nUser t\n' },
    host: 'a',
  },
  {
    name: 'Include in a section that holds; its Host does not leak out',
    config: 'Host a\nInclude DIR/one\nUser after\n',
    files: { one: 'Port 1\nHost b\nHostName wrong\n' },
    host: 'a',
  },
  {
    name: 'Include in a section that does not hold: none of its sections does',
    config: 'Host b\nInclude DIR/one\nHost *\nPort 3\n',
    files: { one: 'User wrong\nHost a\nPort 1\nMatch all\nHostName wrong\n' },
    host: 'a',
  },
  {
    name: 'Include in an Include',
    config: 'Include DIR/one\n',
    files: { one: 'Include DIR/two\nUser o\n', two: 'Port 2\n' },
    host: 'a',
  },
  { name: 'unbalanced quotes are an error', config: 'Host a\nUser "x\n', host: 'a' },
  { name: 'a keyword without value is an error', config: 'Host a\nUser\nPort 5\n', host: 'a' },
  { name: 'more than one value is an error', config: 'Port 5 6\n', host: 'a' },
  { name: 'an impossible port is an error', config: 'Port 70000\n', host: 'a' },
  { name: 'Match without condition is an error', config: 'Match host\nPort 5\n', host: 'a' },
  { name: 'Match all with others is an error', config: 'Match all host a\nPort 5\n', host: 'a' },
  { name: 'an endless Include is an error', config: 'Include DIR/config\n', host: 'a' },
  { name: 'an IPv6 address', config: 'Host fe80*\nPort 5\n', host: 'fe80::1' },
  { name: 'keywords nobody here knows', config: 'IgnoreUnknown Foo*\nFooBar baz\nPort 5\n', host: 'a' },
];

type Meaning = Readonly<Record<string, string>>;

describe('ssh_config means what ssh -G says', () => {
  for (const each of cases) {
    it(each.name, async () => {
      await using folder = await temporaryFolder();
      const write = async (name: string, text: string): Promise<string> => {
        const file = join(folder.path, name);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, text.replaceAll('DIR', folder.path), { mode: 0o600 });
        return file;
      };
      const config = await write('config', each.config);
      await Promise.all(Object.entries(each.files ?? {}).map(([name, text]) => write(name, text)));
      const theirs = await openSshMeaning(config, each);
      const ours = await ourMeaning(config, each).catch((error: unknown) => `error ${String(error)}`);
      assert.ok(!existsSync(join(folder.path, 'ran')), 'a command ran that could not matter');
      if (typeof theirs === 'string') {
        assert.ok(typeof ours === 'string', `ssh says: ${theirs}`);
        return;
      }
      assert.deepEqual(ours, theirs);
    });
  }
});

async function openSshMeaning(config: string, each: Case): Promise<Meaning | string> {
  const user = each.user === undefined ? [] : ['-l', each.user];
  const port = each.port === undefined ? [] : ['-p', String(each.port)];
  const { code, stdout, stderr } = await run('ssh', ['-F', config, '-G', ...user, ...port, each.host], {
    check: false,
  });
  if (code !== 0) return stderr;
  const values = new Map<string, string[]>();
  for (const line of stdout.trim().split('\n')) {
    const space = line.indexOf(' ');
    const keyword = line.slice(0, space);
    values.set(keyword, [...(values.get(keyword) ?? []), line.slice(space + 1)]);
  }
  const one = (keyword: string): string => values.get(keyword)?.[0] ?? '';
  return {
    hostname: one('hostname'),
    port: one('port'),
    user: one('user'),
    // Without any in the configuration it prints its defaults.
    identityfile: /identityfile/i.test(each.config) ? (values.get('identityfile') ?? []).join('|') : '',
    identitiesonly: one('identitiesonly'),
    identityagent: one('identityagent'),
    proxyjump: one('proxyjump').replace(/^none$/, ''),
    proxycommand: one('proxycommand').replace(/^none$/, ''),
    userknownhostsfile: /userknownhostsfile/i.test(each.config) ? one('userknownhostsfile') : '',
    globalknownhostsfile: /globalknownhostsfile/i.test(each.config) ? one('globalknownhostsfile') : '',
    stricthostkeychecking: one('stricthostkeychecking').replace('true', 'yes').replace('false', 'no'),
    hostkeyalias: one('hostkeyalias'),
    hashknownhosts: one('hashknownhosts'),
    serveraliveinterval: one('serveraliveinterval'),
    serveralivecountmax: one('serveralivecountmax'),
    connecttimeout: one('connecttimeout'),
    addressfamily: one('addressfamily'),
    bindaddress: one('bindaddress'),
  };
}

async function execute(command: string): Promise<boolean> {
  return (await run('sh', ['-c', command], { check: false })).code === 0;
}

async function ourMeaning(config: string, each: Case): Promise<Meaning> {
  const files = await loadConfiguration(config);
  const target = { host: each.host, user: each.user, port: each.port };
  const host = await resolveFrom(files, target, execute);
  const raw = await selectOptions(files, { ...target, execute });
  const time = (keyword: string, value: number, standard: string): string =>
    raw.get(keyword) === undefined || raw.get(keyword) === 'none' ? standard : String(value);
  return {
    hostname: host.hostname,
    port: String(host.port),
    user: host.user,
    identityfile: raw.identityFiles.join('|'),
    identitiesonly: host.identitiesOnly ? 'yes' : 'no',
    identityagent: raw.get('identityagent') ?? '',
    // It prints hops without the scheme.
    proxyjump: host.proxy.kind === 'jump' ? host.proxy.hops.join(',').replaceAll('ssh://', '') : '',
    proxycommand: host.proxy.kind === 'command' ? (raw.get('proxycommand') ?? '') : '',
    userknownhostsfile: (raw.list('userknownhostsfile') ?? []).join(' '),
    globalknownhostsfile: (raw.list('globalknownhostsfile') ?? []).join(' '),
    stricthostkeychecking: host.strictHostKeyChecking,
    hostkeyalias: host.hostKeyAlias ?? '',
    hashknownhosts: host.hashKnownHosts ? 'yes' : 'no',
    serveraliveinterval: time('serveraliveinterval', host.serverAliveInterval, '0'),
    serveralivecountmax: String(host.serverAliveCountMax),
    connecttimeout: time('connecttimeout', host.connectTimeout, 'none'),
    addressfamily: raw.get('addressfamily') ?? 'any',
    bindaddress: host.bindAddress ?? '',
  };
}
