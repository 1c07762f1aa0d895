import type { Dialect, OpenDocument, SourceFile } from '../dialect.ts';
import type { DialectId } from '../protocol.ts';
import type { RuleInfo } from '../rule.ts';
import { hostRules } from '../rules/host.ts';
import { compose } from './compose/index.ts';
import { devcontainer } from './devcontainer.ts';
import { kubernetes } from './kubernetes/index.ts';
import { oci } from './oci/index.ts';
import { shell } from './shell.ts';
import { systemd } from './systemd.ts';

/** The first that recognises a document reads it. */
export const dialects: readonly Dialect[] = [devcontainer, oci, compose, kubernetes, systemd, shell];

/** Undefined for what is of none of the kinds, or of one that is switched off. */
export function openFile(file: SourceFile, off: readonly DialectId[] = []): OpenDocument | undefined {
  const dialect = dialects.find(({ recognises }) => recognises(file));
  return dialect === undefined || off.includes(dialect.id) ? undefined : dialect.open(file.text, file.path);
}

export function allRules(): readonly RuleInfo[] {
  return [...dialects.flatMap(({ rules }) => rules), ...hostRules];
}
