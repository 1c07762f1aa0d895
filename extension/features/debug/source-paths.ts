/** Paths of source files: what the target calls them, and what the editor does. Pure. */
import { isRecord } from '../../is-record.ts';
import type { Message } from './framing.ts';

/** A folder in the editor that has the sources of one in the target. */
export interface PathMapping {
  /** As the editor's machine has it. */
  readonly localRoot: string;
  /** As the target has it. */
  readonly remoteRoot: string;
}

/** The rest of a path below a folder; undefined when it is not below it. A folder that ends in a slash is the same. */
function below(path: string, folder: string): string | undefined {
  const root = folder.replace(/[/\\]+$/, '');
  if (path === root) return '';
  const next = path[root.length];
  return path.startsWith(root) && (next === '/' || next === '\\') ? path.slice(root.length) : undefined;
}

function join(folder: string, rest: string): string {
  const root = folder.replace(/[/\\]+$/, '');
  // A machine with backslashes has them in its folders.
  const windows = /^[A-Za-z]:|^\\\\/.test(folder);
  const separated = windows ? rest.replaceAll('/', '\\') : rest.replaceAll('\\', '/');
  return `${root}${separated}` || '/';
}

export class SourcePaths {
  readonly #mappings: readonly PathMapping[];
  readonly #seen = new Set<string>();
  readonly #references = new Map<string, number>();
  readonly #paths = new Map<number, string>();
  readonly #hides: boolean;

  /**
   * @param mappings the first that fits counts
   * @param shared the editor sees the target's files under the target's paths, so nothing has to be fetched
   */
  constructor(mappings: readonly PathMapping[], shared: boolean) {
    this.#mappings = mappings;
    this.#hides = !shared;
  }

  /** Of a file that the editor names: it has it, whether or not it is mapped. */
  toTarget(path: string): string {
    for (const { localRoot, remoteRoot } of this.#mappings) {
      const rest = below(path, localRoot);
      if (rest !== undefined) return join(remoteRoot, rest);
    }
    this.#seen.add(path);
    return path;
  }

  /** Undefined for a file that only the target has. */
  toEditor(path: string): string | undefined {
    for (const { localRoot, remoteRoot } of this.#mappings) {
      const rest = below(path, remoteRoot);
      if (rest !== undefined) return join(localRoot, rest);
    }
    return this.#hides && !this.#seen.has(path) ? undefined : path;
  }

  /** The file of a reference that `fromAdapter` gave; undefined for those of the adapter's own. */
  pathOf(reference: number): string | undefined {
    return this.#paths.get(reference);
  }

  /** The same message with the target's paths. */
  toAdapter(message: Message): Message {
    return this.#walk(message, (source) => {
      const { path, sourceReference } = source;
      const own = typeof sourceReference === 'number' ? this.#paths.get(sourceReference) : undefined;
      if (own !== undefined) {
        // The adapter knows the file by its path alone.
        const { sourceReference: _, ...rest } = source;
        return { ...rest, path: own };
      }
      return typeof path === 'string' ? { ...source, path: this.toTarget(path) } : source;
    });
  }

  /** The same message with the editor's paths; a file that only the target has gets a reference, by which the editor asks for it. */
  fromAdapter(message: Message): Message {
    return this.#walk(message, (source) => {
      const { path, sourceReference, ...rest } = source;
      if (typeof path !== 'string' || !path.startsWith('/')) return source;
      const local = this.toEditor(path);
      // GDB gives a reference to a file that it cannot read itself, of which the editor may have the text.
      if (local !== undefined) return { ...rest, path: local };
      const own = typeof sourceReference === 'number' && sourceReference > 0;
      return own ? source : { ...source, sourceReference: this.#reference(path) };
    });
  }

  #reference(path: string): number {
    const known = this.#references.get(path);
    if (known !== undefined) return known;
    // Adapters count theirs from 1 on; the protocol has room up to 2^31 - 1.
    const reference = 0x40000000 + this.#references.size;
    this.#references.set(path, reference);
    this.#paths.set(reference, path);
    return reference;
  }

  /** `source` and `sources` are the same wherever they stand in the protocol, so all of them are found by their names. */
  #walk(message: Message, change: (source: Message) => Message): Message {
    const key = message['type'] === 'request' ? 'arguments' : 'body';
    const content = message[key];
    return isRecord(content) ? { ...message, [key]: changed(content, change) } : message;
  }
}

/** Of the parts of the protocol in which a source can be, none is deeper. */
const depth = 4;

function changed(value: Message, change: (source: Message) => Message, level = depth): Message {
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    if (key === 'source' && isRecord(item)) return [key, change(item)];
    const list = listOf(item);
    if (key === 'sources' && list !== undefined)
      return [key, list.map((each) => (isPlain(each) ? change(each) : each))];
    // What a program printed, or what a variable holds, is not the protocol's.
    if (level === 0 || key === 'data' || key === 'variables') return [key, item];
    if (list !== undefined) return [key, list.map((each) => (isPlain(each) ? changed(each, change, level - 1) : each))];
    return [key, isPlain(item) ? changed(item, change, level - 1) : item];
  });
  return Object.fromEntries(entries);
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function isPlain(value: unknown): value is Message {
  return isRecord(value) && !Array.isArray(value);
}
