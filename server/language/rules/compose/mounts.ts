import { isTrue, mountsOf, type Mount } from '../../dialects/compose/model.ts';
import { engineManual, serviceRule, specification, type ServiceRule } from './support.ts';

function clean(path: string | undefined): string | undefined {
  if (path?.startsWith('/') !== true) return undefined;
  if (!/\/(?:[/.]|$)/.test(path)) return path;
  const pieces: string[] = [];
  for (const piece of path.split('/')) {
    if (piece === '..') pieces.pop();
    else if (piece !== '' && piece !== '.') pieces.push(piece);
  }
  return `/${pieces.join('/')}`;
}

function bindSource(mount: Mount): string | undefined {
  return mount.kind === 'bind' && !mount.assumed ? clean(mount.source) : undefined;
}

const sockets =
  /^(?:\/var)?\/run\/(?:docker\.sock|podman\/podman\.sock|containerd\/containerd\.sock|crio\/crio\.sock|docker|containerd|podman)$/;

const socket = serviceRule(
  {
    id: 'compose/engine-socket-mounted',
    severity: 'warning',
    summary: 'Gives the container the socket of its own engine',
    link: 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface',
  },
  ['use_api_socket', 'volumes'],
  function* (service) {
    const api = isTrue(service, 'use_api_socket');
    const message =
      'Who can write to this socket can start containers with any namespace of the host, and so is root of the host; mounting it read-only does not prevent that.';
    const remedy = 'Put a proxy in front of it that allows only the requests that the service needs.';
    if (api !== undefined) yield { span: api.span, message, remedy };
    for (const mount of mountsOf(service)) {
      const source = bindSource(mount);
      if (source !== undefined && sockets.test(source)) yield { span: mount.sourceSpan, message, remedy };
    }
  },
);

const hostTrees: ReadonlyMap<string, string> = new Map([
  ['/', 'all files of the host'],
  ['/proc', "the host's /proc, with /proc/sys and the processes of its PID namespace"],
  ['/sys', "the host's /sys, of its network namespace, with its devices and cgroups"],
]);

const hostTree = serviceRule(
  {
    id: 'compose/host-tree-mounted',
    severity: 'warning',
    summary: 'Mounts the root, /proc, /sys or /dev of the host',
    link: `${specification}#volumes`,
  },
  ['volumes'],
  function* (service) {
    for (const mount of mountsOf(service)) {
      const source = bindSource(mount);
      if (source === '/dev') {
        yield {
          span: mount.sourceSpan,
          message:
            'The container has the device files of the host, also those that come later; which it may open, its device cgroup decides, unless it is privileged.',
          remedy: 'Name the devices under `devices`.',
          severity: 'information' as const,
        };
      }
      const tree = source === undefined ? undefined : hostTrees.get(source);
      if (tree === undefined) continue;
      yield mount.readOnly
        ? {
            span: mount.sourceSpan,
            message: `The container can read ${tree}.`,
            remedy: 'Mount only what the service needs.',
            severity: 'hint' as const,
          }
        : {
            span: mount.sourceSpan,
            message: `The container can write to ${tree}.`,
            remedy: 'Mount only what the service needs, with `ro` if it only reads.',
          };
    }
  },
);

const spreads = serviceRule(
  {
    id: 'compose/mounts-reach-the-host',
    severity: 'warning',
    summary: 'Mounts that the container makes appear on the host',
    link: 'https://docs.docker.com/engine/storage/bind-mounts/#configure-bind-propagation',
  },
  ['volumes'],
  function* (service) {
    for (const { propagation, kind } of mountsOf(service)) {
      if (kind !== 'bind' || (propagation?.text !== 'shared' && propagation?.text !== 'rshared')) continue;
      yield {
        span: propagation.span,
        message: `With \`${propagation.text}\`, what the container mounts beneath it appears in the host's mount namespace, and Docker Engine refuses it where the source is not on a shared mount.`,
        remedy: `Write \`${propagation.text.replace('shared', 'slave')}\` unless the host is to see these mounts.`,
      };
    }
  },
);

const known = new Set(['', 'shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate']);

const unknownPropagation = serviceRule(
  {
    id: 'compose/invalid-propagation',
    severity: 'error',
    summary: 'A mount propagation that does not exist',
    link: `${engineManual}#mount`,
  },
  ['volumes'],
  function* (service) {
    for (const { propagation } of mountsOf(service)) {
      if (propagation === undefined || known.has(propagation.text)) continue;
      yield {
        span: propagation.span,
        message: `Docker Engine refuses \`${propagation.text}\` as an invalid propagation mode.`,
        remedy: 'Write `rprivate`, `private`, `rslave`, `slave`, `rshared` or `shared`.',
      };
    }
  },
);

/** What runc allows beneath /proc, because lxcfs and CRIU put files there; /proc/net/dev up to 1.1. */
const allowedInProc = new Set([
  '/proc/cpuinfo',
  '/proc/diskstats',
  '/proc/meminfo',
  '/proc/stat',
  '/proc/swaps',
  '/proc/uptime',
  '/proc/loadavg',
  '/proc/slabinfo',
  '/proc/net/dev',
  '/proc/sys/kernel/ns_last_pid',
  '/proc/sys/crypto/fips_enabled',
]);

const insideProc = serviceRule(
  {
    id: 'compose/mount-inside-proc',
    severity: 'error',
    summary: 'A mount on or beneath /proc of the container',
    link: 'https://github.com/opencontainers/runc/blob/main/libcontainer/rootfs_linux.go',
  },
  ['volumes'],
  function* (service) {
    for (const mount of mountsOf(service)) {
      const target = clean(mount.target);
      if (target === undefined || allowedInProc.has(target)) continue;
      // On /proc itself goes what is a proc file system, which only the host can tell of any other source.
      const onProc = target === '/proc' && mount.kind === 'volume';
      if (!onProc && !target.startsWith('/proc/')) continue;
      yield {
        span: mount.targetSpan,
        message: `runc refuses a mount ${onProc ? 'on /proc that is no proc file system' : 'beneath /proc'}, which would hide what the kernel says of the container's processes.`,
        remedy: 'Choose another target; kernel parameters go into `sysctls`.',
      };
    }
  },
);

export const mountRules: readonly ServiceRule[] = [socket, hostTree, spreads, unknownPropagation, insideProc];
