/**
 * What the command line of a container's monitor tells: the name that its engine gave a container, which no cgroup path has,
 * and the container itself where the cgroup path says nothing. Command lines come joined by blanks; the arguments looked for
 * here cannot hold any.
 */
import { displayText } from '../text.ts';
import { isFullId, shortId } from './ids.ts';
import type { Identity } from './identity.ts';

export interface MonitorEvidence {
  /** What children that left the monitor's namespaces are. */
  readonly child: Identity | undefined;
  /** Ids of workloads and the names that it knows for them, fit to show. */
  readonly names: ReadonlyMap<string, string>;
}

interface Process {
  readonly comm: string;
  readonly cmdline: string | undefined;
}

/** comm is cut at 15 bytes (TASK_COMM_LEN), so `containerd-shim-runc-v2` is `containerd-shim`. */
export function monitorEvidence({ comm, cmdline }: Process): MonitorEvidence | undefined {
  if (cmdline === undefined) return undefined;
  if (comm === 'conmon') return conmon(cmdline.split(' '));
  if (comm === 'containerd-shim' || comm === 'docker-containe') return containerdShim(cmdline.split(' '));
  if (comm === 'runc' || comm === 'crun') return runtime(cmdline.split(' '));
  if (comm === 'systemd-nspawn') return nspawn(cmdline.split(' '));
  // LXC's monitor writes its title itself, src/lxc/lxccontainer.c: `[lxc monitor] LXCPATH NAME`; comm is the program's.
  if (cmdline.startsWith('[lxc monitor] ')) return lxcMonitor(cmdline.split(' '));
  return undefined;
}

/** The word after the first of `options`. */
function after(words: readonly string[], ...options: readonly string[]): string | undefined {
  const index = words.findIndex((word) => options.includes(word));
  return index === -1 ? undefined : words[index + 1];
}

const noNames: ReadonlyMap<string, string> = new Map();

/**
 * podman: libpod/oci_conmon_common.go sharedConmonArgs, `-c ID … -n NAME`. CRI-O: internal/oci/runtime_oci.go has the same
 * options, and composes the name as dockershim did: `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`.
 */
function conmon(words: readonly string[]): MonitorEvidence | undefined {
  const id = after(words, '-c', '--cid');
  const name = after(words, '-n', '--name');
  if (id === undefined || !isFullId(id)) return undefined;
  const names = new Map<string, string>();
  const [, , podName, podNamespace, uid] = name?.startsWith('k8s_') === true ? name.split('_') : [];
  const kind = uid === undefined ? 'podman' : 'cri-o';
  if (uid !== undefined) names.set(`kubernetes:${uid}`, displayText(`${podNamespace}/${podName}`));
  if (name !== undefined) names.set(`${kind}:${id}`, displayText(name));
  return {
    child: { id: `${kind}:${id}`, kind, name: shortId(id), detail: id },
    names,
  };
}

/**
 * containerd: pkg/shim/util.go, `-namespace NS … -id ID`. The id is a person's word with `ctr run`, 64 digits with nerdctl,
 * and a pod's sandbox with the CRI plugin. Shims before 1.3 name it by `-workdir …/ID`.
 */
function containerdShim(words: readonly string[]): MonitorEvidence | undefined {
  const namespace = after(words, '-namespace');
  const id = after(words, '-id') ?? after(words, '-workdir')?.split('/').at(-1);
  if (id === undefined || id === '' || namespace === undefined) return undefined;
  const kind = namespace === 'moby' ? 'docker' : 'containerd';
  const name = displayText(shortId(id));
  return {
    child: { id: `${kind}:${id}`, kind, name, detail: name === id ? undefined : displayText(id) },
    names: noNames,
  };
}

/** `runc run [options] ID`, runc-run(8) and crun(1): the container's first process is its child while it is in the foreground. */
function runtime(words: readonly string[]): MonitorEvidence | undefined {
  const run = words.indexOf('run');
  const id = words.at(-1);
  if (run === -1 || run === words.length - 1 || id === undefined || id.startsWith('-')) return undefined;
  const name = displayText(shortId(id));
  return {
    child: { id: `container:${id}`, kind: 'container', name, detail: name === id ? undefined : displayText(id) },
    names: noNames,
  };
}

/** systemd-nspawn(1): `--machine=NAME`, else the last part of the root's path. */
function nspawn(words: readonly string[]): MonitorEvidence | undefined {
  const assigned = (option: string): string | undefined =>
    words.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1);
  const root = assigned('--directory') ?? after(words, '-D', '--directory');
  const name =
    assigned('--machine') ?? after(words, '-M', '--machine') ?? root?.split('/').findLast((part) => part !== '');
  if (name === undefined || name === '') return undefined;
  return {
    child: { id: `machine:${name}`, kind: 'machine', name: displayText(name), detail: undefined },
    names: noNames,
  };
}

function lxcMonitor(words: readonly string[]): MonitorEvidence | undefined {
  const name = words[3];
  if (name === undefined || name === '') return undefined;
  return { child: { id: `lxc:${name}`, kind: 'lxc', name: displayText(name), detail: undefined }, names: noNames };
}
