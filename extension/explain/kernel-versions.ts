import type { NamespaceType } from '../helper/protocol.ts';

/** The first kernel with each type in its present form: namespaces(7) and the page of each. */
export const since: Readonly<Record<NamespaceType, string>> = {
  mnt: '2.4.19',
  uts: '2.6.19',
  ipc: '2.6.19',
  pid: '2.6.24',
  net: '2.6.29',
  user: '3.8',
  cgroup: '4.6',
  time: '5.6',
};

/** The option with which a kernel is built so that it has the type. */
export const kernelOptions: Readonly<Record<NamespaceType, string>> = {
  mnt: 'CONFIG_NAMESPACES',
  uts: 'CONFIG_UTS_NS',
  ipc: 'CONFIG_IPC_NS',
  pid: 'CONFIG_PID_NS',
  net: 'CONFIG_NET_NS',
  user: 'CONFIG_USER_NS',
  cgroup: 'CONFIG_CGROUPS',
  time: 'CONFIG_TIME_NS',
};

/**
 * Whether a release as `uname -r` gives it is at least `wanted`; undefined where it is no such number. Distributions carry
 * later features back into older releases, so a low number alone proves nothing is missing.
 */
export function isAtLeast(release: string, wanted: string): boolean | undefined {
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release);
  if (found === null) return undefined;
  const parts = found.slice(1).map((part) => Number(part ?? 0));
  for (const [index, number] of wanted.split('.').map(Number).entries()) {
    const own = parts[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
