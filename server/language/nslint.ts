/** `nslint FILE…`: the rules of the language server as a plain command. */
import { nslint } from './lint/run.ts';

/** Of package.json, put in by the build; what runs from sources has none. */
declare const nslintVersion: string | undefined;

const { stdout, stderr, env } = process;
// A reader such as head(1) may have seen enough.
stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE') throw new Error(`stdout: ${code ?? ''}`);
});
process.exitCode = nslint(process.argv.slice(2), typeof nslintVersion === 'string' ? nslintVersion : '0.0.0', {
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  coloured: stdout.isTTY && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '',
});
