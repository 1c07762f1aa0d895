import type { CompletionItem } from 'vscode-languageserver-types';
import type { Analysis } from '../analysis.ts';
import type { Host } from '../host.ts';
import { completionKinds } from './protocol-numbers.ts';

export function completionsAt(analysis: Analysis, offset: number, host: Host | undefined): CompletionItem[] {
  return (analysis.document?.complete(offset, host) ?? []).map(
    ({ label, text = label, span, detail, documentation, kind }) => ({
      label,
      kind: completionKinds[kind],
      textEdit: { range: analysis.range(span), newText: text },
      filterText: text,
      ...(detail === undefined ? {} : { detail }),
      ...(documentation === undefined ? {} : { documentation }),
    }),
  );
}
