import { displayText } from '../text.ts';
import type { Identity } from './identity.ts';

/** systemd.unit(5), "String Escaping for Inclusion in Unit Names": `\x2d` stands for `-`. What is no UTF-8 stays as it is. */
export function unescapeUnit(text: string): string {
  return text.replace(/(?:\\x[0-9a-f]{2})+/g, (escaped) => {
    try {
      return decodeURIComponent(escaped.replaceAll('\\x', '%'));
    } catch {
      return escaped;
    }
  });
}

/** Unit types that processes run in; slices only hold units. */
const unit = /\.(?:service|scope|socket|mount|swap)$/;

/**
 * Units in which a person starts all kinds of things: login sessions, a user's manager, terminals, `systemd-run` without a
 * name. What runs in one is better named by itself.
 */
const weakUnits: readonly RegExp[] = [
  /^session-[^.]*\.scope$/,
  /^user@\d+\.service$/,
  /^init\.scope$/,
  /^vte-spawn-.+\.scope$/,
  /^tmux-spawn-.+\.scope$/,
  /^run-(?:u|r|p)[0-9a-f-]+(?:i[0-9]+)?\.(?:scope|service)$/,
  /^run-[0-9a-f-]+\.(?:scope|service)$/,
  /^sshd?(?:@.*)?\.service$/,
];

/**
 * Applications of a desktop, systemd's docs/DESKTOP_ENVIRONMENTS.md: `app[-<launcher>]-<ApplicationID>-<random>.scope` and
 * `app[-<launcher>]-<ApplicationID>[@<random>].service`. Only a `-` between the parts is not escaped.
 */
function applicationName(part: string): string | undefined {
  const scope = /^app(?:-[^-]+)?-([^-]+)-[^-]+\.scope$/.exec(part)?.[1];
  const service = /^app(?:-[^-]+)?-([^-@]+)(?:@[^@]*)?\.service$/.exec(part)?.[1];
  const id = scope ?? service;
  return id === undefined ? undefined : unescapeUnit(id);
}

/** The innermost systemd unit of a cgroup path. */
export function unitIdentity(path: readonly string[]): Identity | undefined {
  const index = path.findLastIndex((part) => unit.test(part));
  const part = path[index];
  if (part === undefined) return undefined;
  const whole = displayText(unescapeUnit(part));
  const name = displayText(applicationName(part) ?? whole);
  return {
    // Units of different users' managers may have one name, so the whole path tells them apart.
    id: `unit:/${path.slice(0, index + 1).join('/')}`,
    kind: 'unit',
    name,
    detail: name === whole ? undefined : whole,
    weak: weakUnits.some((pattern) => pattern.test(part)),
  };
}
