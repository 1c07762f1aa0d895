import type { Declared } from '../../declared.ts';
import { isSame, type Span } from '../../span.ts';
import { asMap, eachEntry, entriesOf, entryOf, isNull, itemsOf, pieceOf, resolved, scalarOf } from '../../yaml.ts';
import type { YamlDocument, YamlEntry, YamlMap, YamlNode, YamlScalar } from '../../yaml.ts';
import { interpolated } from './interpolation.ts';

export interface ComposeDocument extends Declared {
  readonly text: string;
  readonly documents: readonly YamlDocument[];
  readonly services: readonly Service[];
  readonly byName: ReadonlyMap<string, Service>;
  /** The networks of the top level, by key. */
  readonly networks: ReadonlyMap<string, YamlEntry>;
  /** `include` brings in services that are not seen here. */
  readonly includes: boolean;
}

/** A service with all that merge keys, `extends` in the same file and several documents give it. */
export class Service {
  readonly name: string;
  /** What is written under its key. */
  readonly maps: readonly YamlMap[];
  /** Nothing of it comes from another file. */
  readonly complete: boolean;
  /** Of each key what is written where, the one that counts last. */
  readonly fields: Fields;
  /** What `mountsOf` has found. */
  mounts: readonly Mount[] | undefined = undefined;
  readonly #entry: YamlEntry;

  constructor(entry: YamlEntry, maps: readonly YamlMap[], complete: boolean, fields: Fields) {
    this.name = entry.key;
    this.#entry = entry;
    this.maps = maps;
    this.complete = complete;
    this.fields = fields;
  }

  /** Its key. */
  get span(): Span {
    return this.#entry.keySpan;
  }
}

const bits = new Map<string, number>();

/** A bit for each key. Those that share one are only taken for each other where it is asked whether there may be one. */
export function bitsOf(keys: readonly string[]): number {
  let all = 0;
  for (const key of keys) {
    const bit = bits.get(key) ?? 1 << (bits.size % 31);
    bits.set(key, bit);
    all |= bit;
  }
  return all;
}

/** The entries of several maps by key, put together for the few keys that are asked for. */
export class Fields {
  readonly #maps: readonly YamlMap[];
  readonly #bits: number;
  /** What was found in several maps. In one it is sooner sought again than kept. */
  #known: Map<string, readonly YamlEntry[] | undefined> | undefined;

  /** The base first. */
  constructor(maps: readonly YamlMap[]) {
    this.#maps = maps;
    let own = 0;
    for (const map of maps) for (const { key } of eachEntry(map)) own |= bits.get(key) ?? 0;
    this.#bits = own;
  }

  /** False where none of the keys with these bits can be there: that is all that most rules need to know. */
  mayHave(asked: number): boolean {
    return (this.#bits & asked) !== 0;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get(key: string): readonly YamlEntry[] | undefined {
    const bit = bits.get(key);
    if (bit !== undefined && !this.mayHave(bit)) return undefined;
    if (this.#maps.length < 2) return this.#find(key);
    this.#known ??= new Map();
    if (!this.#known.has(key)) this.#known.set(key, this.#find(key));
    return this.#known.get(key);
  }

  #find(key: string): readonly YamlEntry[] | undefined {
    let found: YamlEntry[] | undefined;
    for (const map of this.#maps) {
      const entry = entryOf(map, key);
      if (entry === undefined) continue;
      const tag = entry.value.tag ?? resolved(entry.value)?.tag;
      if (tag === '!reset') found = undefined;
      else if (tag === '!override' || found === undefined) found = [entry];
      // An entry that comes from the same anchor twice is one.
      else if (!found.includes(entry)) found.push(entry);
    }
    return found;
  }
}

/** A scalar whose value is known. */
export interface Setting {
  readonly text: string;
  /** A variable may give another value than this default. */
  readonly assumed: boolean;
  readonly span: Span;
  readonly scalar: YamlScalar;
}

/** A setting under a key of the service. */
export interface KeyedSetting extends Setting {
  readonly entry: YamlEntry;
}

export function settingOf(node: YamlNode | undefined): Setting | undefined {
  const scalar = scalarOf(node);
  if (scalar === undefined || node === undefined) return undefined;
  const { text, assumed } = interpolated(scalar.value);
  // An alias is flagged where it is written, not where its anchor is.
  return text === undefined ? undefined : { text, assumed, span: node.span, scalar };
}

/** What counts last under a key, where it is a scalar whose value is known. */
export function setting({ fields }: Service, key: string): KeyedSetting | undefined {
  const entry = fields.get(key)?.at(-1);
  const found = settingOf(entry?.value);
  if (found === undefined || entry === undefined || found.text === '') return undefined;
  const { text, assumed, span, scalar } = found;
  return { text, assumed, span, scalar, entry };
}

/** Whether a key has a value, known or not: a list or a map has one unless it is empty. */
export function given(service: Service, key: string): YamlEntry | undefined {
  return service.fields.get(key)?.findLast(({ value }) => {
    const node = resolved(value);
    if (node === undefined || isNull(node)) return false;
    return node.kind === 'scalar' || (node.kind === 'map' ? node.entries.length > 0 : node.items.length > 0);
  });
}

/** The scalars of a list, or the only one where a list of one may be written without its dash. */
export function listed(service: Service, key: string): Setting[] {
  const found: Setting[] = [];
  for (const { value } of service.fields.get(key) ?? []) {
    const nodes = scalarOf(value) === undefined ? itemsOf(value) : [value];
    for (const node of nodes) {
      const one = settingOf(node);
      if (one !== undefined) found.push(one);
    }
  }
  return found;
}

export function isTrue(service: Service, key: string): KeyedSetting | undefined {
  const found = setting(service, key);
  // Compose takes what YAML 1.1 calls true, quoted or not.
  return found !== undefined && /^(?:true|yes|y|on|1)$/i.test(found.text) ? found : undefined;
}

export interface Sysctl {
  /** With dots. */
  readonly key: string;
  readonly value: string | undefined;
  readonly keySpan: Span;
  readonly valueSpan: Span;
}

export function sysctlsOf(service: Service): Sysctl[] {
  const found: Sysctl[] = [];
  for (const { value } of service.fields.get('sysctls') ?? []) {
    for (const entry of entriesOf(value).values()) {
      if (entry.key === '') continue;
      const { span } = entry.value;
      found.push({
        key: dotted(entry.key),
        value: settingOf(entry.value)?.text,
        keySpan: entry.keySpan,
        valueSpan: span,
      });
    }
    for (const item of itemsOf(value)) {
      const scalar = scalarOf(item);
      const at = scalar?.value.indexOf('=') ?? -1;
      if (scalar === undefined || at <= 0) continue;
      const key = scalar.value.slice(0, at);
      if (key.includes('$')) continue;
      found.push({
        key: dotted(key),
        value: interpolated(scalar.value.slice(at + 1)).text,
        keySpan: pieceOf(scalar, 0, at),
        valueSpan: pieceOf(scalar, at + 1, scalar.value.length),
      });
    }
  }
  return found;
}

/** As sysctl(8) does: the first separator tells which of the two is meant. */
function dotted(key: string): string {
  const [first] = /[./]/.exec(key) ?? [];
  if (first !== '/') return key;
  return key.replaceAll(/[./]/g, (one) => (one === '/' ? '.' : '/'));
}

export interface Mount {
  readonly kind: string;
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly readOnly: boolean;
  readonly propagation: { readonly text: string; readonly span: Span } | undefined;
  readonly assumed: boolean;
  /** Where the source is written, or all of it. */
  readonly sourceSpan: Span;
  readonly targetSpan: Span;
}

const propagations = new Set(['shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate']);

/** A named volume somewhere outside /proc, without options: no rule has anything to say of it, and most mounts are such. */
const ordinary = /^\w[\w.-]*:\/(?![/.]|proc)(?:(?!\/[/.])[\w./-])*$/;

/** All but ordinary ones. */
export function mountsOf(service: Service): readonly Mount[] {
  return (service.mounts ??= findMounts(service));
}

const noMounts: readonly Mount[] = [];

function findMounts(service: Service): readonly Mount[] {
  let found: Mount[] | undefined;
  for (const { value } of service.fields.get('volumes') ?? []) {
    for (const item of itemsOf(value)) {
      const map = asMap(item);
      const scalar = scalarOf(item);
      let mount: Mount | undefined;
      if (map !== undefined) mount = longMount(map);
      else if (scalar !== undefined && !ordinary.test(scalar.value)) mount = shortMount(scalar);
      if (mount !== undefined) (found ??= []).push(mount);
    }
  }
  return found ?? noMounts;
}

function settingIn(map: YamlMap | undefined, key: string): Setting | undefined {
  return settingOf(entryOf(map, key)?.value);
}

function longMount(map: YamlMap): Mount {
  const bind = asMap(entryOf(map, 'bind')?.value);
  const [source, target] = [settingIn(map, 'source') ?? settingIn(map, 'src'), settingIn(map, 'target')];
  const propagation = settingIn(bind, 'propagation');
  return {
    kind: settingIn(map, 'type')?.text ?? '',
    source: source?.text,
    target: target?.text,
    readOnly: /^(?:true|yes|y|on|1)$/i.test(settingIn(map, 'read_only')?.text ?? ''),
    propagation: propagation && { text: propagation.text, span: propagation.span },
    assumed: source?.assumed === true,
    sourceSpan: source?.span ?? map.span,
    targetSpan: target?.span ?? map.span,
  };
}

/** `SOURCE:TARGET:OPTIONS`, where a colon within `${…}` does not count. */
function shortMount(scalar: YamlScalar): Mount | undefined {
  const pieces: { start: number; end: number }[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at <= scalar.value.length; at += 1) {
    const character = scalar.value.charAt(at);
    if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    else if (character === '' || (character === ':' && depth <= 0)) {
      pieces.push({ start, end: at });
      start = at + 1;
    }
  }
  const [source, target, options] = pieces;
  if (source === undefined || target === undefined || pieces.length > 3) return undefined;
  const read = (piece: { start: number; end: number }) => interpolated(scalar.value.slice(piece.start, piece.end));
  const from = read(source);
  let propagation: Mount['propagation'];
  let readOnly = false;
  if (options !== undefined) {
    let at = options.start;
    for (const option of scalar.value.slice(options.start, options.end).split(',')) {
      if (propagations.has(option)) propagation = { text: option, span: pieceOf(scalar, at, at + option.length) };
      if (option === 'ro') readOnly = true;
      at += option.length + 1;
    }
  }
  return {
    kind: /^[./~]/.test(from.text ?? '') ? 'bind' : 'volume',
    source: from.text,
    target: read(target).text,
    readOnly,
    propagation,
    assumed: from.assumed,
    sourceSpan: pieceOf(scalar, source.start, source.end),
    targetSpan: pieceOf(scalar, target.start, target.end),
  };
}

/** What `network_mode`, `pid` or `ipc` refers to. */
export interface Target {
  readonly kind: 'service' | 'container';
  readonly name: string;
  readonly nameSpan: Span;
}

export function targetOf({ text, scalar, span, assumed }: Setting): Target | undefined {
  const at = text.indexOf(':');
  const kind = text.slice(0, Math.max(at, 0));
  if (kind !== 'service' && kind !== 'container') return undefined;
  const plain = !assumed && scalar.value === text && isSame(scalar.span, span);
  const nameSpan = plain ? pieceOf(scalar, at + 1, text.length) : span;
  return { kind, name: text.slice(at + 1), nameSpan };
}
