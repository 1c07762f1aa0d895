import type { DocumentLink } from 'vscode-languageserver-types';
import type { Analysis } from '../analysis.ts';
import type { Host } from '../host.ts';
import { clientCommands, type ShowArgument } from '../protocol.ts';
import { knownOf } from './known.ts';

/** From the path or container that a declaration names to that namespace in the tree. */
export function documentLinksOf(analysis: Analysis, host: Host | undefined): DocumentLink[] {
  if (host === undefined) return [];
  return (analysis.document?.declared.workloads ?? []).flatMap(({ namespaces }) =>
    namespaces.flatMap((namespace) => {
      const known = namespace.from.kind === 'host' ? undefined : knownOf(namespace, host);
      if (known === undefined) return [];
      const argument: ShowArgument = { type: known.type, id: known.id };
      const target = `command:${clientCommands.show}?${encodeURIComponent(JSON.stringify([argument]))}`;
      const tooltip = `Show it on ${host.name}`;
      return [{ range: analysis.range(namespace.sourceSpan), target, tooltip }];
    }),
  );
}
