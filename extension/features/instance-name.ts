import { instanceLedBy } from '../model/naming/instances.ts';
import { displayText } from '../model/text.ts';
import type { Graph, Namespace } from '../model/types.ts';
import type { Found } from './targets.ts';

/** What the helper is told to end, and how it is called; undefined for what it cannot end. */
export function endingOf(graph: Graph, found: Found): Ending | undefined {
  if (found.kind === 'namespace') return referenceOf(graph, found.namespace);
  if (found.kind !== 'workload' || found.workload.kind !== 'instance') return undefined;
  return { reference: found.workload.name, words: `the instance “${found.workload.name}”` };
}

export interface Ending {
  readonly reference: string;
  readonly words: string;
}

/** What the helper is told to end: the whole instance, or only this namespace. */
export function referenceOf(graph: Graph, namespace: Namespace): Ending {
  const name = instanceLedBy(graph, namespace);
  return name === undefined
    ? { reference: namespace.key, words: `${displayText(namespace.name.text)} (${namespace.key})` }
    : { reference: name, words: `the instance “${name}”` };
}
