import type { ConnectionError, ConnectionErrorCode } from '../transport/errors.ts';

/** When a lost connection is tried again by itself. All times in milliseconds. */
export interface ReconnectPolicy {
  /** Ceiling of the first delay; doubles with each try. */
  readonly initialDelay: number;
  /** Ceiling of every delay. */
  readonly maximumDelay: number;
  /** Tries after one loss before it is left to the person. */
  readonly tries: number;
  /**
   * A connection that lasted less than this does not reset the count of tries; otherwise a helper that dies during its first
   * scan would be restarted for ever.
   */
  readonly stableAfter: number;
  /** An attempt that nobody watches and nobody can cancel ends after this. */
  readonly attemptTimeout: number;
}

export const defaultReconnectPolicy: ReconnectPolicy = {
  initialDelay: 1_000,
  maximumDelay: 60_000,
  tries: 20,
  stableAfter: 60_000,
  attemptTimeout: 60_000,
};

/**
 * Milliseconds to wait before the next try, after `tries` failed ones: exponential back-off with full jitter, so that many
 * windows cut off by one event do not come back in step.
 *
 * @param random in [0, 1).
 */
export function reconnectDelay(policy: ReconnectPolicy, tries: number, random: number): number {
  return Math.round(random * Math.min(policy.maximumDelay, policy.initialDelay * 2 ** tries));
}

/**
 * Whether trying again by itself can help and can do no harm. Refused credentials are never sent twice: servers lock accounts.
 * A host key or a host that was unsuitable stays so until a person has done something.
 */
export function mayReconnect(error: ConnectionError): boolean {
  return reconnects[error.code];
}

const reconnects: Readonly<Record<ConnectionErrorCode, boolean>> = {
  lost: true,
  timeout: true,
  unreachable: true,
  unresolvable: true,
  proxy: true,
  helper: true,
  cancelled: false,
  authentication: false,
  sudo: false,
  'host-key-unknown': false,
  'host-key-changed': false,
  'host-key-revoked': false,
  configuration: false,
  'unsupported-host': false,
  deployment: false,
};
