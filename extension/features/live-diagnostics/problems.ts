import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import { scheme } from '../../ids.ts';
import type { Severity } from '../../../server/language/protocol.ts';
import { sameFindings, type Finding } from '../../model/findings/types.ts';
import type { FeatureContext } from '../context.ts';
import { placeOf } from './place.ts';

/** More would bury what is written by hand: the panel is shared. Those that are left out are the least grave. */
const most = 200;
/** Documents after which others may run. */
const atOnce = 10;

const severities: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

interface Entry {
  readonly uri: vscode.Uri;
  readonly host: Host;
  readonly findings: readonly Finding[];
}

/** The Problems panel: each finding at its line of the document that shows the details of what it is about. */
export class Problems implements Disposable {
  readonly #context: FeatureContext;
  readonly #store = new DisposableStore();
  readonly #collection = this.#store.add(vscode.languages.createDiagnosticCollection('linux-namespaces'));
  /** By URI. */
  #entries: ReadonlyMap<string, Entry> = new Map();

  constructor(context: FeatureContext) {
    this.#context = context;
    this.#store.add(context.findings.onDidChange(({ host }) => void this.#update(host)));
    const follow = ({ uri }: vscode.TextDocument): void => {
      const entry = uri.scheme === scheme ? this.#entries.get(uri.toString()) : undefined;
      if (entry !== undefined) void this.#show(entry);
    };
    this.#store.add(vscode.workspace.onDidOpenTextDocument(follow));
    this.#store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => follow(document)));
    for (const host of context.hosts.all) void this.#update(host);
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #update(host: Host): Promise<void> {
    const { documents, findings } = this.#context;
    const before = this.#entries;
    const entries = new Map([...before].filter(([, entry]) => entry.host !== host));
    // Where hints are shown, in the text, they are of no use; and the panel has none.
    const shown = findings.all(host).filter(({ severity }) => severity !== 'hint');
    for (const finding of shown.slice(0, most)) {
      const uri = documents.uri(host, finding.target);
      const key = uri.toString();
      entries.set(key, { uri, host, findings: [...(entries.get(key)?.findings ?? []), finding] });
    }
    const changed: Entry[] = [];
    for (const [key, entry] of entries) {
      const same = before.get(key);
      if (entry.host !== host) continue;
      // One that is the same stays the same object: an earlier update may be about to show it.
      if (same !== undefined && sameFindings(same.findings, entry.findings)) entries.set(key, same);
      else changed.push(entry);
    }
    this.#entries = entries;
    for (const [key, { uri }] of before) if (!entries.has(key)) this.#collection.delete(uri);
    let done = 0;
    for (const entry of changed) {
      // One after the other, since each costs the text of a document.
      // oxlint-disable-next-line no-await-in-loop
      await this.#show(entry);
      // oxlint-disable-next-line no-await-in-loop
      if (++done % atOnce === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #show({ uri, host, findings }: Entry): Promise<void> {
    const key = uri.toString();
    const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === key);
    const text = open?.getText() ?? (await this.#text(host, findings));
    if (this.#store.disposed || this.#entries.get(key)?.findings !== findings) return;
    this.#collection.set(
      uri,
      findings.map((finding) => toDiagnostic(finding, text)),
    );
  }

  async #text(host: Host, [first]: readonly Finding[]): Promise<string> {
    if (first === undefined) return '';
    const { contentOf } = await import('../documents/content.ts');
    return contentOf(this.#context.hosts, { view: 'details', host: host.id, of: first.target });
  }
}

function toDiagnostic({ id, severity, at, message, remedy, link }: Finding, text: string): vscode.Diagnostic {
  const { line, from, to } = placeOf(text, at);
  const diagnostic = new vscode.Diagnostic(
    new vscode.Range(line, from, line, to),
    `${message} ${remedy}`,
    severities[severity],
  );
  diagnostic.source = 'Linux Namespaces';
  diagnostic.code = { value: id, target: vscode.Uri.parse(link) };
  return diagnostic;
}
