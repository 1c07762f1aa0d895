import type { DeclaredNamespace } from '../declared.ts';
import type { Host } from '../host.ts';
import type { KnownNamespace } from '../protocol.ts';

/** The namespace of the host that a declaration means, where the host has said so. */
export function knownOf({ from, type }: DeclaredNamespace, host: Host): KnownNamespace | undefined {
  switch (from.kind) {
    case 'path': {
      const known = host.at(from.path);
      return known === 'missing' ? undefined : known;
    }
    case 'container':
      return host.named.find((one) => one.type === type && one.workloads.includes(from.name));
    case 'host':
      return host.named.find((one) => one.type === type && one.initial);
    case 'new':
    case 'workload':
      return undefined;
    default:
      return undefined;
  }
}
