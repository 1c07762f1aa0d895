import type { Declared, Workload } from '../declared.ts';
import { defineDialect } from '../dialect.ts';
import { commandRules, shellRules } from '../rules/shell/index.ts';
import { isShell } from './recognise.ts';
import { completeShell } from './shell/complete.ts';
import { workloadsOf } from './shell/declare.ts';
import { describeShell } from './shell/describe.ts';
import { invocationsIn, wordsOfInterest, type Invocation } from './shell/invocation.ts';
import { readScript } from './shell/lexer.ts';

/** What of a shell script makes, enters or shares namespaces, in the order of the text. */
export interface ShellDocument extends Declared {
  readonly invocations: Iterable<Invocation>;
  /** Some of them may be calls of ip(8): what several of them do together need not be looked for otherwise. */
  readonly hasIp: boolean;
  readonly functions: ReadonlySet<string>;
  readonly script: ReturnType<typeof readScript>;
}

export const shell = defineDialect<ShellDocument>({
  id: 'shell',
  recognises: isShell,
  read,
  rules: shellRules,
  units: commandRules,
  complete: completeShell,
  describe: describeShell,
  comment: '#',
});

const nothing: ShellDocument = {
  script: { commands: [], functions: new Set() },
  invocations: [],
  hasIp: false,
  functions: new Set(),
  workloads: [],
};

/** What every script of interest has somewhere: most have none of it, and need not be read. */
const worthReading = /\b(?:unshare|nsenter|netns|docker|podman|runc|systemd-run|lsns)\b|\bip[ \t]+-n/;

function read(text: string): ShellDocument {
  if (!worthReading.test(text)) return nothing;
  const script = readScript(text, wordsOfInterest);
  const invocations = { [Symbol.iterator]: () => invocationsIn(script) };
  let workloads: readonly Workload[] | undefined;
  return {
    script,
    invocations,
    hasIp: /\bip\b/.test(text),
    functions: script.functions,
    // Only a connected host and what is asked at a place need them.
    get workloads() {
      return (workloads ??= workloadsOf(invocations));
    },
  };
}
