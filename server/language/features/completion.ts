import { CompletionItemKind, type CompletionItem } from 'vscode-languageserver-types';
import type { Analysis } from '../analysis.ts';
import type { Completion } from '../dialect.ts';
import type { Host } from '../host.ts';

const kinds: Readonly<Record<Completion['kind'], CompletionItemKind>> = {
  value: CompletionItemKind.Value,
  key: CompletionItemKind.Property,
  path: CompletionItemKind.File,
  type: CompletionItemKind.EnumMember,
};

export function completionsAt(analysis: Analysis, offset: number, host: Host | undefined): CompletionItem[] {
  return (analysis.document?.complete(offset, host) ?? []).map(
    ({ label, text = label, span, detail, documentation, kind }) => ({
      label,
      kind: kinds[kind],
      textEdit: { range: analysis.range(span), newText: text },
      filterText: text,
      ...(detail === undefined ? {} : { detail }),
      ...(documentation === undefined ? {} : { documentation }),
    }),
  );
}
