/** The setting `linuxNamespaces.hosts`, as data. People edit it by hand, so nothing in it is taken for granted. */
import type { HostSpec } from './types.ts';

const localId = 'local';

/** Of a name, an address, `user@host:port` or an alias; nothing real comes near it. */
const maximumTarget = 512;

/** Stable across restarts. An ssh alias that happens to be called `local` stays apart from this machine. */
export function hostId(spec: HostSpec): string {
  if (spec.kind === 'local') return localId;
  return spec.target === localId ? `ssh:${localId}` : spec.target;
}

export function hostLabel(spec: HostSpec): string {
  return spec.kind === 'local' ? 'This machine' : spec.target;
}

/** Why a text is no ssh target; undefined when it is one. */
export function targetProblem(target: string): string | undefined {
  if (target === '') return 'it is empty';
  if (target.length > maximumTarget) return `it is longer than ${maximumTarget} characters`;
  if (/[\s\p{C}]/u.test(target)) return 'it contains blanks or control characters';
  // As ssh(1) itself: such a name could be read as an option.
  if (target.startsWith('-')) return 'it begins with a hyphen';
  return undefined;
}

export interface ParsedHosts {
  readonly specs: readonly HostSpec[];
  /** What was skipped and why, whole sentences. */
  readonly problems: readonly string[];
}

/**
 * Reads `{ "target": "alice@build7", "sudo": false }` and, only to keep this machine's `sudo`, `{ "local": true, "sudo": true }`.
 * Never throws: what is malformed is reported and skipped, the rest is used.
 */
export function parseHosts(setting: unknown): ParsedHosts {
  if (setting === undefined || setting === null) return { specs: [], problems: [] };
  if (!Array.isArray(setting)) return { specs: [], problems: ['The list of hosts in the settings is not an array.'] };
  const specs = new Map<string, HostSpec>();
  const problems: string[] = [];
  for (const [index, entry] of elements(setting).entries()) {
    const parsed = parseEntry(entry);
    if (typeof parsed === 'string') problems.push(`Host ${index + 1} in the settings is skipped: ${parsed}.`);
    else if (specs.has(hostId(parsed))) {
      problems.push(`Host ${index + 1} in the settings is skipped: ${hostLabel(parsed)} is already listed.`);
    } else specs.set(hostId(parsed), parsed);
  }
  return { specs: [...specs.values()], problems };
}

/**
 * The setting's new value: entries that stay keep their place and whatever else is written in them, and what could not be
 * read is left for its author to mend.
 */
export function formatHosts(setting: unknown, specs: readonly HostSpec[]): readonly unknown[] {
  const left = new Map(specs.map((spec) => [hostId(spec), spec]));
  const kept: unknown[] = [];
  for (const entry of Array.isArray(setting) ? elements(setting) : []) {
    const parsed = parseEntry(entry);
    if (typeof parsed === 'string') {
      kept.push(entry);
      continue;
    }
    const spec = left.get(hostId(parsed));
    if (spec === undefined) continue;
    left.delete(hostId(parsed));
    kept.push(parsed.sudo === spec.sudo || !isRecord(entry) ? entry : { ...entry, sudo: spec.sudo });
  }
  return [...kept, ...[...left.values()].map(formatEntry)];
}

function parseEntry(entry: unknown): HostSpec | string {
  if (!isRecord(entry)) return 'it is not an object with a "target"';
  const { target, sudo, local } = entry;
  if (sudo !== undefined && typeof sudo !== 'boolean') return '"sudo" is neither true nor false';
  if (local === true && target === undefined) return { kind: 'local', sudo: sudo ?? false };
  if (typeof target !== 'string') return '"target" is not a text';
  const problem = targetProblem(target);
  return problem === undefined ? { kind: 'ssh', target, sudo: sudo ?? false } : `"target" is unusable: ${problem}`;
}

function formatEntry(spec: HostSpec): object {
  const host = spec.kind === 'local' ? { local: true } : { target: spec.target };
  return spec.sudo ? { ...host, sudo: true } : host;
}

/** `Array.isArray` narrows to `any[]`; the elements are as unknown as the setting. */
function elements(setting: readonly unknown[]): readonly unknown[] {
  return setting;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
