// @ts-check
/** `npm run package`: linux-namespaces-VERSION.vsix with every helper and the licences of what is bundled. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildAll } from './build.mjs';
import { root, run, say } from './setup.mjs';

/**
 * The packages that ended up in the bundles, by esbuild's own account.
 * @param {readonly string[]} inputs
 */
function bundledPackages(inputs) {
  const names = inputs.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined).toSorted();
}

/** @param {string} name */
function licence(name) {
  const folder = join(root, 'node_modules', name);
  /** @type {{ version: string, license?: string }} */
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && manifest.license === undefined) throw new Error(`${name} names no licence`);
  const text = file === undefined ? `Licence: ${manifest.license ?? ''}` : readFileSync(join(folder, file), 'utf8');
  return `${name} ${manifest.version}\n${'-'.repeat(name.length)}\n\n${text.trim()}\n`;
}

/** musl is linked into the helper; its notice goes with it. */
function muslLicence() {
  const file = '/usr/share/doc/musl-dev/copyright';
  return existsSync(file) ? [`musl (linked into the helper)\n----\n\n${readFileSync(file, 'utf8').trim()}\n`] : [];
}

/** The editor shows no pictures of a package that names no repository to load them from; they would only make it larger. */
function readmeWithoutPictures() {
  return readFileSync(join(root, 'README.md'), 'utf8').replaceAll(/<!-- pictures -->.*?<!-- \/pictures -->\n*/gs, '');
}

/** @returns {Promise<string>} the VSIX's path */
export async function packageExtension() {
  const inputs = await buildAll({ all: true });
  const texts = [...bundledPackages(inputs).map(licence), ...muslLicence()];
  writeFileSync(join(root, 'dist', 'LICENCES.txt'), `Licences of the bundled parts\n\n${texts.join('\n\n')}`);
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const out = join(root, 'dist', `linux-namespaces-${version}.vsix`);
  writeFileSync(join(root, 'dist', 'README.md'), readmeWithoutPictures());
  const vsce = join('node_modules', '@vscode', 'vsce', 'vsce');
  run('node', [
    vsce,
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--readme-path',
    join('dist', 'README.md'),
    '--out',
    out,
  ]);
  say(`Packaged ${out}`);
  return out;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await packageExtension();
