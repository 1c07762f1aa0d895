/** Why a host could not be reached or used. `code` selects the words and the buttons; `message` is whole by itself. */
export type ConnectionErrorCode =
  | 'cancelled'
  | 'unresolvable'
  | 'unreachable'
  | 'timeout'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'host-key-revoked'
  | 'authentication'
  | 'configuration'
  | 'proxy'
  | 'unsupported-host'
  | 'deployment'
  | 'sudo'
  | 'lost'
  | 'helper';

/** A line in a file on this machine; `line` counts from 1. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
}

/** Has a cause in words and the next step for the person, both plain text. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: ConnectionErrorCode;
  /** What the person can do now; a whole sentence. */
  readonly remedy: string;
  /** Where the person must look, such as the line of a changed host key in known_hosts; features offer to open it. */
  readonly place: FilePlace | undefined;

  constructor(code: ConnectionErrorCode, message: string, remedy: string, cause?: unknown, place?: FilePlace) {
    super(message, { cause });
    this.code = code;
    this.remedy = remedy;
    this.place = place;
  }
}
