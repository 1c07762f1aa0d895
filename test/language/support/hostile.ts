const depth = 100_000;
const long = 1 << 20;

/** Texts of no dialect that each must bear. */
export const hostile: Readonly<Record<string, () => string>> = {
  nothing: () => '',
  'a line of 1 MB': () => 'a'.repeat(long),
  'a value of 1 MB': () => `a: "${'b '.repeat(long / 2)}"`,
  'a line of 1 MB of words': () => 'unshare --pid '.repeat(long / 14),
  '100,000 empty lines': () => '\n'.repeat(depth),
  '100,000 lines': () => 'a: b\n'.repeat(depth),
  backslashes: () => '\\'.repeat(depth),
  'continued lines': () => 'a \\\n'.repeat(depth),
  quotes: () => '"\''.repeat(depth),
  'an alias bomb': () =>
    Array.from({ length: 26 }, (_, index) => {
      const name = String.fromCodePoint(97 + index);
      const before = String.fromCodePoint(96 + index);
      return index === 0
        ? 'a: &a [x, x, x, x, x, x, x, x, x]'
        : `${name}: &${name} [${`*${before}, `.repeat(8)}*${before}]`;
    }).join('\n'),
  'an alias bomb of maps': () =>
    `services:\n${Array.from({ length: 40 }, (_, index) => `  s${index}: &s${index}\n${index === 0 ? '    image: x' : `    <<: [*s${index - 1}, *s${index - 1}]\n    k: *s${index - 1}`}`).join('\n')}`,
  'an alias of itself': () => 'a: &a\n  b: *a\n  <<: *a\n',
  ...Object.fromEntries(
    ['[', '{', '(', '$(', '`', '${', '- ', '? ', '{"a":', '[{"a":[', '"$(', '<<', 'if ', '( case x in x) '].flatMap(
      (opening) => [[`${opening} 100,000 times`, () => opening.repeat(depth)] as const],
    ),
  ),
  'lines each deeper than the one before': () =>
    Array.from({ length: 1000 }, (_, index) => `${' '.repeat(index)}a:`).join('\n'),
};
