/** Lines that fit into a dialog beside what else it says. */
const most = 12;

/** A paragraph with a list and its title, cut to what a dialog of a small screen has room for; none without lines. */
export function dialogList(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const more = lines.length > most ? [`and ${lines.length - most} more`] : [];
  return [[title, ...lines.slice(0, most), ...more].join('\n')];
}
