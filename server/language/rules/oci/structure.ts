import { withArticle } from '../../../../extension/model/words.ts';
/** Entries of `linux.namespaces`: what they are and what they join. */
import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import { typeNames, type OciDocument } from '../../dialects/oci/document.ts';
import { itemsOf, removal } from '../../json.ts';
import type { Finding } from '../../rule.ts';
import { isNew, joinedPath, linuxSection, processPath, rule, runcSource, type OciRule } from './kit.ts';
import { manual } from '../../../../extension/model/manual.ts';

const namespaces = linuxSection('namespaces');

/** What people write instead: the kernel's names and those of other formats. */
const meant = new Map<string, NamespaceType>([
  ['net', 'net'],
  ['mnt', 'mnt'],
  ['userns', 'user'],
  ['hostname', 'uts'],
  ['cgroups', 'cgroup'],
]);

/** Directories that hold one type only, by the programs whose they are: ip-netns(8) for the first two. */
const ownFolders: readonly (readonly [string, NamespaceType])[] = [
  ['/run/netns/', 'net'],
  ['/var/run/netns/', 'net'],
  ['/run/utsns/', 'uts'],
  ['/run/ipcns/', 'ipc'],
  ['/run/userns/', 'user'],
  ['/var/run/utsns/', 'uts'],
  ['/var/run/ipcns/', 'ipc'],
  ['/var/run/userns/', 'user'],
];

function* joined(
  document: OciDocument,
): Iterable<{ readonly type: NamespaceType; readonly path: string; readonly span: Finding['span'] }> {
  for (const entry of document.entries) {
    const path = joinedPath(entry);
    if (entry.type !== undefined && entry.path !== undefined && path !== undefined) {
      yield { type: entry.type, path, span: entry.path.span };
    }
  }
}

export const structureRules: readonly OciRule[] = [
  rule(
    'unknown-namespace-type',
    'error',
    'A namespace type that the specification does not have',
    namespaces,
    function* ({ entries }) {
      for (const { typeText, type } of entries) {
        if (typeText === undefined || type !== undefined) continue;
        const right = meant.get(typeText.value.toLowerCase());
        const names = Object.values(typeNames).join(', ');
        yield {
          span: typeText.span,
          message: `There is no namespace type \`${typeText.value}\`: runc and crun refuse the file.`,
          remedy: right === undefined ? `Write one of ${names}.` : `Write \`${typeNames[right]}\`.`,
          ...(right !== undefined && {
            fixes: [
              { title: `Write "${typeNames[right]}"`, edits: [{ span: typeText.span, text: `"${typeNames[right]}"` }] },
            ],
          }),
        };
      }
    },
  ),
  rule(
    'missing-namespace-type',
    'error',
    'An entry of `namespaces` without a type',
    namespaces,
    function* ({ entries }) {
      for (const { typeText, span } of entries) {
        if (typeText !== undefined) continue;
        yield {
          span,
          message: 'The entry has no `type`, which the specification requires: runc and crun refuse the file.',
          remedy: 'Say which namespace it is about, such as `"type": "pid"`.',
        };
      }
    },
  ),
  rule(
    'duplicate-namespace',
    'error',
    'A namespace type that is there twice',
    namespaces,
    function* ({ entries, entryOf, namespacesMember }) {
      for (const [index, { type, typeText, span }] of entries.entries()) {
        const first = type && entryOf.get(type);
        if (first === undefined || typeText === undefined || first === entries[index]) continue;
        const edit = removal(itemsOf(namespacesMember?.value), index);
        yield {
          span,
          message: `The \`${typeText.value}\` namespace is there twice, which is an error by the specification: runc and crun refuse the file.`,
          remedy: 'Keep one of the two.',
          related: [{ span: first.span, message: 'The first one' }],
          fixes: edit === undefined ? [] : [{ title: 'Remove the second entry', edits: [edit] }],
        };
      }
    },
  ),
  rule(
    'empty-namespace-path',
    'warning',
    'An empty path, which runtimes read differently',
    namespaces,
    function* ({ entries }) {
      for (const { path } of entries) {
        if (path?.value !== '') continue;
        yield {
          span: path.span,
          message: 'runc takes an empty `path` for none and makes a new namespace, while crun fails to open it.',
          remedy: 'Leave `path` out to have a new namespace.',
        };
      }
    },
  ),
  rule(
    'relative-namespace-path',
    'warning',
    'The path of a namespace that is not absolute',
    namespaces,
    function* (document) {
      for (const { path, span } of joined(document)) {
        if (path.startsWith('/')) continue;
        yield {
          span,
          message:
            'The specification requires an absolute `path`; runc and crun look for this one from the folder of the bundle on.',
          remedy: 'Write the whole path, as in the mount namespace of the runtime.',
        };
      }
    },
  ),
  rule(
    'comma-in-namespace-path',
    'warning',
    'The path of a namespace with a comma, which runc refuses',
    runcSource('libcontainer/container_linux.go'),
    function* (document) {
      for (const { path, span } of joined(document)) {
        if (!path.includes(',')) continue;
        yield {
          span,
          message: 'runc refuses a `path` with a comma, since it hands the paths on with commas between them.',
          remedy: 'Refer to the namespace by a path without a comma.',
        };
      }
    },
  ),
  rule(
    'namespace-path-of-other-type',
    'error',
    'A path that refers to a namespace of another type',
    namespaces,
    function* (document) {
      for (const { type, path, span } of joined(document)) {
        const byProcess = processPath(path)?.type;
        const byFolder = ownFolders.find(([folder]) => path.startsWith(folder))?.[1];
        const other = byProcess ?? byFolder;
        if (other === undefined || other === type) continue;
        yield {
          span,
          // A folder is a convention, a link in /proc is not.
          severity: byProcess === undefined ? 'warning' : 'error',
          message: `The path refers to ${withArticle(typeNames[other])} namespace, not to ${withArticle(typeNames[type])} one: setns(2) fails with EINVAL, and the specification requires an error.`,
          remedy: `Name ${withArticle(typeNames[type])} namespace, or change the type to \`${typeNames[other]}\`.`,
        };
      }
    },
  ),
  rule(
    'joins-own-user-namespace',
    'error',
    'Joins the user namespace of the runtime or of pid 1',
    manual('setns', 2),
    function* (document) {
      for (const { type, path, span } of joined(document)) {
        const whose = processPath(path)?.whose;
        if (type !== 'user' || whose === undefined || whose === 'process') continue;
        yield {
          span,
          message:
            'No process may join the user namespace that it is in (EINVAL), nor one above its own (EPERM): the runtime fails in setns(2).',
          remedy: 'Leave the `user` entry out to stay in the user namespace of the runtime.',
        };
      }
    },
  ),
  rule(
    'namespace-path-of-process',
    'information',
    'A path by the pid of a process, which does not outlive it',
    manual('namespaces', 7),
    function* (document) {
      for (const { path, span } of joined(document)) {
        if (processPath(path)?.whose !== 'process') continue;
        yield {
          span,
          message: 'The path is gone when the process ends, and may then be that of another process with the same pid.',
          remedy: 'Bind-mount the namespace on a file and name that.',
        };
      }
    },
  ),
  rule(
    'joined-mount-namespace',
    'warning',
    'Mounts that are made in a mount namespace that others are in',
    namespaces,
    function* (document) {
      for (const { type, path, span } of joined(document)) {
        if (type !== 'mnt') continue;
        yield {
          span,
          message: isNew(document, 'user')
            ? 'The mount namespace that is joined does not belong to the new user namespace, which may not mount in it (EPERM): runc and crun fail.'
            : processPath(path)?.whose === 'runtime'
              ? 'It is the mount namespace of the runtime, in which `root` and `mounts` would be set up: runc 1.1 fails.'
              : '`root` and `mounts` are set up in the mount namespace that is joined, so that its other processes see them too.',
          remedy: 'Leave `path` out to have a new mount namespace.',
        };
      }
    },
  ),
];
