import type { ConnectionErrorCode } from '../../transport/errors.ts';
import { never } from '../never.ts';

/** What a notification of a failed connection offers. The labels are the buttons' words. */
export const remedies = {
  again: 'Try Again',
  withoutSudo: 'Connect Without sudo',
  knownHosts: 'Open known_hosts',
  sshConfiguration: 'Open SSH Configuration',
  settings: 'Open Settings',
  log: 'Show Log',
} as const;

export type Remedy = keyof typeof remedies;

/**
 * The next steps that can mend a failure, likeliest first. Trying again is not offered where it would end the same way until
 * something else has been changed.
 */
export function remediesFor(code: ConnectionErrorCode): readonly Remedy[] {
  switch (code) {
    case 'cancelled':
      return [];
    case 'host-key-changed':
    case 'host-key-revoked':
      return ['knownHosts', 'log'];
    case 'host-key-unknown':
    case 'authentication':
    case 'unreachable':
    case 'timeout':
    case 'lost':
    case 'helper':
      return ['again', 'log'];
    case 'unresolvable':
      return ['settings', 'sshConfiguration', 'again'];
    case 'configuration':
    case 'proxy':
      return ['sshConfiguration', 'again', 'log'];
    case 'sudo':
      return ['again', 'withoutSudo', 'log'];
    case 'deployment':
      return ['again', 'log'];
    case 'unsupported-host':
      return ['log'];
    default:
      return never(code);
  }
}
