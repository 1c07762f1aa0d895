import type { Declared } from '../declared.ts';
import { defineDialect } from '../dialect.ts';
import { shellRules } from '../rules/shell/index.ts';
import { isShell } from './recognise.ts';
import { completeShell } from './shell/complete.ts';
import { workloadsOf } from './shell/declare.ts';
import { describeShell } from './shell/describe.ts';
import { invocationsOf, type Invocation } from './shell/invocation.ts';
import { readScript } from './shell/lexer.ts';

/** What of a shell script makes, enters or shares namespaces, in the order of the text. */
export interface ShellDocument extends Declared {
  readonly invocations: readonly Invocation[];
  /** The same, apart by program: a rule asks for those of a few. */
  readonly byTool: ReadonlyMap<Invocation['tool'], readonly Invocation[]>;
  readonly functions: ReadonlySet<string>;
  readonly script: ReturnType<typeof readScript>;
}

export const shell = defineDialect<ShellDocument>({
  id: 'shell',
  recognises: isShell,
  read,
  rules: shellRules,
  complete: completeShell,
  describe: describeShell,
  comment: '#',
});

const nothing: ShellDocument = {
  script: { commands: [], functions: new Set() },
  invocations: [],
  byTool: new Map(),
  functions: new Set(),
  workloads: [],
};

/** What every script of interest has somewhere: most have none of it, and need not be read. */
const worthReading = /\b(?:unshare|nsenter|netns|docker|podman|runc|systemd-run|lsns)\b|\bip[ \t]+-n/;

function read(text: string): ShellDocument {
  if (!worthReading.test(text)) return nothing;
  const script = readScript(text);
  const invocations = invocationsOf(script);
  return {
    script,
    invocations,
    byTool: groupedByTool(invocations),
    functions: script.functions,
    workloads: workloadsOf(invocations),
  };
}

function groupedByTool(invocations: readonly Invocation[]): Map<Invocation['tool'], Invocation[]> {
  const groups = new Map<Invocation['tool'], Invocation[]>();
  for (const invocation of invocations) {
    const group = groups.get(invocation.tool);
    if (group === undefined) groups.set(invocation.tool, [invocation]);
    else group.push(invocation);
  }
  return groups;
}
