/**
 * Programs of Node.js: the process runs inside, its inspector is reached through a port of this machine, and the editor's own
 * JavaScript debugger does the rest in a session of its own below this one. Free of `vscode`.
 */
import { asError } from '../../as-error.ts';
import type { ExitRecord, HelperRecord } from '../../helper/protocol.ts';
import type { HelperSession, HelperStream } from '../../helper/session.ts';
import { adapterWords, endingWords, isMissing, missingWords, noPreset, type Way } from './adapter-process.ts';
import { announcedIn, inspectorListens, relayWords, type Announced } from './announced.ts';
import type { DebugOptions, LaunchOptions } from './configuration.ts';
import { forward, type Forward } from './forward.ts';
import type { Message } from './framing.ts';
import { entryWords, targetWord, type Scene } from './open-adapter.ts';
import { insidePath, presets } from './presets.ts';
import { programProblem } from './program-file.ts';

/** What the editor's JavaScript debugger is asked for. */
export interface ChildConfiguration {
  readonly type: 'pwa-node';
  readonly request: 'attach';
  readonly name: string;
  readonly [attribute: string]: unknown;
}

export interface NodeOptions {
  readonly scene: Scene;
  readonly options: DebugOptions;
  readonly toEditor: (message: Message) => void;
  /** Starts a session below this one; false where the editor could not. */
  readonly startChild: (configuration: ChildConfiguration) => Promise<boolean>;
  /** Carries out `enter` with these words in a terminal of the editor. */
  readonly runInTerminal: (words: readonly string[], told: Told) => Run;
  readonly onEnd: () => void;
}

/** What is heard of the program. */
export interface Told {
  readonly onText: (text: string) => void;
  /** Once; `failure` where it was not run to its end. */
  readonly onEnd: (exit: ExitRecord | undefined, failure: Error | undefined) => void;
}

/** The program, wherever its input and output are. */
export interface Run {
  readonly end: () => void;
}

/** The parent session: it has no thread of its own, and answers the few requests that the editor makes. */
export class NodeSession {
  readonly #options: NodeOptions;
  #run: Run | undefined;
  #forward: Forward | undefined;
  #isOver = false;
  #isEnding = false;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  fromEditor(message: Message): void {
    if (message['type'] !== 'request') return;
    switch (message['command']) {
      case 'initialize':
        this.#answer(message, { success: true, body: { supportsTerminateRequest: false } });
        this.#event('initialized', {});
        break;
      case 'launch':
      case 'attach':
        void this.#begin(message);
        break;
      case 'disconnect':
        this.close();
        this.#answer(message, { success: true });
        break;
      case 'threads':
        this.#answer(message, { success: true, body: { threads: [] } });
        break;
      case 'setBreakpoints':
        this.#answer(message, { success: true, body: { breakpoints: [] } });
        break;
      default:
        this.#answer(message, { success: true, body: {} });
    }
  }

  close(): void {
    this.#isEnding = true;
    this.#run?.end();
    this.#over();
  }

  async #begin(message: Message): Promise<void> {
    const { options, scene, startChild } = this.#options;
    try {
      const [at, problem] =
        options.request === 'launch'
          ? await Promise.all([this.#launch(options), programProblem(scene, options, false)])
          : [await this.#wake(), undefined];
      if (problem !== undefined) throw new Error(problem);
      const target = targetWord(scene, { where: 'inside' });
      this.#forward = await forward(scene.session, relayWords(target, at.address));
      if (this.#isOver) this.#forward.dispose();
      this.#answer(message, { success: true });
      const started = await startChild(childOf(options, this.#forward.port, at.path));
      if (!started) throw new Error('The editor’s JavaScript debugger could not be started.');
    } catch (error) {
      this.#answer(message, failed(error));
      this.close();
    }
  }

  /** Resolves when the inspector listens. */
  #launch(options: LaunchOptions): Promise<Announced> {
    const { scene, runInTerminal } = this.#options;
    const way = wayOf(options);
    const folder = options.cwd === undefined ? [] : [`--cwd=${options.cwd}`];
    const words = adapterWords(way, [...entryWords(scene, options), ...folder], scene.facts);
    if (words === undefined) return Promise.reject(new Error('Nothing can be run on this host.'));
    return new Promise((resolve, reject) => {
      let said = '';
      let isReady = false;
      const hear = (text: string): void => {
        said = (said + text).slice(-4000);
        const found = isReady ? undefined : announcedIn(said, inspectorListens);
        if (found === undefined) return;
        isReady = true;
        resolve(found);
      };
      const end = (exit: ExitRecord | undefined, failure: Error | undefined): void => {
        const missing = isMissing(failure);
        const why =
          failure === undefined
            ? endingWords({ exit, error: undefined, said }, way)
            : missing
              ? missingWords([way], scene.place?.entry.name ?? 'the target', scene.host)
              : failure.message;
        if (!this.#isEnding && isReady) this.#sayEnd(exit, failure);
        reject(failure === undefined || missing ? new Error(why) : failure);
        if (exit !== undefined && 'code' in exit) this.#event('exited', { exitCode: exit.code });
        this.#over();
      };
      if (options.console === 'integratedTerminal') {
        this.#run = runInTerminal(words, { onText: hear, onEnd: end });
        return;
      }
      const onText = (text: string): void => {
        // What comes before is of the inspector.
        if (isReady) this.#say('stderr', text);
        hear(text);
      };
      const stream = this.#here(words, { onText, onEnd: end });
      this.#run = { end: () => stream.destroy() };
    });
  }

  /** Its output is shown in the debug console. `onText` is told of its standard error. */
  #here(words: readonly string[], { onText, onEnd }: Told): HelperStream {
    const decoder = new TextDecoder();
    let exit: ExitRecord | undefined;
    const stream = this.#options.scene.session.openStream(['enter', ...words], {
      onRecord: (record: HelperRecord) => {
        if ('exit' in record) exit = record.exit;
      },
      onStderr: (bytes) => onText(decoder.decode(bytes, { stream: true })),
    });
    stream.on('error', () => undefined);
    stream.on('data', (bytes: Buffer) => this.#say('stdout', bytes.toString()));
    stream.ended.then(
      () => onEnd(exit, undefined),
      (error: unknown) => onEnd(exit, asError(error)),
    );
    return stream;
  }

  /** A process that runs opens its inspector when it is told to by SIGUSR1, at the port that its command line names. */
  async #wake(): Promise<Announced> {
    const { scene } = this.#options;
    const { process } = scene;
    if (process === undefined) throw new Error('The process has ended.');
    const option = /--inspect(?:-brk|-wait|-port)?=(?:[^\s:]*:)?(\d+)/.exec(process.cmdline ?? '')?.[1];
    const listens = /(^|\s)--inspect(-brk|-wait)?(=|\s|$)/.test(process.cmdline ?? '');
    if (!listens) await signalled(scene.session, scene, process.pid);
    return { address: `127.0.0.1:${option ?? 9229}`, path: '' };
  }

  /** A program that ends by itself needs no word. */
  #sayEnd(exit: ExitRecord | undefined, failure: Error | undefined): void {
    if (failure !== undefined) this.#say('important', `${failure.message} What was launched ends with it.\n`);
    else if (exit !== undefined && 'signal' in exit)
      this.#say('important', `The program was killed by signal ${exit.signal}.\n`);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#forward?.dispose();
    this.#event('terminated', {});
    this.#options.onEnd();
  }

  #answer(request: Message, how: Message): void {
    const { seq, command } = request;
    this.#options.toEditor({ seq: 0, type: 'response', request_seq: seq, command, ...how });
  }

  #event(event: string, body: Message): void {
    this.#options.toEditor({ seq: 0, type: 'event', event, body });
  }

  #say(category: string, output: string): void {
    this.#event('output', { category, output });
  }
}

async function signalled(session: HelperSession, { place, facts }: Scene, pid: number): Promise<void> {
  const words = adapterWords(killWay(pid), place?.entry.words ?? [], facts);
  if (words === undefined) throw new Error('Nothing can be run on this host.');
  const stream = session.openStream(['enter', ...words]);
  stream.on('error', () => undefined);
  stream.resume();
  stream.end();
  await stream.ended;
}

/** By the host's own numbers. */
function killWay(pid: number): Way {
  return { ...noPreset, label: 'kill', where: 'outside', programs: ['kill'], args: ['-USR1', String(pid)], env: {} };
}

function wayOf({ program, args, env }: LaunchOptions): Way {
  const { label, programs, args: first, complaints, install } = presets.node;
  const [name = 'node', ...others] = programs;
  return {
    ...noPreset,
    label,
    where: 'inside',
    programs: [name, ...others],
    // The inspector waits before the first line either way: only so are breakpoints there in time.
    args: [...first, program, ...args],
    env: { PATH: insidePath, ...env },
    complaints,
    install,
  };
}

/** Said where a configuration asks for more than the editor's JavaScript debugger has. */
export function nodeNotes(options: DebugOptions): readonly string[] {
  return options.pathMappings.length < 2
    ? []
    : ['The JavaScript debugger has one pair of roots: the first of "pathMappings" and "sourceFileMap" counts.'];
}

export function childOf(options: DebugOptions, port: number, path: string): ChildConfiguration {
  const [mapping] = options.pathMappings;
  return {
    type: 'pwa-node',
    request: 'attach',
    name: options.name,
    ...(path === '' ? { address: '127.0.0.1', port } : { websocketAddress: `ws://127.0.0.1:${port}${path}` }),
    continueOnAttach: !options.stopOnEntry,
    ...(mapping === undefined ? {} : { localRoot: mapping.localRoot, remoteRoot: mapping.remoteRoot }),
    ...options.adapterArguments,
  };
}

function failed(error: unknown): Message {
  const text = error instanceof Error ? error.message : String(error);
  const body = { error: { id: 1, format: '{text}', variables: { text }, showUser: true } };
  return { success: false, message: text, body };
}
