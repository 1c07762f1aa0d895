import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Writable, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { marker, markerVariable } from './marker.ts';
import { ended } from './process.ts';
import type { Scope } from './scope.ts';
import { within } from './wait.ts';

const program = fileURLToPath(new URL('terminal.py', import.meta.url));

/** A command on a terminal of its own, as an editor's terminal gives it one. */
export class Terminal {
  /** All that came from it, without carriage returns. */
  text = '';
  readonly #child: ChildProcess;
  readonly #output: Readable;
  readonly #input: Writable;
  readonly #sizes: Writable;
  #read = 0;

  constructor(scope: Scope, command: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn('python3', [program, ...command], {
      env: { ...process.env, [markerVariable]: marker, TERM: 'dumb', ...env },
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    });
    this.#child = child;
    const [input, output, , sizes] = child.stdio;
    assert.ok(input && output && sizes instanceof Writable);
    this.#output = output;
    this.#input = input;
    this.#sizes = sizes;
    for (const stream of [this.#input, this.#sizes]) stream.on('error', () => {});
    this.#output.on('data', (chunk: Buffer) => (this.text += chunk.toString().replaceAll('\r', '')));
    scope.defer(async () => this.close());
  }

  type(text: string): void {
    this.#input.write(text);
  }

  resize(rows: number, columns: number): void {
    this.#sizes.write(`${rows} ${columns}\n`);
  }

  /** Waits until what came after the last match has this in it. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return within(`${String(pattern)} on a terminal`, this.#wait(pattern), 10_000).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(this.text)}`);
    });
  }

  async #wait(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text.slice(this.#read));
      if (match !== null) {
        this.#read += match.index + match[0].length;
        return match;
      }
      await once(this.#output, 'data');
    }
  }

  /** The command's status, once it has ended. */
  async status(): Promise<number | null> {
    return (await within('the end of a terminal', ended(this.#child))).code;
  }

  /** Takes the terminal away, as when a connection is lost. */
  async close(): Promise<void> {
    this.#input.end();
    this.#sizes.end();
    await within('the end of a terminal', ended(this.#child));
  }
}

let questions = 0;

/** Says back what it is told, with another word, so that it cannot be taken for the terminal's own echo. */
export const answers = ['sed', '-u', 's/question/answer/'] as const;

/** Waits until that program is running and reads. */
export async function runs(terminal: Terminal): Promise<void> {
  questions += 1;
  terminal.type(`question${questions}.\n`);
  await terminal.says(new RegExp(`answer${questions}\\.\n`));
}

/** Waits until a shell says at its prompt that its job, which went on in the background, has stopped since it reads. */
export async function stopsAtReading(terminal: Terminal): Promise<void> {
  const asking = setInterval(() => terminal.type('\n'), 50);
  await terminal.says(/Stopped.*\n/).finally(() => clearInterval(asking));
  terminal.type('echo shell=$((20 + 2))\n');
  await terminal.says(/shell=22\n.*# $/);
}
