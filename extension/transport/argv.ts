/**
 * Command lines for login shells that nobody knows: bash, zsh, fish, csh, BusyBox. They hold constants, a path of harmless
 * characters and one base64url token; nothing that a person, a file or a host said is ever part of a shell's words.
 */
import type { RemoteCommand } from './transport.ts';

/** Linux takes 128 KiB per argument (MAX_ARG_STRLEN, execve(2)). */
const maximumToken = 128 * 1024 - 1024;

/** A netstring: length in bytes, colon, bytes, comma. */
export function netstring(bytes: Uint8Array | string): Buffer {
  const payload = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return Buffer.concat([Buffer.from(`${payload.length}:`), payload, Buffer.from(',')]);
}

/** `--argv=` and the arguments' netstrings in base64url without padding. */
export function encodeArguments(args: readonly string[]): string {
  const token = Buffer.concat(args.map((arg) => netstring(arg))).toString('base64url');
  if (token.length > maximumToken) throw new RangeError('the arguments are too long for one command line');
  if (args.some((arg) => arg.includes('\0'))) throw new RangeError('an argument cannot hold a NUL byte');
  return `--argv=${token}`;
}

/** @throws RangeError for what a login shell could read differently */
export function commandLine(command: RemoteCommand): string {
  if ('script' in command) {
    checkScript(command.script);
    return `sh -c '${command.script}'`;
  }
  checkProgram(command.program);
  return command.args.length === 0 ? command.program : `${command.program} ${encodeArguments(command.args)}`;
}

/**
 * Inside single quotes all shells leave everything alone but: the quote itself, line ends (csh), `!` (csh, also within quotes),
 * and the backslash (fish).
 */
export function checkScript(script: string): void {
  if (!/^[\u0020-\u007e]+$/.test(script)) throw new RangeError('a script is one line of printable ASCII');
  if (/['\\!]/.test(script)) throw new RangeError("a script cannot hold ', \\ or !");
}

export function checkProgram(program: string): void {
  if (!/^[A-Za-z0-9/._][A-Za-z0-9/._-]*$/.test(program)) {
    throw new RangeError(`the path "${program}" holds characters other than A-Z a-z 0-9 / . _ -`);
  }
}
