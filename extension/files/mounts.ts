/** Mounts of a namespace, from /proc/PID/mountinfo (proc_pid_mountinfo(5)). Pure. */
import { nameFromBytes } from './names.ts';

/** mount_namespaces(7). A mount can be shared and a slave at the same time. */
export interface Propagation {
  /** Peer group with which it exchanges mounts and unmounts. */
  readonly shared: number | undefined;
  /** Peer group from which it receives them, without giving any back. */
  readonly master: number | undefined;
  /** The nearest group above it beneath this root, where `master` itself has no mount there. */
  readonly from: number | undefined;
  readonly unbindable: boolean;
}

export interface Mount {
  readonly id: number;
  readonly parent: number;
  /** `major:minor`. */
  readonly device: string;
  /** What of the file system is mounted. */
  readonly root: string;
  /** As the root of the process sees it. */
  readonly point: string;
  readonly type: string;
  readonly source: string;
  /** Of this mount. */
  readonly options: string;
  /** Of the file system, wherever it is mounted. */
  readonly superOptions: string;
  readonly propagation: Propagation;
}

/** Blank, tab, newline and backslash come as a backslash and three octal digits. */
function unescape(field: string): string {
  const bytes = field.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return nameFromBytes(Buffer.from(bytes, 'latin1'));
}

/** Lines that are no mounts are left out. */
export function parseMounts(text: Buffer): Mount[] {
  return text
    .toString('latin1')
    .split('\n')
    .flatMap((line) => parseMount(line) ?? []);
}

function parseMount(line: string): Mount | undefined {
  const fields = line.split(' ');
  const dash = fields.indexOf('-', 6);
  const [id, parent, device = '', root = '', point, options = ''] = fields;
  if (dash === -1 || point === undefined) return undefined;
  const [type = '', source = '', superOptions = ''] = fields.slice(dash + 1);
  const tags = fields.slice(6, dash);
  const group = (tag: string): number | undefined => {
    const found = tags.find((each) => each.startsWith(`${tag}:`));
    return found === undefined ? undefined : Number(found.slice(tag.length + 1));
  };
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescape(root),
    point: unescape(point),
    type: unescape(type),
    source: unescape(source),
    options,
    superOptions: unescape(superOptions),
    propagation: {
      shared: group('shared'),
      master: group('master'),
      from: group('propagate_from'),
      unbindable: tags.includes('unbindable'),
    },
  };
}

/** Those at a path, and below it. */
export function mountsBeneath(mounts: readonly Mount[], path: string): readonly Mount[] {
  const inside = path === '/' ? '/' : `${path}/`;
  return mounts.filter(({ point }) => point === path || point.startsWith(inside));
}

/** A mount among those that are mounted on it. */
export interface MountNode {
  readonly mount: Mount;
  /** The mount that is found at its mount point instead of it; undefined where it can be reached. */
  readonly hiddenBy: Mount | undefined;
  readonly children: readonly MountNode[];
}

/** By where they are mounted, in the order of their mount points. */
export function mountTree(mounts: readonly Mount[]): readonly MountNode[] {
  const listed = new Set(mounts.map(({ id }) => id));
  // A process in a chroot does not see the mount that its root is on.
  const parentOf = ({ id, parent }: Mount): number | undefined =>
    listed.has(parent) && parent !== id ? parent : undefined;
  const children = new Map<number | undefined, Mount[]>();
  for (const mount of mounts) {
    const parent = parentOf(mount);
    const siblings = children.get(parent) ?? [];
    siblings.push(mount);
    children.set(parent, siblings);
  }
  const found = finder(children);
  const build = (mount: Mount, above: ReadonlySet<number>): MountNode => {
    const inner = new Set([...above, mount.id]);
    const there = found(mount.point);
    return {
      mount,
      hiddenBy: there === mount ? undefined : there,
      children: (children.get(mount.id) ?? [])
        .filter(({ id }) => !inner.has(id))
        .toSorted(byPoint)
        .map((child) => build(child, inner)),
    };
  };
  return (children.get(undefined) ?? []).toSorted(byPoint).map((mount) => build(mount, new Set()));
}

function byPoint(a: Mount, b: Mount): number {
  return a.point === b.point ? a.id - b.id : a.point < b.point ? -1 : 1;
}

/** Where a path leads: from the root, at each name onto what is mounted on it there, however many times. */
function finder(children: ReadonlyMap<number | undefined, readonly Mount[]>): (path: string) => Mount | undefined {
  const at = new Map<string, Mount>();
  for (const [parent, siblings] of children)
    for (const mount of siblings) at.set(`${parent ?? ''} ${mount.point}`, mount);
  return (path) => {
    // The root is where the process has it, whatever has been mounted on it since.
    let current = at.get(' /');
    const names = path.split('/').slice(1);
    const length = path === '/' ? 0 : names.length;
    for (let count = 1; count <= length; count++) {
      const prefix = `/${names.slice(0, count).join('/')}`;
      for (let next = at.get(`${current?.id ?? ''} ${prefix}`); next !== undefined && next !== current;) {
        current = next;
        next = at.get(`${current.id} ${prefix}`);
      }
    }
    return current;
  };
}

/** `shared with group 5`; as mount(8) and mount_namespaces(7) call it. */
export function propagationWords({ shared, master, from, unbindable }: Propagation): string {
  if (unbindable) return 'unbindable';
  const parts = [
    ...(shared === undefined ? [] : [`shared in peer group ${shared}`]),
    ...(master === undefined ? [] : [`slave of peer group ${master}`]),
    ...(from === undefined ? [] : [`by way of peer group ${from}`]),
  ];
  return parts.length === 0 ? 'private' : parts.join(', ');
}
