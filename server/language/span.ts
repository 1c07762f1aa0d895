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

/**
 * Something in a text, whose place is kept as numbers: a span is made where one is asked for, which is seldom. What is read of a large
 * file is kept until it has been judged, and the garbage collector copies it; with an object for each place that took longer than
 * to read it. Fields are declared, here and in whatever is made by the hundred thousand: V8 would first define each as undefined, by
 * a function that it does not inline, and the constructor set it again.
 */
export class Placed {
  declare readonly start: number;
  declare end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }
}
