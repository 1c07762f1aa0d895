import * as vscode from 'vscode';

/** Documents that the language server may know something about; it looks at them itself. */
export const selector: ({ readonly language: string } | { readonly pattern: string })[] = [
  ...['json', 'jsonc', 'yaml', 'dockercompose', 'shellscript', 'ini', 'systemd-unit-file'].map((language) => ({
    language,
  })),
  { pattern: '**/*.{service,socket,mount,swap,nspawn}' },
  { pattern: '**/*.{service,socket,mount,swap}.d/*.conf' },
];

/** How much of a text is looked at to decide whether the server is worth starting, in characters. */
const beginning = 20_000;

const kinds: readonly { readonly name?: RegExp; readonly language?: RegExp; readonly text?: RegExp }[] = [
  { language: /^jsonc?$/, text: /"ociVersion"/ },
  { name: /devcontainer\.json$/ },
  { name: /(^|\/)(docker-)?compose[^/]*\.ya?ml$/ },
  {
    language: /^(yaml|json)$/,
    text: /\bapiVersion["']?\s*:[^]*\bkind["']?\s*:|\bkind["']?\s*:[^]*\bapiVersion["']?\s*:/,
  },
  { name: /\.(service|socket|mount|swap|nspawn)(\.d\/[^/]+\.conf)?$/ },
  { language: /^shellscript$/, text: /\b(unshare|nsenter|netns|docker|podman|runc|systemd-run)\b/ },
];

/** A program is started for them, so the first of its kind must be there: most JSON files are of no concern. */
export function concerns(document: vscode.TextDocument): boolean {
  if (vscode.languages.match(selector, document) === 0) return false;
  let text: string | undefined;
  return kinds.some(({ name, language, text: pattern }) => {
    if (name !== undefined && !name.test(document.uri.path)) return false;
    if (language !== undefined && !language.test(document.languageId)) return false;
    if (pattern === undefined) return true;
    text ??= document.getText(new vscode.Range(0, 0, 1000, 0)).slice(0, beginning);
    return pattern.test(text);
  });
}
