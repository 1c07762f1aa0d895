import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent, TextDocumentItem } from 'vscode-languageserver';
import { Analysis } from './analysis.ts';
import { loadDialect } from './dialects/on-demand.ts';
import { dialectOf } from './dialects/recognise.ts';
import type { Settings } from './protocol.ts';

/** The opened texts and what is known of each. */
export class Analyses {
  readonly #texts = new Map<string, TextDocument>();
  readonly #known = new Map<string, Analysis>();
  #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get uris(): readonly string[] {
    return [...this.#texts.keys()];
  }

  set settings(settings: Settings) {
    this.#settings = settings;
    this.#known.clear();
  }

  open({ uri, languageId, version, text }: TextDocumentItem): void {
    this.#known.delete(uri);
    this.#texts.set(uri, TextDocument.create(uri, languageId, version, text));
  }

  change(uri: string, changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    const text = this.#texts.get(uri);
    // In place: the library's documents count their versions.
    if (text !== undefined) TextDocument.update(text, [...changes], version);
  }

  close(uri: string): void {
    this.#texts.delete(uri);
    this.#known.delete(uri);
  }

  /** Of the present version; undefined for what is not open. What it says holds until the next turn of the event loop. */
  async of(uri: string): Promise<Analysis | undefined> {
    for (;;) {
      const text = this.#texts.get(uri);
      if (text === undefined) return undefined;
      const before = this.#known.get(uri);
      if (before?.version === text.version) return before;
      const { version } = text;
      const settings = this.#settings;
      const file = { path: pathOf(uri), languageId: text.languageId, text: text.getText() };
      const id = dialectOf(file, settings.off);
      // Each turn needs what the one before has found out.
      // oxlint-disable-next-line no-await-in-loop
      const dialect = id && (await loadDialect[id]());
      const isSame = this.#texts.get(uri) === text && text.version === version && this.#settings === settings;
      if (!isSame || this.#known.get(uri) !== before) continue;
      const analysis = new Analysis(text, dialect?.open(file.text, file.path, before?.document), settings);
      this.#known.set(uri, analysis);
      return analysis;
    }
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
