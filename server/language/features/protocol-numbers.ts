import type {
  CodeActionKind,
  CompletionItemKind,
  DiagnosticSeverity,
  MarkupKind,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import type { Completion } from '../dialect.ts';
import type { Severity } from '../protocol.ts';

/* The few numbers and words of LSP that are needed: the package that has them all takes a while to load. */

export const incrementalSync = 2 satisfies TextDocumentSyncKind;
export const quickFix = 'quickfix' satisfies CodeActionKind;
export const plainText = 'plaintext' satisfies MarkupKind;

export const severityNumbers = { error: 1, warning: 2, information: 3, hint: 4 } satisfies Record<
  Severity,
  DiagnosticSeverity
>;

export const completionKinds = {
  /** Property. */
  key: 10,
  value: 12,
  /** File. */
  path: 17,
  /** EnumMember. */
  type: 20,
} satisfies Record<Completion['kind'], CompletionItemKind>;
