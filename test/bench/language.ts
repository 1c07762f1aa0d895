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
import type { Dialect } from '../../server/language/dialect.ts';
import { dialects } from '../../server/language/dialects/index.ts';
import { judge } from '../../server/language/engine.ts';
import { temporaryFolder } from '../helper/support/marker.ts';
import { Scope } from '../helper/support/scope.ts';
import { median, type Benchmark, type Row } from './bench.ts';

const rounds = 15;
/** Files of a workspace, of which a tenth declares namespaces. */
const files = 2000;

class Server {
  readonly child: ChildProcess;
  readonly #connection: ProtocolConnection;
  #version = 1;

  constructor(root: string) {
    const child = spawn(process.execPath, [join(root, 'dist', 'server.cjs'), '--stdio'], {
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

function deployment(number: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-${number}
spec:
  selector:
    matchLabels: { app: web-${number} }
  template:
    metadata:
      labels: { app: web-${number} }
    spec:
      hostNetwork: true
      hostPID: true
      containers:
        - name: web
          image: registry.example/web:${number}
          ports:
            - containerPort: 8080
          securityContext:
            privileged: true
---
`;
}

/** Deployments of which each has something to find; about `lines` lines. */
function manifest(lines: number): string {
  const text = deployment(0);
  return Array.from({ length: Math.ceil(lines / (text.split('\n').length - 1)) }, (_, number) =>
    deployment(number),
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

/** Line by line written: of JSON only the first value of a text counts, so that more of it is not more to read. */
const lineDialects = dialects.filter(({ comment }) => comment === '#');
const megabyte = 1 << 20;

/** The fixture of each dialect that takes longest when it is written one after the other for a megabyte. */
function dense(root: string, log: (message: string) => void): Row[] {
  return lineDialects.map((dialect) => {
    log(`a megabyte of ${dialect.id}`);
    const folder = join(root, 'test', 'language', 'fixtures', dialect.id);
    const slowest = readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => ({
        name: entry.name,
        time: denseTime(dialect, readFileSync(join(entry.parentPath, entry.name), 'utf8')),
      }))
      .reduce((one, other) => (other.time > one.time ? other : one));
    return row(
      `${dialect.id}, 1 MB read and judged`,
      slowest.time,
      'ms',
      100,
      `processor time; ${slowest.name}, the slowest`,
    );
  });
}

/** Processor time in milliseconds once the code is warm, the shortest of some runs. */
function denseTime(dialect: Dialect, fixture: string): number {
  let text = '';
  // No part is like another, so that none is taken for one that was read before.
  for (let number = 0; text.length < megabyte; number++)
    text += `${fixture}\n${dialect.id === 'kubernetes' ? '---\n' : ''}# ${number}\n`;
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    judge(dialect.open(text));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return (Math.min(...times) * megabyte) / text.length;
}

const benchmark: Benchmark = {
  name: 'language',
  run: async ({ root, log }) => [...(await server(root, log)), await command(root, log), ...dense(root, log)],
};

export default benchmark;
