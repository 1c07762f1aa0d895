import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ErrorRecord, NamespaceType } from '../../../extension/helper/protocol.ts';
import { cacheFolder } from './cache.ts';
import { assertHealthy, projectRoot, sanitized } from './helper.ts';
import { temporaryFolder } from './marker.ts';
import { output, run, type RunOptions } from './process.ts';
import { suiteScope } from './scope.ts';
import { checkRecord, parseLine, splitLines } from './shape.ts';

const program = fileURLToPath(new URL('reference.c', import.meta.url));
const sanitizers = ['-g', '-fno-sanitize-recover=all', '-fsanitize=address,undefined'];

/** Builds the program with the helper's own sources, once per state of them. */
async function build(): Promise<string> {
  const folder = join(projectRoot, 'server/helper');
  const sources = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
  const hash = createHash('sha256')
    .update(sanitized ? 'sanitize' : '')
    .update(readFileSync(program));
  for (const name of sources) hash.update(readFileSync(join(folder, name)));
  const executable = join(cacheFolder('programs'), `reference-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(executable)) return executable;
  const draft = `${executable}.${process.pid}`;
  const linked = sources.filter((name) => name.endsWith('.c') && name !== 'main.c').map((name) => join(folder, name));
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-DVERSION="0"', '-DBUILD="0"', '-O1', '-I', folder];
  const way = sanitized ? sanitizers : ['-static'];
  await output(['gcc', ...flags, ...way, program, ...linked, '-pthread', '-o', draft]);
  renameSync(draft, executable);
  return executable;
}

const suite = suiteScope();
let published: Promise<string> | undefined;

/** A copy that every user can run. */
async function referenceProgram(): Promise<string> {
  published ??= build().then((executable) => {
    const copy = join(temporaryFolder(suite), 'reference');
    copyFileSync(executable, copy);
    return copy;
  });
  return published;
}

export interface OpenOptions extends RunOptions {
  readonly through?: readonly string[];
}

/** What each reference opens, `net:4026531840`, or the error. */
export async function openAll(
  type: NamespaceType | 'any',
  references: readonly string[],
  options: OpenOptions = {},
): Promise<(string | ErrorRecord)[]> {
  const command = [...(options.through ?? []), await referenceProgram(), type, ...references];
  const { code, signal, stdout, stderr } = await run(command, options);
  assertHealthy(code, signal, stderr);
  assert.equal(code, 0, stderr);
  return splitLines(stdout).map((line) => {
    if (line[0] !== 123) return line.toString();
    const record = checkRecord(parseLine(line));
    assert.ok('error' in record);
    return record.error;
  });
}

/** The only one of them. */
export async function open(type: NamespaceType | 'any', reference: string, options: OpenOptions = {}): Promise<string> {
  const [found] = await openAll(type, [reference], options);
  assert.ok(typeof found === 'string', JSON.stringify(found));
  return found;
}

/** The error that a reference leads to. */
export async function refused(
  type: NamespaceType | 'any',
  reference: string,
  options: OpenOptions = {},
): Promise<ErrorRecord> {
  const [found] = await openAll(type, [reference], options);
  assert.ok(typeof found === 'object', `${reference} was opened: ${JSON.stringify(found)}`);
  return found;
}
