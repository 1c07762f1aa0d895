import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Range } from 'vscode-languageserver-types';
import type { DeclaredNamespace, Workload } from './declared.ts';
import type { OpenDocument } from './dialect.ts';
import { verdictOn, type Verdict } from './engine.ts';
import type { Host } from './host.ts';
import type { Settings } from './protocol.ts';
import { contains, type Span } from './span.ts';

/** One version of an opened document: judged once for each state of the host. */
export class Analysis {
  readonly text: TextDocument;
  readonly version: number;
  /** Undefined when it is of none of the kinds, or of one that is switched off. */
  readonly document: OpenDocument | undefined;
  readonly #settings: Settings;
  #judged: { readonly host: Host | undefined; readonly verdict: Verdict } | undefined;

  constructor(text: TextDocument, document: OpenDocument | undefined, settings: Settings) {
    this.text = text;
    this.version = text.version;
    this.document = document;
    this.#settings = settings;
  }

  verdict(host: Host | undefined): Verdict {
    const { document } = this;
    if (document === undefined) return { judgements: [], more: undefined };
    if (this.#judged === undefined || this.#judged.host !== host) {
      this.#judged = { host, verdict: verdictOn(document, host, this.#settings) };
    }
    return this.#judged.verdict;
  }

  namespaceAt(offset: number): { workload: Workload; namespace: DeclaredNamespace } | undefined {
    for (const workload of this.document?.declared.workloads ?? []) {
      const namespace = workload.namespaces.find(({ span }) => contains(span, offset));
      if (namespace !== undefined) return { workload, namespace };
    }
    return undefined;
  }

  range({ start, end }: Span): Range {
    return { start: this.text.positionAt(start), end: this.text.positionAt(end) };
  }
}
