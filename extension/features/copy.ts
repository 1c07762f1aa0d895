import * as vscode from 'vscode';
import { DisposableStore } from '../disposable.ts';
import type { Host } from '../host/types.ts';
import { commands } from '../ids.ts';
import type { CommandId } from '../ids.ts';
import { nsenterNamespace, nsenterProcess, pathOf } from '../model/commands.ts';
import type { Feature, FeatureContext } from './context.ts';
import { pickTarget } from './pick-target.ts';
import { lookUp } from './targets.ts';
import type { Target } from './targets.ts';
import { never } from './never.ts';

/** Copy Id, Copy Path, Copy nsenter Command. Several selected rows are copied as several lines. */
export const activateCopy: Feature = (context) => {
  const store = new DisposableStore();
  const register = (
    id: CommandId,
    title: string,
    textOf: (target: Target) => string | undefined,
    none: string,
  ): void => {
    store.add(
      context.commands.register(id, async (argument, selected) => {
        const targets = await targetsFor(context, title, argument, selected);
        if (targets.length > 0)
          await copy(
            targets.flatMap((target) => textOf(target) ?? []),
            none,
          );
      }),
    );
  };
  register(commands.copyId, 'Copy Id', idOf, 'It has no id.');
  register(
    commands.copyPath,
    'Copy Path',
    pathFor,
    'No path leads to it: only a socket or a namespace below keeps it.',
  );
  register(
    commands.copyNsenterCommand,
    'Copy nsenter Command',
    nsenterFor,
    'nsenter cannot enter it: no path leads to it, or it is where the host itself is.',
  );
  return store;
};

async function targetsFor(
  context: FeatureContext,
  title: string,
  argument: unknown,
  selected: unknown,
): Promise<readonly Target[]> {
  const targets = context.tree.targetsOf(argument, selected);
  if (targets.length > 0) return targets;
  const target = await pickTarget(context, { title, processes: true });
  return target === undefined ? [] : [target];
}

async function copy(lines: readonly string[], none: string): Promise<void> {
  if (lines.length === 0) {
    void vscode.window.showInformationMessage(none);
    return;
  }
  await vscode.env.clipboard.writeText(lines.join('\n'));
  const [first = ''] = lines;
  vscode.window.setStatusBarMessage(lines.length === 1 ? `Copied ${first}` : `Copied ${lines.length} lines`, 3000);
}

function idOf(target: Target): string | undefined {
  switch (target.kind) {
    case 'host':
      return target.host.label;
    case 'namespace':
      return target.key;
    case 'process':
      return String(target.pid);
    case 'workload': {
      const found = lookUp(target.host, target);
      return found?.kind === 'workload' ? (found.workload.detail ?? found.workload.name) : undefined;
    }
    default:
      return never(target);
  }
}

function pathFor(target: Target): string | undefined {
  const found = lookUp(target.host, target);
  if (found?.kind === 'process') return `/proc/${found.process.pid}`;
  const { graph } = target.host;
  return found?.kind === 'namespace' && graph !== undefined ? pathOf(graph, found.namespace) : undefined;
}

function nsenterFor(target: Target): string | undefined {
  const { host } = target;
  const found = lookUp(host, target);
  if (host.graph === undefined || found === undefined) return undefined;
  if (found.kind === 'namespace') return withSudo(host, nsenterNamespace(host.graph, found.namespace));
  if (found.kind === 'process') return withSudo(host, nsenterProcess(host.graph, found.process));
  return undefined;
}

/** The person pastes it into a shell of their own, which has fewer rights than a helper that runs through sudo. */
function withSudo(
  host: Host,
  command: { readonly text: string; readonly needsRoot: boolean | undefined } | undefined,
): string | undefined {
  if (command === undefined) return undefined;
  const root = host.facts?.uid === 0 && host.session?.elevated !== true && !host.spec.sudo;
  return command.needsRoot === true && !root ? `sudo ${command.text}` : command.text;
}
