import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FactsRecord, HelperRecord, NamespaceType } from '../../extension/helper/protocol.ts';
import { keepProgram } from './support/compile.ts';
import { helper, sanitized } from './support/helper.ts';
import { kernel, kernelsMissing, type Kernel } from './support/kernels.ts';
import { leakGuard } from './support/leaks.ts';
import { testScope } from './support/scope.ts';
import { encodeRequest } from './support/serve.ts';
import { checkRecord, parseLine, splitLines } from './support/shape.ts';
import { assertHeld, namespace, processOf, readSnapshot, type Snapshot } from './support/snapshot.ts';
import { boot, sections } from './support/vm.ts';
import { Picture } from './support/watch.ts';

const skip = sanitized ? 'the emulated machines run the binary that ships' : kernelsMissing();
leakGuard();

/** What is kept on every kernel while the helper looks: one of each way, by a name. */
const kept: Readonly<Record<string, string>> = {
  fd: 'fd uts',
  pidfd: 'fd pid',
  socket: 'socket',
  thread: 'thread net',
  user: 'nested-user',
  time: 'for-children time',
  flight: 'flight ipc',
};

const script = `
set -e
mkfifo /tmp/hold
sleep 100000 >/tmp/hold &
${Object.entries(kept)
  .map(([name, words]) => `keep ${words} </tmp/hold >/tmp/${name} &\necho $! >/tmp/${name}.pid`)
  .join('\n')}
unshare -n -u -m sleep 100001 &
echo $! >/tmp/plain.pid
: >/run/mounted
unshare --net=/run/mounted true 2>/dev/null || { unshare -n sleep 100002 & p=$!; until [ "$(readlink /proc/$p/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done; mount --bind /proc/$p/ns/net /run/mounted; kill $p; wait $p || true; }
for name in ${Object.keys(kept).join(' ')}; do until grep -q ready /tmp/$name; do sleep 0.1; done; echo "@kept $name"; cat /tmp/$name /tmp/$name.pid; done
until [ "$(readlink /proc/$(cat /tmp/plain.pid)/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]; do sleep 0.1; done
echo @plain; cat /tmp/plain.pid; for t in net uts mnt; do readlink /proc/$(cat /tmp/plain.pid)/ns/$t; done
echo @mounted; stat -Lc %i /run/mounted
echo @uname; uname -r
for args in version facts scan 'scan --deep'; do echo "@nshelper $args"; nshelper $args; done
echo @watch; timeout 3 nshelper watch --interval=100 || true
{ printf %s '${encodeRequest(7, 'scan', '--deep').toString()}'; until grep -q '"end"' /tmp/served; do sleep 0.1; done; } | nshelper serve >/tmp/served
echo @serve; tail -n 1 /tmp/served
echo @look; for t in net user pid mnt; do keep look /proc/self/ns/$t; done
`;

interface Said {
  readonly part: (name: string) => string;
  readonly records: (name: string) => HelperRecord[];
  readonly kept: (name: string) => Readonly<Record<string, number>> & { readonly self: number };
}

function read(text: string): Said {
  const parts = sections(text);
  const part = (name: string): string => {
    const found = parts.get(name);
    assert.ok(found !== undefined, `${name} is missing in:\n${text}`);
    return found;
  };
  return {
    part,
    records: (name) => splitLines(Buffer.from(part(name))).map((line) => checkRecord(parseLine(line))),
    kept: (name) => {
      const [words = '', pid = ''] = part(`kept ${name}`).split('\n');
      const pairs = words.split(' ').map((word) => word.split('='));
      return { ...Object.fromEntries(pairs.map(([key = '', value = '']) => [key, Number(value)])), self: Number(pid) };
    },
  };
}

function inode(link: string | undefined): number {
  return Number(/\[(\d+)\]/.exec(link ?? '')?.[1]);
}

function checkPlain(said: Said, snapshot: Snapshot): void {
  const [pid, ...links] = said.part('plain').trim().split('\n');
  const process = processOf(snapshot, Number(pid));
  for (const [index, type] of (['net', 'uts', 'mnt'] as const).entries()) {
    assert.equal(process.ns?.[type], inode(links[index]));
    assertHeld(namespace(snapshot, type, inode(links[index])), { by: 'process', pid: Number(pid) });
  }
  const mounted = namespace(snapshot, 'net', Number(said.part('mounted')));
  assert.ok(mounted.held.some((holder) => holder.by === 'mount' && holder.path === '/run/mounted'));
  const nested = said.kept('user');
  assertHeld(namespace(snapshot, 'user', nested['outer']), { by: 'child' });
  assert.equal(namespace(snapshot, 'user', nested['inner']).parent, nested['outer']);
  assertHeld(namespace(snapshot, 'time', said.kept('time')['id']), { by: 'for_children', pid: said.kept('time').self });
}

function checkDeep(said: Said, snapshot: Snapshot, facts: FactsRecord): void {
  const holder = (name: string, type: NamespaceType, by: 'fd' | 'socket'): void => {
    const { id, fd = -1, self } = said.kept(name);
    assertHeld(namespace(snapshot, type, id), { by, pid: self, fd });
  };
  holder('fd', 'uts', 'fd');
  holder('pidfd', 'pid', 'fd');
  // Another process's socket can be looked into since Linux 5.6 (pidfd_getfd).
  holder('socket', 'net', 'socket');
  const { id, tid = -1, self } = said.kept('thread');
  assertHeld(namespace(snapshot, 'net', id), { by: 'task', pid: self, tid });
  // On its way through a socket, no process has it open: only the kernel itself knows.
  assert.equal(snapshot.namespaces.has(`ipc:${said.kept('flight')['id'] ?? 0}`), facts.listns);
  assert.equal(snapshot.snapshot.source.includes('listns'), facts.listns);
}

function checkFacts(said: Said, { release }: Kernel): FactsRecord {
  const [record] = said.records('nshelper facts');
  assert.ok(record && 'facts' in record);
  const { facts } = record;
  assert.equal(facts.kernel, said.part('uname').trim());
  assert.ok(release.startsWith(facts.kernel) || facts.kernel.startsWith(release), `${release} ${facts.kernel}`);
  const [major = 0, minor = 0] = facts.kernel.split('.').map(Number);
  assert.equal(facts.listns, major > 6 || (major === 6 && minor >= 19));
  assert.equal(facts.nsid, major > 6 || (major === 6 && minor >= 18));
  assert.equal(facts.types.length, 8);
  assert.equal(facts.uid, 0);
  return facts;
}

/** Oldest and newest that Debian's mirrors have, and its stable ones between. */
for (const suite of ['bullseye', 'bookworm', 'trixie', 'trixie-backports']) {
  test(`the helper on the kernel of Debian ${suite}`, { skip }, async (t) => {
    let found: Kernel;
    try {
      found = await kernel(suite);
    } catch (error) {
      t.skip(`cannot get the kernel: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    t.diagnostic(`Linux ${found.release}`);
    const said = read(await boot(testScope(t), found, { nshelper: helper, keep: await keepProgram() }, script));
    const facts = checkFacts(said, found);
    const plain = readSnapshot(said.records('nshelper scan'));
    assert.equal(plain.snapshot.complete, true);
    checkPlain(said, plain);
    const deep = readSnapshot(said.records('nshelper scan --deep'));
    checkPlain(said, deep);
    checkDeep(said, deep, facts);
    const picture = new Picture();
    for (const record of said.records('watch')) picture.apply(record);
    assert.ok(picture.ticks > 0);
    assert.match(said.part('serve'), /^\{"id":7,"end":\{/);
    for (const [index, type] of (['net', 'user', 'pid', 'mnt'] as const).entries()) {
      const line = said.part('look').split('\n')[index] ?? '';
      const nsid = /nsid=(\d+)/.exec(line)?.[1];
      assert.equal(
        namespace(plain, type, Number(/^id=(\d+)/.exec(line)?.[1])).nsid,
        nsid === undefined ? undefined : Number(nsid),
      );
    }
  });
}
