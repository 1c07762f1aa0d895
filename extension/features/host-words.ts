/** What a host's state is called, wherever it is shown. */
import type { Host, HostState } from '../host/types.ts';
import { count } from '../model/plain-words.ts';
import { never } from './never.ts';

/** What can be done with a host depends on these alone. */
export type Reachability = 'idle' | 'connecting' | 'connected' | 'broken' | 'retrying';

/**
 * `idle`: never connected or left. `broken`: failed or lost, waiting for a person. `retrying`: lost, reconnecting by itself.
 */
export function reachability(state: HostState): Reachability {
  switch (state.kind) {
    case 'disconnected':
      return 'idle';
    case 'connecting':
      return 'connecting';
    case 'connected':
      return 'connected';
    case 'lost':
      return state.retryAt === undefined ? 'broken' : 'retrying';
    case 'failed':
      return 'broken';
    default:
      return never(state);
  }
}

/** The graph is shown but no longer follows the host. */
export function isStale(host: Pick<Host, 'graph' | 'state'>): boolean {
  return host.graph !== undefined && host.state.kind !== 'connected';
}

export function isConnectable(host: Pick<Host, 'state'>): boolean {
  const reach = reachability(host.state);
  return reach === 'idle' || reach === 'broken' || reach === 'retrying';
}

export function isDisconnectable(host: Pick<Host, 'state' | 'graph'>): boolean {
  return host.state.kind === 'connected' || host.state.kind === 'connecting' || host.graph !== undefined;
}

/** Whether sudo can give the helper rights that it has not. */
export function rights({ spec, facts }: Pick<Host, 'spec' | 'facts'>): 'sudo' | 'root' | 'unprivileged' {
  if (spec.sudo) return 'sudo';
  return facts?.uid === 0 ? 'root' : 'unprivileged';
}

/** `53 namespaces`, for a host whose graph is known. */
export function namespaceCount(host: Pick<Host, 'graph'>): string | undefined {
  return host.graph === undefined ? undefined : count(host.graph.namespaces.size, 'namespace');
}

/** A few words on the state, without the host's name: `connected, 53 namespaces`. */
export function stateWords(host: Pick<Host, 'graph' | 'state' | 'session'>): string {
  const { state } = host;
  const namespaces = namespaceCount(host);
  switch (state.kind) {
    case 'disconnected':
      return 'not connected';
    case 'connecting':
      return `${lowerFirst(state.stage)}…`;
    case 'connected':
      return `${host.session?.elevated === true ? 'connected with sudo' : 'connected'}, ${namespaces ?? ''}`;
    case 'lost':
      return state.retryAt === undefined ? 'connection lost, stale' : 'connection lost, stale, reconnecting';
    case 'failed':
      return 'connecting failed';
    default:
      return never(state);
  }
}

/** An abbreviation keeps its capitals. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** Icon of a host by its state: a codicon and the colour that it gets, if any. */
export function stateIcon(state: HostState): { readonly id: string; readonly color?: string } {
  switch (state.kind) {
    case 'disconnected':
      return { id: 'vm-outline' };
    case 'connecting':
      return { id: 'loading~spin' };
    case 'connected':
      return { id: 'vm-active', color: 'testing.iconPassed' };
    case 'lost':
      return { id: 'warning', color: 'list.warningForeground' };
    case 'failed':
      return { id: 'error', color: 'list.errorForeground' };
    default:
      return never(state);
  }
}
