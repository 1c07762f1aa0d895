/** What sudo says, in words for people. Pure. */
import { ConnectionError } from '../transport/errors.ts';
import { plain } from './lines.ts';

/** How sudo and sudo-rs say that an answer was wrong, with LC_ALL=C; an administrator may have chosen other words. */
export const refusal = /sorry|try again|incorrect|fail|denied|wrong/i;

/** Undefined for what may be only the wish for a password. sudo's words with LC_ALL=C, and sudo-rs's. */
export function explain(said: string, subject: string): ConnectionError | undefined {
  if (/must have a tty/i.test(said)) {
    return new ConnectionError(
      'sudo',
      `sudo on the host refuses to run without a terminal (requiretty) for ${subject}.`,
      'Ask the administrator for “Defaults:USER !requiretty” in sudoers, or connect without sudo.',
    );
  }
  if (/not in the sudoers|may not run sudo|not allowed to (?:run|execute)|not permitted to|I'm afraid/i.test(said)) {
    return new ConnectionError(
      'sudo',
      `${subject} may not use sudo on the host to run a shell as root.`,
      'Ask the administrator to allow it in sudoers, connect as another user, or connect without sudo.',
      new Error(plain(said)),
    );
  }
  if (/no new privileges|setuid|effective uid is not 0|unable to (?:open|read) .*sudoers|syntax error/i.test(said)) {
    return failed(subject, plain(said));
  }
  return undefined;
}

export function missing(subject: string): ConnectionError {
  return new ConnectionError(
    'sudo',
    `There is no sudo on the host, so ${subject} cannot get administrator rights.`,
    'Install sudo on the host, connect as root, or connect without sudo.',
  );
}

export function failed(subject: string, said: string): ConnectionError {
  return new ConnectionError(
    'sudo',
    `sudo failed on the host for ${subject}: ${said}.`,
    'See whether “sudo sh” works there in a terminal, or connect without sudo.',
  );
}
