import type { Declared } from './declared.ts';
import type { Host } from './host.ts';
import type { Found } from './order.ts';
import { PiecewiseDocument } from './pieces.ts';
import type { DialectId } from './protocol.ts';
import type { Rule, RuleInfo } from './rule.ts';
import type { Span } from './span.ts';

/** How one kind of document is understood. Everything here is pure: a text in, what it says and what is wrong with it out. */
export interface DialectDefinition<D extends Declared> {
  readonly id: DialectId;
  /** Whether a file is of this kind, by its name and, where that does not tell, by its text. Cheap: it is asked for every opened document. */
  readonly recognises: (file: SourceFile) => boolean;
  /**
   * Never throws, whatever the text is: what cannot be understood is left out. `path` is that of the file, or empty where it
   * is not known: some formats say by it what a text is part of.
   */
  readonly read: (text: string, path: string) => D;
  /**
   * Where pieces of a text begin that are read and judged each by itself, the first at 0: after a change only those are looked at
   * that are not as they were. All of the text is one where this is left out.
   */
  readonly pieces?: (text: string) => readonly number[];
  /** Those that look at all of a document. */
  readonly rules: readonly Rule<D>[];
  /** Those that look at one command, service or the like after the other. */
  readonly units?: UnitRules<D>;
  /** What may be written at an offset; nothing where other extensions know better. */
  readonly complete?: (document: D, text: string, offset: number, host: Host | undefined) => readonly Completion[];
  /** What a key or an option at an offset means for namespaces, beside what the declared namespaces say themselves. */
  readonly describe?: (document: D, text: string, offset: number) => Description | undefined;
  readonly comment: CommentStyle | undefined;
}

/** Rules that are asked of each unit of a document in turn, so that nothing has been asked of what lies behind the last finding that is wanted. */
export interface UnitRules<D> {
  readonly rules: readonly RuleInfo[];
  readonly check: (document: D) => Iterable<Found>;
}

/** The same to those who need not know what its documents are made of. */
export interface Dialect extends Pick<DialectDefinition<Declared>, 'id' | 'recognises' | 'comment'> {
  readonly rules: readonly RuleInfo[];
  /** `before` is the same file at an earlier time: what has not changed is taken from there. */
  readonly open: (text: string, path?: string, before?: OpenDocument) => OpenDocument;
}

export interface OpenDocument {
  readonly dialect: Dialect;
  readonly text: string;
  readonly declared: Declared;
  /** What rules find, as near to the order of the text as they say it; none is asked for more than is taken. */
  readonly check: (host: Host | undefined, wanted: (rule: RuleInfo) => boolean) => Iterable<Found>;
  readonly complete: (offset: number, host: Host | undefined) => readonly Completion[];
  readonly describe: (offset: number) => Description | undefined;
}

export function defineDialect<D extends Declared>(definition: DialectDefinition<D>): Dialect {
  const { id, recognises, comment, rules, units } = definition;
  /** Those that were opened here, whose pieces are of this dialect. */
  const opened = new WeakMap<OpenDocument, PiecewiseDocument<D>>();
  const dialect: Dialect = {
    id,
    recognises,
    comment,
    rules: units === undefined ? rules : [...units.rules, ...rules],
    open: (text, path = '', before?: OpenDocument) => {
      const document = new PiecewiseDocument(definition, dialect, text, path, before && opened.get(before));
      opened.set(document, document);
      return document;
    },
  };
  return dialect;
}

export interface SourceFile {
  /** Absolute path or, for what is in no file, the last part of its address; with `/`. */
  readonly path: string;
  /** The editor's name of the language, such as `json`, `yaml` or `shellscript`; undefined on the command line. */
  readonly languageId: string | undefined;
  readonly text: string;
}

/** How a comment to the end of the line begins, for `# linux-namespaces-disable-next-line RULE`. */
export type CommentStyle = '#' | '//';

export interface Completion {
  readonly label: string;
  /** What is put in the place of `span`; the label where left out. */
  readonly text?: string;
  readonly span: Span;
  /** One line, beside the label. */
  readonly detail?: string;
  /** Plain text. */
  readonly documentation?: string;
  readonly kind: 'value' | 'key' | 'path' | 'type';
}

export interface Description {
  readonly span: Span;
  /** Plain text, a paragraph each. */
  readonly paragraphs: readonly string[];
  readonly link?: string;
}
