/** What the status bar says of all hosts together. */
import type { Host } from '../../host/types.ts';
import { count } from '../../model/plain-words.ts';
import { stateWords } from '../host-words.ts';

export interface Status {
  /** With codicons. */
  readonly text: string;
  readonly tooltip: string;
  readonly accessibleLabel: string;
  readonly warning: boolean;
}

type StatusHost = Pick<Host, 'label' | 'state' | 'graph' | 'session'>;

/** Trouble first, then what is under way, then what is connected. */
export function statusOf(hosts: readonly StatusHost[]): Status {
  const lines = hosts.map((host) => `${host.label}: ${stateWords(host)}`);
  const tooltip = [...(lines.length === 0 ? ['No host has been added yet'] : lines), 'Select to manage hosts'].join(
    '\n',
  );
  const { icon, words, warning } = summary(hosts);
  return {
    text: `$(${icon}) ${escapeIcons(words)}`,
    tooltip,
    accessibleLabel: `Linux Namespaces: ${words}. ${lines.join('. ')}`,
    warning,
  };
}

function summary(hosts: readonly StatusHost[]): { icon: string; words: string; warning: boolean } {
  const trouble = hosts.filter(({ state }) => state.kind === 'lost' || state.kind === 'failed');
  if (trouble.length > 0) {
    const what = trouble[0]?.state.kind === 'lost' ? 'connection lost' : 'connecting failed';
    return { icon: 'warning', words: named(trouble, what, 'hosts with trouble'), warning: true };
  }
  const connecting = hosts.filter(({ state }) => state.kind === 'connecting');
  if (connecting.length > 0) {
    return { icon: 'loading~spin', words: named(connecting, 'connecting', 'hosts connecting'), warning: false };
  }
  const connected = hosts.filter(({ state }) => state.kind === 'connected');
  if (connected.length === 0) return { icon: 'vm-outline', words: 'Namespaces: not connected', warning: false };
  const namespaces = connected.reduce((sum, { graph }) => sum + (graph?.namespaces.size ?? 0), 0);
  const who = connected.length === 1 ? (connected[0]?.label ?? '') : count(connected.length, 'host');
  return { icon: 'vm-active', words: `${who}: ${count(namespaces, 'namespace')}`, warning: false };
}

function named(hosts: readonly StatusHost[], one: string, many: string): string {
  return hosts.length === 1 ? `${hosts[0]?.label ?? ''}: ${one}` : `${hosts.length} ${many}`;
}

/** A host called `$(x)` must not become an icon; a zero-width joiner would do, but a plain look-alike reads aloud better. */
function escapeIcons(text: string): string {
  return text.replaceAll('$(', '$ (');
}
