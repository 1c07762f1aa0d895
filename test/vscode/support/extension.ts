/** The product as people get it: the package that `npm run package` makes. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../../package.json' with { type: 'json' };

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

export const extensionId = `${manifest.publisher}.${manifest.name}`;

export function extensionUnderTest(): { readonly vsix: string } {
  const vsix = join(root, 'dist', `${manifest.name}-${manifest.version}.vsix`);
  if (!existsSync(vsix)) throw new Error(`${vsix} is missing: run \`npm run package\` first, or \`npm test\`.`);
  return { vsix };
}
