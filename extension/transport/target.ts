/** What a person types or ProxyJump lists: `alias`, `user@host:port`, `[v6]:port`, `ssh://…`. Pure. */
import { ConnectionError } from './errors.ts';

export interface Target {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

/** @throws ConnectionError `configuration` */
export function parseTarget(text: string): Target {
  const trimmed = text.trim();
  const uri = /^ssh:\/\/(.*?)\/?$/i.exec(trimmed);
  const plain = uri?.[1] ?? trimmed;
  // The last `@`: a user name may hold one itself.
  const at = plain.lastIndexOf('@');
  const written = at === -1 ? undefined : plain.slice(0, at);
  const user = uri !== null && written !== undefined ? decode(written.split(/[;:]/)[0] ?? '', text) : written;
  const { host, port } = splitPort(plain.slice(at + 1), text);
  if (host === '') throw invalid(text, 'The host name is missing.');
  if (user === '') throw invalid(text, 'The user name before "@" is missing.');
  checkHost(host, text);
  if (user !== undefined) checkUser(user, text);
  return { host, user, port };
}

function splitPort(text: string, whole: string): { host: string; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: parsePort(bracketed[2], whole) };
  const parts = text.split(':');
  // More than one colon without brackets is an IPv6 address.
  if (parts.length !== 2) return { host: text, port: undefined };
  return { host: parts[0] ?? '', port: parsePort(parts[1], whole) };
}

function parsePort(text: string | undefined, whole: string): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw invalid(whole, `"${text}" is not a port (1 to 65535).`);
  return port;
}

function decode(text: string, whole: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(whole, 'The user name is not correctly percent-encoded.');
  }
}

/**
 * Names end up in ProxyCommand and Match exec, which a local shell reads, so what a shell could act on is refused, as ssh(1)
 * does since 9.6 (valid_hostname, valid_ruser: CVE-2023-51385).
 */
export function checkHost(host: string, whole: string): void {
  if (host.startsWith('-') || /[\s'"`$\\;&<>|(){}[\]]/.test(host) || hasControl(host)) {
    throw invalid(whole, 'The host name holds characters that host names cannot have.');
  }
}

export function checkUser(user: string, whole: string): void {
  if (user.startsWith('-') || /['"`;&<>|(){}$]|\s-|\\$/.test(user) || hasControl(user)) {
    throw invalid(whole, 'The user name holds characters that user names cannot have.');
  }
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function invalid(text: string, why: string): ConnectionError {
  return new ConnectionError(
    'configuration',
    `"${text}" does not name an SSH host. ${why}`,
    'Use an alias from the SSH configuration, or user@host:port; put IPv6 addresses in brackets.',
  );
}

/** `host`, or `[host]:port` where the port is not 22, as known_hosts writes it. */
export function knownHostsName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}
