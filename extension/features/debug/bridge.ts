/**
 * Between the editor and a debug adapter on a host: frames the messages, says what is debugged in the adapter's own words, and
 * speaks for it when it is gone. Free of `vscode`.
 */
import { isRecord } from '../../is-record.ts';
import { encodeMessage, MessageReader, type Message } from './framing.ts';
import { endingWords, type AdapterProcess, type Ending, type Way } from './adapter-process.ts';
import { insidePath, presets } from './presets.ts';
import type { SourcePaths } from './source-paths.ts';

/** What `runInTerminal` asks for. */
export interface TerminalRequest {
  readonly title: string;
  readonly cwd: string | undefined;
  readonly args: readonly string[];
  /** null: the variable is to be unset. */
  readonly env: Readonly<Record<string, string | null>>;
}

export interface BridgeOptions {
  readonly request: 'launch' | 'attach';
  readonly adapter: AdapterProcess;
  /** Of the launch or attach request. */
  readonly arguments: Message;
  readonly paths: SourcePaths;
  readonly toEditor: (message: Message) => void;
  /** Throws where nothing can be run. */
  readonly runInTerminal: (request: TerminalRequest) => void;
  /** Text of a file that only the target has. */
  readonly readSource: (path: string) => Promise<string>;
  /** What may be the reason where the adapter refuses to launch or to attach. */
  readonly hints: readonly string[];
  /** The adapter has ended and everything that it started with it. */
  readonly onEnd: () => void;
}

/** Milliseconds for an adapter to end by itself after its input has ended. */
const grace = 3000;

/** Requests whose failure is that of the whole session. */
const starting = ['initialize', 'launch', 'attach'];

/** Members of the editor's own that adapters may need or must not lose. */
const kept = ['noDebug', '__restart'];

export class Bridge {
  readonly #options: BridgeOptions;
  readonly #reader: MessageReader;
  /** Requests of the editor that the adapter has not answered: command by `seq`. */
  readonly #open = new Map<number, string>();
  #isOver = false;
  /** The end has been asked for, or the adapter has told of it. */
  #isEnding = false;
  #reason: string | undefined;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#reader = new MessageReader((message) => this.#fromAdapter(message));
    const { stream, ending, onPrint, way } = options.adapter;
    // What it starts prints where it does itself.
    if (way.preset !== undefined && presets[way.preset].speaks === 'tcp')
      onPrint((body) => options.toEditor({ seq: 0, type: 'event', event: 'output', body }));
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    void ending.then((how) => this.#over(how));
  }

  fromEditor(message: Message): void {
    const { type, command, seq } = message;
    if (this.#isOver) {
      if (type === 'request') this.#answerLate(message);
      return;
    }
    if (type === 'request' && typeof command === 'string' && typeof seq === 'number') {
      if (command === 'source' && this.#serveSource(message)) return;
      if (command === 'disconnect' || command === 'terminate') this.#isEnding = true;
      this.#open.set(seq, command);
    }
    const starts = type === 'request' && (command === 'launch' || command === 'attach');
    this.#write(starts ? this.#start(message) : this.#options.paths.toAdapter(message));
  }

  /** The session is over for the editor: whatever still runs is ended. */
  close(): void {
    this.#isEnding = true;
    if (this.#isOver) return;
    const { stream } = this.#options.adapter;
    stream.end();
    const late = setTimeout(() => this.#options.adapter.kill(), grace);
    void this.#options.adapter.ending.then(() => clearTimeout(late));
  }

  #write(message: Message): void {
    this.#options.adapter.stream.write(encodeMessage(message));
  }

  #start(message: Message): Message {
    const { arguments: own } = message;
    const taken = Object.entries(isRecord(own) ? own : {}).filter(([name]) => kept.includes(name));
    return { ...message, arguments: { ...Object.fromEntries(taken), ...this.#options.arguments } };
  }

  #receive(bytes: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.#reason = `The debug adapter does not speak the Debug Adapter Protocol: ${String(error)}`;
      this.#options.adapter.kill();
    }
  }

  #fromAdapter(message: Message): void {
    switch (message['type']) {
      case 'response':
        this.#response(message);
        break;
      case 'request':
        if (message['command'] === 'runInTerminal') this.#terminal(message);
        else this.#options.toEditor(message);
        break;
      default:
        if (message['event'] === 'terminated' || message['event'] === 'exited') this.#isEnding = true;
        this.#options.toEditor(this.#options.paths.fromAdapter(message));
    }
  }

  #response(message: Message): void {
    const { request_seq: seq, command, success } = message;
    if (typeof seq === 'number') this.#open.delete(seq);
    if (success === false && (command === 'launch' || command === 'attach')) {
      const { hints, adapter } = this.#options;
      for (const hint of [...hints, ...(adapter.way.outsideHint === undefined ? [] : [adapter.way.outsideHint])])
        this.#say(hint);
    }
    const body = command === 'initialize' ? this.#capabilities(message['body']) : message['body'];
    this.#options.toEditor(this.#options.paths.fromAdapter(body === message['body'] ? message : { ...message, body }));
  }

  /** What was launched is ended with the session, so the editor must not offer to leave it running. */
  #capabilities(body: unknown): unknown {
    return isRecord(body) && this.#options.request === 'launch'
      ? { ...body, supportTerminateDebuggee: false, supportSuspendDebuggee: false }
      : body;
  }

  #terminal(message: Message): void {
    const answer = { seq: 0, type: 'response', request_seq: message['seq'], command: 'runInTerminal' };
    try {
      this.#options.runInTerminal(withOwnName(terminalRequest(message['arguments']), this.#options.adapter.way));
      // Which process it is there the adapter learns from the program that it has started.
      this.#write({ ...answer, success: true, body: {} });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#write({
        ...answer,
        success: false,
        message: text,
        body: { error: { id: 1, format: '{text}', variables: { text } } },
      });
    }
  }

  /** False for a source of the adapter's own. */
  #serveSource(message: Message): boolean {
    const { arguments: own } = message;
    const source = isRecord(own) && isRecord(own['source']) ? own['source']['sourceReference'] : undefined;
    const reference = isRecord(own) ? own['sourceReference'] || source : undefined;
    const path = typeof reference === 'number' ? this.#options.paths.pathOf(reference) : undefined;
    if (path === undefined) return false;
    void this.#sendSource(message, path);
    return true;
  }

  async #sendSource(message: Message, path: string): Promise<void> {
    try {
      this.#answer(message, { success: true, body: { content: await this.#options.readSource(path) } });
    } catch (error) {
      this.#answer(
        message,
        failure(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`),
      );
    }
  }

  #answer(request: Message, how: Message): void {
    const { seq, command } = request;
    this.#options.toEditor({ seq: 0, type: 'response', request_seq: seq, command, ...how });
  }

  #answerLate(request: Message): void {
    const { command } = request;
    const ends = command === 'disconnect' || command === 'terminate';
    // Of a session that has begun the debug console has said it already.
    const shown = typeof command === 'string' && starting.includes(command);
    this.#answer(request, ends ? { success: true } : failure(this.#reason ?? 'The debug session has ended.', shown));
  }

  #over(how: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { adapter, request, onEnd } = this.#options;
    const fate = fates[request === 'launch' ? 'launch' : isKilled(how) ? 'killed' : 'attach'];
    if (!this.#isEnding) {
      this.#reason ??= endingWords(how, adapter.way);
      this.#say(`${this.#reason} ${fate}`);
    }
    for (const [seq, command] of this.#open) this.#answerLate({ seq, command });
    this.#open.clear();
    // The editor takes a second one for what it is.
    this.#options.toEditor({ seq: 0, type: 'event', event: 'terminated', body: {} });
    onEnd();
  }

  #say(text: string): void {
    const body = { category: 'important', output: `${text}\n` };
    this.#options.toEditor({ seq: 0, type: 'event', event: 'output', body });
  }
}

/** What becomes of the program. */
const fates = {
  launch: 'What was launched ends with it.',
  attach: 'The process that was attached to is left running.',
  killed:
    'A debugger that is killed cannot take its breakpoints out of the process that it was attached to, which may end at one of them.',
};

function isKilled({ exit }: Ending): boolean {
  return exit !== undefined && 'signal' in exit;
}

/** @param shown the editor tells it to the person by itself */
function failure(text: string, shown = true): Message {
  return {
    success: false,
    message: text,
    body: { error: { id: 1, format: '{text}', variables: { text }, showUser: shown } },
  };
}

function terminalRequest(value: unknown): TerminalRequest {
  const from = isRecord(value) ? value : {};
  const { title, cwd, args, env } = from;
  const words = Array.isArray(args) ? args.filter((each) => typeof each === 'string') : [];
  if (words.length === 0) throw new Error('The debug adapter asks for a terminal with nothing to run in it.');
  const entries = Object.entries(isRecord(env) ? env : {}).filter(
    (entry): entry is [string, string | null] => typeof entry[1] === 'string' || entry[1] === null,
  );
  return {
    title: typeof title === 'string' && title !== '' ? title : 'Debug',
    cwd: typeof cwd === 'string' && cwd !== '' ? cwd : undefined,
    args: words,
    env: Object.fromEntries(entries),
  };
}

/**
 * LLDB has the terminal run itself, under the name that it was called by, made absolute by its working directory; it was found by
 * that name in PATH, so it is found there again.
 */
function withOwnName(request: TerminalRequest, { programs, where }: Way): TerminalRequest {
  const { args, env } = request;
  const [first = '', ...rest] = args;
  const name = programs.find((each) => each.startsWith('lldb-') && first.endsWith(`/${each}`));
  if (name === undefined) return request;
  return { ...request, args: [name, ...rest], env: where === 'inside' ? { PATH: insidePath, ...env } : env };
}
