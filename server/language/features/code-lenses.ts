import type { CodeLens, Command } from 'vscode-languageserver-types';
import { processes } from '../../../extension/model/plain-words.ts';
import type { Analysis } from '../analysis.ts';
import type { DeclaredNamespace } from '../declared.ts';
import type { Host } from '../host.ts';
import {
  clientCommands,
  creatable,
  type CreateArgument,
  type DocumentArgument,
  type ShowArgument,
} from '../protocol.ts';
import { knownOf } from './known.ts';

/** Over declarations, what the host has of them now and what can be done there. Without a host there are none. */
export function codeLensesOf(analysis: Analysis, host: Host | undefined): CodeLens[] {
  const { document } = analysis;
  if (document === undefined || host === undefined) return [];
  const lenses: CodeLens[] = [];
  for (const { namespaces, name, span } of document.declared.workloads) {
    for (const namespace of namespaces) {
      const command = commandFor(namespace, host);
      if (command !== undefined) lenses.push({ range: analysis.range(namespace.span), command });
    }
    const running = name === undefined ? undefined : runningWords(name, host);
    if (running !== undefined) lenses.push({ range: analysis.range(span), command: running });
    if (document.dialect.id === 'oci') {
      const argument: DocumentArgument = { uri: analysis.text.uri };
      const command = {
        title: `Create on ${host.name}`,
        command: clientCommands.createFromDocument,
        arguments: [argument],
      };
      lenses.push({ range: analysis.range(span), command });
    }
  }
  return lenses;
}

function commandFor(namespace: DeclaredNamespace, host: Host): Command | undefined {
  const { from, type } = namespace;
  if (from.kind !== 'path' && from.kind !== 'container') return undefined;
  const known = knownOf(namespace, host);
  if (known !== undefined) {
    const argument: ShowArgument = { type: known.type, id: known.id };
    const title = `${processes(known.members)} in it on ${host.name}`;
    return { title, command: clientCommands.show, arguments: [argument] };
  }
  if (from.kind !== 'path' || host.at(from.path) !== 'missing') return undefined;
  const argument: CreateArgument = { type, path: from.path };
  return creatable(argument) !== undefined
    ? { title: `Create on ${host.name}`, command: clientCommands.create, arguments: [argument] }
    : undefined;
}

function runningWords(name: string, host: Host): Command | undefined {
  const known = host.container(name);
  if (known === undefined) return undefined;
  const argument: ShowArgument = { type: known.type, id: known.id };
  return { title: `Running on ${host.name}`, command: clientCommands.show, arguments: [argument] };
}
