import type { SourceFile } from '../dialect.ts';
import { membersOf, parseJson } from '../json.ts';
import type { DialectId } from '../protocol.ts';
import { looksLikeKubernetes } from './kubernetes/kinds.ts';
import { isUnitPath } from './systemd/unit-path.ts';

/*
 * Which files are of which kind. Apart from what the dialects are made of, which the server loads when there is a file for it.
 */

export function isDevcontainer({ path }: SourceFile): boolean {
  return /(?:^|\/)\.?devcontainer\.json$/.test(path) || /(?:^|\/)\.devcontainer\/[^/]+\/devcontainer\.json$/.test(path);
}

/** The `config.json` of a bundle, or a file of any other name that is written like it. */
export function isOci({ path, languageId, text }: SourceFile): boolean {
  const isJson = languageId === undefined ? path.endsWith('.json') : languageId === 'json' || languageId === 'jsonc';
  if (!isJson || !text.includes('"ociVersion"')) return false;
  const names = new Set(membersOf(parseJson(text)).map(({ name }) => name));
  // What a runtime says of a container, and gives its hooks, has the version too: runtime.md#state.
  return names.has('ociVersion') && !(names.has('status') && names.has('bundle'));
}

/** As the Compose command looks for them, with what people add for a second file or another environment. */
const composeName = /^(?:(?:docker|podman)-)?compose(?:[.\-_].*)?\.ya?ml$/i;

export function isCompose({ path, languageId }: SourceFile): boolean {
  return languageId === 'dockercompose' || composeName.test(path.slice(path.lastIndexOf('/') + 1));
}

const kubernetesLanguages = ['yaml', 'json', 'jsonc', 'kubernetes'];

export function isKubernetes({ path, languageId, text }: SourceFile): boolean {
  const mayBe =
    /\.(?:ya?ml|json)$/i.test(path) || (languageId !== undefined && kubernetesLanguages.includes(languageId));
  return mayBe && looksLikeKubernetes(text);
}

/** Services of D-Bus and of Avahi have the same ending. */
export function isUnit({ path, text }: SourceFile): boolean {
  return isUnitPath(path) && !/^\s*(?:<|\[D-BUS Service\])/.test(text);
}

const shebang =
  /^\uFEFF?#![ \t]*(?:\/\S*\/)?(?:env[ \t]+(?:-S[ \t]+)?)?(?:\/\S*\/)?(?:ba|da|a|z|k|mk)?sh(?=[ \t\r\n]|$)/;

export function isShell({ path, languageId, text }: SourceFile): boolean {
  if (languageId === 'shellscript' || /\.(?:sh|bash)$/.test(path)) return true;
  return text.slice(0, 3).includes('#!') && shebang.test(text.slice(0, 256));
}

/** The first that recognises a file reads it. */
const recognisers: readonly (readonly [DialectId, (file: SourceFile) => boolean])[] = [
  ['devcontainer', isDevcontainer],
  ['oci', isOci],
  ['compose', isCompose],
  ['kubernetes', isKubernetes],
  ['systemd', isUnit],
  ['shell', isShell],
];

/** Undefined for what is of none of the kinds, or of one that is switched off. */
export function dialectOf(file: SourceFile, off: readonly DialectId[] = []): DialectId | undefined {
  const [id] = recognisers.find(([, recognises]) => recognises(file)) ?? [];
  return id === undefined || off.includes(id) ? undefined : id;
}
