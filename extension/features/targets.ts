import type { Host } from '../host/types.ts';
import type { Namespace, NamespaceKey, Process, Workload } from '../model/types.ts';
import { never } from './never.ts';

/** What a command acts on. A process is (pid, start): a pid alone may be another process's a moment later. */
export type Target =
  | { readonly kind: 'host'; readonly host: Host }
  | { readonly kind: 'namespace'; readonly host: Host; readonly key: NamespaceKey }
  | { readonly kind: 'process'; readonly host: Host; readonly pid: number; readonly start: number }
  | { readonly kind: 'workload'; readonly host: Host; readonly id: string };

/** Which of a host's objects a target is. */
export type Reference =
  | { readonly kind: 'host' }
  | { readonly kind: 'namespace'; readonly key: NamespaceKey }
  | { readonly kind: 'process'; readonly pid: number; readonly start: number }
  | { readonly kind: 'workload'; readonly id: string };

export type Found =
  | { readonly kind: 'host' }
  | { readonly kind: 'namespace'; readonly namespace: Namespace }
  | { readonly kind: 'process'; readonly process: Process }
  | { readonly kind: 'workload'; readonly workload: Workload };

/** What a reference is at present; undefined when it is not there any more, or nothing is known of the host. */
export function lookUp({ graph }: Pick<Host, 'graph'>, reference: Reference): Found | undefined {
  switch (reference.kind) {
    case 'host':
      return { kind: 'host' };
    case 'namespace': {
      const namespace = graph?.namespaces.get(reference.key);
      return namespace && { kind: 'namespace', namespace };
    }
    case 'process': {
      const process = graph?.processes.get(reference.pid);
      return process?.start === reference.start ? { kind: 'process', process } : undefined;
    }
    case 'workload': {
      const workload = graph?.workloads.get(reference.id);
      return workload && { kind: 'workload', workload };
    }
    default:
      return never(reference);
  }
}
