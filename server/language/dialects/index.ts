import type { Dialect, OpenDocument, SourceFile } from '../dialect.ts';
import type { DialectId } from '../protocol.ts';
import type { RuleInfo } from '../rule.ts';
import { hostRules } from '../rules/host.ts';
import { compose } from './compose/index.ts';
import { devcontainer } from './devcontainer.ts';
import { kubernetes } from './kubernetes/index.ts';
import { dialectOf } from './recognise.ts';
import { oci } from './oci/index.ts';
import { shell } from './shell.ts';
import { systemd } from './systemd.ts';

export const dialects: readonly Dialect[] = [devcontainer, oci, compose, kubernetes, systemd, shell];

/** Undefined as `dialectOf`. */
export function openFile(file: SourceFile, off: readonly DialectId[] = []): OpenDocument | undefined {
  const wanted = dialectOf(file, off);
  return dialects.find(({ id }) => id === wanted)?.open(file.text, file.path);
}

export function allRules(): readonly RuleInfo[] {
  return [...dialects.flatMap(({ rules }) => rules), ...hostRules];
}
