import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type CodeAction,
  type CodeLens,
  type CompletionItem,
  type Diagnostic,
  type DocumentLink,
  type Hover,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { hostMethod, settingsMethod, type HostState, type SettingsMessage } from '../../../server/language/protocol.ts';
import { Connection } from '../../../server/language/connection.ts';
import { startServer } from '../../../server/language/server.ts';
import { streamTransport } from '../../../server/language/transport.ts';
import type { Scope } from '../../helper/support/scope.ts';
import { within as waitFor } from '../../helper/support/wait.ts';

/** How long a test waits for what must come, in milliseconds. */
const patience = 20_000;

/** An editor at the other end of the server's streams: the real messages, in memory. */
export class Client {
  readonly #connection: ProtocolConnection;
  readonly #texts = new Map<string, TextDocument>();
  readonly #published = new Map<string, PublishDiagnosticsParams>();
  readonly #events = new EventEmitter();
  /** How often the server said that lenses have changed. */
  lensRefreshes = 0;

  static async open(scope: Scope, settings?: SettingsMessage): Promise<Client> {
    const toServer = new PassThrough();
    const toClient = new PassThrough();
    startServer(new Connection(streamTransport(toServer, toClient)));
    const client = new Client(
      createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer)),
    );
    scope.defer(() => {
      client.#connection.dispose();
      toServer.destroy();
      toClient.destroy();
    });
    await client.#connection.sendRequest('initialize', {
      processId: null,
      rootUri: null,
      capabilities: {},
      initializationOptions: settings,
    });
    await client.#connection.sendNotification('initialized', {});
    return client;
  }

  private constructor(connection: ProtocolConnection) {
    this.#connection = connection;
    connection.onNotification('textDocument/publishDiagnostics', (published: PublishDiagnosticsParams) => {
      this.#published.set(published.uri, published);
      this.#events.emit('published');
    });
    connection.onRequest('workspace/codeLens/refresh', () => {
      this.lensRefreshes++;
      return null;
    });
    connection.listen();
  }

  async openText(uri: string, languageId: string, text: string): Promise<void> {
    this.#texts.set(uri, TextDocument.create(uri, languageId, 1, text));
    await this.#connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version: 1, text },
    });
  }

  /** An incremental change: `replaced`, which must be there, becomes `text`. */
  async edit(uri: string, replaced: string, text: string): Promise<void> {
    const document = this.#text(uri);
    const start = document.getText().indexOf(replaced);
    if (start < 0) throw new Error(`${replaced} is not in the text`);
    const range = { start: document.positionAt(start), end: document.positionAt(start + replaced.length) };
    const version = document.version + 1;
    this.#texts.set(uri, TextDocument.update(document, [{ range, text }], version));
    await this.#connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ range, text }],
    });
  }

  async close(uri: string): Promise<void> {
    await this.#connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  async sendHost(state: HostState | null): Promise<void> {
    await this.#connection.sendNotification(hostMethod, state);
  }

  async sendSettings(settings: SettingsMessage): Promise<void> {
    await this.#connection.sendNotification(settingsMethod, settings);
  }

  /** The diagnostics of a document as soon as they are as wanted. */
  async diagnostics(
    uri: string,
    wanted: (diagnostics: readonly Diagnostic[]) => boolean,
  ): Promise<readonly Diagnostic[]> {
    for (;;) {
      const published = this.#published.get(uri)?.diagnostics ?? [];
      if (this.#published.has(uri) && wanted(published)) return published;
      await waitFor('diagnostics', once(this.#events, 'published'), patience).catch((error: unknown) => {
        throw new Error(`${String(error)}; the last were ${JSON.stringify(published)}`);
      });
    }
  }

  /** What was said last, without waiting. */
  said(uri: string): readonly Diagnostic[] | undefined {
    return this.#published.get(uri)?.diagnostics;
  }

  async hover(uri: string, at: string): Promise<Hover | null> {
    return this.#connection.sendRequest('textDocument/hover', this.#place(uri, at));
  }

  async completions(uri: string, after: string): Promise<readonly CompletionItem[]> {
    return this.#connection.sendRequest('textDocument/completion', this.#place(uri, after, after.length));
  }

  async codeActions(uri: string, { range }: Diagnostic): Promise<readonly CodeAction[]> {
    return this.#connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri },
      range,
      context: { diagnostics: [] },
    });
  }

  async codeLenses(uri: string): Promise<readonly CodeLens[]> {
    return this.#connection.sendRequest('textDocument/codeLens', { textDocument: { uri } });
  }

  async links(uri: string): Promise<readonly DocumentLink[]> {
    return this.#connection.sendRequest('textDocument/documentLink', { textDocument: { uri } });
  }

  /** The text that a range covers. */
  covered(uri: string, range: { start: Position; end: Position }): string {
    return this.#text(uri).getText(range);
  }

  /** The text after a code action's edits. */
  applied(uri: string, { edit }: CodeAction): string {
    return TextDocument.applyEdits(this.#text(uri), [...(edit?.changes?.[uri] ?? [])]);
  }

  #text(uri: string): TextDocument {
    const text = this.#texts.get(uri);
    if (text === undefined) throw new Error(`${uri} is not open`);
    return text;
  }

  #place(uri: string, text: string, within = 1) {
    const document = this.#text(uri);
    const start = document.getText().indexOf(text);
    if (start < 0) throw new Error(`${text} is not in the text`);
    return { textDocument: { uri }, position: document.positionAt(start + within) };
  }
}
