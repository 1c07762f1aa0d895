import * as vscode from 'vscode';
import type { NamespaceType } from '../../helper/protocol.ts';
import { HelperError, type HelperSession } from '../../helper/session.ts';
import { create } from '../../helper/verbs.ts';
import type { Host } from '../../host/types.ts';
import { commands, views } from '../../ids.ts';
import type { Try } from '../../explain/readiness.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { pickHost } from '../hosts/pick-host.ts';

/** Show Readiness: what this kernel and this user can do, by real tries, as a document. */
export const activateReadiness: Feature = (context) =>
  context.commands.register(commands.showReadiness, async (argument) => {
    const host =
      context.tree.hostOf(argument) ??
      (await pickHost(context, {
        title: 'Show Readiness',
        suits: ({ session }) => session !== undefined,
        none: 'Connect to a host first.',
      }));
    if (host !== undefined) await showReadiness(context, host);
  });

async function showReadiness({ documents }: FeatureContext, host: Host): Promise<void> {
  const { session, facts, graph } = host;
  if (session === undefined || facts === undefined) {
    void vscode.window.showInformationMessage(`Connect to ${host.label} first.`);
    return;
  }
  const text = await vscode.window.withProgress({ location: { viewId: views.hosts } }, async () => {
    const attempts = await Promise.all(facts.types.map(async (type) => [type, await attempt(session, type)] as const));
    // The table of causes is large and nobody waits for it before.
    const [{ readiness }, { readinessReport }] = await Promise.all([
      import('../../explain/readiness.ts'),
      import('../../explain/readiness-report.ts'),
    ]);
    return readinessReport(readiness(facts, Object.fromEntries(attempts), graph), Date.now());
  });
  const document = await vscode.workspace.openTextDocument(documents.report(host, 'readiness', text));
  try {
    await vscode.commands.executeCommand('markdown.showPreview', document.uri);
  } catch {
    // The editor's own Markdown extension can be disabled.
    await vscode.window.showTextDocument(document, { preview: true });
  }
}

/** The whole step for real, in a child that is thrown away. */
async function attempt(session: HelperSession, type: NamespaceType): Promise<Try> {
  try {
    await create(session, ['--try', `--new=${type}`, ...(type === 'user' ? ['--map=root'] : [])]);
    return { made: true };
  } catch (error) {
    if (!(error instanceof HelperError)) throw error;
    return { error: error.record, ...(type === 'user' ? { context: { new: [type], map: 'root' } } : {}) };
  }
}
