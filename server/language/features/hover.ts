import type { Hover } from 'vscode-languageserver-types';
import { listed, processes } from '../../../extension/model/plain-words.ts';
import { typeMeaning, typeWord } from '../../../extension/model/words.ts';
import type { Analysis } from '../analysis.ts';
import type { DeclaredNamespace } from '../declared.ts';
import type { Host } from '../host.ts';
import { knownOf } from './known.ts';
import { plainText } from './protocol-numbers.ts';

export function hoverAt(analysis: Analysis, offset: number, host: Host | undefined): Hover | undefined {
  const found = analysis.namespaceAt(offset);
  if (found !== undefined) {
    const { namespace } = found;
    const paragraphs = [
      namespace.meaning,
      `A ${typeWord(namespace.type)} namespace gives its processes ${typeMeaning(namespace.type)} to themselves.`,
      liveWords(namespace, host),
      described(analysis, offset)?.paragraphs.join('\n\n'),
    ];
    return hover(analysis, namespace.span, paragraphs);
  }
  const description = described(analysis, offset);
  return description === undefined ? undefined : hover(analysis, description.span, description.paragraphs);
}

function described(analysis: Analysis, offset: number) {
  return analysis.document?.describe(offset);
}

/** What the host says of it now; names and paths are its own words. */
function liveWords(namespace: DeclaredNamespace, host: Host | undefined): string | undefined {
  const { from } = namespace;
  if (host === undefined) return undefined;
  if (from.kind === 'new' && !host.facts.types.includes(namespace.type)) {
    return `Linux ${host.facts.kernel} of ${host.name} has none.`;
  }
  if (from.kind === 'path' && host.at(from.path) === 'missing') return `On ${host.name}: nothing is mounted there now.`;
  const known = knownOf(namespace, host);
  if (known === undefined) return undefined;
  const { name, id, type, members, workloads } = known;
  const who = workloads.length === 0 ? '' : `, used by ${listed(workloads, 5)}`;
  return `On ${host.name}: ${name} (${type}:${id}), ${processes(members)}${who}.`;
}

/** Plain text: what stands in documents and comes from hosts is never Markdown. */
function hover(
  analysis: Analysis,
  span: { readonly start: number; readonly end: number },
  paragraphs: readonly (string | undefined)[],
): Hover {
  const value = paragraphs.filter((paragraph) => paragraph !== undefined).join('\n\n');
  return { contents: { kind: plainText, value }, range: analysis.range(span) };
}
