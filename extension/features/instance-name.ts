import { instanceName } from '../model/naming/instances.ts';
import { displayText } from '../model/text.ts';
import type { Graph, Namespace } from '../model/types.ts';

/** What the helper is told to end: the whole instance, or only this namespace. */
export function referenceOf(
  graph: Graph,
  namespace: Namespace,
): { readonly reference: string; readonly words: string } {
  const holder = namespace.leader === undefined ? undefined : graph.processes.get(namespace.leader);
  const name = instanceName(holder?.cmdline);
  return name === undefined
    ? { reference: namespace.key, words: `${displayText(namespace.name.text)} (${namespace.key})` }
    : { reference: name, words: `the instance “${name}”` };
}
