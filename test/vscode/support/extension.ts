/** The product as people get it: the package that `npm run package` makes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import type { Edition } from '../../../tools/editor.mjs';
import { installExtensions } from '../../../tools/editor.mjs';
import { root } from '../../../tools/setup.mjs';
import { temporaryFolder } from '../../helper/support/marker.ts';
import { Scope } from '../../helper/support/scope.ts';

export const extensionId = `${manifest.publisher}.${manifest.name}`;

/** Why nothing of this tier can run here; undefined where it can. */
export function packageMissing(): string | undefined {
  return existsSync(vsix) ? undefined : `${vsix} is missing: run \`npm run package\` first, or \`npm test\``;
}

const vsix = join(root, 'dist', `${manifest.name}-${manifest.version}.vsix`);

const installed = new Map<Edition, Promise<string>>();
const scope = new Scope();

/** Folder of extensions with the package in it; one for all editors of this process, which only read it. */
export function installedExtension(edition: Edition): Promise<string> {
  const folder = installed.get(edition) ?? install(edition);
  installed.set(edition, folder);
  return folder;
}

async function install(edition: Edition): Promise<string> {
  const missing = packageMissing();
  if (missing !== undefined) throw new Error(missing);
  const extensionsDir = temporaryFolder(scope, 0o700);
  const userDataDir = temporaryFolder(scope, 0o700);
  await installExtensions({ which: edition, extensions: [{ vsix }], extensionsDir, userDataDir, log: () => undefined });
  return extensionsDir;
}

export async function removeInstalled(): Promise<void> {
  installed.clear();
  await scope.close();
}
