/** Texts of the virtual documents. */

import type { Host, Hosts } from '../../host/types.ts';
import { compare } from '../../model/compare.ts';
import type { Subject } from '../../model/compare.ts';
import { namespaceDetails, processDetails, workloadDetails } from '../../model/details.ts';
import type { Plain } from '../../model/details.ts';
import { displayText } from '../../model/text.ts';
import type { Graph } from '../../model/types.ts';
import { isStale, stateWords } from '../host-words.ts';
import { partialWords } from '../tree/items/host-item.ts';
import { lookUp } from '../targets.ts';
import type { Found, Reference } from '../targets.ts';
import type { Address } from './address.ts';
import { hostDetails } from './host-details.ts';
import { never } from '../never.ts';
import { yamlText } from './yaml-text.ts';

export function contentOf(hosts: Hosts, address: Exclude<Address, { view: 'report' }>): string {
  const host = hosts.get(address.host);
  if (host === undefined) return comment(`${address.host} is not in the Hosts view any more.`);
  const { graph } = host;
  if (address.of.kind !== 'host' && graph === undefined) {
    return comment(`${host.label}: ${stateWords(host)}. Connect to it to see this.`);
  }
  const head = `${host.label}${isStale(host) ? `, as last seen: ${stateWords(host)}` : ''}`;
  const notes = [head, partialWords(host)].filter((note) => note !== undefined);
  const found = lookUp(host, address.of);
  if (found === undefined) return comment(head, `${goneWords(address.of)} is not there any more.`);
  if (address.view === 'compare') {
    const other = lookUp(host, address.with);
    const [left, right] = [subject(found), other && subject(other)];
    if (graph === undefined || left === undefined) return comment(...notes);
    return `${comment(...notes)}\n${compare(graph, left, right ?? left).texts[0]}`;
  }
  return `${comment(...notes)}\n${yamlText(details(host, graph, found))}`;
}

function details(host: Host, graph: Graph | undefined, found: Found): Plain {
  if (found.kind === 'host' || graph === undefined) return hostDetails(host);
  if (found.kind === 'namespace') return namespaceDetails(graph, found.namespace);
  if (found.kind === 'process') return processDetails(graph, found.process);
  return workloadDetails(graph, found.workload);
}

export function subject(found: Found): Subject | undefined {
  return found.kind === 'namespace' || found.kind === 'process' ? found : undefined;
}

function goneWords(of: Reference): string {
  switch (of.kind) {
    case 'host':
      return 'The host';
    case 'namespace':
      return `Namespace ${of.key}`;
    case 'process':
      return `Process ${of.pid}`;
    case 'workload':
      return `Workload ${of.id}`;
    default:
      return never(of);
  }
}

/** Every line is a comment, whatever the host called something. */
function comment(...lines: readonly string[]): string {
  return lines.map((line) => `# ${displayText(line, 1000)}\n`).join('');
}
