import { setImmediate } from 'node:timers';
import type {
  CodeAction,
  CodeActionParams,
  CodeLens,
  CodeLensParams,
  CompletionItem,
  CompletionParams,
  DidChangeTextDocumentParams,
  DidCloseTextDocumentParams,
  DidOpenTextDocumentParams,
  DocumentLink,
  DocumentLinkParams,
  Hover,
  HoverParams,
  InitializeParams,
  InitializeResult,
  PublishDiagnosticsParams,
} from 'vscode-languageserver';
import { isRecord } from '../../extension/is-record.ts';
import type { HostState } from './protocol.ts';
import type { Transport } from './transport.ts';

/*
 * A connection of our own: to load the package vscode-languageserver, of which little would be used, takes longer than to load
 * everything else that the server needs at its start.
 */

/** What the editor may ask: each gets an answer. */
export interface Requests {
  initialize: { params: InitializeParams; result: InitializeResult };
  shutdown: { params: undefined; result: null };
  'textDocument/hover': { params: HoverParams; result: Hover | null };
  'textDocument/completion': { params: CompletionParams; result: readonly CompletionItem[] };
  'textDocument/codeAction': { params: CodeActionParams; result: readonly CodeAction[] };
  'textDocument/codeLens': { params: CodeLensParams; result: readonly CodeLens[] };
  'textDocument/documentLink': { params: DocumentLinkParams; result: readonly DocumentLink[] };
}

/** What the editor may say. */
export interface Notifications {
  'textDocument/didOpen': DidOpenTextDocumentParams;
  'textDocument/didChange': DidChangeTextDocumentParams;
  'textDocument/didClose': DidCloseTextDocumentParams;
  'linuxNamespaces/settings': unknown;
  'linuxNamespaces/host': HostState | null;
}

type RequestHandlers = { [M in keyof Requests]: (params: Requests[M]['params']) => Answer<Requests[M]['result']> };
type NotificationHandlers = { [M in keyof Notifications]: (params: Notifications[M]) => void };
type Answer<T> = T | Promise<T>;

/** https://www.jsonrpc.org/specification#error_object and LSP's own. */
const errors = {
  invalidRequest: { code: -32600, message: 'The server is shut down.' },
  methodNotFound: { code: -32601, message: 'The server has no such method.' },
  notInitialized: { code: -32002, message: 'The server is not initialized.' },
  cancelled: { code: -32800, message: 'The request was cancelled.' },
};

interface Message {
  readonly id?: number | string;
  readonly method: string;
  readonly params: unknown;
}

/** JSON-RPC 2.0 with the life cycle of LSP: messages are taken in their order, what is cancelled before its turn is not begun. */
export class Connection {
  readonly #transport: Transport;
  readonly #waiting: Message[] = [];
  #state: 'new' | 'initialized' | 'shut down' = 'new';
  #asked = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** `onEnd` gets whether the editor asked for the end, as the protocol wants it to. */
  listen(
    requests: RequestHandlers,
    notifications: NotificationHandlers,
    onEnd: (asked: boolean) => void = () => {},
  ): void {
    // The names of methods come from outside: an object would have `constructor` among them. That the parameters are of the
    // handlers' types is what the protocol says, which the editor is trusted to keep to.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const asked = new Map(Object.entries(requests) as [string, (params: unknown) => Answer<unknown>][]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const said = new Map(Object.entries(notifications) as [string, (params: unknown) => void][]);
    const end = (): void => onEnd(this.#state === 'shut down');
    const next = (): void => {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      const { id, method, params } = message;
      if (id !== undefined) void this.#answer(id, method, () => asked.get(method)?.(params), asked.has(method));
      else if (method === 'exit') end();
      else if (this.#state === 'initialized') this.#hear(() => said.get(method)?.(params));
      // One in each turn of the event loop, so that a cancellation that has arrived behind is seen.
      if (this.#waiting.length > 0) setImmediate(next);
    };
    this.#transport.listen((given) => {
      const message = messageOf(given);
      if (message === undefined) return;
      if (message.method === '$/cancelRequest') this.#cancel(message.params);
      else if (this.#waiting.push(message) === 1) setImmediate(next);
    }, end);
  }

  sendDiagnostics(params: PublishDiagnosticsParams): void {
    this.#send({ method: 'textDocument/publishDiagnostics', params });
  }

  /** Asks the editor for lenses anew. One that cannot says so; then it asks when it next needs them: the answer does not matter. */
  refreshCodeLenses(): void {
    this.#send({ id: ++this.#asked, method: 'workspace/codeLens/refresh' });
  }

  logError(error: unknown): void {
    this.#send({ method: 'window/logMessage', params: { type: 1, message: String(error) } });
  }

  #send(message: object): void {
    this.#transport.send({ jsonrpc: '2.0', ...message });
  }

  async #answer(id: number | string, method: string, handle: () => Answer<unknown>, known: boolean): Promise<void> {
    const refusal = this.#refusal(method, known);
    if (refusal !== undefined) {
      this.#send({ id, error: refusal });
      return;
    }
    if (method === 'initialize') this.#state = 'initialized';
    if (method === 'shutdown') this.#state = 'shut down';
    try {
      this.#send({ id, result: (await handle()) ?? null });
    } catch (error) {
      this.#send({ id, error: { code: -32603, message: String(error) } });
    }
  }

  #refusal(method: string, known: boolean): { readonly code: number; readonly message: string } | undefined {
    if (this.#state === 'shut down') return errors.invalidRequest;
    if (this.#state === 'new' && method !== 'initialize') return errors.notInitialized;
    return known ? undefined : errors.methodNotFound;
  }

  #hear(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.logError(error);
    }
  }

  #cancel(params: unknown): void {
    const id = isRecord(params) ? params['id'] : undefined;
    const at = this.#waiting.findIndex((message) => message.id !== undefined && message.id === id);
    const [message] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (message?.id !== undefined) this.#send({ id: message.id, error: errors.cancelled });
  }
}

/** A request or a notification; the answers to the few questions of the server's own are not waited for. */
function messageOf(given: unknown): Message | undefined {
  if (!isRecord(given) || typeof given['method'] !== 'string') return undefined;
  const { id, method } = given;
  // What is neither an object nor absent, such as the null for no host, stands in a list of one.
  const params: unknown = Array.isArray(given['params']) ? given['params'][0] : given['params'];
  return typeof id === 'number' || typeof id === 'string' ? { id, method, params } : { method, params };
}
