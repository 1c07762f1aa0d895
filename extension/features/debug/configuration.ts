/** What a launch configuration says, checked. Pure. */
import type { CreateOptions } from '../../explain/preview.ts';
import { isRecord } from '../../is-record.ts';
import { createOptionsOf } from './create-options.ts';
import { presetNames, type PresetName, type Where } from './presets.ts';
import type { PathMapping } from './source-paths.ts';

export interface CustomAdapter {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly where: Where;
}

interface Common {
  readonly name: string;
  /** Id or label of a host; undefined where there is only one to choose. */
  readonly host: string | undefined;
  /** Undefined: by what is debugged. */
  readonly adapter: PresetName | CustomAdapter | undefined;
  /** Only where this is given does it differ from what the adapter's table says. */
  readonly where: Where | undefined;
  readonly pathMappings: readonly PathMapping[];
  /** As `enter --user` takes it. */
  readonly user: string | undefined;
  readonly stopOnEntry: boolean;
  /** Passed to the adapter as they are, after everything else. */
  readonly adapterArguments: Readonly<Record<string, unknown>>;
}

export type Into =
  | { readonly kind: 'target'; readonly target: string }
  | { readonly kind: 'fresh'; readonly options: CreateOptions }
  /** Absolute path of an OCI bundle's folder on the host. */
  | { readonly kind: 'bundle'; readonly folder: string };

export interface LaunchOptions extends Common {
  readonly request: 'launch';
  readonly into: Into;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly console: 'internalConsole' | 'integratedTerminal';
}

export interface AttachOptions extends Common {
  readonly request: 'attach';
  /** `seen` from the host, or from `target`, as the process's own pid namespace numbers it. */
  readonly process:
    | { readonly seen: 'outside'; readonly pid: string }
    | { readonly seen: 'inside'; readonly pid: number; readonly target: string };
}

export type DebugOptions = LaunchOptions | AttachOptions;

export interface Problem {
  /** As it stands in launch.json: `pathMappings[0].localRoot`. */
  readonly attribute: string;
  /** A sentence without the attribute's name. */
  readonly message: string;
}

export type Checked = { readonly options: DebugOptions } | { readonly problems: readonly [Problem, ...Problem[]] };

/** All that is wrong is found at once. */
export function checkConfiguration(configuration: Readonly<Record<string, unknown>>): Checked {
  const reader = new Reader(configuration);
  const options = optionsOf(reader, configuration);
  const [first, ...others] = reader.problems;
  return first === undefined && options !== undefined
    ? { options }
    : { problems: [first ?? { attribute: 'request', message: 'Either "launch" or "attach" is needed.' }, ...others] };
}

function optionsOf(reader: Reader, configuration: Readonly<Record<string, unknown>>): DebugOptions | undefined {
  const common: Common = {
    name: reader.text('name') ?? 'Debug',
    host: reader.text('host'),
    adapter: adapterOf(reader, configuration['adapter']),
    where: reader.oneOf('where', ['inside', 'outside'] as const),
    pathMappings: [...mappingsOf(reader, configuration['pathMappings']), ...sourceFileMapOf(reader)],
    user: userOf(reader),
    stopOnEntry: reader.truth('stopOnEntry') ?? false,
    adapterArguments: reader.object('adapterArguments') ?? {},
  };
  switch (configuration['request']) {
    case 'launch':
      return launchOf(reader, common);
    case 'attach':
      return attachOf(reader, common, configuration['pid']);
    default:
      return undefined;
  }
}

function launchOf(reader: Reader, common: Common): LaunchOptions | undefined {
  const program = reader.text('program');
  if (program === undefined) reader.wrong('program', 'The path of the program inside the target is needed.');
  const into = intoOf(reader);
  const console = reader.oneOf('console', ['internalConsole', 'integratedTerminal'] as const) ?? 'internalConsole';
  if (common.where === 'outside' && typeof common.adapter === 'string')
    reader.wrong('where', 'An adapter that is outside can attach, but what it launches would run outside as well.');
  const cwd = reader.text('cwd');
  if (cwd !== undefined && !cwd.startsWith('/'))
    reader.wrong('cwd', 'An absolute path is needed: it is a folder inside the target.');
  const rest = { args: reader.texts('args'), cwd, env: reader.environment('env'), console };
  return program === undefined || into === undefined
    ? undefined
    : { ...common, request: 'launch', into, program, ...rest };
}

function intoOf(reader: Reader): Into | undefined {
  const target = reader.text('target');
  const folder = reader.text('bundle');
  const create = reader.object('create');
  const given = [target, folder, create].filter((each) => each !== undefined);
  if (given.length !== 1) {
    const message =
      given.length === 0
        ? 'What the program is to run in is needed: "target", or "create" or "bundle" for new namespaces.'
        : 'Only one of "target", "create" and "bundle" can be what the program runs in.';
    reader.wrong('target', message);
    return undefined;
  }
  if (target !== undefined) return { kind: 'target', target };
  if (folder !== undefined) {
    if (!folder.startsWith('/')) reader.wrong('bundle', 'An absolute path of a folder on the host is needed.');
    return { kind: 'bundle', folder };
  }
  const read = createOptionsOf(create ?? {});
  for (const { attribute, message } of read.problems) reader.wrong(`create.${attribute}`, message);
  return { kind: 'fresh', options: read.options };
}

function attachOf(reader: Reader, common: Common, pid: unknown): AttachOptions | undefined {
  const inside = reader.whole('insidePid');
  const target = reader.text('target');
  const outside = typeof pid === 'number' ? String(pid) : reader.text('pid');
  if (outside === undefined && inside === undefined) {
    reader.wrong('pid', 'The process id is needed: as the host sees it, or "insidePid" as its target does.');
    return undefined;
  }
  if (inside === undefined || outside !== undefined) {
    if (inside !== undefined) reader.wrong('insidePid', 'Only one of "pid" and "insidePid" can be given.');
    return { ...common, request: 'attach', process: { seen: 'outside', pid: outside ?? '' } };
  }
  if (target === undefined) {
    reader.wrong('target', 'It is needed beside "insidePid": a process id says nothing without its pid namespace.');
    return undefined;
  }
  return { ...common, request: 'attach', process: { seen: 'inside', pid: inside, target } };
}

function adapterOf(reader: Reader, adapter: unknown): Common['adapter'] {
  if (adapter === undefined) return undefined;
  if (typeof adapter === 'string') {
    const name = presetNames.find((each) => each === adapter);
    if (name === undefined) reader.wrong('adapter', `One of ${presetNames.join(', ')} is needed, or an object.`);
    return name;
  }
  if (!isRecord(adapter) || Array.isArray(adapter)) {
    reader.wrong('adapter', 'A name or an object with "command" is needed.');
    return undefined;
  }
  const inner = reader.within('adapter', adapter);
  const command = inner.text('command');
  if (command === undefined) inner.wrong('command', 'The name or path of a program is needed.');
  return {
    command: command ?? '',
    args: inner.texts('args'),
    env: inner.environment('env'),
    where: inner.oneOf('where', ['inside', 'outside'] as const) ?? 'inside',
  };
}

function mappingsOf(reader: Reader, value: unknown): readonly PathMapping[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    reader.wrong('pathMappings', 'A list of {"localRoot": …, "remoteRoot": …} is needed.');
    return [];
  }
  return value.flatMap((each: unknown, index) => {
    const inner = reader.within(`pathMappings[${index}]`, isRecord(each) ? each : {});
    const localRoot = inner.text('localRoot');
    const remoteRoot = inner.text('remoteRoot');
    if (localRoot === undefined) inner.wrong('localRoot', 'A folder of the editor’s machine is needed.');
    if (remoteRoot === undefined || !remoteRoot.startsWith('/'))
      inner.wrong('remoteRoot', 'The absolute path of a folder inside the target is needed.');
    return localRoot === undefined || remoteRoot === undefined ? [] : [{ localRoot, remoteRoot }];
  });
}

/** As the C/C++ extension has it: from the target's folders to those of the editor. */
function sourceFileMapOf(reader: Reader): readonly PathMapping[] {
  const map = reader.environment('sourceFileMap');
  return Object.entries(map).map(([remoteRoot, localRoot]) => ({ localRoot, remoteRoot }));
}

function userOf(reader: Reader): string | undefined {
  const user = reader.text('user');
  if (user !== undefined && !/^(root|keep|\d{1,10}(:\d{1,10})?)$/.test(user))
    reader.wrong('user', '"root", "keep", a user id or UID:GID as the target numbers them is needed.');
  return user;
}

/** One object of the configuration; every wrong value is noted under its full name. */
class Reader {
  readonly problems: Problem[];
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #prefix: string;

  constructor(values: Readonly<Record<string, unknown>>, prefix = '', problems: Problem[] = []) {
    this.#values = values;
    this.#prefix = prefix;
    this.problems = problems;
  }

  within(name: string, values: Readonly<Record<string, unknown>>): Reader {
    return new Reader(values, `${this.#prefix}${name}.`, this.problems);
  }

  wrong(name: string, message: string): void {
    this.problems.push({ attribute: `${this.#prefix}${name}`, message });
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string' && !value.includes('\0')) return value;
    this.wrong(name, 'A text is needed.');
    return undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((each): each is string => typeof each === 'string' && !each.includes('\0')))
      return value;
    this.wrong(name, 'A list of texts is needed.');
    return [];
  }

  truth(name: string): boolean | undefined {
    const value = this.#values[name];
    if (value === undefined || typeof value === 'boolean') return value;
    this.wrong(name, 'true or false is needed.');
    return undefined;
  }

  whole(name: string): number | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number > 0) return number;
    this.wrong(name, 'A whole number above 0 is needed.');
    return undefined;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.#values[name];
    const found = values.find((each) => each === value);
    if (value !== undefined && found === undefined)
      this.wrong(name, `One of ${values.map((each) => `"${each}"`).join(', ')} is needed.`);
    return found;
  }

  object(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    if (isRecord(value) && !Array.isArray(value)) return value;
    this.wrong(name, 'An object is needed.');
    return undefined;
  }

  /** An object of texts. */
  environment(name: string): Readonly<Record<string, string>> {
    const entries = Object.entries(this.object(name) ?? {});
    const texts = entries.flatMap(([key, value]): [string, string][] => {
      if (typeof value === 'string' && key !== '' && !/[=\0]/.test(key) && !value.includes('\0')) return [[key, value]];
      this.wrong(`${name}.${key}`, 'A text is needed, under a name without “=”.');
      return [];
    });
    return Object.fromEntries(texts);
  }
}
