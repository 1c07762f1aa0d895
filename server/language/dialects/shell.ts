import { LateDeclared, type Declared } from '../declared.ts';
import { defineDialect } from '../dialect.ts';
import { commandRules, shellRules } from '../rules/shell/index.ts';
import { isShell } from './recognise.ts';
import { completeShell } from './shell/complete.ts';
import { workloadsOf } from './shell/declare.ts';
import { describeShell } from './shell/describe.ts';
import { invocationsIn, isOfInterest, type Invocation } from './shell/invocation.ts';
import { readScript } from './shell/script.ts';
import type { Script } from './shell/word.ts';

/** What of a shell script makes, enters or shares namespaces, in the order of the text. */
export interface ShellDocument extends Declared {
  readonly invocations: Iterable<Invocation>;
  /** Some of them may be calls of ip(8): what several of them do together need not be looked for otherwise. */
  readonly hasIp: boolean;
  /** Only those of its commands that can be invocations. */
  readonly script: Script;
  /** With all of its commands. */
  readonly whole: () => Script;
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

const none: Script = { commands: [], functions: new Set() };

const nothing: ShellDocument = {
  script: none,
  whole: () => none,
  invocations: [],
  hasIp: false,
  workloads: [],
};

/** What every script of interest has somewhere: most have none of it, and need not be read. */
const worthReading = /\b(?:unshare|nsenter|netns|docker|podman|runc|systemd-run|lsns)\b|\bip[ \t]+-n/;

function read(text: string): ShellDocument {
  if (!worthReading.test(text)) return nothing;
  const script = readScript(text, isOfInterest);
  const invocations = { [Symbol.iterator]: () => invocationsIn(script) };
  return Object.assign(new LateDeclared(() => workloadsOf(invocations)), {
    script,
    whole: () => readScript(text),
    invocations,
    hasIp: /\bip\b/.test(text),
  });
}
