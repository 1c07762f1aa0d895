import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { EndRecord, ErrorRecord, HelperRecord } from '../../../extension/helper/protocol.ts';
import { assertHealthy, helper } from './helper.ts';
import { JsonLines } from './lines.ts';
import { marker, markerVariable } from './marker.ts';
import { ended } from './process.ts';
import type { Scope } from './scope.ts';
import { checkRecord } from './shape.ts';
import { within } from './wait.ts';

export function netstring(payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(',')]);
}

export function netstrings(words: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(words.map(netstring));
}

/** A whole request as `serve` reads it. */
export function encodeRequest(id: number | string, ...words: readonly (string | Buffer)[]): Buffer {
  return netstring(netstrings([String(id), ...words]));
}

export interface Answer {
  readonly records: HelperRecord[];
  /** What closed it; undefined while it is running. */
  end?: EndRecord;
  error?: ErrorRecord;
}

/** One `nshelper serve`, spoken to byte by byte. */
export class Serve {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly answers = new Map<number, Answer>();
  /** Errors that name no request. */
  readonly errors: ErrorRecord[] = [];
  /** Records that came before the first request: the version. */
  readonly greeting: HelperRecord[] = [];
  stderr = '';
  readonly #lines: JsonLines;
  #nextId = 1;

  constructor() {
    this.child = spawn(helper, ['serve'], { stdio: 'pipe', env: { ...process.env, [markerVariable]: marker } });
    this.child.stdin.on('error', () => {});
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#lines = new JsonLines(this.child.stdout, (value) => this.#take(value));
  }

  #take(value: unknown): void {
    assert.ok(typeof value === 'object' && value !== null);
    if (!('id' in value)) {
      const record = checkRecord(value);
      if ('error' in record) this.errors.push(record.error);
      else this.greeting.push(record);
      return;
    }
    const { id, ...rest } = value;
    assert.ok(typeof id === 'number' && Number.isSafeInteger(id), `id ${String(id)}`);
    assert.equal(Object.keys(rest).length, 1, JSON.stringify(value));
    const answer = this.answers.get(id) ?? { records: [] };
    this.answers.set(id, answer);
    assert.ok(
      answer.end === undefined && answer.error === undefined,
      `request ${id} goes on after its end: ${JSON.stringify(rest)}`,
    );
    if ('record' in rest) {
      answer.records.push(checkRecord(rest.record));
      return;
    }
    const closing = checkRecord(rest);
    if ('end' in closing) answer.end = closing.end;
    else if ('error' in closing) answer.error = closing.error;
    else assert.fail(`neither record, end nor error: ${JSON.stringify(rest)}`);
  }

  write(bytes: Buffer | string): void {
    this.child.stdin.write(bytes);
  }

  /** Sends a request and returns its id. */
  send(...words: readonly (string | Buffer)[]): number {
    const id = this.#nextId++;
    this.write(encodeRequest(id, ...words));
    return id;
  }

  async until<T>(what: string, probe: () => T | undefined | false, deadline?: number): Promise<T> {
    return this.#lines.until(what, probe, deadline);
  }

  /** The answer once it is closed. */
  async answer(id: number): Promise<Answer> {
    return this.until(`the end of request ${id}`, () => {
      const answer = this.answers.get(id);
      return answer?.end !== undefined || answer?.error !== undefined ? answer : undefined;
    });
  }

  async request(...words: readonly (string | Buffer)[]): Promise<Answer> {
    return this.answer(this.send(...words));
  }

  /** Resolves once the request has sent its first record that the probe likes. */
  async record<T>(id: number, what: string, probe: (record: HelperRecord) => T | undefined | false): Promise<T> {
    let seen = 0;
    return this.until(what, () => {
      for (const records = this.answers.get(id)?.records ?? []; seen < records.length;) {
        const record = records[seen++];
        const value = record === undefined ? undefined : probe(record);
        if (value !== undefined && value !== false) return value;
      }
      return undefined;
    });
  }

  /** Closes its stdin and resolves with its status; fails on a signal, on a sanitizer's finding and on an unfinished line. */
  async close(): Promise<number | null> {
    this.child.stdin.end();
    return this.status();
  }

  async status(): Promise<number | null> {
    const { code, signal } = await within('the end of serve', ended(this.child));
    this.#lines.check();
    assert.equal(this.#lines.rest.toString(), '', 'an unfinished line');
    assertHealthy(code, signal, this.stderr);
    return code;
  }
}

/** Starts `serve` and resolves when it has said its version. */
export async function serve(scope: Scope): Promise<Serve> {
  const started = new Serve();
  scope.defer(async () => void (await started.close()));
  await started.until('the version', () => started.greeting.length > 0);
  return started;
}
