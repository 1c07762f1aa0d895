import {
  CodeActionKind,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeResult,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Analysis } from './analysis.ts';
import { codeActionsIn } from './features/code-actions.ts';
import { codeLensesOf } from './features/code-lenses.ts';
import { completionsAt } from './features/completion.ts';
import { diagnosticsOf } from './features/diagnostics.ts';
import { documentLinksOf } from './features/document-links.ts';
import { hoverAt } from './features/hover.ts';
import type { Host } from './host.ts';
import { hostView } from './host-view.ts';
import { hostMethod, settingsMethod, type HostState } from './protocol.ts';
import { readSettings } from './settings.ts';

/** How long nothing must be typed before a document is judged, in milliseconds: what a fast typist's keys are apart is more. */
const quiet = 20;

const capabilities: InitializeResult['capabilities'] = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  hoverProvider: true,
  completionProvider: { triggerCharacters: ['"', ':', '=', '/', ' ', '-'] },
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
  codeLensProvider: {},
  documentLinkProvider: {},
};

/** Answers on a connection until it ends. */
export function startServer(connection: Connection): void {
  const texts = new TextDocuments(TextDocument);
  const analyses = new Map<string, Analysis>();
  const waiting = new Map<string, ReturnType<typeof setTimeout>>();
  /** Documents whose diagnostics the editor shows. */
  const told = new Set<string>();
  let settings = readSettings(undefined);
  let host: Host | undefined;

  const analysisOf = (uri: string): Analysis | undefined => {
    const text = texts.get(uri);
    if (text === undefined) return undefined;
    let analysis = analyses.get(uri);
    // The library changes its documents in place and counts their versions.
    if (analysis === undefined || analysis.version !== text.version) {
      analysis = new Analysis(text, settings);
      analyses.set(uri, analysis);
    }
    return analysis;
  };

  const judge = async (uri: string): Promise<void> => {
    const analysis = analysisOf(uri);
    if (analysis === undefined) return;
    const diagnostics = diagnosticsOf(analysis, host);
    if (diagnostics.length === 0 && !told.delete(uri)) return;
    if (diagnostics.length > 0) told.add(uri);
    await connection.sendDiagnostics({ uri, version: analysis.version, diagnostics });
  };

  const judgeSoon = (uri: string, delay: number): void => {
    clearTimeout(waiting.get(uri));
    const run = (): void => {
      waiting.delete(uri);
      judge(uri).catch((error: unknown) => connection.console.error(String(error)));
    };
    waiting.set(uri, setTimeout(run, delay));
  };

  const judgeAll = (): void => {
    for (const uri of texts.keys()) judgeSoon(uri, 0);
  };

  /** For what is asked of a document at a place. */
  const at = <T>(
    { textDocument, position }: { textDocument: { uri: string }; position: { line: number; character: number } },
    answer: (analysis: Analysis, offset: number) => T,
  ): T | undefined => {
    const analysis = analysisOf(textDocument.uri);
    return analysis === undefined ? undefined : answer(analysis, analysis.text.offsetAt(position));
  };

  connection.onInitialize(({ initializationOptions }) => {
    settings = readSettings(initializationOptions);
    return { capabilities };
  });
  connection.onNotification(settingsMethod, (changed: unknown) => {
    settings = readSettings(changed);
    analyses.clear();
    judgeAll();
  });
  connection.onNotification(hostMethod, (state: HostState | null) => {
    host = state === null ? undefined : hostView(state);
    judgeAll();
    // An editor that cannot do so says so; then it asks when it next needs them.
    connection.sendRequest('workspace/codeLens/refresh').catch(() => {});
  });
  // Opening counts as the first change.
  texts.onDidChangeContent(({ document: { uri } }) => judgeSoon(uri, analyses.has(uri) ? quiet : 0));
  texts.onDidClose(({ document: { uri } }) => {
    clearTimeout(waiting.get(uri));
    waiting.delete(uri);
    analyses.delete(uri);
    if (told.delete(uri)) void connection.sendDiagnostics({ uri, diagnostics: [] });
  });
  connection.onHover((asked) => at(asked, (analysis, offset) => hoverAt(analysis, offset, host)));
  connection.onCompletion((asked) => at(asked, (analysis, offset) => completionsAt(analysis, offset, host)));
  connection.onCodeAction(({ textDocument, range }) => {
    const analysis = analysisOf(textDocument.uri);
    return analysis === undefined ? [] : codeActionsIn(analysis, range, host);
  });
  connection.onCodeLens(({ textDocument }) => {
    const analysis = analysisOf(textDocument.uri);
    return analysis === undefined ? [] : codeLensesOf(analysis, host);
  });
  connection.onDocumentLinks(({ textDocument }) => {
    const analysis = analysisOf(textDocument.uri);
    return analysis === undefined ? [] : documentLinksOf(analysis, host);
  });
  texts.listen(connection);
  connection.listen();
}
