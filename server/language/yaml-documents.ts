/** `---` and `...` at the beginning of a line, which nothing that began before goes beyond: https://yaml.org/spec/1.2.2/#rule-c-forbidden */
const marker = /\n(?:---|\.\.\.)(?=[ \t\r\n]|$)/g;

/** Where the documents of a text begin, each with its marker. */
export function documentStarts(text: string): number[] {
  const starts = [0];
  for (const { index } of text.matchAll(marker)) starts.push(index + 1);
  return starts;
}
