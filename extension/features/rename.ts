import * as vscode from 'vscode';
import { pin, rename, unpin } from '../helper/verbs.ts';
import { commands } from '../ids.ts';
import { keepersOf } from '../model/keepers.ts';
import { instanceOf } from '../model/naming/instances.ts';
import { displayText } from '../model/text.ts';
import type { Graph, NamespaceKey } from '../model/types.ts';
import type { Feature, FeatureContext } from './context.ts';
import { askName } from './create/carry-out.ts';
import { explainFailure } from './explain-failure.ts';
import { targetOf } from './pick-target.ts';
import { lookUp, type Found, type Target } from './targets.ts';

/** Rename: an instance, or a namespace that is kept under a name. */
export const activateRename: Feature = (context) =>
  context.commands.register(commands.rename, async (argument) => {
    const target = await targetOf(context, { title: 'Rename', processes: false }, argument);
    if (target !== undefined) await renameTarget(context, target);
  });

/** What has the name. */
type Named =
  | { readonly name: string; readonly by: 'instance' }
  /** ip-netns(8) has no renaming: the new name comes before the old one goes. */
  | { readonly name: string; readonly by: 'netns'; readonly path: string; readonly key: NamespaceKey };

function namedOf(graph: Graph, found: Found): Named | undefined {
  if (found.kind === 'workload') {
    const { kind, name } = found.workload;
    return kind === 'instance' ? { name, by: 'instance' } : undefined;
  }
  if (found.kind !== 'namespace') return undefined;
  const { instance, mounts, holders } = keepersOf(graph, found.namespace);
  const [mounted] = mounts.flatMap((path) => instanceOf(path) ?? []);
  const name = instance ?? mounted ?? holders[0];
  if (name !== undefined) return { name, by: 'instance' };
  const path = mounts.find((each) => /^\/(?:var\/)?run\/netns\/[^/]+$/.test(each));
  return path === undefined
    ? undefined
    : { name: path.slice(path.lastIndexOf('/') + 1), by: 'netns', path, key: found.namespace.key };
}

async function renameTarget({ log, tree }: FeatureContext, target: Target): Promise<void> {
  const { host } = target;
  const { session, graph, facts } = host;
  const found = lookUp(host, target);
  const named = graph && found && namedOf(graph, found);
  if (session === undefined || named === undefined) {
    void vscode.window.showInformationMessage(
      session === undefined
        ? `Connect to ${host.label} first.`
        : 'Choose an instance or a namespace that is kept under a name. Keep gives one to any other.',
    );
    return;
  }
  const { name: from } = named;
  const to = await askName('Rename', `Another name for “${displayText(from)}”.`, from);
  if (to === undefined || to === from) return;
  try {
    if (named.by === 'instance') await rename(session, from, to);
    else {
      await pin(session, named.key, { name: to, by: 'mount' });
      await unpin(session, named.path, { leftover: false, expected: named.key });
    }
  } catch (error) {
    const what = `“${displayText(from)}” could not be renamed`;
    await explainFailure(what, error, facts, { verb: 'rename', name: to });
    return;
  }
  log.info(`[${host.label}] Renamed ${from} to ${to}`);
  await host.refresh({ deep: false });
  await tree.reveal(target);
}
