/** Patterns of ssh_config(5) and known_hosts, as OpenSSH's match.c reads them. Pure. */

/** `*` is any run of characters, `?` exactly one. */
export function matchesPattern(text: string, pattern: string): boolean {
  // Linear in practice: only the last `*` is ever gone back to, so a hostile pattern cannot blow up.
  let at = 0;
  let star = -1;
  let resume = 0;
  let p = 0;
  while (at < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = at;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[at])) {
      p++;
      at++;
    } else if (star !== -1) {
      p = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** A list with negation: a negated match outweighs every other. */
export function matchesAny(text: string, patterns: readonly string[]): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(text, pattern.slice(1))) return false;
    } else if (matchesPattern(text, pattern)) {
      matched = true;
    }
  }
  return matched;
}

/** A comma-separated list. `lower`: the patterns are lowered too, as for host names. */
export function matchesList(text: string, list: string, lower: boolean): boolean {
  return matchesAny(text, (lower ? list.toLowerCase() : list).split(','));
}
