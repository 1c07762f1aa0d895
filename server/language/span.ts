/** A piece of a text: offsets in UTF-16 code units, the end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function contains(span: Span, offset: number): boolean {
  return span.start <= offset && offset <= span.end;
}

export function isSame(one: Span, other: Span): boolean {
  return one.start === other.start && one.end === other.end;
}
