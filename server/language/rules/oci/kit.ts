import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import { typeNames, type OciDocument, type OciMount, type OciNamespace } from '../../dialects/oci/document.ts';
import { addition } from '../../json.ts';
import type { Severity } from '../../protocol.ts';
import type { Finding, Fix, Rule } from '../../rule.ts';
import type { Span } from '../../span.ts';

export type OciRule = Rule<OciDocument>;

const repository = 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0';
export const linuxSection = (name: string): string => `${repository}/config-linux.md#${name}`;
export const configSection = (name: string): string => `${repository}/config.md#${name}`;
export const runcSource = (path: string): string => `https://github.com/opencontainers/runc/blob/v1.4.0/${path}`;

/** A rule in the order in which it is read: what, how bad, about what, by whom, and how it is found. */
export function rule(
  id: string,
  severity: Severity,
  summary: string,
  link: string,
  check: (document: OciDocument) => Iterable<Finding>,
): OciRule {
  return { id: `oci/${id}`, severity, summary, link, check };
}

/** A new one is made, not one that is there joined. */
export function isNew(document: OciDocument, type: NamespaceType): boolean {
  const entry = document.entryOf.get(type);
  return entry !== undefined && joinedPath(entry) === undefined;
}

export function joinedPath({ path }: OciNamespace): string | undefined {
  return path === undefined || path.value === '' ? undefined : path.value;
}

/** What /proc/PID/ns/NAME says of itself: whose it is and of which type, by namespaces(7). */
export function processPath(
  path: string,
): { readonly whose: 'runtime' | 'init' | 'process'; readonly type: NamespaceType | undefined } | undefined {
  const [, pid, name] = /^\/proc\/(self|thread-self|[0-9]+)(?:\/task\/[0-9]+)?\/ns\/([a-z_]+)$/.exec(path) ?? [];
  if (pid === undefined || name === undefined) return undefined;
  const whose = pid === '1' ? 'init' : /^[0-9]/.test(pid) ? 'process' : 'runtime';
  return { whose, type: linkTypes.get(name) };
}

const linkTypes = new Map<string, NamespaceType>([
  ['mnt', 'mnt'],
  ['uts', 'uts'],
  ['ipc', 'ipc'],
  ['pid', 'pid'],
  ['pid_for_children', 'pid'],
  ['net', 'net'],
  ['user', 'user'],
  ['cgroup', 'cgroup'],
  ['time', 'time'],
  ['time_for_children', 'time'],
]);

/** Adds an entry to `linux.namespaces`, written as one of those that are there. */
export function addNamespace({ text, namespacesMember, entries }: OciDocument, type: NamespaceType): Fix[] {
  const list = namespacesMember?.value;
  if (list?.kind !== 'array') return [];
  const name = typeNames[type];
  const like = entries.find(({ typeText, path }) => typeText !== undefined && path === undefined);
  const piece =
    like?.typeText === undefined
      ? `{ "type": "${name}" }`
      : text.slice(like.span.start, like.typeText.span.start) +
        `"${name}"` +
        text.slice(like.typeText.span.end, like.span.end);
  return [{ title: `Add a new ${name} namespace`, edits: [addition(text, list, piece)] }];
}

/** The mount that a path shows in the end: the last one there. */
export function mountAt({ mounts }: OciDocument, target: string): OciMount | undefined {
  return mounts.findLast((mount) => mount.target === target);
}

/** Where something is said that is missing: the list it would be in, or what the file begins with. */
export function placeOfNamespaces({ namespacesMember, linux, root }: OciDocument): Span {
  return namespacesMember?.nameSpan ?? root?.members[0]?.nameSpan ?? linux?.span ?? { start: 0, end: 0 };
}
