import type { Span } from '../../span.ts';
import { parseIp, type IpCommand } from './ip.ts';
import { parseOptions, type Given, type OptionTable, type Parsed } from './options.ts';
import {
  containerOptions,
  engineOptions,
  lsnsOptions,
  nsenterOptions,
  runcGlobalOptions,
  runcOptions,
  systemdRunOptions,
  unshareOptions,
  wrappers,
} from './tools.ts';
import type { Script, SimpleCommand, Word } from './word.ts';

interface Place {
  /** The program's name, as written. */
  readonly program: Word;
  readonly command: SimpleCommand;
  /** It is run through sudo(8) or doas(1), as root. */
  readonly asRoot: boolean;
  /** What runs it in other namespaces, such as `ip netns exec`. */
  readonly within: Invocation | undefined;
}

interface Placed extends Place {
  /** All of the command, from the program on. */
  readonly span: Span;
}

export type OptionTool = 'unshare' | 'nsenter' | 'docker' | 'podman' | 'runc' | 'systemd-run' | 'lsns';

export interface OptionInvocation extends Placed, Parsed {
  readonly tool: OptionTool;
  /** `run`, `create`; the program's name where it has no commands. */
  readonly verb: string;
}

export interface IpInvocation extends Placed {
  readonly tool: 'ip';
  readonly ip: IpCommand;
}

/** A program that sets up the namespaces that one of the tools has made or entered for it. */
export interface OtherInvocation extends Placed {
  readonly tool: 'other';
  readonly name: string;
  readonly words: readonly Word[];
}

export type Invocation = OptionInvocation | IpInvocation | OtherInvocation;

/** Nobody runs so many programs through each other; each takes the words of those inside of it. */
const deepest = 8;

/**
 * In the order of the text. They are found anew whenever they are asked for: to keep those of a large script, which mostly are asked
 * for once, takes longer.
 */
export function* invocationsIn(
  script: Script,
  leftOut: ReadonlySet<string> = none,
): Generator<Invocation, void, undefined> {
  for (const command of script.commands) {
    let words: readonly Word[] | undefined = withoutAssignments(command.words);
    let asRoot = false;
    let within: Invocation | undefined;
    for (let level = 0; words !== undefined && level < deepest; level++) {
      const program: Word | undefined = words[0];
      if (program === undefined || !program.literal) break;
      const name: string = nameOf(program);
      // Programs of no interest matter only as what another runs.
      if ((within === undefined && !interesting.has(name)) || leftOut.has(name)) break;
      const wrapper = wrappers.get(name);
      if (wrapper !== undefined) {
        const { open, options, operands } = parseOptions(wrapper.options, words, 1);
        asRoot ||=
          (name === 'sudo' || name === 'doas') && !options.some((given) => given.name === 'user' || given.name === 'u');
        words = open || startsShell(name, options) ? undefined : withoutAssignments(operands.slice(wrapper.operands));
        continue;
      }
      const invocation = invoke(name, { program, command, asRoot, within }, words);
      if (invocation === undefined) break;
      yield invocation;
      within = invocation;
      words = programOf(invocation);
    }
  }
}

const none: ReadonlySet<string> = new Set();

/** Whether `invocationsIn` looks at a command at all. */
export function isOfInterest(word: Word): boolean | undefined {
  if (isAssignment(word)) return undefined;
  return word.literal && interesting.has(nameOf(word));
}

/** `sudo -i` and `command -v` run something else. */
function startsShell(name: string, options: readonly Given[]): boolean {
  return name === 'sudo' && options.some((given) => given.name === 'login' || given.name === 'shell');
}

function withoutAssignments(words: readonly Word[]): readonly Word[] {
  const first = words.findIndex((word) => !isAssignment(word));
  return first === 0 ? words : first < 0 ? [] : words.slice(first);
}

function isAssignment({ text }: Word): boolean {
  return text.includes('=') && /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/.test(text);
}

/** Without its folder. */
function nameOf({ text }: Word): string {
  return text.slice(text.lastIndexOf('/') + 1);
}

const simple: ReadonlyMap<string, { readonly tool: OptionTool; readonly options: OptionTable }> = new Map([
  ['unshare', { tool: 'unshare', options: unshareOptions }],
  ['nsenter', { tool: 'nsenter', options: nsenterOptions }],
  ['systemd-run', { tool: 'systemd-run', options: systemdRunOptions }],
  ['lsns', { tool: 'lsns', options: lsnsOptions }],
]);

const setting: ReadonlySet<string> = new Set(['mount', 'umount', 'hostname', 'sysctl']);

const interesting: ReadonlySet<string> = new Set([
  ...simple.keys(),
  ...wrappers.keys(),
  'docker',
  'podman',
  'ip',
  'runc',
]);

function invoke(name: string, place: Place, words: readonly Word[]): Invocation | undefined {
  const tool = simple.get(name);
  if (tool !== undefined) return withOptions(tool.tool, name, place, words, parseOptions(tool.options, words, 1));
  if (name === 'docker' || name === 'podman') return container(name, place, words);
  const { program, command, asRoot, within } = place;
  if (name === 'ip') {
    const ip = parseIp(words, 1);
    return ip && { tool: 'ip', program, span: spanOf(place, words), command, asRoot, within, ip };
  }
  if (name === 'runc') {
    const { open, operands } = parseOptions(runcGlobalOptions, words, 1);
    const [verb, ...rest] = operands;
    if (open || verb === undefined || !/^(?:run|create)$/.test(verb.text)) return undefined;
    return withOptions('runc', verb.text, place, words, parseOptions(runcOptions, rest));
  }
  if (!setting.has(name)) return undefined;
  const span = spanOf(place, words);
  return { tool: 'other', program, span, command, asRoot, within, name, words: words.slice(1) };
}

/** Member by member: to spread objects into another takes ten times as long as all the reading of a command's words. */
function withOptions(
  tool: OptionTool,
  verb: string,
  place: Place,
  words: readonly Word[],
  { options, operands, open, unknown }: Parsed,
): OptionInvocation {
  const { program, command, asRoot, within } = place;
  const span = spanOf(place, words);
  return { tool, program, span, command, asRoot, within, verb, options, operands, open, unknown };
}

function spanOf({ program }: Place, words: readonly Word[]): Span {
  const { start, end } = program.span;
  return { start, end: words.at(-1)?.span.end ?? end };
}

function container(tool: 'docker' | 'podman', place: Place, words: readonly Word[]): Invocation | undefined {
  const { open, operands } = parseOptions(engineOptions[tool], words, 1);
  if (open) return undefined;
  const rest = operands[0]?.text === 'container' ? operands.slice(1) : operands;
  const [verb] = rest;
  if (verb?.literal !== true || (verb.text !== 'run' && verb.text !== 'create')) return undefined;
  return withOptions(tool, verb.text, place, words, parseOptions(containerOptions[tool], rest, 1));
}

/** The command that it runs in the same script's terms; what runs in a container is the container's business. */
function programOf(invocation: Invocation): readonly Word[] | undefined {
  const { tool } = invocation;
  if (tool === 'ip') return invocation.ip.program;
  const runs = tool === 'unshare' || tool === 'nsenter' || tool === 'systemd-run';
  return !runs || invocation.open ? undefined : invocation.operands;
}

/** The last one counts, as it does for the programs. */
export function option({ options }: Parsed, ...names: readonly string[]): Given | undefined {
  // Dozens of rules ask this of every command: a function for each would be most of the work.
  for (let index = options.length - 1; index >= 0; index--) {
    const given = options[index];
    if (given !== undefined && names.includes(given.name)) return given;
  }
  return undefined;
}

/** Its value where all of it is known. */
export function literalValue(given: Given | undefined): string | undefined {
  return given?.value?.literal === true ? given.value.text : undefined;
}

/** None of them has been given, and none can come of an expansion. */
export function lacks(parsed: Parsed, ...names: readonly string[]): boolean {
  return !parsed.open && option(parsed, ...names) === undefined;
}
