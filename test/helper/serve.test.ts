import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { protocolVersion, type HelperRecord } from '../../extension/helper/protocol.ts';
import { leakGuard } from './support/leaks.ts';
import { idOf, unshare } from './support/namespaces.ts';
import { ended, untilGone } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { encodeRequest, serve, type Serve } from './support/serve.ts';
import { readSnapshot, type Snapshot } from './support/snapshot.ts';
import { until, within } from './support/wait.ts';
import { Picture } from './support/watch.ts';

const skip = missing('linux');
leakGuard();

/** A scan's answer as the command line gives it: the end is a line of its own in `serve`. */
function snapshotOf({ records, end }: Awaited<ReturnType<Serve['answer']>>): Snapshot {
  assert.ok(end);
  return readSnapshot([...records, { end }]);
}

function childrenOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function isTick(record: HelperRecord): boolean {
  return 'tick' in record;
}

test('serve begins with its version and ends with its input', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const [first] = session.greeting;
  assert.ok(first && 'helper' in first);
  assert.equal(first.helper.protocol, protocolVersion);
  assert.equal(await session.close(), 0);
  assert.equal(session.answers.size + session.errors.length, 0);
});

test('every verb of the command line answers over serve', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const version = await session.request('version');
  assert.deepEqual(version.records, session.greeting);
  assert.ok(version.end);
  const facts = await session.request('facts');
  assert.ok(facts.records.some((record) => 'facts' in record) && facts.end);
  assert.ok(!snapshotOf(await session.request('scan')).snapshot.source.includes('fds'));
  assert.ok(snapshotOf(await session.request('scan', '--deep')).snapshot.source.includes('fds'));
});

test('requests run side by side and their answers do not mix', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const ids = Array.from({ length: 12 }, (_, index) => session.send('scan', ...(index % 3 === 0 ? ['--deep'] : [])));
  for (const [index, id] of ids.entries()) {
    const { snapshot, processes } = snapshotOf(await session.answer(id));
    assert.equal(snapshot.source.includes('fds'), index % 3 === 0);
    assert.ok(processes.has(process.pid));
  }
});

test('many requests at once are answered or refused, none is lost', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const ids = Array.from({ length: 200 }, () => session.send('version'));
  for (const id of ids) {
    const { end, error } = await session.answer(id);
    assert.ok(end !== undefined || error?.errno === 'EAGAIN', JSON.stringify(error));
  }
  assert.ok((await session.request('version')).end, 'a refusal is not for ever');
});

test('a request may come in pieces, and several in one', { skip }, async (t) => {
  const session = await serve(testScope(t));
  for (const byte of encodeRequest(1, 'version')) session.write(Buffer.from([byte]));
  assert.ok((await session.answer(1)).end);
  session.write(
    Buffer.concat([encodeRequest(2, 'version'), encodeRequest(3, 'facts'), encodeRequest(4, 'version').subarray(0, 5)]),
  );
  assert.ok((await session.answer(3)).end);
  session.write(encodeRequest(4, 'version').subarray(5));
  assert.ok((await session.answer(4)).end);
});

test('a watch is a long request beside which others run', { skip: skip || missing('root', 'unshare') }, async (t) => {
  const scope = testScope(t);
  const session = await serve(scope);
  const id = session.send('watch', '--interval=50', '--budget=20');
  await session.record(id, 'the first tick', isTick);
  snapshotOf(await session.request('scan', '--deep'));
  const held = await unshare(scope, '--net');
  const net = idOf(held.pid, 'net');
  await session.record(
    id,
    'the new namespace',
    (record) => 'ns' in record && record.ns.type === 'net' && record.ns.id === net,
  );
  const picture = new Picture();
  for (const record of session.answers.get(id)?.records ?? []) picture.apply(record);
  assert.ok(picture.namespaces.has(`net:${net}`));
  assert.equal(session.answers.get(id)?.end, undefined);
});

test('two watches with different intervals run side by side', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const ids = [session.send('watch', '--interval=50'), session.send('watch', '--interval=400')];
  for (const id of ids) await session.record(id, 'the first tick', isTick);
  const [one, two] = ids;
  assert.ok((await session.request('cancel', String(one))).end);
  assert.ok((await session.request('version')).end);
  assert.equal(session.answers.get(two ?? -1)?.error, undefined, 'the other one goes on');
});

test('cancel ends a request, its process and nothing else', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const id = session.send('watch');
  await session.record(id, 'the first tick', isTick);
  const children = childrenOf(session.child.pid);
  assert.equal(children.length, 1);
  const cancel = await session.request('cancel', String(id));
  assert.ok(cancel.end);
  const { end, error } = await session.answer(id);
  assert.ok(end !== undefined || error !== undefined);
  for (const pid of children) await untilGone(pid);
  // A record after the closing line would have failed the client.
  assert.ok((await session.request('version')).end);
});

test('an id can be used again once its request is closed, not before', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const id = session.send('watch');
  await session.record(id, 'the first tick', isTick);
  session.write(encodeRequest(id, 'version'));
  // Which of the two the error ends is not laid down; that the session stays in step is.
  await session.until('an error', () => session.answers.get(id)?.error);
  assert.equal(session.answers.get(id)?.error?.errno, 'EEXIST');
  assert.ok((await session.request('version')).end);
});

test('a cancel of what is unknown, finished or no id does no harm', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const finished = session.send('version');
  await session.answer(finished);
  for (const id of ['9999', String(finished), '0']) {
    const { end, error } = await session.request('cancel', id);
    assert.ok(end !== undefined || error !== undefined);
  }
  for (const words of [
    ['cancel'],
    ['cancel', 'x'],
    ['cancel', '-1'],
    ['cancel', '1', '2'],
    ['cancel', '99999999999999999999'],
  ]) {
    assert.ok((await session.request(...words)).error, words.join(' '));
  }
  assert.ok((await session.request('version')).end);
});

test('a cancel that meets the end of its request leaves one closing line each', { skip }, async (t) => {
  const session = await serve(testScope(t));
  for (let round = 0; round < 50; round++) {
    const id = session.send(round % 2 === 0 ? 'version' : 'scan');
    const cancel = session.send('cancel', String(id));
    await session.answer(id);
    await session.answer(cancel);
  }
  assert.ok((await session.request('version')).end);
});

test('the death of a request’s process is an error of that request alone', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const id = session.send('watch');
  await session.record(id, 'the first tick', isTick);
  const other = session.send('watch', '--interval=50');
  const [pid = 0] = childrenOf(session.child.pid);
  await session.record(other, 'the first tick', isTick);
  process.kill(pid, 'SIGKILL');
  const { error } = await session.answer(id);
  assert.ok(error);
  assert.match(error.errno, /^E[A-Z]+$/);
  assert.equal(session.answers.get(other)?.error, undefined);
  assert.ok((await session.request('version')).end);
});

test('closing the input ends everything that serve started', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const ids = [session.send('watch'), session.send('watch', '--interval=50')];
  for (const id of ids) await session.record(id, 'the first tick', isTick);
  const children = childrenOf(session.child.pid);
  assert.equal(children.length, 2);
  assert.equal(await session.close(), 0);
  for (const pid of children) await untilGone(pid);
});

test('a kill of serve leaves no process behind', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const id = session.send('watch');
  await session.record(id, 'the first tick', isTick);
  const children = childrenOf(session.child.pid);
  // The scope would take the signal for a crash.
  session.close = async () => Promise.resolve(0);
  session.child.kill('SIGKILL');
  await within('the end of serve', ended(session.child));
  for (const pid of children) await untilGone(pid);
});

test('an output that nobody reads any more ends serve', { skip }, async (t) => {
  const session = await serve(testScope(t));
  session.send('watch', '--interval=50');
  await until('a child', () => childrenOf(session.child.pid).length > 0);
  const children = childrenOf(session.child.pid);
  session.child.stdout.destroy();
  const { signal } = await within('the end of serve', ended(session.child));
  assert.equal(signal, null);
  for (const pid of children) await untilGone(pid);
});

test('a reader that is slow gets everything', { skip }, async (t) => {
  const session = await serve(testScope(t));
  session.child.stdout.pause();
  const ids = Array.from({ length: 10 }, () => session.send('scan'));
  // More than the pipes hold, so that the requests have to wait for the reader.
  await until('all children', () => childrenOf(session.child.pid).length > 0);
  session.child.stdout.resume();
  for (const id of ids) snapshotOf(await session.answer(id));
});
