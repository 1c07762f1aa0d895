// @ts-check
/** What a source map has to know when parts of the generated text are replaced. */

/** @typedef {{ start: number, end: number, text: string }} Edit a part of a text and what comes in its place */

/**
 * @param {string} text
 * @param {readonly Edit[]} edits in their order, without line breaks in what is replaced or comes instead
 */
export function applyEdits(text, edits) {
  let at = 0;
  const parts = edits.flatMap(({ start, end, text: inserted }) => {
    const kept = text.slice(at, start);
    at = end;
    return [kept, inserted];
  });
  return [...parts, text.slice(at)].join('');
}

/**
 * The map of the text after the edits. Only columns differ, and of each mapping only the first number says its column.
 * @param {string} json the map of the text before
 * @param {string} text before
 * @param {readonly Edit[]} edits
 */
export function mapAfterEdits(json, text, edits) {
  /** @type {{ mappings: string }} */
  const map = JSON.parse(json);
  let lineStart = 0;
  const lines = map.mappings.split(';').map((line) => {
    const begin = lineStart;
    const lineEnd = text.indexOf('\n', begin);
    lineStart = lineEnd < 0 ? text.length : lineEnd + 1;
    const ofLine = edits.filter(({ start }) => start >= begin && start < lineStart);
    return ofLine.length === 0 ? line : movedLine(line, begin, ofLine);
  });
  return JSON.stringify({ ...map, mappings: lines.join(';') });
}

/**
 * @param {string} line mappings of one line
 * @param {number} begin of the line in its text
 * @param {readonly Edit[]} edits in the line
 */
function movedLine(line, begin, edits) {
  let column = 0;
  let movedBefore = 0;
  return line
    .split(',')
    .map((mapping) => {
      const length = numberLength(mapping);
      column += decode(mapping.slice(0, length));
      const moved = movedColumn(begin + column, edits) - begin;
      const delta = moved - movedBefore;
      movedBefore = moved;
      return length === 0 ? mapping : encode(delta) + mapping.slice(length);
    })
    .join(',');
}

/**
 * @param {number} offset
 * @param {readonly Edit[]} edits
 */
function movedColumn(offset, edits) {
  let shift = 0;
  for (const { start, end, text } of edits) {
    if (offset < end) return Math.min(offset, start) + shift;
    shift += text.length - (end - start);
  }
  return offset + shift;
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Of the first number: five bits a digit, the lowest first, and a sixth that says that more follow.
 * @param {string} mapping
 */
function numberLength(mapping) {
  let length = 0;
  while (digits.indexOf(mapping.charAt(length)) >= 32) length++;
  return mapping === '' ? 0 : length + 1;
}

/** @param {string} text */
function decode(text) {
  const value = text.split('').reduceRight((sum, digit) => sum * 32 + (digits.indexOf(digit) % 32), 0);
  return value % 2 === 1 ? -(value - 1) / 2 : value / 2;
}

/** @param {number} value */
function encode(value) {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = '';
  do {
    const digit = rest % 32;
    rest = Math.floor(rest / 32);
    text += digits.charAt(rest > 0 ? digit + 32 : digit);
  } while (rest > 0);
  return text;
}
