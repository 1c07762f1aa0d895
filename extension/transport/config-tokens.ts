/** Tokens, `~` and `${NAME}` in values of ssh_config(5). */
import { createHash } from 'node:crypto';
import { homedir, hostname, userInfo } from 'node:os';
import { expandHome } from './config-files.ts';
import { ConnectionError } from './errors.ts';

export interface Tokens {
  readonly original: string;
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  readonly hostKeyAlias: string | undefined;
}

/**
 * @param kind a command is read by a shell, which does `~` and `$` itself
 * @throws ConnectionError `configuration` for an unknown token or a variable that is not set; ssh(1) refuses both too
 */
export function expand(value: string, tokens: Tokens, keyword: string, kind: 'path' | 'command' = 'path'): string {
  const plain =
    kind === 'command'
      ? value
      : expandHome(value).replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => variable(name, keyword));
  return plain.replaceAll(/%(.?)/gs, (token, letter: string) => {
    const meaning = meaningOf(letter, tokens);
    if (meaning === undefined) throw invalid(`${keyword} holds the unknown token "${token}".`);
    return meaning;
  });
}

function meaningOf(letter: string, tokens: Tokens): string | undefined {
  switch (letter) {
    case '%':
      return '%';
    case 'C':
      return createHash('sha1').update(`${hostname()}${tokens.hostname}${tokens.port}${tokens.user}`).digest('hex');
    case 'd':
      return homedir();
    case 'h':
      return tokens.hostname;
    case 'i':
      return String(userInfo().uid);
    case 'k':
      return tokens.hostKeyAlias ?? tokens.original;
    case 'L':
      return hostname().split('.')[0];
    case 'l':
      return hostname();
    case 'n':
      return tokens.original;
    case 'p':
      return String(tokens.port);
    case 'r':
      return tokens.user;
    case 'u':
      return userInfo().username;
    default:
      return undefined;
  }
}

/** `none`, `SSH_AUTH_SOCK`, `$NAME` or a path. */
export function identityAgent(value: string | undefined, tokens: Tokens): string | undefined {
  if (value === undefined || value === 'SSH_AUTH_SOCK') return standardAgent();
  if (value.toLowerCase() === 'none') return undefined;
  // ssh_config(5): a value that begins with `$` is an environment variable; `${NAME}` within a path is expanded below.
  if (value.startsWith('$') && !value.startsWith('${')) return present(process.env[value.slice(1)]);
  return expand(value, tokens, 'IdentityAgent');
}

function standardAgent(): string | undefined {
  const pipe = process.platform === 'win32' ? String.raw`\\.\pipe\openssh-ssh-agent` : undefined;
  return present(process.env['SSH_AUTH_SOCK']) ?? pipe;
}

function present(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function variable(name: string, keyword: string): string {
  const value = process.env[name];
  if (value === undefined) throw invalid(`${keyword} names the environment variable "${name}", which is not set.`);
  return value;
}

function invalid(message: string): ConnectionError {
  return new ConnectionError('configuration', message, 'Correct the SSH configuration file.');
}
