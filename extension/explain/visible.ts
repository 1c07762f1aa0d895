/**
 * Whether proc and sysfs may be mounted anew from a user namespace: mnt_already_visible() of fs/namespace.c wants one that is
 * whole, since 4.2. A mount over a part of it hides that part, and is locked once the mounts are copied for a new user namespace.
 */
import type { FactsRecord, VisibleMount } from '../helper/protocol.ts';
import { displayText } from '../model/text.ts';
import { listed } from '../model/plain-words.ts';

/** Directories that the kernel made to be mounted on: nothing is ever in them, so a mount hides nothing. */
const emptyByDesign: Readonly<Record<VisibleMount['type'], readonly string[]>> = {
  proc: ['/sys/fs/binfmt_misc', '/fs/nfsd', '/openprom'],
  sysfs: [
    '/fs/cgroup',
    '/fs/bpf',
    '/fs/fuse/connections',
    '/fs/pstore',
    '/fs/selinux',
    '/fs/smackfs',
    '/firmware/efi/efivars',
    '/kernel/config',
    '/kernel/debug',
    '/kernel/security',
    '/kernel/tracing',
  ],
};

export interface Visibility {
  readonly type: VisibleMount['type'];
  /** One of them shows everything. */
  readonly visible: boolean;
  readonly mounts: readonly { readonly path: string; readonly why: string }[];
}

/** Undefined where the facts do not tell. */
export function fullyVisible(facts: FactsRecord, type: VisibleMount['type']): Visibility | undefined {
  if (facts.visible === undefined) return undefined;
  const mounts = facts.visible.filter((mount) => mount.type === type);
  const judged = mounts.map((mount) => ({ path: displayText(mount.path), hidden: hides(mount) }));
  return {
    type,
    visible: judged.some(({ hidden }) => hidden === undefined),
    mounts: judged.map(({ path, hidden }) => ({ path, why: hidden ?? 'shows everything' })),
  };
}

/** Why a mount is not whole; undefined where it is. */
function hides(mount: VisibleMount): string | undefined {
  if (mount.root !== '/') return `is only the part ${displayText(mount.root)} of a ${mount.type}`;
  const covers = mount.covered.filter((path) => !isEmptyByDesign(mount, path));
  if (covers.length > 0)
    return `has something mounted over ${listed(
      covers.map((path) => displayText(path)),
      5,
    )}`;
  const options = `${mount.options},${mount.super}`.split(',');
  return options.includes('ro') ? 'is read-only, so a new one could only be read-only' : undefined;
}

function isEmptyByDesign({ type, path }: VisibleMount, covered: string): boolean {
  const inside = path === '/' ? covered : covered.slice(path.length);
  return emptyByDesign[type].includes(inside);
}
