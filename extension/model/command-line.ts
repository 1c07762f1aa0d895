/** A command as a person types it. Nothing is run by a shell: quotes and backslashes only keep words together. */

export type CommandLine = { readonly argv: readonly [string, ...string[]] } | { readonly problem: string };

/** As the quoting of sh(1), without expansions: '…', "…" with \" \\ \$ \` inside, and \ before any character outside. */
export function commandLine(text: string): CommandLine {
  const argv: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (quote === undefined && (character === ' ' || character === '\t')) {
      if (word !== undefined) argv.push(word);
      word = undefined;
    } else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === '\\' && quote !== "'" && (quote === undefined || '"\\$`'.includes(next))) {
      if (next === '') return { problem: 'Nothing follows the last backslash.' };
      word = `${word ?? ''}${next}`;
      at++;
    } else word = `${word ?? ''}${character}`;
  }
  if (quote !== undefined) return { problem: `The quote ${quote} is not closed.` };
  if (word !== undefined) argv.push(word);
  const [program, ...rest] = argv;
  if (program === undefined) return { problem: 'A command is needed.' };
  if (program === '') return { problem: 'The name of the program is empty.' };
  return { argv: [program, ...rest] };
}
