import type { NamespaceType } from '../../../extension/helper/protocol.ts';
import {
  LateDeclared,
  type Declared,
  type DeclaredNamespace,
  type DeclaredSysctl,
  type NamespaceSource,
  type Workload,
} from '../declared.ts';
import { defineDialect, type Completion, type Description } from '../dialect.ts';
import type { Host } from '../host.ts';
import { itemsOf, memberOf, parseJson, placeAt, textOf, valueAt, type JsonObject, type JsonValue } from '../json.ts';
import { devcontainerRules } from '../rules/devcontainer/index.ts';
import type { Span } from '../span.ts';
import { isDevcontainer } from './recognise.ts';

export interface DevcontainerDocument extends Declared {
  readonly root: JsonObject | undefined;
  /** Options of `docker run` in `runArgs`, by their long names without dashes. */
  readonly options: readonly RunOption[];
}

export interface RunOption {
  readonly name: string;
  /** Undefined for a flag, and for an option whose value is missing. */
  readonly value: string | undefined;
  /** With the quotes of the strings that it is written in: one or two. */
  readonly span: Span;
  /** The string that has the value. */
  readonly valueSpan: Span;
}

/** Options of docker-run(1) that take a value and concern namespaces; short names first. */
const longNames = new Map([
  ['-h', 'hostname'],
  ['-p', 'publish'],
  ['-v', 'volume'],
  ['--net', 'network'],
  ...'network pid ipc uts userns cgroupns cap-add cap-drop security-opt sysctl hostname publish volume mount dns add-host link mac-address device user'
    .split(' ')
    .map((name): [string, string] => [`--${name}`, name]),
]);

/** Options whose value says which namespace the container is in. */
export const namespaceOptions = new Map<string, NamespaceType>([
  ['network', 'net'],
  ['pid', 'pid'],
  ['ipc', 'ipc'],
  ['uts', 'uts'],
  ['userns', 'user'],
  ['cgroupns', 'cgroup'],
]);

export const devcontainer = defineDialect({
  id: 'devcontainer',
  recognises: isDevcontainer,
  read,
  rules: devcontainerRules,
  complete,
  describe,
  comment: '//',
});

function read(text: string): DevcontainerDocument {
  const value = parseJson(text);
  const root = value?.kind === 'object' ? value : undefined;
  if (root === undefined) return { root, options: [], workloads: [] };
  const options = readOptions(itemsOf(valueAt(root, 'runArgs')));
  const name = textOf(valueAt(root, 'name'));
  const workload = (): Workload => ({
    ...(name !== undefined && { name }),
    span: (memberOf(root, 'name') ?? memberOf(root, 'image') ?? root.members[0])?.nameSpan ?? root.span,
    namespaces: options.flatMap(declared),
    mappings: [],
    sysctls: sysctlsOf(options),
    runtimes: ['docker', 'podman'],
  });
  return Object.assign(new LateDeclared(() => [workload()]), { root, options });
}

function readOptions(items: readonly JsonValue[]): RunOption[] {
  const options: RunOption[] = [];
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    const word = textOf(item);
    if (item === undefined || word === undefined) continue;
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const given = equals < 0 ? word : word.slice(0, equals);
    const name = longNames.get(given);
    if (name === undefined) {
      if (given === '--privileged' && !/=(?:false|0)$/.test(word)) {
        options.push({ name: 'privileged', value: undefined, span: item.span, valueSpan: item.span });
      }
    } else if (equals >= 0) {
      options.push({ name, value: word.slice(equals + 1), span: item.span, valueSpan: item.span });
    } else {
      const next = items[index + 1];
      index++;
      const end = next?.span.end ?? item.span.end;
      const span = { start: item.span.start, end };
      options.push({ name, value: textOf(next), span, valueSpan: next?.span ?? item.span });
    }
  }
  return options;
}

function declared({ name, value, span, valueSpan }: RunOption): DeclaredNamespace[] {
  const type = namespaceOptions.get(name);
  if (type === undefined || value === undefined || value.includes('${')) return [];
  const from = source(name, value);
  if (from === undefined) return [];
  const meanings: Readonly<Record<NamespaceSource['kind'], string>> = {
    host: `The container is in the ${name === 'userns' ? 'user' : name.replace(/ns$/, '')} namespace of the host.`,
    new: 'The container gets a new namespace.',
    container: `The container joins the ${name} namespace of the container ${value.slice('container:'.length)}.`,
    // `--network` and its like name no other part of the same file.
    workload: '',
    path: `The container joins the ${name} namespace that ${value.slice('ns:'.length)} refers to.`,
  };
  return [{ type, from, span, sourceSpan: valueSpan, meaning: meanings[from.kind] }];
}

function source(name: string, value: string): NamespaceSource | undefined {
  if (value === 'host') return { kind: 'host' };
  if (value.startsWith('container:')) return { kind: 'container', name: value.slice('container:'.length) };
  if (value.startsWith('ns:')) return { kind: 'path', path: value.slice('ns:'.length) };
  const isNew = value === 'private' || value === 'shareable' || (name === 'network' && /^(?:bridge|none)$/.test(value));
  return isNew ? { kind: 'new' } : undefined;
}

export function sysctlsOf(options: readonly RunOption[]): readonly DeclaredSysctl[] {
  return options.flatMap(sysctl);
}

function sysctl({ name, value, valueSpan }: RunOption): DeclaredSysctl[] {
  const at = value?.indexOf('=') ?? -1;
  if (name !== 'sysctl' || value === undefined || at <= 0) return [];
  return [{ key: value.slice(0, at), value: value.slice(at + 1), keySpan: valueSpan, valueSpan }];
}

const values =
  '--network=none --network=host --pid=host --ipc=private --ipc=shareable --ipc=host --uts=host --userns=host --cgroupns=private --cgroupns=host --cap-drop=ALL'.split(
    ' ',
  );

function complete(
  { root }: DevcontainerDocument,
  text: string,
  offset: number,
  host: Host | undefined,
): readonly Completion[] {
  const place = placeAt(root, offset);
  if (place?.path[0] !== 'runArgs' || place.value?.kind !== 'scalar' || text[place.value.span.start] !== '"') return [];
  const { span } = place.value;
  const containers = new Set((host?.named ?? []).flatMap(({ workloads }) => workloads));
  return [...values, ...[...containers].map((name) => `--network=container:${name}`)].map((value) => {
    return { label: JSON.stringify(value), span, kind: 'value' };
  });
}

const reference = 'https://containers.dev/implementors/json_reference/';
const descriptions = new Map([
  [
    'privileged',
    'Starts the container with every capability, every device and without seccomp, AppArmor and masked paths. Its namespaces are its own all the same.',
  ],
  [
    'capAdd',
    "Capabilities beside those that Docker gives. They count in the user namespace of the container, which is the host's unless the engine remaps users or runs rootless.",
  ],
  [
    'securityOpt',
    "Options of the security modules. Docker's seccomp profile lets only who has CAP_SYS_ADMIN call unshare(2), setns(2) and mount(2).",
  ],
  [
    'runArgs',
    'Arguments of `docker run`. Of these --network, --pid, --ipc, --uts, --userns and --cgroupns say which namespaces the container is in. Compose files do not use them.',
  ],
  ['containerUser', 'The user of every process in the container, by the ids that its user namespace has.'],
  [
    'workspaceMount',
    'Where the sources are mounted in the mount namespace of the container, as --mount of `docker run` has it.',
  ],
]);

function describe({ root }: DevcontainerDocument, _text: string, offset: number): Description | undefined {
  const place = placeAt(root, offset);
  const says = place?.path.length === 1 && place.inName ? descriptions.get(String(place.path[0])) : undefined;
  if (place?.member === undefined || says === undefined) return undefined;
  return { span: place.member.nameSpan, paragraphs: [says], link: reference };
}
