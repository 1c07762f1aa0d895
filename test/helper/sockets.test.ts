/** `sockets`: what listens in a net namespace, against servers that the test has started there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressText, socketRows } from '../../extension/model/sockets.ts';
import type { HelperRecord, OwnerRecord, SocketRecord } from '../../extension/helper/protocol.ts';
import { runHelper } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { listeners, ports } from './support/listeners.ts';
import { temporaryFolder } from './support/marker.ts';
import { idOf, ipNetns, unshare } from './support/namespaces.ts';
import { nobody } from './support/nobody.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';

const skip = missing('root', 'ip');
leakGuard();

function socketsOf(records: readonly HelperRecord[]): SocketRecord[] {
  return records.flatMap((record) => ('socket' in record ? [record.socket] : []));
}

function ownersOf(records: readonly HelperRecord[]): OwnerRecord[] {
  return records.flatMap((record) => ('owner' in record ? [record.owner] : []));
}

test('every listening socket of a net namespace, and who has it open', { skip }, async (t) => {
  const scope = testScope(t);
  const at = await listeners(scope, temporaryFolder(scope));
  const { code, records } = await runHelper(['sockets', `--target=${at.path}`, '--owners']);
  assert.equal(code, 0);
  const sockets = socketsOf(records);
  const rows = socketRows({ sockets, owners: ownersOf(records) });
  const tcp = [ports.echo, ports.closer, ports.resetter, ports.keeper, ports.slow, ports.http];
  assert.deepEqual(
    rows.map(({ label }) => label),
    [
      ...tcp.map((port) => `tcp 127.0.0.1:${port}`),
      `tcp [::1]:${ports.idle6}`,
      `udp 127.0.0.1:${ports.datagrams}`,
      ...[`unix ${at.folder}/echo.sock`, `unix @${at.folder}`].toSorted(),
    ],
  );
  assert.ok(
    rows.every(({ owner }) => new RegExp(`^node\\S* \\(pid ${at.pid}\\)$`).test(owner)),
    JSON.stringify(rows),
  );
});

test('by process, by number and by a name for it, with the namespace checked', { skip }, async (t) => {
  const scope = testScope(t);
  const at = await listeners(scope, temporaryFolder(scope));
  const id = idOf(at.pid, 'net');
  for (const target of [`pid:${at.pid}`, `net:${id}`, at.netns, `net:${at.netns}`]) {
    // One after the other, to see which one failed.
    // oxlint-disable-next-line no-await-in-loop
    const { records } = await runHelper(['sockets', `--target=${target}`, `--expect=net:${id}`]);
    assert.equal(socketsOf(records).length, 10, target);
    assert.deepEqual(records.at(-1), { end: {} });
  }
  const other = await runHelper(['sockets', `--target=${at.path}`, `--expect=net:${id + 1}`]);
  assert.equal(other.code, 1);
  assert.ok(other.records.some((record) => 'error' in record && record.error.errno === 'ESTALE'));
});

test('a namespace without processes has none, and what the kernel does not tell is said', { skip }, async (t) => {
  const { path } = await ipNetns(testScope(t));
  const { records } = await runHelper(['sockets', `--target=${path}`, '--owners']);
  assert.deepEqual(socketsOf(records), []);
  for (const record of records) {
    if ('unlisted' in record) assert.match(record.unlisted.errno, /^E(NOENT|PROTONOSUPPORT|AFNOSUPPORT|INVAL)$/);
    else assert.ok('end' in record);
  }
});

test(
  'an ordinary user sees those of a namespace that is the user’s own',
  { skip: missing('root', 'unshare') },
  async (t) => {
    const scope = testScope(t);
    const through = nobody;
    const holding = await unshare(scope, '--user', '--map-root-user', '--net');
    const { code, records } = await runHelper(['sockets', `--target=pid:${holding.pid}`]);
    assert.equal(code, 0);
    assert.deepEqual(socketsOf(records), []);
    const refused = await runHelper(['sockets', `--target=pid:${holding.pid}`], { through });
    assert.equal(refused.code, 1);
    const last = refused.records.at(-1);
    assert.ok(last !== undefined && 'error' in last && /^E(PERM|ACCES)$/.test(last.error.errno), JSON.stringify(last));
  },
);

test('addresses are written as people write them', () => {
  assert.equal(addressText('7f000001'), '127.0.0.1');
  assert.equal(addressText('0'.repeat(32)), '::');
  assert.equal(addressText('20010db8000000000000000000000001'), '2001:db8::1');
});

test('words that say nothing are refused', async () => {
  for (const words of [[], ['--target='], ['--target=x', 'y'], ['--target=x', '--deep']]) {
    // oxlint-disable-next-line no-await-in-loop
    const { code } = await runHelper(['sockets', ...words]);
    assert.equal(code, 2, words.join(' '));
  }
});
