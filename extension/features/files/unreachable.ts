/** There is no way to the files of a target at present; the message says why and what helps. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
