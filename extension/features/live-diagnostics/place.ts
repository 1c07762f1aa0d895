/** A line of a text, with the columns of what is on it. */
export interface Place {
  readonly line: number;
  readonly from: number;
  readonly to: number;
}

/** Where a member of the document's outermost mapping begins; its first line that is no comment where there is none of that name. */
export function placeOf(text: string, member: string): Place {
  const lines = text.split('\n');
  const starts = [`${member}:`, `"${member}":`, `'${member}':`];
  const found = lines.findIndex((line) => starts.some((start) => line.startsWith(start)));
  const line =
    found === -1
      ? Math.max(
          0,
          lines.findIndex((each) => each !== '' && !each.startsWith('#')),
        )
      : found;
  return { line, from: 0, to: lines[line]?.length ?? 0 };
}
