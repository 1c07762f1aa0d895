/** Where a text stops being JSON (RFC 8259). `JSON.parse` does not tell: its messages differ and leave the place out. */
import { parse, type ParseError } from 'jsonc-parser';

export interface JsonPlace {
  /** From 1 on. */
  readonly line: number;
  readonly column: number;
}

/** The first thing that cannot be there; the end of the text where something is missing. Undefined for what is JSON. */
export function jsonProblem(text: string): JsonPlace | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    const errors: ParseError[] = [];
    try {
      parse(text, errors, { disallowComments: true });
    } catch (error) {
      // It calls itself for what is nested: then the end of the text is all that is known.
      if (!(error instanceof RangeError)) throw error;
    }
    const before = text.slice(0, errors[0]?.offset).split('\n');
    return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
  }
}
