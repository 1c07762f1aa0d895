import type { Declared, Workload } from './declared.ts';
import type { Completion, Description, Dialect, DialectDefinition, OpenDocument } from './dialect.ts';
import type { Host } from './host.ts';
import { foundBy, inOrder, Remembered, type Found } from './order.ts';
import type { RuleInfo } from './rule.ts';
import { shiftFinding, shiftSpan, shiftWorkload } from './shift.ts';

/** A part of a text with what was found in it. All places are counted from its beginning, so that it may move. */
interface Piece<D> {
  readonly text: string;
  readonly path: string;
  /** Kept of a large one. A small one is one of many, and sooner read again than all of them are kept. */
  declared?: D;
  workloads?: readonly Workload[];
  found?: { readonly host: Host | undefined; readonly findings: Remembered };
}

/** Characters. */
const large = 1 << 14;

interface Placed<D> {
  readonly start: number;
  readonly piece: Piece<D>;
}

/**
 * A document as its pieces, each of which is read and judged by itself: that makes what is taken over from an earlier version the
 * same as what would be found anew.
 */
export class PiecewiseDocument<D extends Declared> implements OpenDocument {
  readonly dialect: Dialect;
  readonly text: string;
  readonly #definition: DialectDefinition<D>;
  readonly #path: string;
  readonly #placed: readonly Placed<D>[];
  #declared: Declared | undefined;

  constructor(
    definition: DialectDefinition<D>,
    dialect: Dialect,
    text: string,
    path: string,
    before: PiecewiseDocument<D> | undefined,
  ) {
    this.#definition = definition;
    this.dialect = dialect;
    this.text = text;
    this.#path = path;
    const known = new Map<string, Piece<D>>();
    if (before !== undefined && before.#path === path) {
      for (const { piece } of before.#placed) known.set(piece.text, piece);
    }
    const starts = definition.pieces?.(text) ?? [0];
    this.#placed = starts.map((start, index) => {
      const part = starts.length === 1 ? text : text.slice(start, starts[index + 1]);
      const piece = known.get(part) ?? { text: starts.length === 1 ? part : ownCopy(part), path };
      // The same text twice in a document is read once.
      known.set(part, piece);
      return { start, piece };
    });
  }

  #read(piece: Piece<D>): D {
    if (piece.declared !== undefined) return piece.declared;
    const declared = this.#definition.read(piece.text, piece.path);
    if (this.#placed.length === 1 || piece.text.length > large) piece.declared = declared;
    return declared;
  }

  get declared(): Declared {
    const [only] = this.#placed;
    this.#declared ??=
      only !== undefined && this.#placed.length === 1
        ? this.#read(only.piece)
        : {
            workloads: this.#placed.flatMap(({ start, piece }) => {
              piece.workloads ??= this.#read(piece).workloads;
              return piece.workloads.map((workload) => shiftWorkload(workload, start));
            }),
          };
    return this.#declared;
  }

  *check(host: Host | undefined, wanted: (rule: RuleInfo) => boolean): Generator<Found, void, undefined> {
    const off = new Set<RuleInfo>(this.dialect.rules.filter((rule) => !wanted(rule)));
    for (const { start, piece } of this.#placed) {
      if (piece.found === undefined || piece.found.host !== host) {
        piece.found = { host, findings: new Remembered(this.#findingsIn(piece, host)) };
      }
      for (const found of piece.found.findings) {
        const [rule, finding] = found;
        if (!off.has(rule)) yield start === 0 ? found : [rule, shiftFinding(finding, start)];
      }
    }
  }

  #findingsIn(piece: Piece<D>, host: Host | undefined): Iterable<Found> {
    const { rules, units } = this.#definition;
    const declared = this.#read(piece);
    const sources: Iterable<Found>[] = units === undefined ? [] : [units.check(declared)];
    for (const rule of rules) sources.push(foundBy(rule, rule.check(declared, host)));
    return inOrder(sources);
  }

  complete(offset: number, host: Host | undefined): readonly Completion[] {
    const placed = this.#at(offset);
    if (placed === undefined) return [];
    const { start, piece } = placed;
    const found = this.#definition.complete?.(this.#read(piece), piece.text, offset - start, host) ?? [];
    return found.map((completion) => ({ ...completion, span: shiftSpan(completion.span, start) }));
  }

  describe(offset: number): Description | undefined {
    const placed = this.#at(offset);
    if (placed === undefined) return undefined;
    const { start, piece } = placed;
    const found = this.#definition.describe?.(this.#read(piece), piece.text, offset - start);
    return found && { ...found, span: shiftSpan(found.span, start) };
  }

  #at(offset: number): Placed<D> | undefined {
    return this.#placed.findLast(({ start }) => start <= offset) ?? this.#placed[0];
  }
}

/** A piece of a string keeps all of the string in memory, which would be every version that a piece is left of. */
function ownCopy(text: string): string {
  const encoding = oneByte.test(text) ? 'latin1' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
}

/** What V8 keeps in a byte each, which is also read faster. */
const oneByte = /^[\0-\xFF]*$/;
