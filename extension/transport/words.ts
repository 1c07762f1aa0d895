/** Words for people from what servers and the system say. Pure. */
import type { ResolvedHost } from './config.ts';
import { ConnectionError } from './errors.ts';

/** `alice@build7:2222`. */
export function describeHost(host: Pick<ResolvedHost, 'user' | 'alias' | 'port'>): string {
  const name = host.alias.includes(':') ? `[${host.alias}]` : host.alias;
  return `${host.user}@${name}${host.port === 22 ? '' : `:${host.port}`}`;
}

/** Text of a server without control and direction characters, at most 1,000 characters; line ends stay. */
export function plainText(text: string): string {
  return text
    .replaceAll('\t', ' ')
    .replaceAll(/[^\P{C}\n]/gu, '')
    .slice(0, 1000)
    .trim();
}

/** Errors of net.connect and of name resolution. */
export function socketError(
  error: Error,
  what: string,
  host: Pick<ResolvedHost, 'hostname' | 'port'>,
): ConnectionError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const at = `${host.hostname} port ${host.port}`;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return new ConnectionError(
        'unresolvable',
        `${what}: the name "${host.hostname}" cannot be resolved${code === 'EAI_AGAIN' ? ' now' : ''}.`,
        'Check the name, the network and the VPN; HostName in the SSH configuration gives an alias its address.',
        error,
      );
    case 'ECONNREFUSED':
      return new ConnectionError(
        'unreachable',
        `${what}: nothing listens on ${at} (connection refused).`,
        'Check the port and that the SSH server runs.',
        error,
      );
    case 'ETIMEDOUT':
      return timeoutError(what, `${at} does not answer`, error);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
      return new ConnectionError(
        'unreachable',
        `${what}: there is no way to ${at} (${code}).`,
        'Check the network and the VPN, and whether the host is up.',
        error,
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return new ConnectionError(
        'unreachable',
        `${what}: ${at} closed the connection.`,
        'The server may refuse this address or have too many connections; look into its log.',
        error,
      );
    default:
      return new ConnectionError(
        'unreachable',
        `${what}: ${at}: ${plainText(error.message)}`,
        'Check the network.',
        error,
      );
  }
}

export function timeoutError(what: string, why: string, cause?: unknown): ConnectionError {
  return new ConnectionError(
    'timeout',
    `${what}: ${why}.`,
    'Check that the host is up and that no firewall drops the connection; ConnectTimeout sets how long to wait.',
    cause,
  );
}

const kinds: readonly (readonly [RegExp, string, string])[] = [
  [/key exchange/, 'key exchange algorithm', 'KEX method'],
  [/host key/, 'host key type', 'Host key format'],
  [/C->S cipher/, 'cipher', 'C->S cipher'],
  [/S->C cipher/, 'cipher', 'S->C cipher'],
  [/C->S MAC/, 'MAC', 'C->S MAC'],
  [/S->C MAC/, 'MAC', 'S->C MAC'],
];

/**
 * What ssh2 says before the connection stands.
 * @param remote what the server offers, by ssh2's own name for the kind of algorithm
 */
export function handshakeError(error: Error, what: string, remote: ReadonlyMap<string, string>): ConnectionError {
  const { message } = error;
  const unmatched = /no matching (.*)$/i.exec(message)?.[1];
  if (unmatched !== undefined) {
    const [, kind, name] = kinds.find(([pattern]) => pattern.test(unmatched)) ?? [undefined, 'algorithm', ''];
    const offered = plainText(remote.get(name) ?? '');
    return new ConnectionError(
      'configuration',
      `${what}: no ${kind} in common. The server offers ${offered === '' ? 'none that is known here' : offered.replaceAll(',', ', ')}.`,
      'Update the SSH server, or allow one of these in the SSH configuration.',
      error,
    );
  }
  if (/identification string/i.test(message)) {
    return new ConnectionError(
      'unreachable',
      `${what}: what answers there is not an SSH server.`,
      'Check the port.',
      error,
    );
  }
  if (/before handshake/.test(message)) {
    return new ConnectionError(
      'unreachable',
      `${what}: the server closed the connection before the key exchange.`,
      'It may refuse this address or have too many connections; look into its log.',
      error,
    );
  }
  return new ConnectionError(
    'unreachable',
    `${what}: ${plainText(message)}`,
    'Look into the log of the SSH server.',
    error,
  );
}
