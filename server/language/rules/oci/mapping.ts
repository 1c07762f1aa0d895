/** The lines of user namespaces' maps and of mounts' maps, by user_namespaces(7) and kernel/user_namespace.c. */
import type { OciDocument, OciIdLine, OciIdMap } from '../../dialects/oci/document.ts';
import { itemsOf, memberOf, numberOf, removal, valueAt } from '../../json.ts';
import type { Severity } from '../../protocol.ts';
import type { Finding } from '../../rule.ts';
import type { Span } from '../../span.ts';
import { addNamespace, configSection, isNew, linuxSection, placeOfNamespaces, rule, type OciRule } from './kit.ts';
import { manual } from '../../../../extension/model/manual.ts';

const userNamespaces = manual('user_namespaces', 7);

interface Line extends OciIdLine {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

function isLine(line: OciIdLine): line is Line {
  return [line.inside, line.outside, line.count].every((one) => one !== undefined && Number.isInteger(one) && one >= 0);
}

/** Those that the kernel gets to see: without a new user namespace those of `linux` go nowhere. */
function usedMaps(document: OciDocument): readonly OciIdMap[] {
  const used = isNew(document, 'user') ? [...document.idMaps] : [];
  for (const { uidMappings, gidMappings } of document.mounts) {
    if (uidMappings !== undefined) used.push(uidMappings);
    if (gidMappings !== undefined) used.push(gidMappings);
  }
  return used;
}

/** The maps that a runtime writes: those of a new user namespace. */
function written(document: OciDocument, kind: 'uid' | 'gid'): OciIdMap | undefined {
  const map = document.idMaps.find((one) => one.kind === kind);
  return isNew(document, 'user') && map !== undefined && map.lines.length > 0 ? map : undefined;
}

/** Runtimes of before version 1.1 of the specification do not read the maps of mounts, so that nothing fails there. */
function severityIn(document: OciDocument, map: OciIdMap): Severity {
  return document.idMaps.includes(map) ? 'error' : 'warning';
}

function isMapped(map: OciIdMap, id: number): boolean {
  // What is not understood may well map it.
  return map.lines.some((line) => !isLine(line) || (line.inside <= id && id < line.inside + line.count));
}

const number32 = (value: number | undefined): boolean =>
  value === undefined || (Number.isInteger(value) && value >= 0 && value <= 0xffffffff);

function* overlaps(map: OciIdMap, side: 'inside' | 'outside', where: string): Iterable<Finding> {
  const lines = map.lines.filter(isLine).filter(({ count }) => count > 0);
  let reach: Line | undefined;
  for (const line of lines.toSorted((one, other) => one[side] - other[side])) {
    if (reach !== undefined && line[side] < reach[side] + reach.count) {
      const [first, second] = reach.span.start < line.span.start ? [reach, line] : [line, reach];
      yield {
        span: second.span,
        message: `The ids ${second[side]} to ${second[side] + second.count - 1} ${where} overlap another line of the map: the kernel refuses it with EINVAL.`,
        remedy: 'Map each id once.',
        related: [{ span: first.span, message: 'The other line' }],
      };
    }
    if (reach === undefined || line[side] + line.count > reach[side] + reach.count) reach = line;
  }
}

export const mappingRules: readonly OciRule[] = [
  rule(
    'user-namespace-without-mappings',
    'warning',
    'A new user namespace that has no ids',
    linuxSection('user-namespace-mappings'),
    function* (document) {
      const entry = document.entryOf.get('user');
      if (entry === undefined || !isNew(document, 'user')) return;
      const missing = (['uid', 'gid'] as const).filter(
        (kind) => !document.idMaps.some((map) => map.kind === kind && map.lines.length > 0),
      );
      if (missing.length === 0) return;
      yield {
        span: entry.span,
        message: `The new user namespace has no ${missing.map((kind) => `\`${kind}Mappings\``).join(' and no ')}: runc refuses the file, crun maps the ids of its user.`,
        remedy: 'Say which ids the container has and which they are on the host.',
      };
    },
  ),
  rule(
    'root-not-mapped',
    'warning',
    'A user namespace without an id 0',
    linuxSection('user-namespace-mappings'),
    function* (document) {
      for (const kind of ['uid', 'gid'] as const) {
        const map = written(document, kind);
        if (map === undefined || isMapped(map, 0)) continue;
        yield {
          span: map.nameSpan,
          message: `No line maps ${kind} 0 of the container, as which runc sets it up: runc refuses the file.`,
          remedy: 'Add a line with `"containerID": 0`.',
        };
      }
    },
  ),
  rule(
    'user-not-mapped',
    'error',
    'The user of the process has no id in the user namespace',
    configSection('posix-platform-user'),
    function* (document) {
      const user = valueAt(document.root, 'process', 'user');
      const check = function* (kind: 'uid' | 'gid', id: number | undefined, span: Span | undefined): Iterable<Finding> {
        const map = written(document, kind);
        if (map === undefined || id === undefined || span === undefined || isMapped(map, id)) return;
        yield {
          span,
          message: `No line of \`${kind}Mappings\` maps ${kind} ${id} of the container: the kernel lets no process have it (EINVAL).`,
          remedy: `Map ${kind} ${id}, or run the process as another.`,
          related: [{ span: map.nameSpan, message: 'What is mapped' }],
        };
      };
      for (const kind of ['uid', 'gid'] as const) {
        const member = memberOf(user, kind);
        yield* check(kind, numberOf(member?.value), member?.value?.span);
      }
      for (const gid of itemsOf(valueAt(user, 'additionalGids'))) yield* check('gid', numberOf(gid), gid.span);
    },
  ),
  rule(
    'mount-owner-not-mapped',
    'error',
    'A mount whose owner has no id in the user namespace',
    userNamespaces,
    function* (document) {
      for (const { type, bind, options } of document.mounts) {
        if (bind || (type?.value !== 'tmpfs' && type?.value !== 'devpts')) continue;
        for (const { value, span } of options) {
          const [, kind, id] = /^(uid|gid)=([0-9]{1,10})$/.exec(value) ?? [];
          if (kind !== 'uid' && kind !== 'gid') continue;
          const map = written(document, kind);
          if (map === undefined || isMapped(map, Number(id))) continue;
          yield {
            span,
            message: `No line of \`${kind}Mappings\` maps ${kind} ${id} of the container: mount(2) of ${type.value} fails with EINVAL.`,
            remedy: `Map ${kind} ${id}, or leave the option out.`,
            related: [{ span: map.nameSpan, message: 'What is mapped' }],
          };
        }
      }
    },
  ),
  rule('mapping-overlap', 'error', 'Ids that are mapped twice', userNamespaces, function* (document) {
    for (const map of usedMaps(document)) {
      const found = new Set<number>();
      for (const finding of [...overlaps(map, 'inside', 'of the container'), ...overlaps(map, 'outside', 'outside')]) {
        if (found.has(finding.span.start)) continue;
        found.add(finding.span.start);
        yield { ...finding, severity: severityIn(document, map) };
      }
    }
  }),
  rule('mapping-of-nothing', 'error', 'A line of a map that maps no id', userNamespaces, function* (document) {
    for (const map of usedMaps(document)) {
      for (const [index, line] of map.lines.entries()) {
        const size = valueAt(line.value, 'size');
        if (line.value.kind !== 'object' || (size !== undefined && line.count !== 0)) continue;
        const edit = removal(map.lines, index);
        yield {
          span: size?.span ?? line.span,
          severity: severityIn(document, map),
          message:
            size === undefined
              ? 'The line has no `size`, which the specification requires, and is read as 0: the kernel refuses a line that maps nothing with EINVAL.'
              : 'The line maps no id: the kernel refuses it with EINVAL.',
          remedy: 'Say how many ids it maps, or remove the line.',
          fixes: edit === undefined ? [] : [{ title: 'Remove the line', edits: [edit] }],
        };
      }
    }
  }),
  rule('mapping-out-of-range', 'error', 'Ids that the kernel does not have', userNamespaces, function* (document) {
    const used = new Set(usedMaps(document));
    for (const map of new Set([...document.idMaps, ...used])) {
      for (const line of map.lines) {
        const bad = (['containerID', 'hostID', 'size'] as const)
          .map((name) => valueAt(line.value, name))
          .find((value) => !number32(numberOf(value)));
        if (bad !== undefined) {
          yield {
            span: bad.span,
            severity: severityIn(document, map),
            message: 'It is not a number from 0 to 4294967295: runc and crun cannot read the file.',
            remedy: 'Write a whole number of 32 bits.',
          };
        } else if (used.has(map) && isLine(line) && Math.max(line.inside, line.outside) + line.count > 0xffffffff) {
          yield {
            span: line.span,
            severity: severityIn(document, map),
            message:
              'The line goes beyond 4294967294, the last id that there is (4294967295 means none): the kernel refuses it with EINVAL.',
            remedy: 'Map fewer ids, or begin with a lower one.',
          };
        }
      }
    }
  }),
  rule('too-many-mappings', 'error', 'More lines than a map may have', userNamespaces, function* (document) {
    for (const map of usedMaps(document)) {
      const text = map.lines.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
      if (map.lines.length > 340) {
        yield {
          span: map.nameSpan,
          severity: severityIn(document, map),
          message: `There are ${map.lines.length} lines, and the kernel takes 340 at most (5 before Linux 4.15): it refuses the map with EINVAL.`,
          remedy: 'Join neighbouring ranges.',
        };
      } else if (text.length >= 4096) {
        yield {
          span: map.nameSpan,
          message: `The map has ${text.length} bytes as it is written to /proc/PID/${map.kind}_map, and the kernel takes less than a page, which is 4096 on most machines: it refuses the map with EINVAL.`,
          remedy: 'Join neighbouring ranges.',
          severity: 'warning',
        };
      }
    }
  }),
  rule(
    'maps-host-root',
    'warning',
    "A user namespace that has an id of the host's root",
    userNamespaces,
    function* (document) {
      for (const kind of ['uid', 'gid'] as const) {
        for (const line of written(document, kind)?.lines ?? []) {
          if (!isLine(line) || line.outside !== 0 || line.count === 0) continue;
          yield {
            span: line.span,
            // The group owns much less.
            severity: kind === 'uid' ? 'warning' : 'information',
            message: `${kind} ${line.inside} of the container is ${kind} 0 of the user namespace that the runtime is in: files of root are its own.`,
            remedy: 'Map ids that nobody else has, such as a range of /etc/subuid.',
          };
        }
      }
    },
  ),
  rule('no-user-namespace', 'hint', "A container whose root is the host's", userNamespaces, function* (document) {
    const uid = numberOf(valueAt(document.root, 'process', 'user', 'uid'));
    const member = document.namespacesMember;
    if (uid !== 0 || member?.value?.kind !== 'array' || document.entryOf.has('user')) return;
    yield {
      span: placeOfNamespaces(document),
      message:
        'Without a `user` entry uid 0 of the container is the root of the host, held back by capabilities, seccomp and file systems alone.',
      remedy: 'Add a user namespace with `uidMappings` and `gidMappings`.',
      fixes: document.idMaps.length === 2 ? addNamespace(document, 'user') : [],
    };
  }),
];
