/** KexAlgorithms, Ciphers, MACs and HostKeyAlgorithms of ssh_config(5), as far as ssh2 has them. Pure. */
import type { Algorithms } from 'ssh2';
import constants from 'ssh2/lib/protocol/constants.js';
import type { AlgorithmKeyword } from './config.ts';
import { matchesPattern } from './patterns.ts';

/** @param hostKeys in the order that known_hosts asks for */
export function clientAlgorithms(
  configured: Readonly<Record<AlgorithmKeyword, string | undefined>>,
  hostKeys: readonly string[],
): Algorithms {
  const offered = hostKeys.flatMap((name) => constants.SUPPORTED_SERVER_HOST_KEY.filter((each) => each === name));
  return {
    kex: select(configured.kexalgorithms, constants.DEFAULT_KEX, constants.SUPPORTED_KEX),
    cipher: select(configured.ciphers, constants.DEFAULT_CIPHER, constants.SUPPORTED_CIPHER),
    hmac: select(configured.macs, constants.DEFAULT_MAC, constants.SUPPORTED_MAC),
    serverHostKey: select(configured.hostkeyalgorithms, offered, offered),
    // Little is carried, and compression would cost more time than it saves.
    compress: ['none'],
  };
}

/** `+` appends, `-` removes, `^` puts first, else the list replaces; what is not known here is left out (ssh_config(5)). */
export function select<T extends string>(value: string | undefined, standard: readonly T[], all: readonly T[]): T[] {
  if (value === undefined) return [...standard];
  const sign = /^[+^-]/.exec(value)?.[0] ?? '';
  const patterns = value.slice(sign.length).split(',');
  const named = [...new Set(patterns.flatMap((pattern) => all.filter((name) => matchesPattern(name, pattern.trim()))))];
  const rest = standard.filter((name) => !named.includes(name));
  switch (sign) {
    case '+':
      return [...standard, ...named.filter((name) => !standard.includes(name))];
    case '-':
      return rest;
    case '^':
      return [...named, ...rest];
    default:
      // Nothing of it is known here: then the error about algorithms says what the server has.
      return named.length > 0 ? named : [...standard];
  }
}
