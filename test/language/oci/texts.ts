/** Pieces of a runtime configuration that has nothing wrong with it. */
const all = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'];

/** With the entries of these types, each on a line of its own. */
export function entries(...types: readonly string[]): string {
  return types.map((type) => `{ "type": "${type}" }`).join(',\n      ');
}

export function without(...types: readonly string[]): string {
  return entries(...all.filter((type) => !types.includes(type)));
}

export const map = (inside: number, outside: number, count: number): string =>
  `{ "containerID": ${inside}, "hostID": ${outside}, "size": ${count} }`;

const plainMap = map(0, 100_000, 65_536);
export const maps = (uid = plainMap, gid = plainMap): string => `"uidMappings": [${uid}], "gidMappings": [${gid}]`;

export interface Parts {
  /** Entries of `linux.namespaces`. */
  readonly namespaces?: string;
  /** Further members of `linux`. */
  readonly linux?: string;
  /** Further members of the root. */
  readonly root?: string;
  /** Further mounts. */
  readonly mounts?: string;
  readonly proc?: string;
  readonly user?: string;
  readonly process?: string;
  readonly version?: string;
}

function more(piece: string | undefined): string {
  return piece === undefined ? '' : `,\n    ${piece}`;
}

export function config(parts: Parts = {}): string {
  const { namespaces = without(), proc = '{ "destination": "/proc", "type": "proc", "source": "proc" }' } = parts;
  return `{
  "ociVersion": "${parts.version ?? '1.3.0'}",
  "process": {
    "user": ${parts.user ?? '{ "uid": 1000, "gid": 1000 }'},
    "args": ["/bin/true"],
    "cwd": "/"${more(parts.process)}
  },
  "root": { "path": "rootfs" },
  "mounts": [
    ${proc}${more(parts.mounts)}
  ],
  "linux": {
    "namespaces": [
      ${namespaces}
    ]${more(parts.linux)}
  }${more(parts.root)}
}
`;
}

/** A user namespace beside the others. */
export function inUser(parts: Parts = {}): string {
  return config({ ...parts, namespaces: parts.namespaces ?? entries(...all, 'user'), linux: parts.linux ?? maps() });
}
