import type { Host } from '../../../host/types.ts';
import { completenessSentence } from '../../../model/completeness.ts';
import type { Graph } from '../../../model/types.ts';
import { count, typeNames } from '../../../model/plain-words.ts';
import { commands } from '../../../ids.ts';
import { namespaceTypes } from '../../../helper/protocol.ts';
import { isStale, reachability, rights, stateIcon, stateWords } from '../../host-words.ts';
import type { Note } from '../element.ts';
import { joined } from './spec.ts';
import type { ItemSpec } from './spec.ts';
import { never } from '../../never.ts';

/** The row of a host. Without numbers that change all the time: showing it anew shows everything below it anew. */
export function hostItem(host: Host): ItemSpec {
  const reach = reachability(host.state);
  return {
    label: host.label,
    description: hostDescription(host),
    icon: { kind: 'codicon', ...stateIcon(host.state) },
    context: ['host', reach, rights(host), ...(host.graph === undefined ? [] : ['graph'])],
    accessibleLabel: joined([`Host ${host.label}`, stateWords(host), system(host)], ', '),
    // Unfolding connects, so an SSH host that is not connected begins folded.
    folding: reach === 'idle' && host.spec.kind === 'ssh' ? 'closed' : 'open',
    stale: isStale(host),
  };
}

function hostDescription(host: Host): string {
  switch (host.state.kind) {
    case 'connected':
      return joined([asWhom(host), system(host)], ' · ');
    case 'lost':
      return host.state.retryAt === undefined ? 'connection lost' : 'connection lost, reconnecting';
    case 'disconnected':
      return 'not connected';
    case 'connecting':
      return 'connecting';
    case 'failed':
      return 'failed';
    default:
      return never(host.state);
  }
}

function system({ facts }: Host): string | undefined {
  return facts === undefined ? undefined : `Linux ${facts.kernel}`;
}

function asWhom({ facts, session }: Host): string | undefined {
  if (session?.elevated === true) return 'with sudo';
  return facts === undefined ? undefined : `as ${facts.user ?? `uid ${facts.uid}`}`;
}

/** Paragraphs. */
export function explainHost(host: Host): string {
  const { state, facts, graph } = host;
  const parts = [`${host.label}: ${stateWords(host)}.`];
  if (state.kind === 'lost' || state.kind === 'failed') parts.push(`${state.error.message}\n${state.error.remedy}`);
  if (facts !== undefined) {
    const missing = namespaceTypes.filter((type) => !facts.types.includes(type)).map((type) => typeNames[type]);
    parts.push(
      joined(
        [
          `Linux ${facts.kernel} on ${facts.arch}${facts.hostname === undefined ? '' : `, called ${facts.hostname}`}.`,
          missing.length === 0 ? undefined : `Its kernel has no namespaces of these types: ${missing.join(', ')}.`,
          `The helper runs as ${facts.user ?? 'uid'} (uid ${facts.uid})${host.session?.elevated === true ? ' through sudo' : ''}.`,
        ],
        ' ',
      ),
    );
  }
  if (graph !== undefined) parts.push(joined([seenWhen(host, graph), deepWhen(host), bound(graph)], ' '));
  return parts.join('\n\n');
}

function seenWhen(host: Host, graph: Graph): string | undefined {
  if (graph.time === undefined) return undefined;
  return `${isStale(host) ? 'Last seen' : 'Read'} at ${clock(graph.time)} by its clock.`;
}

function deepWhen({ deepTime }: Host): string | undefined {
  return deepTime === undefined ? undefined : `File descriptors, sockets and threads as of ${clock(deepTime)}.`;
}

function bound({ completeness }: Graph): string | undefined {
  if (completeness.bound === undefined) return undefined;
  return `A process that changes its namespaces is noticed within ${count(Math.ceil(completeness.bound / 1000), 'second')}.`;
}

/** Seconds since the epoch, without an assumption about the zone that the host's clock is read in. */
function clock(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function noteItem(host: Host, note: Note): ItemSpec {
  switch (note) {
    case 'state':
      return stateNote(host);
    case 'partial':
      return partialNote(host);
    case 'nothing':
      return nothingNote(host);
    default:
      return never(note);
  }
}

function stateNote(host: Host): ItemSpec {
  const { state } = host;
  const base = { folding: 'none', stale: false } as const;
  switch (state.kind) {
    case 'lost':
    case 'failed': {
      const { message, remedy } = state.error;
      return {
        ...base,
        label: message,
        description: remedy,
        icon: { kind: 'codicon', id: 'info' },
        context: ['trouble', reachability(state)],
        accessibleLabel: `${message} ${remedy}`,
        command: { id: commands.reconnect, title: 'Reconnect' },
      };
    }
    case 'connecting':
      return {
        ...base,
        label: `${state.stage}…`,
        icon: { kind: 'codicon', id: 'ellipsis' },
        context: ['progress'],
        accessibleLabel: `Connecting: ${state.stage}`,
      };
    case 'disconnected':
    case 'connected':
      return {
        ...base,
        label: 'Connect',
        description: 'to see its namespaces',
        icon: { kind: 'codicon', id: 'plug' },
        context: ['idle'],
        accessibleLabel: `${host.label} is not connected. Connect to see its namespaces`,
        command: { id: commands.connect, title: 'Connect' },
      };
    default:
      return never(state);
  }
}

function partialNote(host: Host): ItemSpec {
  const text = partialWords(host) ?? 'All processes are visible.';
  return {
    label: text,
    icon: { kind: 'codicon', id: 'eye-closed' },
    context: ['partial', rights(host)],
    accessibleLabel: text,
    folding: 'none',
    stale: isStale(host),
  };
}

/** That not everything is visible, and what helps; undefined where everything is. */
export function partialWords({ graph, facts }: Pick<Host, 'graph' | 'facts'>): string | undefined {
  if (graph === undefined) return undefined;
  const readWith = { elevated: facts?.uid === 0, hidepid: facts?.hidepid };
  const { text, partial } = completenessSentence(graph.completeness, readWith);
  return partial ? text : undefined;
}

function nothingNote(host: Host): ItemSpec {
  return {
    label: 'Nothing passes the filter',
    description: 'clear it',
    icon: { kind: 'codicon', id: 'filter' },
    context: ['nothing'],
    accessibleLabel: `No namespace of ${host.label} passes the filter. Clear the filter`,
    folding: 'none',
    command: { id: commands.clearFilter, title: 'Clear Filter' },
    stale: false,
  };
}
