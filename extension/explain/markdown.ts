/** Text of a host in a Markdown document: it is shown as it is and can neither be a link, nor HTML, nor a heading. */
import { displayText } from '../model/text.ts';

/**
 * Every character that CommonMark or GitHub's extensions give a meaning, among them those of which bare addresses are made
 * into links: `https://`, `www.` and `name@host`.
 */
const special = /[\\`*_{}[\]<>()#+\-.!|~&:@$^="']/g;

/** In one line, at most `limit` characters before escaping. */
export function escapeMarkdown(text: string, limit = 2000): string {
  return displayText(text.replace(/\s+/g, ' '), limit).replace(special, '\\$&');
}

/** A block that shows the text unchanged. */
export function codeBlock(text: string): string {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${fence}\n${text.replace(/\n$/, '')}\n${fence}`;
}
