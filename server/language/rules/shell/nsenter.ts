import { typeOfOption } from '../../dialects/shell/declare.ts';
import { lacks, literalValue, option, type OptionInvocation } from '../../dialects/shell/invocation.ts';
import type { Given } from '../../dialects/shell/options.ts';
import type { Word } from '../../dialects/shell/word.ts';
import type { Finding, Fix } from '../../rule.ts';
import {
  insideRule,
  namespaceOptions,
  nsenterManual as link,
  onlyTells,
  optionRule,
  remove,
  unshareManual,
  type ShellRule,
} from './rule.ts';
import { showsProcesses } from './unshare.ts';

export const nsenterRules: readonly ShellRule[] = [
  optionRule(
    ['unshare', 'nsenter'],
    {
      id: 'shell/namespace-file-apart',
      severity: 'error',
      summary: "A namespace's file behind a blank, which makes it the program",
      link: unshareManual,
    },
    (invocation) => {
      const file = fileAsProgram(invocation);
      if (file === undefined) return undefined;
      const last = invocation.options.at(-1);
      return {
        span: file.span,
        message: `${invocation.tool} takes this as the program to run: the file of a namespace option stands in the same word, behind an equals sign.`,
        remedy: 'Join the two with an equals sign.',
        ...(last === undefined ? {} : join(invocation, last, file)),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-short-option-value',
      severity: 'error',
      summary: 'A value behind a short option of unshare that takes none',
      link: unshareManual,
    },
    (invocation) => {
      const { unknown } = invocation;
      const given = invocation.options.at(-1);
      if (unknown?.text !== '=' || given === undefined) return undefined;
      return {
        span: { start: given.key.start, end: unknown.span.end },
        message: 'unshare takes a file for its long options only, and refuses the equals sign as an unknown option.',
        remedy: `Write --${given.name}=FILE.`,
      };
    },
  ),
  optionRule(
    ['nsenter'],
    {
      id: 'shell/nsenter-short-option-equals',
      severity: 'warning',
      summary: 'An equals sign behind a short option of nsenter',
      link,
    },
    function* equals(invocation): Iterable<Finding> {
      for (const given of invocation.options) {
        const { key, value } = given;
        // Between the letter and its value lies the sign.
        if (value === undefined || !isNamespace(given.name)) continue;
        if (key.end - key.start !== 1 || value.span.start !== key.end + 1) continue;
        yield {
          span: { start: key.start, end: value.span.end },
          message:
            'The nsenter of util-linux 2.41 and before takes the equals sign for the beginning of the file name, and finds no such file.',
          remedy: `Write --${given.name}=FILE.`,
          ...(given.whole === undefined
            ? {}
            : {
                fixes: [
                  {
                    title: `Write --${given.name}=FILE`,
                    edits: [{ span: { start: given.whole.start, end: value.span.start }, text: `--${given.name}=` }],
                  },
                ],
              }),
        };
      }
    },
    typeOfOption.keys(),
  ),
  optionRule(
    ['nsenter'],
    {
      id: 'shell/nsenter-no-target',
      severity: 'error',
      summary: 'nsenter without a process to take namespaces from',
      link,
    },
    (invocation) => {
      if (!lacks(invocation, 'target') || onlyTells(invocation) || fileAsProgram(invocation) !== undefined)
        return undefined;
      const given = invocation.options.find(
        ({ name, value }) => name === 'all' || name === 'net-socket' || (value === undefined && isNamespace(name)),
      );
      if (given === undefined) return undefined;
      return {
        span: given.key,
        message: `nsenter refuses --${given.name} with neither a file of its own nor --target.`,
        remedy: 'Add --target PID.',
      };
    },
  ),
  optionRule(
    ['nsenter'],
    { id: 'shell/nsenter-nothing', severity: 'warning', summary: 'nsenter without an option for a namespace', link },
    (invocation) => {
      if (invocation.open || onlyTells(invocation) || namespaceOptions(invocation).length > 0) return undefined;
      if (!lacks(invocation, 'all', 'net-socket', 'user-parent', 'root', 'wd', 'join-cgroup', 'env', 'follow-context'))
        return undefined;
      return {
        span: invocation.program.span,
        message: 'nsenter enters no namespace here; from util-linux 2.41 on it refuses to run.',
        remedy: 'Add the options of the namespaces that are meant, or --all.',
      };
    },
  ),
  optionRule(
    ['nsenter'],
    { id: 'shell/nsenter-target-not-a-pid', severity: 'error', summary: 'nsenter --target without a process id', link },
    (invocation) => {
      const target = option(invocation, 'target');
      const text = literalValue(target);
      if (target?.value === undefined || text === undefined || /^\d+(?::\d+)?$/.test(text)) return undefined;
      return {
        span: target.value.span,
        message: 'nsenter takes a process id as its target and refuses anything else.',
        remedy: 'Give the process id, such as docker inspect and podman inspect say with --format {{.State.Pid}}.',
      };
    },
  ),
  optionRule(
    ['nsenter'],
    { id: 'shell/nsenter-pid-without-fork', severity: 'warning', summary: 'nsenter --pid with --no-fork', link },
    (invocation) => {
      const fork = option(invocation, 'no-fork');
      if (fork === undefined || option(invocation, 'pid', 'all') === undefined) return undefined;
      return {
        span: fork.key,
        message:
          'With --no-fork the program itself stays in the old pid namespace: only its children are in the entered one.',
        remedy: 'Leave out --no-fork.',
        ...remove('Remove --no-fork', fork),
      };
    },
  ),
  optionRule(
    ['nsenter'],
    {
      id: 'shell/nsenter-pid-without-mount',
      severity: 'warning',
      summary: 'Processes are shown of a pid namespace that has not been entered',
      link,
    },
    (invocation) => {
      const pid = option(invocation, 'pid');
      const [program] = invocation.operands;
      if (pid === undefined || program === undefined || !lacks(invocation, 'mount', 'all', 'root')) return undefined;
      const name = program.text.slice(program.text.lastIndexOf('/') + 1);
      if (!program.literal || !showsProcesses.has(name)) return undefined;
      return {
        span: pid.key,
        message: `${name} reads /proc, and without --mount that is the caller's: it shows the processes of the caller's pid namespace.`,
        remedy: 'Add --mount.',
      };
    },
  ),
  optionRule(
    ['nsenter'],
    {
      id: 'shell/nsenter-credentials-without-user',
      severity: 'information',
      summary: 'An option about a user namespace that is not entered',
      link,
    },
    (invocation) => {
      const given = option(invocation, 'preserve-credentials', 'keep-caps');
      if (given === undefined || !lacks(invocation, 'user', 'all', 'user-parent')) return undefined;
      return {
        span: given.key,
        message: `--${given.name} does nothing unless a user namespace is entered.`,
        remedy: 'Add --user, or leave it out.',
        ...remove(`Remove --${given.name}`, given),
      };
    },
  ),
  optionRule(
    ['nsenter'],
    { id: 'shell/nsenter-two-directories', severity: 'error', summary: 'nsenter --wd with --wdns', link },
    (invocation) => {
      const outside = option(invocation, 'wd');
      const inside = option(invocation, 'wdns');
      if (outside === undefined || inside === undefined) return undefined;
      return {
        span: inside.whole ?? inside.key,
        message: 'nsenter refuses --wd and --wdns together.',
        remedy: 'Take --wdns for a directory as it is called inside, --wd for one of outside.',
        related: [{ span: outside.whole ?? outside.key, message: 'The other one.' }],
      };
    },
  ),
  insideRule(
    {
      id: 'shell/effect-lost',
      severity: 'warning',
      summary: 'A setting of a namespace that ends with the command',
      link: 'https://man7.org/linux/man-pages/man7/namespaces.7.html#DESCRIPTION',
    },
    (invocation) => {
      const outer = invocation.within;
      if (outer?.tool === 'ip' && invocation.tool === 'other' && mounts(invocation.name, invocation.words)) {
        return {
          span: invocation.span,
          message:
            'ip netns exec runs each command in a mount namespace of its own, whose mounts do not reach others: what this one does ends with it.',
          remedy: 'Mount outside, or do all that needs it in one command, such as a shell.',
        };
      }
      if (outer?.tool !== 'unshare' || outer.open || invocation.command.background) return undefined;
      const type =
        invocation.tool === 'ip'
          ? setsUp(invocation.ip)
            ? 'net'
            : undefined
          : setting(invocation.name, invocation.words);
      const made = type === undefined ? undefined : option(outer, type);
      const propagation = literalValue(option(outer, 'propagation'));
      if (made === undefined || made.value !== undefined || propagation === 'shared' || propagation === 'unchanged')
        return undefined;
      return {
        span: invocation.span,
        message: `This sets up the new ${made.name} namespace, which ends with the command that does so.`,
        remedy: `Do all that needs it in one command, such as a shell, or keep the namespace with --${made.name}=FILE.`,
      };
    },
  ),
];

function isNamespace(name: string): boolean {
  return typeOfOption.has(name);
}

function fileAsProgram(invocation: OptionInvocation): Word | undefined {
  const [program] = invocation.operands;
  if (program === undefined || invocation.open) return undefined;
  const last = invocation.options.at(-1);
  if (last === undefined || last.value !== undefined || !isNamespace(last.name)) return undefined;
  return /^\/(?:var\/)?run\/netns\/|^\/proc\/[^/]+\/ns\//.test(program.text) ? program : undefined;
}

function join(invocation: OptionInvocation, { name, whole }: Given, file: Word): { readonly fixes?: readonly Fix[] } {
  if (whole === undefined || invocation.operands[0] !== file) return {};
  const span = { start: whole.start, end: file.span.start };
  return { fixes: [{ title: `Write --${name}=FILE`, edits: [{ span, text: `--${name}=` }] }] };
}

function mounts(name: string, words: readonly Word[]): boolean {
  if (name === 'umount') return words.length > 0;
  // With one word or none it only lists.
  return (
    name === 'mount' &&
    words.filter(({ text }) => !text.startsWith('-')).length > 1 &&
    !words.some(({ text }) => text === '-l')
  );
}

/** Which option's namespace a program sets up without using it. */
function setting(name: string, words: readonly Word[]): 'mount' | 'uts' | undefined {
  if (mounts(name, words)) return 'mount';
  const [first] = words;
  return name === 'hostname' && words.length === 1 && first?.text.startsWith('-') === false ? 'uts' : undefined;
}

function setsUp({
  object,
  verb,
  inside,
}: {
  readonly object: string;
  readonly verb: string;
  readonly inside: unknown;
}): boolean {
  return inside === undefined && object !== 'netns' && ['add', 'set', 'replace', 'change', 'delete'].includes(verb);
}
