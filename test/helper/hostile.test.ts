import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { oddProgram } from './support/compile.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder, uniqueName } from './support/marker.ts';
import { idOf, unreadable } from './support/namespaces.ts';
import { hold, type Holding } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { processOf, scan } from './support/snapshot.ts';

const skip = missing('root', 'gcc');
leakGuard();

async function odd(scope: Scope, ...words: readonly string[]): Promise<Holding> {
  return hold(scope, [await oddProgram(), ...words]);
}

function hex(text: string | readonly number[]): string {
  return Buffer.from(typeof text === 'string' ? Buffer.from(text) : Uint8Array.from(text)).toString('hex');
}

/** How many U+FFFD stand for one broken sequence is not laid down. */
function collapse(text: string | undefined): string | undefined {
  return text?.replace(/\uFFFD+/g, '\uFFFD');
}

const names: readonly { readonly what: string; readonly bytes: readonly number[]; readonly text: string }[] = [
  { what: 'a byte that is no UTF-8', bytes: [0x61, 0xff, 0x62], text: 'a\uFFFDb' },
  { what: 'a sequence cut short', bytes: [0x61, 0xe2, 0x82], text: 'a\uFFFD' },
  { what: 'a sequence cut short before a letter', bytes: [0xf0, 0x9f, 0x61], text: '\uFFFDa' },
  { what: 'an overlong form', bytes: [0xc0, 0xaf, 0x61], text: '\uFFFDa' },
  { what: 'a surrogate', bytes: [0xed, 0xa0, 0x80, 0x61], text: '\uFFFDa' },
  { what: 'a code point beyond Unicode', bytes: [0xf4, 0x90, 0x80, 0x80, 0x61], text: '\uFFFDa' },
  { what: 'control characters', bytes: [0x61, 0x01, 0x0a, 0x0d, 0x1b, 0x7f, 0x62], text: 'a\u0001\n\r\u001b\u007fb' },
  { what: 'quotes and backslashes', bytes: [0x22, 0x5c, 0x6e, 0x22], text: '"\\n"' },
  {
    what: 'what looks like the end of its name in /proc/PID/stat',
    bytes: [...Buffer.from(') Z 1 (')],
    text: ') Z 1 (',
  },
  { what: 'a line separator and a byte order mark', bytes: [...Buffer.from('\uFEFF\u2028x')], text: '\uFEFF\u2028x' },
  { what: 'letters from beyond ASCII', bytes: [...Buffer.from('ünï 😀')], text: 'ünï 😀' },
];

for (const { what, bytes, text } of names) {
  test(`a process named with ${what} is told`, { skip }, async (t) => {
    const held = await odd(testScope(t), 'named', hex(bytes), hex('first'), hex(bytes), hex('last'));
    const record = processOf(await scan(), held.pid);
    assert.equal(collapse(record.comm), text);
    assert.equal(collapse(record.cmdline), `first ${text} last`);
    assert.equal(record.zombie, undefined);
    assert.equal(record.ppid, process.pid);
  });
}

test('a command line of many kilobytes is told up to 4,096 bytes', { skip }, async (t) => {
  const scope = testScope(t);
  // The cut must not fall inside of a character, wherever it is.
  for (const start of ['', 'x', 'xy']) {
    const held = await odd(scope, 'named', hex('long'), hex(`${start}${'€'.repeat(5000)}`));
    const { cmdline = '' } = processOf(await scan(), held.pid);
    const bytes = Buffer.byteLength(cmdline);
    assert.ok(bytes <= 4096 && bytes > 4000, `${bytes} bytes`);
    assert.match(cmdline, new RegExp(`^${start}€+\uFFFD?$`));
  }
});

test('a process without arguments has no command line', { skip }, async (t) => {
  const held = await odd(testScope(t), 'named', hex('bare'), hex(''));
  assert.equal(processOf(await scan(), held.pid).cmdline, undefined);
});

test('empty arguments in a command line are kept apart', { skip }, async (t) => {
  const held = await odd(testScope(t), 'named', hex('gaps'), hex('a'), hex(''), hex('b'));
  assert.equal(processOf(await scan(), held.pid).cmdline, 'a  b');
});

test('kernel threads have no command line', { skip }, async () => {
  const snapshot = await scan();
  const threads = [...snapshot.processes.values()].filter(({ pid, ppid }) => pid === 2 || ppid === 2);
  for (const { pid, cmdline } of threads) assert.equal(cmdline, undefined, `process ${pid}`);
});

test('a zombie is told as one and hides nothing', { skip }, async (t) => {
  const held = await odd(testScope(t), 'zombie');
  const snapshot = await scan();
  const record = processOf(snapshot, held.words['child']);
  assert.equal(record.zombie, true);
  assert.equal(record.ppid, held.pid);
  assert.equal(record.cmdline, undefined);
  assert.equal(snapshot.end.unreadable, unreadable().length);
});

test('a chroot is told', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  for (const name of ['jail', 'with space', 'line\nbreak', '"q"']) {
    const root = join(folder, name);
    mkdirSync(root);
    const held = await odd(scope, 'chroot', root);
    const record = processOf(await scan(), held.pid);
    assert.equal(record.root, root);
    assert.equal(record.ns?.mnt, idOf('self', 'mnt'));
  }
});

test('the path of a cgroup may hold anything but a line break', { skip: skip || missing('unshare') }, async (t) => {
  const scope = testScope(t);
  const name = `${uniqueName()} a:b "c" ü`;
  const mount = '/sys/fs/cgroup/unified';
  const folder = join(mount, name);
  try {
    mkdirSync(folder);
  } catch {
    t.skip(`needs a cgroup2 hierarchy at ${mount}`);
    return;
  }
  scope.defer(() => rmdirSync(folder));
  const held = await odd(scope, 'named', hex('grouped'), hex('grouped'));
  writeFileSync(join(folder, 'cgroup.procs'), String(held.pid));
  assert.equal(processOf(await scan(), held.pid).cgroup, `/${name}`);
});

test('user names come from a passwd file that may be broken', { skip: skip || missing('unshare') }, async (t) => {
  const folder = temporaryFolder(testScope(t));
  const passwd = join(folder, 'passwd');
  const lines = [
    Buffer.from('# comment\n\n:::\nnoid:x\nbad:x:12x:0::/:\nneg:x:-1:0::/:\nhuge:x:99999999999999999999:0::/:\n'),
    Buffer.from(`long:x:7:0:${'g'.repeat(70_000)}:/:\n`),
    Buffer.from([0x61, 0xff, 0x22, 0x5c]),
    Buffer.from(':x:0:0::/:\nsecond:x:0:0::/:\nlast:x:1:0::/:'),
  ];
  writeFileSync(passwd, Buffer.concat(lines));
  const script = 'mount --bind "$1" /etc/passwd; shift; exec "$@"';
  const { users } = await scan([], { through: ['unshare', '--mount', 'sh', '-c', script, 'sh', passwd] });
  // As getpwuid does, the first entry of an id counts.
  assert.equal(collapse(users.get(0)), 'a\uFFFD"\\');
  const none = await scan([], { through: ['unshare', '--mount', 'sh', '-c', script, 'sh', '/dev/null'] });
  assert.equal(none.users.size, 0);
});
