/**
 * What a cgroup path tells of the container, machine, sandbox or systemd unit that a process belongs to. One rule per
 * manager; the innermost part that a rule knows wins, so a container inside a container is itself and a service inside a
 * container is the container.
 */
import { displayText } from '../text.ts';
import { isFullId, shortId } from './ids.ts';
import type { Identity } from './identity.ts';
import { unescapeUnit, unitIdentity } from './units.ts';

/** A path cut at `/`, without empty parts. */
type Path = readonly string[];

interface Rule {
  /** The workload that part `index` of the path is the cgroup of. */
  read(part: string, path: Path, index: number): Identity | undefined;
}

/** An engine's container, by its full id. */
function container(kind: Identity['kind'], id: string): Identity {
  return { id: `${kind}:${id}`, kind, name: shortId(id), detail: id };
}

/** The process that watches a container from outside. It is not in the container, so it is a workload of its own. */
function monitor(kind: Identity['kind'], id: string): Identity {
  return { id: `${kind}-monitor:${id}`, kind, name: `monitor of ${shortId(id)}`, detail: id };
}

function named(kind: Identity['kind'], name: string, id = name): Identity {
  return { id: `${kind}:${id}`, kind, name: displayText(name), detail: undefined };
}

/** Parts made by runc's systemd driver: `<prefix>-<id>.scope` (opencontainers/runc, docs/systemd.md). */
function scopeId(part: string, prefix: string): string | undefined {
  const match = part.startsWith(prefix) && part.endsWith('.scope') ? part.slice(prefix.length, -6) : '';
  return isFullId(match) ? match : undefined;
}

/** The same made by a cgroupfs driver, which leaves `.scope` out. */
function prefixedId(part: string, prefix: string): string | undefined {
  const match = part.startsWith(prefix) ? part.slice(prefix.length) : '';
  return isFullId(match) ? match : scopeId(part, prefix);
}

/**
 * kubelet: `kubepods[-burstable|-besteffort]-pod<uid>.slice` with the uid's `-` as `_` (the systemd driver), and
 * `kubepods[/burstable|/besteffort]/pod<uid>` (cgroupfs): pkg/kubelet/cm/cgroup_manager_linux.go and
 * pod_container_manager_linux.go. In kind the names are below `kubelet`: `kubelet-kubepods-…`. A static pod's uid is the
 * hash of its manifest, 32 digits without `-`.
 */
function podUid(part: string, path: Path, index: number): string | undefined {
  const slice = /^(?:[a-z0-9_]+-)*kubepods(?:-besteffort|-burstable)?-pod([0-9a-f_]+)\.slice$/.exec(part)?.[1];
  const plain = /^pod([0-9a-f-]+)$/.exec(part)?.[1];
  const uid = slice?.replaceAll('_', '-') ?? (path.slice(0, index).includes('kubepods') ? plain : undefined);
  return uid !== undefined && /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/.test(uid)
    ? uid
    : undefined;
}

function pod(uid: string): Identity {
  return {
    id: `kubernetes:${uid}`,
    kind: 'kubernetes',
    name: `pod ${uid.slice(0, 8)}`,
    detail: uid,
  };
}

const kubernetes: Rule = {
  read(part, path, index) {
    const uid = podUid(part, path, index);
    if (uid !== undefined) return pod(uid);
    // A container right below the pod is part of the pod, whatever its runtime calls it.
    const above = path[index - 1];
    const owner = above === undefined ? undefined : podUid(above, path, index - 1);
    const known =
      isFullId(part) ||
      ['cri-containerd-', 'crio-', 'docker-'].some((prefix) => prefixedId(part, prefix) !== undefined);
    return owner !== undefined && known ? pod(owner) : undefined;
  },
};

/** moby: `docker-<id>.scope` below system.slice or the user's slice; `/docker/<id>` with cgroupfs (daemon/oci_linux.go). */
const docker: Rule = {
  read(part, path, index) {
    const id = scopeId(part, 'docker-') ?? (path[index - 1] === 'docker' && isFullId(part) ? part : undefined);
    return id === undefined ? undefined : container('docker', id);
  },
};

/**
 * podman: libpod/container_internal_linux.go, libpod/oci_conmon_linux.go: `libpod-<id>[.scope]`, `libpod-conmon-<id>.scope`, and
 * with `--cgroups=split` a part of the unit that started it, `libpod-payload-<id>`.
 */
const podman: Rule = {
  read(part) {
    const conmon = prefixedId(part, 'libpod-conmon-');
    if (conmon !== undefined) return monitor('podman', conmon);
    const id = prefixedId(part, 'libpod-') ?? prefixedId(part, 'libpod-payload-');
    return id === undefined ? undefined : container('podman', id);
  },
};

/** CRI-O: internal/config/cgmgr: `crio-<id>[.scope]`, and `crio-conmon-<id>[.scope]` for its monitor. */
const crio: Rule = {
  read(part) {
    const conmon = prefixedId(part, 'crio-conmon-');
    if (conmon !== undefined) return monitor('cri-o', conmon);
    const id = prefixedId(part, 'crio-');
    return id === undefined ? undefined : container('cri-o', id);
  },
};

/**
 * containerd: `cri-containerd-<id>.scope` by its CRI plugin, `nerdctl-<id>.scope` by nerdctl, `/<containerd namespace>/<id>`
 * with cgroupfs (oci.WithNamespacedCgroup). Docker's containers are in containerd's namespace `moby`.
 */
const containerd: Rule = {
  read(part, path, index) {
    const scope = scopeId(part, 'cri-containerd-') ?? scopeId(part, 'nerdctl-');
    if (scope !== undefined) return container('containerd', scope);
    if (!isFullId(part) || index === 0) return undefined;
    if (path[index - 1] === 'moby') return container('docker', part);
    return ['default', 'k8s.io'].includes(path[index - 1] ?? '') ? container('containerd', part) : undefined;
  },
};

/** 64 hexadecimal digits are an OCI container's id; below a cgroup that a person chose nothing says of which engine. */
const unknownEngine: Rule = {
  read: (part) => (isFullId(part) ? container('container', part) : undefined),
};

/**
 * LXC, and with it LXD and Incus: `lxc.payload.NAME`, `lxc.monitor.NAME` (src/lxc/cgroups/cgroup.h), `lxc/NAME` before
 * LXC 4.0 and by Proxmox, which also has `lxc.monitor/NAME`. LXD and Incus write `PROJECT_NAME` outside the default project.
 */
const lxc: Rule = {
  read(part, path, index) {
    const [, role, dotted] = /^lxc\.(payload|monitor)\.(.+)$/.exec(part) ?? [];
    const above = path[index - 1];
    if (role === 'monitor' || above === 'lxc.monitor') {
      const name = dotted ?? part;
      return { id: `lxc-monitor:${name}`, kind: 'lxc', name: `monitor of ${displayText(name)}`, detail: undefined };
    }
    if (dotted !== undefined) return named('lxc', dotted);
    return above === 'lxc' || above === 'lxc.payload' ? named('lxc', part) : undefined;
  },
};

/** systemd: `machine-NAME.scope` (src/machine), `systemd-nspawn@NAME.service`; also libvirt's machines. Names are escaped. */
const machine: Rule = {
  read(part) {
    const name = /^machine-(.+)\.scope$/.exec(part)?.[1] ?? /^systemd-nspawn@(.+)\.service$/.exec(part)?.[1];
    return name === undefined ? undefined : named('machine', unescapeUnit(name));
  },
};

/** snapd, sandbox/cgroup/process.go: `snap.SNAP.APP.service`, `snap.SNAP.APP-<uuid>.scope`, older `snap.SNAP.APP.<uuid>.scope`. */
const snap: Rule = {
  read(part, path, index) {
    const match =
      /^snap\.([^.]+)\.(.+?)(?:[-.][0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?\.(?:scope|service)$/.exec(
        part,
      );
    const [, name, app] = match ?? [];
    if (name === undefined || app === undefined) return undefined;
    const text = unescapeUnit(app === name ? name : `${name}.${app}`);
    return {
      id: `snap:/${path.slice(0, index + 1).join('/')}`,
      kind: 'snap',
      name: displayText(text),
      detail: displayText(part),
    };
  },
};

/** flatpak, common/flatpak-run.c (`app-flatpak-%s-%d.scope`): the application id is escaped, the number is a pid. */
const flatpak: Rule = {
  read(part, path, index) {
    const id = /^app-flatpak-(.+)-\d+\.scope$/.exec(part)?.[1];
    if (id === undefined) return undefined;
    return {
      id: `flatpak:/${path.slice(0, index + 1).join('/')}`,
      kind: 'flatpak',
      name: displayText(unescapeUnit(id)),
      detail: displayText(part),
    };
  },
};

/** The first that knows a part has it: kubernetes before the runtimes it uses, and a bare id last. */
const rules: readonly Rule[] = [
  kubernetes,
  docker,
  podman,
  crio,
  containerd,
  lxc,
  machine,
  snap,
  flatpak,
  unknownEngine,
];

/** systemd nests no deeper by itself, and a host may send any path. */
const deepest = 64;

/** Who a cgroup belongs to; undefined where the path names nobody. `weak` identities are units that say little. */
export function cgroupIdentity(cgroup: string): Identity | undefined {
  const path = cgroup
    .split('/')
    .filter((part) => part !== '')
    .slice(0, deepest);
  for (let index = path.length - 1; index >= 0; index--) {
    const part = path[index];
    if (part === undefined) continue;
    for (const rule of rules) {
      const identity = rule.read(part, path, index);
      if (identity !== undefined) return identity;
    }
  }
  return unitIdentity(path);
}
