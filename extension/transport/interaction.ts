/** What a connection must ask a person. Implemented over VS Code's input boxes in `host/`, by a script in tests. */
export interface HostKeyQuestion {
  /** As known_hosts writes it: `host` or `[host]:port`. */
  readonly host: string;
  readonly keyType: string;
  /** `SHA256:` and unpadded base64, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** File that the key is added to when it is accepted for good; empty where the configuration names none. */
  readonly file: string;
  /** What else is known of this key, in whole sentences; plain text. */
  readonly note?: string;
}

export interface SecretQuestion {
  readonly kind: 'password' | 'passphrase' | 'keyboard-interactive' | 'sudo';
  /** Whose secret: `alice@build7:2222`, or the key file's path. */
  readonly subject: string;
  /** The server's or our words; untrusted text, shown as plain text. */
  readonly prompt: string;
  readonly instructions?: string;
  /** The typed text may be shown. */
  readonly echo: boolean;
  /** Key in the secret store; absent when the answer must not be kept (one-time codes). */
  readonly storeKey?: string;
}

export interface Interaction {
  confirmHostKey(question: HostKeyQuestion, signal: AbortSignal): Promise<'save' | 'once' | 'refuse'>;
  /** Undefined when the person cancels. Looks into the secret store first when there is a `storeKey`. */
  askSecret(question: SecretQuestion, signal: AbortSignal): Promise<SecretAnswer | undefined>;
  /** A stored secret was refused by the server: it is forgotten, so that the next try asks. */
  forgetSecret(storeKey: string): Promise<void>;
}

export interface SecretAnswer {
  readonly value: string;
  /** The answer came from the store, nobody typed it. */
  readonly stored: boolean;
  /** Called once the secret has been accepted; keeps it if the person asked for that. */
  accepted(): Promise<void>;
}

/** Lines for the extension's log. Never given a secret. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  debug(message: string): void;
}
