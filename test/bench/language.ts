/** The language server as the editor runs it: how soon it is there, how soon it answers, what it takes; and nslint over a workspace. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver/node';
import { serverFlags } from '../../extension/features/language/server-flags.ts';
import { dialectIds } from '../../server/language/protocol.ts';
import { temporaryFolder } from '../helper/support/marker.ts';
import { Scope } from '../helper/support/scope.ts';
import { median, type Benchmark, type Row } from './bench.ts';
import { faultyDeployment, faultyTexts, hostileTexts, megabyte, rightText, type DenseText } from './dense.ts';

const rounds = 15;
/** Files of a workspace, of which a tenth declares namespaces. */
const files = 2000;

class Server {
  readonly child: ChildProcess;
  readonly #connection: ProtocolConnection;
  #version = 1;

  constructor(root: string) {
    const child = spawn(process.execPath, [...serverFlags, join(root, 'dist', 'server.cjs'), '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child = child;
    this.#connection = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    this.#connection.listen();
  }

  async initialize(): Promise<void> {
    await this.#connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
    await this.#connection.sendNotification('initialized', {});
  }

  async #published(version: number, send: () => Promise<void>): Promise<number> {
    const start = performance.now();
    const answer = new Promise<number>((resolve) => {
      const listening = this.#connection.onNotification(
        'textDocument/publishDiagnostics',
        (published: PublishDiagnosticsParams) => {
          if (published.version !== version) return;
          listening.dispose();
          resolve(performance.now() - start);
        },
      );
    });
    await send();
    return answer;
  }

  async open(uri: string, text: string): Promise<number> {
    const textDocument = { uri, languageId: 'yaml', version: this.#version, text };
    return this.#published(this.#version, () =>
      this.#connection.sendNotification('textDocument/didOpen', { textDocument }),
    );
  }

  /** Opens a text and waits until it has been judged, whether or not there is anything to say of it. */
  async judge(uri: string, text: string, languageId: string): Promise<void> {
    const textDocument = { uri, languageId, version: this.#version, text };
    await this.#connection.sendNotification('textDocument/didOpen', { textDocument });
    const position = { line: 0, character: 0 };
    const asked = { textDocument: { uri }, range: { start: position, end: position }, context: { diagnostics: [] } };
    await this.#connection.sendRequest('textDocument/codeAction', asked);
    // What is published has been when the next question is answered.
    await this.#connection.sendRequest('textDocument/codeAction', asked);
  }

  async close(uri: string): Promise<void> {
    await this.#connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  /** One key at a place, milliseconds until the diagnostics of that version are there. */
  async type(uri: string, line: number, character: number, text: string): Promise<number> {
    const version = ++this.#version;
    const place = { line, character };
    const change = { textDocument: { uri, version }, contentChanges: [{ range: { start: place, end: place }, text }] };
    return this.#published(version, () => this.#connection.sendNotification('textDocument/didChange', change));
  }

  /** Processor time of all its threads so far, in milliseconds: what else the machine does is in the other figures. */
  get processorTime(): number {
    const { pid = 0 } = this.child;
    return readdirSync(`/proc/${pid}/task`)
      .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1e6)
      .reduce((sum, each) => sum + each, 0);
  }

  /** Resident memory in megabytes. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1000;
  }

  async end(): Promise<void> {
    const ended = once(this.child, 'exit');
    await this.#connection.sendRequest('shutdown');
    await this.#connection.sendNotification('exit');
    await ended;
    this.#connection.dispose();
  }
}

/** Deployments of which each has something to find; about `lines` lines. */
function manifest(lines: number): string {
  const text = faultyDeployment(0);
  return Array.from({ length: Math.ceil(lines / (text.split('\n').length - 1)) }, (_, number) =>
    faultyDeployment(number),
  ).join('');
}

/** How long an empty program takes to start and to answer, in milliseconds. */
async function nodeAlone(): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, ['--eval', "process.stdin.once('data', () => process.stdout.write('.'))"], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.write('.');
  await once(child.stdout, 'data');
  const took = performance.now() - start;
  const ended = once(child, 'exit');
  child.stdin.end();
  await ended;
  return took;
}

async function server(root: string, log: (message: string) => void): Promise<readonly Row[]> {
  log('starting the server');
  const starts: number[] = [];
  const memory: number[] = [];
  const processor: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < 7; round++) {
    const start = performance.now();
    const one = new Server(root);
    await one.initialize();
    starts.push(performance.now() - start);
    memory.push(one.memory);
    processor.push(one.processorTime);
    // oxlint-disable-next-line no-await-in-loop
    bare.push(await nodeAlone());
    await one.end();
  }
  log('typing into a manifest of 5,000 lines');
  const one = new Server(root);
  await one.initialize();
  const uri = 'file:///work/many.yaml';
  await one.open(uri, manifest(5000));
  const keys: number[] = [];
  const before = one.processorTime;
  for (let round = 0; round < rounds; round++) keys.push(await one.type(uri, 2500, 0, round % 2 === 0 ? '#' : ' '));
  const each = (one.processorTime - before) / rounds;
  const after = one.memory;
  await one.end();
  return [
    row(
      'language server, start to its first answer',
      median(starts),
      'ms',
      150,
      `${range(starts)}; ${median(processor).toFixed(0)} ms of processor time; Node.js alone ${median(bare).toFixed(0)} ms`,
    ),
    row(
      'key to diagnostics, 5,000 lines of manifests',
      median(keys),
      'ms',
      50,
      `${range(keys)}; ${each.toFixed(0)} ms of processor time each`,
    ),
    row('language server, idle memory', median(memory), 'MB', 60, `${after.toFixed(0)} MB after those`),
  ];
}

async function command(root: string, log: (message: string) => void): Promise<Row> {
  const scope = new Scope();
  try {
    log(`nslint over ${files.toLocaleString('en-US')} files`);
    const folder = temporaryFolder(scope);
    for (let number = 0; number < files; number++) {
      const place = join(folder, String(number % 50));
      mkdirSync(place, { recursive: true });
      const text = number % 10 === 0 ? manifest(60) : `name: ${number}\nvalues:\n${'  - value\n'.repeat(60)}`;
      writeFileSync(join(place, `${number}.yaml`), text);
    }
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      const child = spawn(process.execPath, [join(root, 'dist', 'nslint.cjs'), folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.resume();
      await once(child, 'close');
      times.push(performance.now() - start);
    }
    return row(`nslint, ${files.toLocaleString('en-US')} files`, median(times), 'ms', 5000, range(times));
  } finally {
    await scope.close();
  }
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
}

function row(figure: string, value: number, unit: string, limit: number, detail: string): Row {
  return { figure, value: Math.round(value), unit, reach: `≤ ${limit} ${unit}`, ok: value <= limit, detail };
}

/** How often each is read: the server's code is warm by the last time. */
const readings = 32;

interface Reading {
  readonly name: string;
  /** Processor time of the server from the text to its diagnostics, for a megabyte, in milliseconds. */
  readonly first: number;
  readonly best: number;
}

async function read(one: Server, { name, ending, languageId, text }: DenseText): Promise<Reading> {
  const times: number[] = [];
  for (let round = 0; round < readings; round++) {
    const uri = `file:///work/${round}/${ending}`;
    const before = one.processorTime;
    await one.judge(uri, text, languageId);
    times.push(((one.processorTime - before) * megabyte) / text.length);
    await one.close(uri);
  }
  return { name, first: times[0] ?? 0, best: Math.min(...times) };
}

async function slowest(one: Server, texts: readonly DenseText[]): Promise<Reading> {
  const all: Reading[] = [];
  // One after the other: they are measured.
  // oxlint-disable-next-line no-await-in-loop
  for (const text of texts) all.push(await read(one, text));
  return all.reduce((worst, other) => (other.best > worst.best ? other : worst));
}

/** A server for each kind, so that the first file of a kind finds its code cold. */
async function dense(root: string, log: (message: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  const add = (figure: string, { name, first, best }: Reading): void => {
    const detail = `processor time of the server; ${first.toFixed(0)} ms the first time; ${name}`;
    rows.push(row(`${figure}, 1 MB to its diagnostics`, best, 'ms', 100, detail));
  };
  for (const id of dialectIds) {
    log(`megabytes of ${id}`);
    const one = new Server(root);
    await one.initialize();
    // One after the other: they are measured.
    // oxlint-disable-next-line no-await-in-loop
    add(`${id} with faults`, await slowest(one, faultyTexts(root, id)));
    // oxlint-disable-next-line no-await-in-loop
    add(`${id} without`, await read(one, rightText(id)));
    // oxlint-disable-next-line no-await-in-loop
    add(`${id}, hostile texts`, await slowest(one, hostileTexts(root, id)));
    await one.end();
  }
  return rows;
}

const benchmark: Benchmark = {
  name: 'language',
  run: async ({ root, log }) => [...(await server(root, log)), await command(root, log), ...(await dense(root, log))],
};

export default benchmark;
