/** What lenses, links and code actions of files do on the chosen host. Their arguments come from the server, and could come from anybody. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { isNamespaceType } from '../../helper/namespace-type.ts';
import type { NamespaceType } from '../../helper/protocol.ts';
import { create, end, pin } from '../../helper/verbs.ts';
import type { HelperSession } from '../../helper/session.ts';
import { createWords, type CreateOptions } from '../../explain/preview.ts';
import type { Host } from '../../host/types.ts';
import { creatable } from '../../../server/language/protocol.ts';
import { commands } from '../../ids.ts';
import { isRecord } from '../../is-record.ts';
import { displayText } from '../../model/text.ts';
import { typeWord } from '../../model/words.ts';
import type { FeatureContext } from '../context.ts';
import { carryOut, confirmCreate } from '../create/carry-out.ts';
import { nameProblem } from '../create/types.ts';
import { explainFailure } from '../explain-failure.ts';

export async function showDeclared({ tree }: FeatureContext, host: Host, argument: unknown): Promise<void> {
  const type = typeOf(argument);
  const id = isRecord(argument) ? argument['id'] : undefined;
  if (type === undefined || typeof id !== 'number') return;
  if (!(await tree.reveal({ kind: 'namespace', host, key: `${type}:${id}` }))) {
    void vscode.window.showInformationMessage('It is not in the tree: it has gone, or the filter hides it.');
  }
}

export async function createFromDocument(_: FeatureContext, __: Host, argument: unknown): Promise<void> {
  const uri = isRecord(argument) ? argument['uri'] : undefined;
  if (typeof uri === 'string') await vscode.commands.executeCommand(commands.createFromBundle, vscode.Uri.parse(uri));
}

/** The namespace that a path names which is not there yet: of ip-netns(8), or an instance of one namespace of ours. */
export async function createDeclared(context: FeatureContext, host: Host, argument: unknown): Promise<void> {
  const type = typeOf(argument);
  const path = isRecord(argument) ? argument['path'] : undefined;
  const { session } = host;
  if (type === undefined || typeof path !== 'string' || session === undefined) return;
  const place = creatable({ type, path });
  if (place === undefined || nameProblem(place.name) !== undefined) {
    void vscode.window.showWarningMessage(`Nothing can be created at ${displayText(path)} from here.`);
    return;
  }
  const { name, by } = place;
  if (host.facts?.uid !== 0) {
    void vscode.window.showWarningMessage(`Only root can mount at ${displayText(path)}: connect with sudo.`);
    return;
  }
  const detail = `A new ${typeWord(type)} namespace, which ${displayText(path)} keeps alive until it is ended.`;
  if (!(await confirmCreate(host, name, detail))) return;
  const options: CreateOptions = { new: [type], keep: name };
  if (by === 'ip-netns') await createNetns(context, host, session, name);
  else await carryOut(context, host, options, createWords(options));
}

/** Made under a passing name of ours, since only what exists can be given a name of ip-netns(8). */
async function createNetns(
  { tree, log }: FeatureContext,
  host: Host,
  session: HelperSession,
  name: string,
): Promise<void> {
  const passing = `netns-${randomBytes(4).toString('hex')}`;
  try {
    const { made } = await create(session, createWords({ new: ['net'], keep: passing, loopback: true }));
    const id = made.find(({ type }) => type === 'net')?.id;
    if (id === undefined) throw new Error('The helper did not say what it made.');
    const key = `net:${id}` as const;
    try {
      await pin(session, key, { name, by: 'mount' });
    } finally {
      await end(session, passing, { plan: false });
    }
    log.info(`[${host.label}] Created ${key} as ${name}`);
    await host.refresh({ deep: false });
    await tree.reveal({ kind: 'namespace', host, key });
  } catch (error) {
    await explainFailure(`“${name}” could not be created`, error, host.facts, { verb: 'create', new: ['net'], name });
  }
}

function typeOf(argument: unknown): NamespaceType | undefined {
  const type = isRecord(argument) ? argument['type'] : undefined;
  return isNamespaceType(type) ? type : undefined;
}
