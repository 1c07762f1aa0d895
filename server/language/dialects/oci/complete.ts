import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import type { Completion } from '../../dialect.ts';
import type { Host } from '../../host.ts';
import { placeAt, textOf, valueAt, type JsonPlace } from '../../json.ts';
import type { Span } from '../../span.ts';
import { typeNames, type OciDocument } from './document.ts';
import { isolates, typeOfName } from './read.ts';

/** What the schema of the file does not say: the editor completes the rest from that. */
export function completeOci(
  document: OciDocument,
  text: string,
  offset: number,
  host: Host | undefined,
): readonly Completion[] {
  const place = placeAt(document.root, offset);
  if (place === undefined) return [];
  const span = valueSpan(place, text, offset);
  if (span === undefined) return [];
  const at = place.path.map((part) => (typeof part === 'number' ? '*' : part)).join('/');
  switch (at) {
    case 'linux/namespaces/*/type':
      return types(document, span, offset);
    case 'linux/namespaces/*/path':
      return paths(document, place, span, host);
    case 'linux/rootfsPropagation':
      return quoted(span, ['private', 'slave', 'shared', 'unbindable']);
    case 'mounts/*/type':
      return quoted(span, ['proc', 'sysfs', 'tmpfs', 'devpts', 'mqueue', 'cgroup', 'none']);
    default:
      return [];
  }
}

/** What is replaced: the string that is there, or nothing behind the colon. */
function valueSpan({ member, inName }: JsonPlace, text: string, offset: number): Span | undefined {
  if (member === undefined || inName) return undefined;
  if (member.value !== undefined) return member.value.span;
  return /:\s*$/.test(text.slice(member.nameSpan.end, offset)) ? { start: offset, end: offset } : undefined;
}

function quoted(span: Span, values: readonly string[]): Completion[] {
  return values.map((value) => ({ label: `"${value}"`, span, kind: 'value' }));
}

/** Those that are not there yet. */
function types({ entries }: OciDocument, span: Span, offset: number): Completion[] {
  const there = new Set(
    entries.filter((entry) => offset < entry.span.start || offset > entry.span.end).map(({ type }) => type),
  );
  return [...typeOfName]
    .filter(([, type]) => !there.has(type))
    .map(([name, type]) => ({ label: `"${name}"`, span, kind: 'type', detail: isolates[type] }));
}

function paths(document: OciDocument, place: JsonPlace, span: Span, host: Host | undefined): Completion[] {
  const entry = place.path.slice(0, 3).reduce<ReturnType<typeof valueAt>>((value, part) => {
    if (typeof part === 'string') return valueAt(value, part);
    return value?.kind === 'array' ? value.items[part] : undefined;
  }, document.root);
  const type: NamespaceType | undefined = typeOfName.get(textOf(valueAt(entry, 'type')) ?? '');
  return (host?.named ?? [])
    .filter((one) => type === undefined || one.type === type)
    .flatMap((one) =>
      one.paths.map((path): Completion => {
        return {
          label: `"${path}"`,
          span,
          kind: 'path',
          detail: `${typeNames[one.type]} namespace ${one.name} on ${host?.name ?? ''}`,
        };
      }),
    );
}
