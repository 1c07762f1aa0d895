import * as vscode from 'vscode';
import { bundlePlan, type BundlePlan } from '../../explain/bundle.ts';
import type { Host } from '../../host/types.ts';
import { count } from '../../model/plain-words.ts';
import type { FeatureContext } from '../context.ts';
import { showReport } from '../documents/show-report.ts';
import { askName, carryOut, confirmCreate } from '../create/carry-out.ts';
import { connectedHost } from '../hosts/pick-host.ts';
import { runByRuntime } from './by-runtime.ts';
import { askFolder, chooseSource, readConfig, type Source } from './config-file.ts';
import { announcement, fieldWords, offers, withoutProgram, type Announcement, type Place, type Way } from './offer.ts';

const title = 'Create from OCI Bundle';

/** @param argument the address of a config.json, or nothing to be asked for one */
export async function createFromBundle(context: FeatureContext, argument: unknown): Promise<void> {
  const host = await connectedHost(context, undefined, title);
  if (host === undefined) return;
  const source = await chooseSource(argument, host, title);
  if (source === undefined || !trusts(source)) return;
  const place = await placeOf(source, host);
  const read = place && (await readConfig(source, host));
  if (place === undefined || read === undefined) return;
  const plan = bundlePlan(read.config, place.folder);
  const way = await askWay(host, plan, place);
  if (way === undefined) return;
  if (way.kind === 'runtime') await runByRuntime(context, host, way, read.config, place, title);
  else if (plan.words === undefined) await tellInvalid(plan);
  else await createByHelper(context, host, way.program ? plan : withoutProgram(plan), place);
}

/** A bundle says which programs run on a host. */
function trusts(source: Source): boolean {
  if (source.kind === 'host' || vscode.workspace.isTrusted) return true;
  void vscode.window.showWarningMessage('A bundle runs programs: trust this folder before creating from it.');
  return false;
}

async function placeOf(source: Source, host: Host): Promise<Place | undefined> {
  const { label } = host;
  if (source.kind === 'host') return { folder: source.folder, host: label, same: true };
  if (host.spec.kind === 'local' && source.uri.scheme === 'file')
    return { folder: vscode.Uri.joinPath(source.uri, '..').fsPath, host: label, same: true };
  const folder = await askFolder(
    title,
    `The bundle’s folder on ${label}, with its root file system. The config.json here may be a copy of the one there.`,
  );
  return folder === undefined ? undefined : { folder, host: label, same: false };
}

async function askWay(host: Host, plan: BundlePlan, place: Place): Promise<Way | undefined> {
  const choice = await vscode.window.showQuickPick(offers(host.facts?.tools ?? {}, plan, place), {
    title,
    placeHolder: `What creates it on ${host.label}`,
    ignoreFocusOut: true,
  });
  return choice?.way;
}

async function tellInvalid({ invalid }: BundlePlan): Promise<void> {
  await vscode.window.showErrorMessage(
    `Nothing was created: ${count(invalid.length, 'field')} of config.json ${invalid.length === 1 ? 'breaks' : 'break'} the specification.`,
    { modal: true, detail: invalid.map((field) => `• ${fieldWords(field)}`).join('\n') },
  );
}

async function createByHelper(context: FeatureContext, host: Host, plan: BundlePlan, place: Place): Promise<void> {
  const name = await askName(title);
  if (name === undefined) return;
  const said = announcement(plan, name, place);
  const agreed = said.short
    ? await confirmCreate(host, name, said.detail)
    : await confirmBeside(context, host, name, plan, said);
  if (agreed) await carryOut(context, host, said.options, said.preview.words);
}

/** The list is a document, which can be read while the question waits. */
async function confirmBeside(
  { documents }: FeatureContext,
  host: Host,
  name: string,
  { notHonoured }: BundlePlan,
  { markdown }: Announcement,
): Promise<boolean> {
  await showReport(documents.report(host, `bundle-${name}`, markdown), { preserveFocus: true });
  const choice = await vscode.window.showQuickPick(
    [
      { label: `Create “${name}” on ${host.label}`, agreed: true },
      { label: 'Cancel', agreed: false },
    ],
    {
      title,
      placeHolder: `${count(notHonoured.length, 'field')} of config.json will have no effect: the document lists all`,
      ignoreFocusOut: true,
    },
  );
  return choice?.agreed === true;
}
