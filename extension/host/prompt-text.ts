import { displayText } from '../model/text.ts';

/** Longer than any honest prompt; `sshd` sends lines, and a box has room for a few. */
const limit = 300;

/**
 * A text that VS Code shows as it is. Its input boxes and notifications turn `[label](command:…)` into a link that runs a
 * command and `$(name)` into an icon (`parseLinkedText` and `renderLabelWithIcons` in its sources), so an invisible word
 * joiner parts those marks: it reads the same and does nothing. For every text that a host or server had a part in.
 */
export function withoutMarkup(text: string): string {
  return text.replaceAll('](', ']\u2060(').replaceAll('$(', '$\u2060(');
}

/** A server's words, made fit for an input box or a message: one bounded line of plain text. */
export function promptText(text: string): string {
  return withoutMarkup(displayText(text.replace(/\s+/g, ' ').trim(), limit));
}
