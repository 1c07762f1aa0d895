/** Addresses of files: `linux-namespaces://HOST/TARGET/path`. Pure. */
import type { NamespaceKey } from '../model/types.ts';

/** Whose files they are. */
export type FileTarget =
  | { readonly kind: 'namespace'; readonly key: NamespaceKey }
  | { readonly kind: 'process'; readonly pid: number; readonly start: number }
  | { readonly kind: 'instance'; readonly name: string };

export interface FileAddress {
  readonly host: string;
  readonly target: FileTarget;
  /** Begins with a slash; as `names.ts` makes it. */
  readonly path: string;
}

/** `mnt:4026532290`, `pid:912:88123` or an instance's name, which has no colon. */
export function formatTarget(target: FileTarget): string {
  if (target.kind === 'namespace') return target.key;
  return target.kind === 'process' ? `pid:${target.pid}:${target.start}` : target.name;
}

export function parseTarget(text: string): FileTarget | undefined {
  const mount = /^mnt:(\d{1,10})$/.exec(text);
  if (mount !== null) return { kind: 'namespace', key: `mnt:${Number(mount[1])}` };
  const process = /^pid:(\d{1,7}):(\d{1,20})$/.exec(text);
  if (process !== null) return { kind: 'process', pid: Number(process[1]), start: Number(process[2]) };
  return /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/.test(text) ? { kind: 'instance', name: text } : undefined;
}

/** The editor makes an authority lower case, so what is not that already, and `_`, is the hexadecimal digits of its bytes. */
export function formatAuthority(host: string): string {
  return host.replaceAll(/[^a-z0-9.-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

export function parseAuthority(authority: string): string {
  const bytes = authority
    .split(/(_[0-9a-f]{2})/)
    .map((part) => (/^_[0-9a-f]{2}$/.test(part) ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part)));
  return Buffer.concat(bytes).toString();
}

export interface AddressParts {
  readonly authority: string;
  readonly path: string;
}

export function formatFileAddress({ host, target, path }: FileAddress): AddressParts {
  return { authority: formatAuthority(host), path: `/${formatTarget(target)}${path}` };
}

/** Undefined for what is no address of a file. */
export function parseFileAddress({ authority, path }: AddressParts): FileAddress | undefined {
  const [, text = '', ...rest] = path.split('/');
  const target = parseTarget(text);
  if (authority === '' || target === undefined) return undefined;
  return { host: parseAuthority(authority), target, path: `/${rest.join('/')}` };
}

export function joinPath(folder: string, name: string): string {
  return folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}

export function parentPath(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}
