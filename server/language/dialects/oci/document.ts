import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import type { Declared } from '../../declared.ts';
import type { JsonMember, JsonObject, JsonValue } from '../../json.ts';
import type { Span } from '../../span.ts';

/** A runtime configuration as its rules see it. All is empty for one that is of another platform than Linux. */
export interface OciDocument extends Declared {
  readonly text: string;
  readonly root: JsonObject | undefined;
  readonly linux: JsonObject | undefined;
  /** `linux.namespaces`, where it is there. */
  readonly namespacesMember: JsonMember | undefined;
  /** Every entry of it, with those that are wrong. */
  readonly entries: readonly OciNamespace[];
  /** The first entry of each type. */
  readonly entryOf: ReadonlyMap<NamespaceType, OciNamespace>;
  readonly mounts: readonly OciMount[];
  /** `linux.uidMappings` and `linux.gidMappings`. */
  readonly idMaps: readonly OciIdMap[];
  readonly sysctls: readonly OciSysctl[];
}

/** A string of the file and where it is, with its quotes. */
export interface OciText {
  readonly value: string;
  readonly span: Span;
}

export interface OciNamespace {
  readonly span: Span;
  /** Undefined where there is none that is a string. */
  readonly typeText: OciText | undefined;
  /** Undefined for what no kernel knows. */
  readonly type: NamespaceType | undefined;
  readonly path: OciText | undefined;
}

export interface OciMount {
  readonly value: JsonObject;
  readonly span: Span;
  readonly destination: OciText | undefined;
  /** The destination with one `/` between its parts and at its beginning. */
  readonly target: string | undefined;
  readonly type: OciText | undefined;
  readonly source: OciText | undefined;
  readonly options: readonly OciText[];
  /** By `bind` or `rbind`, as the specification has it: its type does not count then. */
  readonly bind: boolean;
  readonly uidMappings: OciIdMap | undefined;
  readonly gidMappings: OciIdMap | undefined;
}

export interface OciIdMap {
  readonly kind: 'uid' | 'gid';
  /** Its name in the file. */
  readonly nameSpan: Span;
  readonly lines: readonly OciIdLine[];
}

/** Numbers as they are written; undefined where there is none. */
export interface OciIdLine {
  readonly span: Span;
  readonly inside: number | undefined;
  readonly outside: number | undefined;
  readonly count: number | undefined;
  readonly value: JsonValue;
}

export interface OciSysctl {
  /** As it is written, perhaps with `/`. */
  readonly name: string;
  /** As sysctl(8) writes it, with dots. */
  readonly key: string;
  readonly nameSpan: Span;
  readonly member: JsonMember;
}

/** What the specification calls the types; the kernel's names of mount and network namespaces are others. */
export const typeNames: Readonly<Record<NamespaceType, string>> = {
  mnt: 'mount',
  uts: 'uts',
  ipc: 'ipc',
  pid: 'pid',
  net: 'network',
  user: 'user',
  cgroup: 'cgroup',
  time: 'time',
};
