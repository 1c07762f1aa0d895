/** The server's end of JSON-RPC: what arrives in pieces, out of order of its life, cancelled, or as nothing that makes sense. */
import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { isRecord } from '../../extension/is-record.ts';
import { Connection } from '../../server/language/connection.ts';
import { startServer } from '../../server/language/server.ts';
import { streamTransport } from '../../server/language/transport.ts';
import { testScope, type Scope } from '../helper/support/scope.ts';

const uri = 'file:///a.sh';
const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} };
const initialized = { jsonrpc: '2.0', method: 'initialized', params: {} };
const open = {
  jsonrpc: '2.0',
  method: 'textDocument/didOpen',
  params: { textDocument: { uri, languageId: 'shellscript', version: 1, text: 'unshare -p id # ä🐧\n' } },
};
const lenses = (id: number | string) => ({
  jsonrpc: '2.0',
  id,
  method: 'textDocument/codeLens',
  params: { textDocument: { uri } },
});

function framed(...messages: readonly object[]): Buffer {
  return Buffer.concat(
    messages.map((message) => {
      const body = Buffer.from(JSON.stringify(message));
      return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
    }),
  );
}

function nothing(): void {}

/** A server whose answers are taken as they come. */
function serve(scope: Scope) {
  const toServer = new PassThrough();
  const fromServer = new PassThrough();
  const answers: Record<string, unknown>[] = [];
  const ends: boolean[] = [];
  let wake = nothing;
  new StreamMessageReader(fromServer).listen((message) => {
    assert.ok(isRecord(message));
    answers.push(message);
    wake();
  });
  startServer(new Connection(streamTransport(toServer, fromServer)), (asked) => {
    ends.push(asked);
    wake();
  });
  scope.defer(() => {
    toServer.destroy();
    fromServer.destroy();
  });
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      // oxlint-disable-next-line no-await-in-loop
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    toServer,
    answers,
    answer: async (id: number | string) => until(() => answers.find((answer) => answer['id'] === id)),
    said: async (method: string) => until(() => answers.find((answer) => answer['method'] === method)),
    end: async () => until(() => ends[0]),
  };
}

function codeOf({ error }: Record<string, unknown>): unknown {
  return isRecord(error) ? error['code'] : undefined;
}

describe('messages', () => {
  test('arrive byte by byte, or all at once', async (t) => {
    for (const size of [1, 7, 100_000]) {
      const { toServer, said, answer } = serve(testScope(t));
      const bytes = framed(initialize, initialized, open, lenses('two'));
      for (let at = 0; at < bytes.length; at += size) toServer.write(bytes.subarray(at, at + size));
      // One after the other, to tell which fails.
      // oxlint-disable-next-line no-await-in-loop
      assert.deepEqual((await answer('two'))['result'], []);
      // oxlint-disable-next-line no-await-in-loop
      assert.ok(isRecord((await said('textDocument/publishDiagnostics'))['params']));
    }
  });

  test('a header may have other fields, in any case', async (t) => {
    const { toServer, answer } = serve(testScope(t));
    const body = JSON.stringify(initialize);
    toServer.write(
      `Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:${body.length}\r\n\r\n${body}`,
    );
    assert.ok(isRecord((await answer(1))['result']));
  });

  for (const [what, bytes] of Object.entries({
    'a header without a length': 'Content-Type: x\r\n\r\n{}',
    'a header without an end': 'x'.repeat(10_000),
    'a body that is no JSON': 'Content-Length: 2\r\n\r\n{]',
  })) {
    test(`${what} ends the connection`, async (t) => {
      const { toServer, end } = serve(testScope(t));
      toServer.write(bytes);
      assert.equal(await end(), false);
    });
  }

  test('of another shape are passed over', async (t) => {
    const { toServer, answer } = serve(testScope(t));
    toServer.write(framed([1], { id: 5, result: null }, { method: 7 }, { id: null, method: 'x' }, initialize));
    assert.ok(isRecord((await answer(1))['result']));
  });
});

describe('requests', () => {
  test('before the beginning and after the end are refused', async (t) => {
    const { toServer, answer, end } = serve(testScope(t));
    toServer.write(framed(lenses(5), initialize, lenses(6), { jsonrpc: '2.0', id: 7, method: 'shutdown' }, lenses(8)));
    assert.equal(codeOf(await answer(5)), -32_002);
    assert.deepEqual((await answer(6))['result'], []);
    assert.equal((await answer(7))['result'], null);
    assert.equal(codeOf(await answer(8)), -32_600);
    toServer.write(framed({ jsonrpc: '2.0', method: 'exit' }));
    assert.equal(await end(), true);
  });

  test('that nobody knows are refused, whatever they are called', async (t) => {
    const { toServer, answer } = serve(testScope(t));
    const asked = ['constructor', 'toString', '__proto__', 'textDocument/rename'].map((method, index) => ({
      jsonrpc: '2.0',
      id: index + 10,
      method,
    }));
    toServer.write(framed(initialize, ...asked));
    for (const { id } of asked) {
      // oxlint-disable-next-line no-await-in-loop
      assert.equal(codeOf(await answer(id)), -32_601);
    }
  });

  test('that fail say so, and the next is answered', async (t) => {
    const { toServer, answer } = serve(testScope(t));
    toServer.write(framed(initialize, { ...lenses(3), params: undefined }, lenses(4)));
    assert.equal(codeOf(await answer(3)), -32_603);
    assert.deepEqual((await answer(4))['result'], []);
  });

  test('that are cancelled before their turn are not begun', async (t) => {
    const { toServer, answer, answers } = serve(testScope(t));
    const cancel = { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 5 } };
    toServer.write(framed(initialize, initialized, open, lenses(4), lenses(5), cancel, lenses(6)));
    assert.equal(codeOf(await answer(5)), -32_800);
    assert.deepEqual((await answer(4))['result'], []);
    assert.deepEqual((await answer(6))['result'], []);
    assert.equal(answers.filter(({ id }) => id === 5).length, 1);
  });
});

describe('the program', () => {
  const program = join(import.meta.dirname, '../../server/language/main.ts');

  test('speaks over its standard streams, and ends with the status that the protocol asks for', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const client = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    client.listen();
    await client.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} });
    const ended = once(child, 'exit');
    await client.sendRequest('shutdown');
    await client.sendNotification('exit');
    assert.deepEqual(await ended, [0, null]);
    client.dispose();
  });

  test('speaks over the channel of its parent, and ends with it', async () => {
    const child = fork(program, ['--node-ipc'], { execArgv: ['--import', 'tsx'] });
    child.send(initialize);
    const answers: readonly unknown[] = await once(child, 'message');
    assert.ok(isRecord(answers[0]) && isRecord(answers[0]['result']));
    const ended = once(child, 'exit');
    child.disconnect();
    assert.deepEqual(await ended, [1, null]);
  });
});
