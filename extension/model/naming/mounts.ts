/** Names that people and programs give namespaces by bind-mounting them. */
import { displayText } from '../text.ts';
import type { NamespaceType } from '../../helper/protocol.ts';

export interface MountName {
  readonly text: string;
  /** Made up by a program: a container's or unit's name says more. */
  readonly made: boolean;
}

const uuid = /^(?:[a-z]+-)*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * - ip-netns(8): `/run/netns/NAME`, `/var/run/netns/NAME`. In the same folder are CNI's `cni-<uuid>` (containernetworking
 *   plugins pkg/testutils/netns_linux.go, containerd pkg/netns), podman's `netns-<uuid>` and, in
 *   `/run/user/<uid>/netns`, `rootless-netns-<hex>` (containers/common libnetwork).
 * - CRI-O's pinns: `/run/{netns,ipcns,utsns,userns}/<uuid>`.
 * - moby's libnetwork: `/run/docker/netns/<first 12 digits of the sandbox's id>`, or `default`, `ingress_sbox`, `lb_…`.
 * - Ours: `/run/linux-namespaces/NAME/TYPE`.
 * - snapd: `/run/snapd/ns/SNAP.mnt` (cmd/snap-confine/ns-support.c).
 */
export function mountName(path: string, type: NamespaceType): MountName | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const last = parts.at(-1);
  if (last === undefined) return undefined;
  const folder = `/${parts.slice(0, -1).join('/')}`;
  if (/^\/(?:var\/)?run\/snapd\/ns$/.test(folder) && last.endsWith(`.${type}`)) {
    return { text: displayText(last.slice(0, -type.length - 1)), made: false };
  }
  // What our own `create --keep` and `pin` mount.
  if (/^\/run\/linux-namespaces\/[^/]+$/.test(folder) && last === type)
    return { text: displayText(parts.at(-2) ?? last), made: false };
  const made = uuid.test(last) || /^[0-9a-f]{12}$/.test(last) || /^rootless-netns(?:-[0-9a-f]+)?$/.test(last);
  if (made || /^\/(?:var\/)?run\/(?:[^/]+\/)*[a-z]+ns$/.test(folder)) return { text: displayText(last), made };
  // A file of a person's own: its name alone is often just the type.
  const plain = last === type || last === 'ns' || last.length < 3;
  return { text: displayText(plain ? parts.slice(-2).join('/') : last), made: false };
}

/** The best of several paths of one namespace: one that a person chose, then the shortest, then by text. */
export function bestMountName(paths: readonly string[], type: NamespaceType): MountName | undefined {
  let best: { readonly name: MountName; readonly path: string } | undefined;
  for (const path of paths) {
    const name = mountName(path, type);
    if (name !== undefined && (best === undefined || better({ name, path }, best))) best = { name, path };
  }
  return best?.name;
}

function better(
  a: { readonly name: MountName; readonly path: string },
  b: { readonly name: MountName; readonly path: string },
): boolean {
  if (a.name.made !== b.name.made) return b.name.made;
  if (a.path.length !== b.path.length) return a.path.length < b.path.length;
  return a.path < b.path;
}
