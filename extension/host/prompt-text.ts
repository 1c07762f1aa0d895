import { displayText } from '../model/text.ts';

/** Longer than any honest prompt; `sshd` sends lines, and a box has room for a few. */
const limit = 300;

/**
 * A server's words, made fit for an input box or a message. Both turn `[label](command:…)` into a link that runs a command
 * and `$(name)` into an icon (VS Code's `parseLinkedText` and `renderLabelWithIcons`), so an invisible word joiner parts
 * those marks: it reads the same and does nothing.
 */
export function promptText(text: string): string {
  const line = displayText(text.replace(/\s+/g, ' ').trim(), limit);
  return line.replaceAll('](', ']\u2060(').replaceAll('$(', '$\u2060(');
}
