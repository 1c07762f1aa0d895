/** Where a text stops being JSON (RFC 8259). `JSON.parse` does not tell: its messages differ and leave the place out. */

export interface JsonPlace {
  /** From 1 on. */
  readonly line: number;
  readonly column: number;
}

const blank = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex -- they must not be in it
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|true\b|false\b|null\b/y;

/** The first character that cannot be there; the end of the text where something is missing. Undefined for what is JSON. */
export function jsonProblem(text: string): JsonPlace | undefined {
  const at = problemAt(text);
  if (at === undefined) return undefined;
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

type Expected = 'value' | 'value or ]' | 'name' | 'name or }' | 'after';

function problemAt(text: string): number | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found !== null;
  };
  for (;;) {
    take(blank);
    const character = text[at];
    const inside = open.at(-1);
    if (character === undefined) return expected === 'after' && inside === undefined ? undefined : at;
    if (expected === 'after') {
      if (inside === undefined) return at;
      if (character === ',') expected = inside === '{' ? 'name' : 'value';
      else if (character === (inside === '{' ? '}' : ']')) open.pop();
      else return at;
      at++;
    } else if ((expected === 'name or }' && character === '}') || (expected === 'value or ]' && character === ']')) {
      open.pop();
      expected = 'after';
      at++;
    } else if (expected === 'name' || expected === 'name or }') {
      if (!take(string)) return at;
      take(blank);
      if (text[at] !== ':') return at;
      at++;
      expected = 'value';
    } else if (character === '{' || character === '[') {
      open.push(character);
      expected = character === '{' ? 'name or }' : 'value or ]';
      at++;
    } else if (take(string) || take(scalar)) expected = 'after';
    else return at;
  }
}
