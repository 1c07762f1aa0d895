import type { IdRange, NamespaceType } from '../../../../extension/helper/protocol.ts';
import type { DeclaredMapping } from '../../declared.ts';
import type { Completion } from '../../dialect.ts';
import { freeSubordinate } from '../../free-ids.ts';
import type { Host } from '../../host.ts';
import { placeAt, textOf, valueAt, type JsonPlace } from '../../json.ts';
import type { Span } from '../../span.ts';
import { typeNames, type OciDocument, type OciIdLine } from './document.ts';
import { isolates, typeOfName } from './read.ts';

type IdKind = DeclaredMapping['kind'];

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
    case 'linux/uidMappings/*/hostID':
      return freeIds(document, 'uid', span, host);
    case 'linux/gidMappings/*/hostID':
      return freeIds(document, 'gid', span, host);
    case 'linux/uidMappings/*/size':
      return freeSizes(document, 'uid', span, host);
    case 'linux/gidMappings/*/size':
      return freeSizes(document, 'gid', span, host);
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

/** Where the ranges begin that are the user's on the host and that no other line takes. */
function freeIds(document: OciDocument, kind: IdKind, span: Span, host: Host | undefined): Completion[] {
  return free(document, kind, span, host).map(({ start, count }) => ({
    label: String(start),
    span,
    kind: 'value',
    detail: `${count} subordinate ${kind}s on ${host?.name ?? ''} that no other line takes`,
  }));
}

/** How many are free from the `hostID` of the same line on. */
function freeSizes(document: OciDocument, kind: IdKind, span: Span, host: Host | undefined): Completion[] {
  const line = lineAround(document, kind, span);
  const first = line?.outside;
  if (first === undefined) return [];
  return free(document, kind, span, host)
    .filter(({ start, count }) => start <= first && first < start + count)
    .map(({ start, count }) => ({
      label: String(start + count - first),
      span,
      kind: 'value',
      detail: `All subordinate ${kind}s from ${first} on that no other line takes`,
    }));
}

function lineAround({ idMaps }: OciDocument, kind: IdKind, span: Span): OciIdLine | undefined {
  const lines = idMaps.filter((map) => map.kind === kind).flatMap((map) => map.lines);
  return lines.find((line) => line.span.start <= span.start && span.end <= line.span.end);
}

function free(document: OciDocument, kind: IdKind, span: Span, host: Host | undefined): readonly IdRange[] {
  if (host === undefined) return [];
  const own = lineAround(document, kind, span)?.span.start;
  const others = document.workloads.flatMap(({ mappings }) => mappings).filter((line) => line.span.start !== own);
  return freeSubordinate(host, kind, others);
}
