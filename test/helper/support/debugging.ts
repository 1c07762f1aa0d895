/** A debugger's user on a real host: the editor's side of the protocol, and something to debug. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asError } from '../../../extension/as-error.ts';
import { Bridge, type TerminalRequest } from '../../../extension/features/debug/bridge.ts';
import { checkConfiguration, type DebugOptions } from '../../../extension/features/debug/configuration.ts';
import type { Message } from '../../../extension/features/debug/framing.ts';
import type { NodeOptions } from '../../../extension/features/debug/node.ts';
import { openAdapter, type OpenedAdapter, type Scene } from '../../../extension/features/debug/open-adapter.ts';
import { placeOf, processOf } from '../../../extension/features/debug/places.ts';
import { SourcePaths, type PathMapping } from '../../../extension/features/debug/source-paths.ts';
import { readTargetFile } from '../../../extension/features/debug/target-file.ts';
import type { ExitRecord, HelperRecord } from '../../../extension/helper/protocol.ts';
import { startServe, type ServeSession } from '../../../extension/helper/serve-session.ts';
import { facts, scan } from '../../../extension/helper/verbs.ts';
import { isRecord } from '../../../extension/is-record.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { connectLocal } from '../../../extension/transport/local.ts';
import { allTypes, created, titled } from './create.ts';
import { helper } from './helper.ts';
import { commandOf, processesWith } from './leaks.ts';
import { marker, markerVariable, temporaryFolder, uniqueName } from './marker.ts';
import { ended, output, run } from './process.ts';
import type { Scope } from './scope.ts';
import { until } from './wait.ts';

export type Local = ServeSession & { readonly pid: number };

/** A helper that serves on this machine, as the extension has it. */
export async function localSession(scope: Scope): Promise<Local> {
  process.env[markerVariable] = marker;
  const before = serving();
  const transport = connectLocal();
  scope.defer(() => transport.dispose());
  const started = await startServe(await transport.exec({ program: helper, args: ['serve'] }), { elevated: false });
  scope.defer(() => started.dispose());
  const pid = serving().find((each) => !before.includes(each));
  assert.ok(pid !== undefined);
  return Object.assign(started, { pid });
}

function serving(): readonly number[] {
  return titled(`${helper}\0serve\0`);
}

/** As a terminal of the editor does it. */
export function inTerminal(session: ServeSession): NodeOptions['runInTerminal'] {
  return (words, { onText, onEnd }) => {
    const abort = new AbortController();
    let exit: ExitRecord | undefined;
    const size = { columns: 80, rows: 24 };
    const onRecord = (record: HelperRecord): void => {
      if ('data' in record) onText(Buffer.from(record.data.bytes, 'base64url').toString());
      else if ('exit' in record) exit = record.exit;
    };
    session.terminal('enter', words, size, { onRecord, signal: abort.signal }).end.then(
      () => onEnd(exit, undefined),
      (error: unknown) => onEnd(exit, abort.signal.aborted ? undefined : asError(error)),
    );
    return { end: () => abort.abort(new Error('The session has ended.')) };
  };
}

/** A full instance, kept under the name that it gives. */
export async function instance(scope: Scope): Promise<string> {
  const name = uniqueName();
  scope.defer(async () => void (await run([helper, 'end', name])));
  await created([`--new=${allTypes}`, '--map=auto', '--mount-proc', '--loopback', `--keep=${name}`]);
  return name;
}

/** A program that goes on until the test ends; its number outside. */
export async function running(scope: Scope, target: string, words: readonly string[]): Promise<number> {
  const child = spawn(helper, ['enter', `--target=${target}`, '--root', '--records=2', '--', ...words], {
    stdio: 'ignore',
  });
  scope.defer(async () => {
    child.kill('SIGKILL');
    await ended(child);
  });
  const line = `${words.join('\0')}\0`;
  return until('it runs', () => processesWith(words.at(-2) ?? '').find((pid) => commandOf(pid) === line));
}

export async function sceneOf(session: ServeSession, target: string | undefined, pid?: number): Promise<Scene> {
  const graph = new HostGraph();
  const records: HelperRecord[] = [];
  const end = await scan(session, { deep: false, onRecord: (record) => records.push(record) });
  graph.apply([...records, { end }]);
  const found = placeOf(graph, target ?? `pid:${pid}`);
  const place = 'place' in found ? found.place : undefined;
  assert.ok(place !== undefined || target === undefined, JSON.stringify(found));
  const process = pid === undefined ? undefined : processOf(graph, String(pid));
  return { session, facts: await facts(session), graph, host: 'here', place, process };
}

export function optionsOf(configuration: Readonly<Record<string, unknown>>): DebugOptions {
  const checked = checkConfiguration(configuration);
  assert.ok('options' in checked, JSON.stringify(checked));
  return checked.options;
}

export const pythonProgram = `import sys

def double(number):
    result = number * 2
    return result

total = 0
for number in range(3):
    total += double(number)
print("total", total, flush=True)
`;

export const nodeProgram = `function twice(number) {
  const result = number * 2;
  return result;
}

let total = 0;
for (let number = 0; number < 3; number++) total += twice(number);
console.log('total', total);
`;

export const cProgram = `#include <stdio.h>
#include <unistd.h>

static int twice(int number)
{
    int result = number * 2;
    return result;
}

int main(int argc, char **argv)
{
    int total = 0;
    (void)argv;
    for (int number = 0; number < 3; number++)
        total += twice(number);
    printf("total %d\\n", total);
    fflush(stdout);
    while (argc > 1) {
        total = twice(total) % 1000;
        usleep(10000);
    }
    return 0;
}
`;

/** A folder that everyone may read, with a file in it. */
export function sourceFile(scope: Scope, name: string, text: string): string {
  const file = join(temporaryFolder(scope), name);
  writeFileSync(file, text);
  return file;
}

export async function compiled(source: string): Promise<string> {
  const program = source.replace(/\.c$/, '');
  await output(['gcc', '-g', '-O0', '-o', program, source]);
  return program;
}

/** The editor's side of one debug session. */
export class Editor {
  readonly events: Message[] = [];
  readonly terminals: TerminalRequest[] = [];
  readonly bridge: Bridge;
  readonly opened: OpenedAdapter;
  hasEnded = false;
  readonly #responses = new Map<number, Message>();
  #seq = 0;

  constructor(
    scene: Scene,
    options: DebugOptions,
    opened: OpenedAdapter,
    mappings: readonly PathMapping[],
    hints: readonly string[],
  ) {
    this.opened = opened;
    this.bridge = new Bridge({
      request: options.request,
      adapter: opened.adapter,
      arguments: opened.arguments,
      paths: new SourcePaths(mappings, false),
      hints,
      toEditor: (message) => this.#take(message),
      runInTerminal: (request) => void this.terminals.push(request),
      readSource: (path) => readTargetFile(scene.session, scene.facts, scene.place, path),
      onEnd: () => (this.hasEnded = true),
    });
  }

  #take(message: Message): void {
    if (message['type'] === 'response') this.#responses.set(Number(message['request_seq']), message);
    else if (message['type'] === 'event') this.events.push(message);
  }

  send(command: string, args: Message = {}): number {
    this.#seq += 1;
    this.bridge.fromEditor({ seq: this.#seq, type: 'request', command, arguments: args });
    return this.#seq;
  }

  async response(seq: number): Promise<Message> {
    return until(`the response ${seq}; so far ${this.said()}`, () => this.#responses.get(seq), 30_000);
  }

  /** A request that must succeed; its body. */
  async request(command: string, args: Message = {}): Promise<Message> {
    const response = await this.response(this.send(command, args));
    assert.equal(response['success'], true, `${command}: ${JSON.stringify(response)}; ${this.said()}`);
    return isRecord(response['body']) ? response['body'] : {};
  }

  /** Takes the first event of that name, its body. */
  async event(name: string): Promise<Message> {
    const event = await until(
      `the event ${name}`,
      () => this.events.find((each) => each['event'] === name),
      30_000,
    ).catch((error: unknown) => assert.fail(`${String(error)}; ${this.said()}`));
    this.events.splice(this.events.indexOf(event), 1);
    return isRecord(event['body']) ? event['body'] : {};
  }

  /** All output so far. */
  said(): string {
    return this.events
      .filter(({ event, body }) => event === 'output' && isRecord(body) && body['category'] !== 'telemetry')
      .map(({ body }) => (isRecord(body) ? String(body['output']) : ''))
      .join('');
  }

  /** From the first message to where the program runs, with breakpoints in one file. */
  async begin(
    request: 'launch' | 'attach',
    breakpoints: { readonly path: string; readonly line: number },
  ): Promise<Message> {
    await this.request('initialize', {
      clientID: 'test',
      adapterID: 'linux-namespaces',
      pathFormat: 'path',
      linesStartAt1: true,
      columnsStartAt1: true,
      supportsRunInTerminalRequest: true,
    });
    const started = this.send(request);
    await until('the adapter to be ready', () => {
      const refused = this.#responses.get(started);
      assert.notEqual(refused?.['success'], false, `${JSON.stringify(refused)}; ${this.said()}`);
      return this.events.some(({ event }) => event === 'initialized');
    });
    const { path, line } = breakpoints;
    const set = await this.request('setBreakpoints', { source: { path }, breakpoints: [{ line }], lines: [line] });
    await this.request('configurationDone');
    const response = await this.response(started);
    assert.equal(response['success'], true, JSON.stringify(response));
    return set;
  }

  /** The top frame of the thread that has stopped. */
  async frame(): Promise<{
    readonly id: number;
    readonly line: number;
    readonly path: string;
    readonly thread: number;
    readonly source: Message;
  }> {
    const { threadId } = await this.event('stopped');
    const thread = Number(threadId);
    const { stackFrames } = await this.request('stackTrace', { threadId: thread, startFrame: 0, levels: 5 });
    const [top] = listOf(stackFrames);
    assert.ok(isRecord(top) && isRecord(top['source']), JSON.stringify(stackFrames));
    return {
      id: Number(top['id']),
      line: Number(top['line']),
      path: String(top['source']['path']),
      thread,
      source: top['source'],
    };
  }

  /** Values of the variables of a frame, by name. */
  async variables(frameId: number): Promise<ReadonlyMap<string, string>> {
    const { scopes } = await this.request('scopes', { frameId });
    const [first] = listOf(scopes);
    assert.ok(isRecord(first));
    const { variables } = await this.request('variables', { variablesReference: first['variablesReference'] });
    return new Map(
      listOf(variables).flatMap((each) => (isRecord(each) ? [[String(each['name']), String(each['value'])]] : [])),
    );
  }

  async over(): Promise<void> {
    await until('the adapter to have ended', () => this.hasEnded, 30_000);
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export async function debugSession(
  scene: Scene,
  options: DebugOptions,
  {
    mappings = [],
    hints = [],
  }: { readonly mappings?: readonly PathMapping[]; readonly hints?: readonly string[] } = {},
): Promise<Editor> {
  return new Editor(scene, options, await openAdapter(scene, options, new AbortController().signal), mappings, hints);
}
