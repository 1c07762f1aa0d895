import type { InitializeResult } from 'vscode-languageserver';
import { Analyses } from './analyses.ts';
import type { Analysis } from './analysis.ts';
import type { Connection } from './connection.ts';
import { codeActionsIn } from './features/code-actions.ts';
import { codeLensesOf } from './features/code-lenses.ts';
import { completionsAt } from './features/completion.ts';
import { diagnosticsOf } from './features/diagnostics.ts';
import { documentLinksOf } from './features/document-links.ts';
import { hoverAt } from './features/hover.ts';
import { incrementalSync, quickFix } from './features/protocol-numbers.ts';
import type { Host } from './host.ts';
import { hostView } from './host-view.ts';
import { hostMethod, settingsMethod } from './protocol.ts';
import { readSettings } from './settings.ts';

/**
 * How long at most nothing must be typed before a document is judged, in milliseconds: what a fast typist's keys are apart is more.
 * What is judged in less is not waited for so long.
 */
const quiet = 20;

const capabilities: InitializeResult['capabilities'] = {
  textDocumentSync: incrementalSync,
  hoverProvider: true,
  completionProvider: { triggerCharacters: ['"', ':', '=', '/', ' ', '-'] },
  codeActionProvider: { codeActionKinds: [quickFix] },
  codeLensProvider: {},
  documentLinkProvider: {},
};

/** Answers on a connection until it ends. */
export function startServer(connection: Connection, onEnd?: (asked: boolean) => void): void {
  const analyses = new Analyses(readSettings(undefined));
  const waiting = new Map<string, ReturnType<typeof setTimeout>>();
  /** Documents whose diagnostics the editor shows. */
  const told = new Set<string>();
  /** How long it took to judge a document the last time, in milliseconds. */
  const costs = new Map<string, number>();
  let host: Host | undefined;

  const judge = async (uri: string): Promise<void> => {
    const start = performance.now();
    const analysis = await analyses.of(uri);
    if (analysis === undefined) return;
    const diagnostics = diagnosticsOf(analysis, host);
    costs.set(uri, performance.now() - start);
    if (diagnostics.length === 0 && !told.delete(uri)) return;
    if (diagnostics.length > 0) told.add(uri);
    connection.sendDiagnostics({ uri, version: analysis.version, diagnostics });
  };

  const judgeSoon = (uri: string, delay: number): void => {
    clearTimeout(waiting.get(uri));
    const run = (): void => {
      waiting.delete(uri);
      judge(uri).catch((error: unknown) => connection.logError(error));
    };
    waiting.set(uri, setTimeout(run, delay));
  };

  const judgeAll = (): void => {
    for (const uri of analyses.uris) judgeSoon(uri, 0);
  };

  /** For what is asked of a document. */
  const of = async <T>(
    { textDocument: { uri } }: { textDocument: { uri: string } },
    none: T,
    answer: (analysis: Analysis) => T,
  ): Promise<T> => {
    const analysis = await analyses.of(uri);
    return analysis === undefined ? none : answer(analysis);
  };

  connection.listen(
    {
      initialize: ({ initializationOptions }) => {
        analyses.settings = readSettings(initializationOptions);
        return { capabilities };
      },
      shutdown: () => null,
      'textDocument/hover': async (asked) =>
        of(asked, null, (analysis) => hoverAt(analysis, analysis.text.offsetAt(asked.position), host) ?? null),
      'textDocument/completion': async (asked) =>
        of(asked, [], (analysis) => completionsAt(analysis, analysis.text.offsetAt(asked.position), host)),
      'textDocument/codeAction': async (asked) =>
        of(asked, [], (analysis) => codeActionsIn(analysis, asked.range, host)),
      'textDocument/codeLens': async (asked) => of(asked, [], (analysis) => codeLensesOf(analysis, host)),
      'textDocument/documentLink': async (asked) => of(asked, [], (analysis) => documentLinksOf(analysis, host)),
    },
    {
      'textDocument/didOpen': ({ textDocument }) => {
        analyses.open(textDocument);
        judgeSoon(textDocument.uri, 0);
      },
      'textDocument/didChange': ({ textDocument: { uri, version }, contentChanges }) => {
        analyses.change(uri, contentChanges, version);
        judgeSoon(uri, Math.min(quiet, costs.get(uri) ?? 0));
      },
      'textDocument/didClose': ({ textDocument: { uri } }) => {
        clearTimeout(waiting.get(uri));
        waiting.delete(uri);
        costs.delete(uri);
        analyses.close(uri);
        if (told.delete(uri)) connection.sendDiagnostics({ uri, diagnostics: [] });
      },
      [settingsMethod]: (changed) => {
        analyses.settings = readSettings(changed);
        judgeAll();
      },
      [hostMethod]: (state) => {
        host = state === null ? undefined : hostView(state);
        judgeAll();
        connection.refreshCodeLenses();
      },
    },
    onEnd,
  );
}
