import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { NoHelper, startServe } from '../../../extension/helper/serve-session.ts';
import { HelperError } from '../../../extension/helper/session.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import { hello, newPeer, openPeer, settled, version } from './peer.ts';

function connectionError(code: string, message?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ConnectionError, String(error));
    assert.equal(error.code, code);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  };
}

/** The end of a helper that said much before it died. */
function diedTalking(error: unknown): boolean {
  connectionError('helper', /signal KILL/)(error);
  assert.ok(error instanceof ConnectionError && error.cause instanceof Error);
  assert.ok(error.cause.message.endsWith('out of memory'));
  assert.ok(error.cause.message.length < 5000);
  return true;
}

const process = { pid: 1, start: 0, ppid: 0, comm: 'init' };

describe('before the helper speaks', () => {
  test('lines of login scripts are passed over and handed on', async () => {
    const peer = newPeer();
    const seen: string[] = [];
    const starting = startServe(peer.process, { elevated: true, onPreamble: (line) => seen.push(line) });
    peer.stdout.write('Welcome!\r\n\x1b[1m{"helper":1}\n{"helper":{"version":1}}\nno line end ');
    peer.stdout.write(hello);
    const session = await starting;
    assert.deepEqual(session.version, version);
    assert.equal(session.elevated, true);
    assert.deepEqual(seen, ['Welcome!\r', '\x1b[1m{"helper":1}', '{"helper":{"version":1}}']);
  });

  test('a flood is not waited for', async () => {
    const peer = newPeer();
    const starting = startServe(peer.process, { elevated: false, preambleLimit: 1000 });
    peer.stdout.write('noise\n'.repeat(200));
    await assert.rejects(starting, connectionError('helper', /login scripts/));
    assert.ok(peer.disposed());
  });

  test('an end says how and what was said', async () => {
    const peer = newPeer();
    const starting = startServe(peer.process, { elevated: false });
    peer.stdout.write('This account is currently not available.\n');
    peer.stderr.write('oh dear\n');
    await settled();
    peer.end({ code: 1 });
    await assert.rejects(starting, (error) => {
      assert.ok(error instanceof NoHelper);
      assert.deepEqual(error.exit, { code: 1, signal: undefined });
      assert.equal(error.stdout.lastLine, 'This account is currently not available.');
      assert.equal(error.stderr.lastLine, 'oh dear');
      return true;
    });
  });

  test('records may follow the version in the same chunk', async () => {
    const peer = newPeer();
    const starting = startServe(peer.process, { elevated: false });
    peer.stdout.write(`${hello}{"id":1,"record":{"process":{}}}\n`);
    const session = await starting;
    await assert.rejects(session.request('facts', []), connectionError('helper', /pid is not a whole number/));
  });
});

describe('requests', () => {
  test('travel as netstrings, and end', async () => {
    const { session, input, say } = await openPeer();
    const request = session.request('scan', ['--deep', 'ü']);
    await settled();
    assert.equal(input(), '25:1:1,4:scan,6:--deep,2:ü,,');
    say({ id: 1, end: { processes: 3 } });
    assert.deepEqual(await request, { processes: 3 });
  });

  test('run side by side, each with its own records', async () => {
    const { session, say } = await openPeer();
    const [first, second]: [HelperRecord[], HelperRecord[]] = [[], []];
    const a = session.request('scan', [], { onRecord: (record) => first.push(record) });
    const b = session.request('scan', [], { onRecord: (record) => second.push(record) });
    say({ id: 2, record: { process: { ...process, pid: 2 } } });
    say({ id: 1, record: { process } });
    say({ id: 99, record: { process } });
    say({ id: 1, record: { weather: 'fine' } });
    say({ id: 2, end: {} });
    await b;
    assert.deepEqual(second, [{ process: { ...process, pid: 2 } }]);
    say({ id: 1, end: {} });
    await a;
    assert.deepEqual(first, [{ process }]);
  });

  test('fail with what the helper said', async () => {
    const { session, say } = await openPeer();
    const request = session.request('scan', []);
    say({ id: 1, error: { step: 'clone3', errno: 'ENOSPC', number: 28, detail: 'limit' } });
    await assert.rejects(request, (error) => {
      assert.ok(error instanceof HelperError);
      assert.equal(error.message, 'clone3: ENOSPC (limit)');
      assert.equal(error.record.number, 28);
      return true;
    });
    const next = session.request('scan', []);
    say({ id: 2, end: {} });
    await next;
  });

  test('are cancelled by their signal, and what still comes is dropped', async () => {
    const { session, input, say } = await openPeer();
    const control = new AbortController();
    const records: HelperRecord[] = [];
    const request = session.request('watch', [], { signal: control.signal, onRecord: (each) => records.push(each) });
    const reason = new Error('enough');
    control.abort(reason);
    await assert.rejects(request, reason);
    await settled();
    assert.equal(input(), '12:1:1,5:watch,,17:1:2,6:cancel,1:1,,');
    say({ id: 1, record: { process } });
    say({ id: 1, end: {} });
    say({ id: 2, end: {} });
    await settled();
    assert.deepEqual(records, []);
    const next = session.request('scan', []);
    say({ id: 3, end: {} });
    await next;
    await assert.rejects(session.request('scan', [], { signal: control.signal }), reason);
  });

  test('whose caller throws fail alone', async () => {
    const { session, input, say } = await openPeer();
    const fault = new Error('caller');
    const bad = session.request('scan', [], {
      onRecord: () => {
        throw fault;
      },
    });
    const good = session.request('scan', []);
    say({ id: 1, record: { process } });
    say({ id: 2, end: {} });
    await assert.rejects(bad, fault);
    await good;
    await settled();
    assert.match(input(), /6:cancel,1:1,,$/);
  });
});

describe('the end of a session', () => {
  test('rejects everything with the status and what the helper said', async () => {
    const { session, stderr, end } = await openPeer();
    const closes: (Error | undefined)[] = [];
    session.onClose((error) => closes.push(error));
    const [a, b] = [session.request('scan', []), session.request('watch', [])];
    stderr.write('x'.repeat(10_000));
    stderr.write('out of memory\n');
    await settled();
    end({ signal: 'KILL' });
    await assert.rejects(a, diedTalking);
    await assert.rejects(b, diedTalking);
    await assert.rejects(session.request('scan', []), diedTalking);
    assert.equal(closes.length, 1);
  });

  test('is a loss when there is neither status nor signal', async () => {
    const { session, end } = await openPeer();
    const request = session.request('scan', []);
    end({});
    await assert.rejects(request, connectionError('lost'));
  });

  test('by dispose tells the helper through its input, and listeners once', async () => {
    const { session, inputEnded, process: remote } = await openPeer();
    const closes: (Error | undefined)[] = [];
    session.onClose((error) => closes.push(error));
    const request = session.request('scan', []);
    session.dispose();
    session.dispose();
    await assert.rejects(request, connectionError('cancelled'));
    await settled();
    assert.ok(inputEnded());
    assert.deepEqual(closes, [undefined]);
    remote.dispose();
  });

  test('comes with a record that makes no sense, with broken JSON, or a complaint about the stream', async () => {
    for (const line of [
      '{"id":1,"record":{"process":{"pid":-1}}}',
      '{"id":1,"record":{"proc',
      'noise{"id":1,"end":{}}',
      '{"error":{"step":"netstring","errno":"EBADMSG","number":74}}',
    ]) {
      // One peer after the other keeps the failures apart.
      // oxlint-disable-next-line no-await-in-loop
      const { session, stdout, disposed } = await openPeer();
      const request = session.request('scan', []);
      stdout.write(`${line}\n`);
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(request, connectionError('helper', /does not understand/), line);
      assert.ok(disposed());
    }
  });

  test('does not come with stray lines of a login script, unless they never end', async () => {
    const { session, stdout, say } = await openPeer();
    stdout.write('[1] + Done   backup\n\n');
    const request = session.request('scan', []);
    say({ id: 1, end: {} });
    await request;
    const next = session.request('scan', []);
    stdout.write('tick\n'.repeat(200));
    await assert.rejects(next, connectionError('helper'));
  });

  test('comes with a line that does not end', async () => {
    const { session, stdout } = await openPeer();
    const request = session.request('scan', []);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent < 9; sent++) stdout.write(chunk);
    await assert.rejects(request, connectionError('helper', /a line of more than/));
  });
});
