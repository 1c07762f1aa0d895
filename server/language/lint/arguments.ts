import { dialectIds, severities, type DialectId, type Settings, type Severity } from '../protocol.ts';

export interface Arguments {
  readonly format: Format;
  /** The command fails when something of this severity or worse is found. */
  readonly failOn: Severity | 'never';
  readonly settings: Settings;
  readonly paths: readonly string[];
  readonly action: 'lint' | 'list-rules' | 'help' | 'version';
}

export const formats = ['text', 'sarif', 'json'] as const;
export type Format = (typeof formats)[number];

export const usage = `Usage: nslint [OPTION]… FILE…
Judges files that declare namespaces: OCI config.json, Compose and Kubernetes files, systemd units, devcontainer.json and
shell scripts. Folders are searched for such files.

  --format=text|sarif|json   how findings are written; text by default
  --fail-on=SEVERITY         exit with 1 from this severity on: error (default), warning, information, hint, or never
  --rule=ID=SEVERITY         give a rule another severity, or off
  --off=KIND                 leave out one kind of file: ${dialectIds.join(', ')}
  --list-rules               write every rule with its severity and source
  --help, --version

Exit status: 0 when nothing of that severity is found, 1 when something is, 2 when a file cannot be read or the
command cannot be understood.
`;

/** Or what is wrong with them. */
export function parseArguments(given: readonly string[], rules: ReadonlySet<string>): Arguments | string {
  let format: Format = 'text';
  let failOn: Arguments['failOn'] = 'error';
  let action: Arguments['action'] = 'lint';
  const changed = new Map<string, Severity | 'off'>();
  const off: DialectId[] = [];
  const paths: string[] = [];
  let optionsEnded = false;
  for (let index = 0; index < given.length; index++) {
    const word = given[index] ?? '';
    if (optionsEnded || !word.startsWith('-') || word === '-') {
      paths.push(word);
      continue;
    }
    if (word === '--') {
      optionsEnded = true;
      continue;
    }
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (name === '--help' || name === '-h') action = 'help';
    else if (name === '--version' || name === '-V') action = 'version';
    else if (name === '--list-rules') action = 'list-rules';
    else if (valued.has(name)) {
      const value = equals < 0 ? given[++index] : word.slice(equals + 1);
      if (value === undefined) return `${name} needs a value`;
      if (name === '--format') {
        const known = formats.find((each) => each === value);
        if (known === undefined) return `--format takes ${formats.join(', ')}`;
        format = known;
      } else if (name === '--fail-on') {
        const known = value === 'never' ? value : severities.find((each) => each === value);
        if (known === undefined) return `--fail-on takes ${severities.join(', ')} or never`;
        failOn = known;
      } else if (name === '--off') {
        const known = dialectIds.find((each) => each === value);
        if (known === undefined) return `--off takes ${dialectIds.join(', ')}`;
        off.push(known);
      } else {
        const [id = '', severity = ''] = value.split('=', 2);
        const known = severity === 'off' ? severity : severities.find((each) => each === severity);
        if (!rules.has(id)) return `There is no rule ${id}; --list-rules writes all`;
        if (known === undefined) return `--rule takes ID=SEVERITY with ${severities.join(', ')} or off`;
        changed.set(id, known);
      }
    } else return `There is no option ${name}`;
  }
  if (action === 'lint' && paths.length === 0) return 'Nothing to check: give files or folders';
  return { format, failOn, settings: { off, rules: Object.fromEntries(changed), maximum: Infinity }, paths, action };
}

const valued: ReadonlySet<string> = new Set(['--format', '--fail-on', '--off', '--rule']);
