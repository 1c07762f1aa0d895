/** The client against a helper that this file plays. */
import assert from 'node:assert/strict';
import { Duplex, PassThrough } from 'node:stream';
import { test } from 'node:test';
import { FileClient, TargetEnded } from '../../../extension/files/client.ts';
import { FileError } from '../../../extension/files/errors.ts';
import { answerFlags, operations } from '../../../extension/files/protocol.ts';

function answer(id: number, content: Uint8Array, { errno = 0, flags = 0 } = {}): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(8 + content.length, 0);
  head.writeUInt32LE(id, 4);
  head.writeUInt16LE(errno, 8);
  head.writeUInt16LE(flags, 10);
  return Buffer.concat([head, content]);
}

const greeting = answer(0, Buffer.from([1, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0]));

function event(descriptor: number, mask: number, name: string): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeInt32LE(descriptor, 0);
  bytes.writeUInt32LE(mask, 4);
  bytes.writeUInt32LE(16, 12);
  bytes.write(name, 16);
  return bytes;
}

/** What the client has asked, by frames; and a way to answer. */
async function peer(): Promise<{
  client: FileClient;
  say: (bytes: Buffer) => void;
  asked: () => Buffer[];
  end: () => void;
}> {
  const toHelper = new PassThrough();
  const stream = new Duplex({
    read: () => undefined,
    write: (bytes, _encoding, written) => void toHelper.write(bytes, written),
  });
  const opening = FileClient.open(stream);
  stream.push(greeting);
  const client = await opening;
  let rest = Buffer.alloc(0);
  return {
    client,
    say: (bytes) => void stream.push(bytes),
    end: () => stream.destroy(),
    asked: () => {
      const got: unknown = toHelper.read();
      if (Buffer.isBuffer(got)) rest = Buffer.concat([rest, got]);
      const frames: Buffer[] = [];
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32LE(0)) {
        frames.push(rest.subarray(4, 4 + rest.readUInt32LE(0)));
        rest = rest.subarray(4 + rest.readUInt32LE(0));
      }
      return frames;
    },
  };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('answers in any pieces and parts go to whom they belong', async () => {
  const { client, say, asked } = await peer();
  assert.deepEqual(client.user, { uid: 7, gid: 8 });
  const both = Promise.all([client.readLink('/a'), client.mountinfo()]);
  await turn();
  const frames = asked();
  assert.deepEqual(
    frames.map((frame) => frame.readUInt16LE(4)),
    [operations.link, operations.mounts],
  );
  assert.equal(frames[0]?.subarray(20).toString(), '/a\0');
  const bytes = Buffer.concat([
    answer(2, Buffer.from('one '), { flags: answerFlags.more }),
    answer(1, Buffer.from('target')),
    answer(2, Buffer.from('two')),
  ]);
  for (const byte of bytes) say(Buffer.of(byte));
  const [link, mounts] = await both;
  assert.equal(link, 'target');
  assert.equal(mounts.toString(), 'one two');
});

test('an errno is the operation’s own, with cause and next step', async () => {
  const { client, say } = await peer();
  const reading = client.readLink('/etc/x');
  say(answer(1, Buffer.alloc(0), { errno: 30 }));
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof FileError);
    assert.deepEqual([error.errno, error.path], ['EROFS', '/etc/x']);
    assert.match(error.message, /read-only/);
    return true;
  });
});

test('what is asked of a target that ended, of a stream that closed or makes no sense, is refused', async () => {
  const first = await peer();
  const asked = first.client.readLink('/a');
  first.say(answer(0, Buffer.alloc(0), { errno: 3 }));
  await assert.rejects(asked, TargetEnded);
  await assert.rejects(first.client.list('/'), TargetEnded);
  const second = await peer();
  const again = second.client.readLink('/a');
  second.end();
  await assert.rejects(again, /closed/);
  const third = await peer();
  const wrong = third.client.readLink('/a');
  third.say(Buffer.alloc(12, 0xff));
  await assert.rejects(wrong, /does not understand/);
});

test('events go to those who watch, and what was lost concerns all', async () => {
  const { client, say } = await peer();
  const heard: string[] = [];
  const number = Buffer.from([5, 0, 0, 0]);
  const watching = client.watch('/a', ({ name, mask }) => heard.push(`a ${name} ${mask}`));
  say(answer(1, number));
  const watch = await watching;
  const events = Buffer.concat([event(5, 0x100, 'new'), event(6, 0x100, 'other'), event(-1, 0x4000, '')]);
  say(answer(0, events, { flags: answerFlags.events }));
  await turn();
  assert.deepEqual(heard, ['a new 256', 'a  16384']);
  watch.dispose();
  say(answer(0, event(5, 0x100, 'late'), { flags: answerFlags.events }));
  await turn();
  assert.equal(heard.length, 2);
});
