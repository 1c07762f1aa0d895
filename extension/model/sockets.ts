/** Listening sockets of a net namespace, as rows and as what can be connected to. Pure. */
import type { OwnerRecord, ProcessIdentity, SocketKind, SocketRecord } from '../helper/protocol.ts';
import type { Listening } from '../helper/sockets.ts';
import { displayText } from './text.ts';

/** What `relay` connects to. */
export type Place =
  | { readonly kind: 'tcp' | 'udp'; readonly address: string; readonly port: number }
  /** An absolute path, or `@` and an abstract name (unix(7)); the path as this process sees it, if it is known. */
  | { readonly kind: 'unix'; readonly path: string; readonly process?: ProcessIdentity };

export interface SocketRow {
  /** Unique in its namespace, and the same as long as the socket is there. */
  readonly id: string;
  /** `tcp 127.0.0.1:8080`. */
  readonly label: string;
  /** Who has it open: `nginx (pid 12)`. Empty when that is not known. */
  readonly owner: string;
  /** Sentences for a tooltip. */
  readonly details: readonly string[];
  /** Undefined where nothing can be forwarded to it; `details` says why. */
  readonly place: Place | undefined;
  /** Not a socket, but something to know about the list. */
  readonly note?: true;
}

function note(id: string, label: string, detail: string): SocketRow {
  return { id, label, owner: '', details: [detail], place: undefined, note: true };
}

/** Stands for all of them where they could not be asked for. */
export function notListed(error: unknown): SocketRow {
  const message = displayText(error instanceof Error ? error.message : String(error), 300);
  return { ...note('error', 'Not listed', message), owner: message };
}

/** What a person is to know besides: that there are none, or of which kinds the kernel does not tell. */
export function listNotes({ sockets, unlisted }: Pick<Listening, 'sockets' | 'unlisted'>): readonly SocketRow[] {
  // Most hosts have no vsock and need none.
  const missing = unlisted.filter(({ kind }) => kind !== 'vsock');
  const notes = missing.map(({ kind, errno }) =>
    note(
      `unlisted.${kind}`,
      `${kind} sockets are not listed`,
      `The kernel does not tell of them (${displayText(errno)}): it has no ${diagModules[kind]} module, or may not load it.`,
    ),
  );
  if (sockets.length > 0 || missing.length > 0) return notes;
  return [note('nothing', 'Nothing listens', 'No TCP, UDP or unix socket of this net namespace waits for anybody.')];
}

const diagModules: Readonly<Record<SocketKind, string>> = {
  tcp: 'tcp_diag',
  tcp6: 'tcp_diag',
  udp: 'udp_diag',
  udp6: 'udp_diag',
  unix: 'unix_diag',
  vsock: 'vsock_diag',
};

/** As `relay` takes it. */
export function placeWord(place: Place): string {
  if (place.kind === 'unix') return `unix:${place.path}`;
  return `${place.kind}:${endpoint(place.address, place.port)}`;
}

/** As people read it: `tcp 127.0.0.1:8080`, `unix /run/x.sock`. */
export function placeName(place: Place): string {
  return place.kind === 'unix'
    ? `unix ${displayText(place.path)}`
    : `${place.kind} ${endpoint(place.address, place.port)}`;
}

export function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What `placeWord` writes; undefined for anything else. Names are not looked up: inside, they would be others. */
export function parsePlace(word: string): Place | undefined {
  const unix = /^unix:([/@].{1,106})$/s.exec(word)?.[1];
  if (unix !== undefined)
    return Buffer.byteLength(unix) < 108 && !unix.includes('\0') ? { kind: 'unix', path: unix } : undefined;
  const [, kind, v6, v4, digits] = /^(tcp|udp):(?:\[([\da-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(word) ?? [];
  const address = v6 ?? v4;
  const port = Number(digits);
  if ((kind !== 'tcp' && kind !== 'udp') || address === undefined || port < 1 || port > 65_535) return undefined;
  const isAddress = v6 === undefined ? isIPv4(address) : isIPv6(address);
  return isAddress ? { kind, address, port } : undefined;
}

function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIPv6(text: string): boolean {
  try {
    return new URL(`http://[${text}]/`).hostname.length > 2;
  } catch {
    return false;
  }
}

/** Of 8 or 32 hexadecimal digits; IPv6 as RFC 5952 writes it. */
export function addressText(digits: string): string {
  if (digits.length === 8) return (digits.match(/../g) ?? []).map((part) => Number.parseInt(part, 16)).join('.');
  const groups = (digits.match(/.{4}/g) ?? []).join(':');
  // The URL standard's serializer is RFC 5952, but for IPv4-mapped addresses, which it writes in hexadecimal.
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}

const kindOrder: readonly SocketKind[] = ['tcp', 'tcp6', 'udp', 'udp6', 'unix', 'vsock'];

/** In the order of kinds, then of ports or names. */
export function socketRows({ sockets, owners }: Pick<Listening, 'sockets' | 'owners'>): readonly SocketRow[] {
  const ownersOf = new Map<number, OwnerRecord[]>();
  for (const owner of owners) {
    const known = ownersOf.get(owner.inode) ?? [];
    if (!known.some(({ pid }) => pid === owner.pid)) ownersOf.set(owner.inode, [...known, owner]);
  }
  return sockets.toSorted(compare).map((socket) => rowOf(socket, ownersOf.get(socket.inode) ?? []));
}

function compare(a: SocketRecord, b: SocketRecord): number {
  const kinds = kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind);
  if (kinds !== 0) return kinds;
  if (a.kind === 'unix' || b.kind === 'unix') {
    const [one, other] = [nameOf(a), nameOf(b)];
    return one < other ? -1 : Number(one > other);
  }
  return a.port - b.port;
}

function nameOf(socket: SocketRecord): string {
  if (socket.kind !== 'unix') return '';
  return socket.path ?? (socket.abstract === undefined ? '' : `@${socket.abstract}`);
}

function rowOf(socket: SocketRecord, owners: readonly OwnerRecord[]): SocketRow {
  return {
    id: `${socket.kind}.${socket.inode}`,
    label: labelOf(socket),
    owner: owners.map(({ comm, pid }) => `${displayText(comm)} (pid ${pid})`).join(', '),
    details: [
      ...detailsOf(socket),
      owners.length === 0 ? 'Which process has it open is not known: none that this user may look into.' : undefined,
    ].filter((each) => each !== undefined),
    place: placeOf(socket, owners[0]),
  };
}

function labelOf(socket: SocketRecord): string {
  if (socket.kind === 'unix') {
    const name = nameOf(socket);
    return `unix ${name === '' ? '(no name)' : displayText(name)}`;
  }
  if (socket.kind === 'vsock') return `vsock ${socket.cid === anyCid ? '*' : socket.cid}:${socket.port}`;
  const device = socket.device === undefined ? '' : `%${displayText(socket.device)}`;
  const address = addressText(socket.address);
  const where = address.includes(':') ? `[${address}${device}]` : `${address}${device}`;
  return `${socket.kind.startsWith('tcp') ? 'tcp' : 'udp'} ${where}:${socket.port}`;
}

/** VMADDR_CID_ANY. */
const anyCid = 0xffffffff;
const stream = 1;

function detailsOf(socket: SocketRecord): readonly (string | undefined)[] {
  if (socket.kind === 'vsock') return ['A vsock socket: it cannot be forwarded.'];
  if (socket.kind !== 'unix') {
    return [
      socket.device === undefined ? undefined : `It is bound to the interface ${displayText(socket.device)}.`,
      socket.v6only === false && isAny(socket.address) ? 'It takes IPv4, too.' : undefined,
      isLinkLocal(socket.address) ? 'A link-local address: it cannot be forwarded.' : undefined,
    ];
  }
  if (socket.type !== stream) return ['Not a stream socket: it cannot be forwarded.'];
  const name = nameOf(socket);
  if (name === '') return ['It has no name, so nothing can connect to it.'];
  if (placeOf(socket) !== undefined) return [];
  return ['It was bound to a relative path or to a name that is not text: it cannot be forwarded.'];
}

function isAny(digits: string): boolean {
  return /^0+$/.test(digits);
}

/** fe80::/10: of use only together with an interface. */
function isLinkLocal(digits: string): boolean {
  return digits.length === 32 && /^fe[89ab]/.test(digits);
}

function placeOf(socket: SocketRecord, owner?: OwnerRecord): Place | undefined {
  if (socket.kind === 'vsock') return undefined;
  if (socket.kind === 'unix') {
    const path = nameOf(socket);
    const known = socket.type === stream && /^[/@]./s.test(path) && !/[\0\ufffd]/.test(path);
    if (!known) return undefined;
    return { kind: 'unix', path, ...(owner === undefined ? {} : { process: { pid: owner.pid, start: owner.start } }) };
  }
  if (isLinkLocal(socket.address)) return undefined;
  const kind = socket.kind.startsWith('tcp') ? 'tcp' : 'udp';
  // Bound to any address, it is reached by the loopback one, where that is up: `relay` says so where it is not.
  const loopback = socket.address.length === 8 ? '127.0.0.1' : '::1';
  return { kind, address: isAny(socket.address) ? loopback : addressText(socket.address), port: socket.port };
}
