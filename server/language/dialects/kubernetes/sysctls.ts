/** The kubelet's safe sysctls: Kubernetes and kernel from which they are so. */
export const safeSysctls: ReadonlyMap<string, { readonly kubernetes?: string; readonly linux?: string }> = new Map([
  ['kernel.shm_rmid_forced', {}],
  ['net.ipv4.ip_local_port_range', {}],
  ['net.ipv4.tcp_syncookies', {}],
  ['net.ipv4.ping_group_range', { kubernetes: '1.18' }],
  ['net.ipv4.ip_unprivileged_port_start', { kubernetes: '1.22' }],
  ['net.ipv4.ip_local_reserved_ports', { kubernetes: '1.27', linux: '3.16' }],
  ['net.ipv4.tcp_keepalive_time', { kubernetes: '1.29', linux: '4.5' }],
  ['net.ipv4.tcp_fin_timeout', { kubernetes: '1.29', linux: '4.6' }],
  ['net.ipv4.tcp_keepalive_intvl', { kubernetes: '1.29', linux: '4.5' }],
  ['net.ipv4.tcp_keepalive_probes', { kubernetes: '1.29', linux: '4.5' }],
  ['net.ipv4.tcp_rmem', { kubernetes: '1.32', linux: '4.15' }],
  ['net.ipv4.tcp_wmem', { kubernetes: '1.32', linux: '4.15' }],
  ['net.ipv4.tcp_slow_start_after_idle', { kubernetes: '1.37' }],
  ['net.ipv4.tcp_notsent_lowat', { kubernetes: '1.37' }],
]);

export type SysctlNamespace = 'net' | 'ipc' | 'uts' | 'user';

/** As the kubelet and the API server know them; undefined for what belongs to the node as a whole. */
export function sysctlNamespace(key: string): SysctlNamespace | undefined {
  if (key.startsWith('net.')) return 'net';
  if (/^(?:fs\.mqueue\.|kernel\.(?:shm|msg|sem))/.test(key)) return 'ipc';
  if (key === 'kernel.domainname') return 'uts';
  return key.startsWith('user.') ? 'user' : undefined;
}
