/** A verb whose standard input and output are bytes, through `serve` and the extension's own end of it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { HelperRecord } from '../../extension/helper/protocol.ts';
import { startServe, type ServeSession } from '../../extension/helper/serve-session.ts';
import { HelperError, type HelperStream, type StreamOptions } from '../../extension/helper/session.ts';
import { connectLocal } from '../../extension/transport/local.ts';
import { helper } from './support/helper.ts';
import { commandOf, leakGuard, processesWith } from './support/leaks.ts';
import { marker, markerVariable } from './support/marker.ts';
import { missing } from './support/requirements.ts';
import { until } from './support/wait.ts';

const skip = missing('linux');
leakGuard();

function sleeping(): number {
  return processesWith(marker).filter((pid) => commandOf(pid) === 'sleep\x001000\x00').length;
}

async function session(t: TestContext): Promise<ServeSession> {
  process.env[markerVariable] = marker;
  const transport = connectLocal();
  t.after(() => transport.dispose());
  const started = await startServe(await transport.exec({ program: helper, args: ['serve'] }), { elevated: false });
  t.after(() => started.dispose());
  return started;
}

/** A shell script in this process's own namespaces. */
function script(on: ServeSession, source: string, options?: StreamOptions): HelperStream {
  const target = [`--target=pid:${process.pid}`, '--only=uts', '--records=3'];
  return on.openStream(['enter', ...target, '--', 'sh', '-c', source], options);
}

test('bytes go both ways, each side is closed by itself, errors come apart', { skip }, async (t) => {
  const records: HelperRecord[] = [];
  let errors = '';
  const stream = script(await session(t), 'cat; echo the rest; exec >&-; echo wrong >&2; exit 3', {
    onRecord: (record) => records.push(record),
    onStderr: (bytes) => (errors += Buffer.from(bytes).toString()),
  });
  const bytes = randomBytes(300_000);
  stream.end(bytes);
  const answer = await buffer(stream);
  assert.ok(answer.equals(Buffer.concat([bytes, Buffer.from('the rest\n')])));
  await stream.ended;
  assert.equal(errors, 'wrong\n');
  assert.deepEqual(records.at(-1), { exit: { code: 3 } });
});

test('what is not read waits on the host, and all of it comes in the end', { skip }, async (t) => {
  const on = await session(t);
  const stream = script(on, 'head -c 3000000 /dev/zero; echo done >&2', {
    onStderr: () => assert.ok(seen > 1_000_000, `written after ${seen} bytes`),
  });
  let seen = 0;
  await once(stream, 'readable');
  // Other requests are not held up by one that nobody reads.
  await on.request('version', []);
  stream.on('data', (chunk: Buffer) => (seen += chunk.length));
  await once(stream, 'end');
  assert.equal(seen, 3_000_000);
  await stream.ended;
});

test('a verb that fails destroys its stream with the error', { skip }, async (t) => {
  const stream = (await session(t)).openStream(['enter', '--target=nothing-of-this-name', '--records=3', '--', 'true']);
  // What can be read may have ended before that: the verb has closed its side, and says why a moment later.
  const errors: unknown[] = await once(stream.resume(), 'error');
  const [error] = errors;
  assert.ok(error instanceof HelperError && error.record.errno === 'ENOENT');
  await assert.rejects(stream.ended, HelperError);
});

test('to destroy it ends what runs, and so does the end of the session', { skip }, async (t) => {
  const on = await session(t);
  const streams = [script(on, 'echo $$; exec sleep 1000'), script(on, 'echo $$; exec sleep 1000')];
  await Promise.all(streams.map((stream) => once(stream, 'readable')));
  await until('both run', () => sleeping() === 2);
  const [one, other] = streams;
  assert.ok(one && other);
  one.destroy();
  await assert.rejects(one.ended);
  await until('one has ended', () => sleeping() === 1);
  const failing = once(other, 'error');
  on.dispose();
  await failing;
  await until('both have ended', () => sleeping() === 0);
});

test('a program that does not read holds up its own stream only', { skip }, async (t) => {
  const on = await session(t);
  const stream = script(on, 'read -r line; echo "$line"; sleep 0.2; wc -c');
  stream.write('go\n');
  stream.end(Buffer.alloc(2_000_000));
  await on.request('version', []);
  assert.equal(await text(stream), 'go\n2000000\n');
});
