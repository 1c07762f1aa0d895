import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { marker } from './marker.ts';
import { run, type Finished, type RunOptions } from './process.ts';
import { checkRecord, parseLine, splitLines } from './shape.ts';

export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** The suite runs against the build with ASan and UBSan: `NSHELPER_BUILD=sanitize`. */
export const sanitized = process.env['NSHELPER_BUILD'] === 'sanitize';

const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** The status of a sanitizer's finding, so that it can never be taken for one of the helper's own. */
const sanitizerStatus = 99;
process.env['ASAN_OPTIONS'] = `exitcode=${sanitizerStatus}:detect_stack_use_after_return=1`;
process.env['UBSAN_OPTIONS'] = `exitcode=${sanitizerStatus}:halt_on_error=1:print_stacktrace=1`;

/** Environment for a run in which the sanitizer has not what it needs to look for leaks. */
export const withoutLeakCheck: NodeJS.ProcessEnv = { ASAN_OPTIONS: `${process.env['ASAN_OPTIONS']}:detect_leaks=0` };

function make(target: string, product: string): string {
  const result = spawnSync('make', ['-s', '-C', join(projectRoot, 'server/helper'), target], { encoding: 'utf8' });
  const path = join(projectRoot, product);
  if (result.status !== 0 || !existsSync(path)) throw new Error(`make ${target}: ${result.stdout}${result.stderr}`);
  return path;
}

function locate(): string {
  const given = process.env['NSHELPER'];
  if (given !== undefined && given !== '') return given;
  return sanitized
    ? make('sanitize', 'server/helper/obj/nshelper-sanitize')
    : make('all', `dist/helper/nshelper-linux-${arch}`);
}

/** A copy in a folder that every user can read, since the project's own folder need not be. */
function publish(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${marker}-helper-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const copy = join(folder, 'nshelper');
  copyFileSync(path, copy);
  chmodSync(copy, 0o755);
  return copy;
}

/** The helper under test: `NSHELPER=PATH`, the sanitizers' build with `NSHELPER_BUILD=sanitize`, else the one that ships. */
export const helper: string = publish(locate());

export interface HelperRun extends Finished {
  readonly records: readonly HelperRecord[];
}

export interface HelperOptions extends RunOptions {
  /** Program and arguments that run the helper's command line, which is appended: `setpriv …`. */
  readonly through?: readonly string[];
}

/** Fails on what a sanitizer found. */
export function assertHealthy(code: number | null, signal: NodeJS.Signals | null, stderr: string): void {
  assert.equal(signal, null, `nshelper was killed: ${stderr}`);
  assert.notEqual(code, sanitizerStatus, stderr);
  assert.doesNotMatch(stderr, /Sanitizer|runtime error:/);
}

/** Runs the helper to its end. Every line of its output has been checked to be a record. */
export async function runHelper(args: readonly string[], options: HelperOptions = {}): Promise<HelperRun> {
  const result = await run([...(options.through ?? []), helper, ...args], options);
  assertHealthy(result.code, result.signal, result.stderr);
  return { ...result, records: splitLines(result.stdout).map((line) => checkRecord(parseLine(line))) };
}
