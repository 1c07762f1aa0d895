import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Range } from 'vscode-languageserver-types';
import type { DeclaredNamespace, Workload } from './declared.ts';
import type { OpenDocument } from './dialect.ts';
import { judge, openFile, type Judgement } from './engine.ts';
import type { Host } from './host.ts';
import type { Settings } from './protocol.ts';
import { contains, type Span } from './span.ts';

/** One version of an opened document: read once, judged once for each state of the host and the settings. */
export class Analysis {
  readonly text: TextDocument;
  readonly version: number;
  readonly #settings: Settings;
  #opened: { readonly document: OpenDocument | undefined } | undefined;
  #judged: { readonly host: Host | undefined; readonly judgements: readonly Judgement[] } | undefined;

  constructor(text: TextDocument, settings: Settings) {
    this.text = text;
    this.version = text.version;
    this.#settings = settings;
  }

  /** Undefined when it is of none of the kinds. */
  get document(): OpenDocument | undefined {
    this.#opened ??= {
      document: openFile(
        { path: pathOf(this.text.uri), languageId: this.text.languageId, text: this.text.getText() },
        this.#settings.off,
      ),
    };
    return this.#opened.document;
  }

  judgements(host: Host | undefined): readonly Judgement[] {
    const { document } = this;
    if (document === undefined) return [];
    if (this.#judged === undefined || this.#judged.host !== host) {
      this.#judged = { host, judgements: judge(document, host, this.#settings) };
    }
    return this.#judged.judgements;
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

/** The path part of an address, whatever its scheme: dialects go by names. */
function pathOf(uri: string): string {
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/?#]*)?/i, '').replace(/[?#].*$/s, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
