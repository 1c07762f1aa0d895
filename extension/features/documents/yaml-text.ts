import type { Plain } from '../../model/details.ts';

/** What needs no quotation marks: it begins like a word or a path, and nothing in it means something to YAML. */
const plain = /^[A-Za-z/_][\w/.@+(),'’…·-]*(?:(?: |:(?! ))[\w/.@+(),'’…·-]+)*$/;
/** Words that YAML 1.1 or 1.2 takes for something else than text. */
const words = /^(?:null|true|false|yes|no|on|off|y|n|nan|inf)$/i;
/** JSON leaves them as they are, YAML does not allow or does not show them. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g; // eslint-disable-line no-control-regex -- they are what is looked for

/** Block YAML; strings that could be taken for anything else are in double quotes, whose escapes YAML has from JSON. */
export function yamlText(value: Plain): string {
  return `${after(value, '', false).trimStart()}\n`;
}

/** Lines that each begin with a line break. */
function block(value: Extract<Plain, object>, indent: string): string {
  if (Array.isArray(value)) {
    return value.map((item: Plain) => `\n${indent}-${after(item, `${indent}  `, true)}`).join('');
  }
  return Object.entries(value)
    .map(([key, item]) => `\n${indent}${scalar(key)}:${after(item, `${indent}  `, false)}`)
    .join('');
}

/** What follows a dash or a colon. The first key of a mapping in a list stands beside the dash. */
function after(value: Plain, indent: string, dash: boolean): string {
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}`;
  const entries = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (entries === 0) return Array.isArray(value) ? ' []' : ' {}';
  const lines = block(value, indent);
  return dash ? ` ${lines.trimStart()}` : lines;
}

function scalar(value: Exclude<Plain, object>): string {
  if (typeof value !== 'string') return String(value);
  if (plain.test(value) && !words.test(value)) return value;
  return JSON.stringify(value).replaceAll(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
