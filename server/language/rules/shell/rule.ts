import type { ShellDocument } from '../../dialects/shell.ts';
import { impliesMount, impliesUser, typeOfOption } from '../../dialects/shell/declare.ts';
import {
  lacks,
  option,
  type Invocation,
  type IpInvocation,
  type OptionInvocation,
  type OptionTool,
  type OtherInvocation,
} from '../../dialects/shell/invocation.ts';
import type { Given } from '../../dialects/shell/options.ts';
import type { Findings, Fix, Rule, RuleInfo } from '../../rule.ts';

export type ShellRule = Rule<ShellDocument> | InvocationRule;

/** A rule about every command of some programs. */
export interface InvocationRule extends RuleInfo {
  readonly tools: readonly Invocation['tool'][];
  readonly asks: (invocation: Invocation) => Findings;
}

export const unshareManual = 'https://man7.org/linux/man-pages/man1/unshare.1.html#OPTIONS';
export const nsenterManual = 'https://man7.org/linux/man-pages/man1/nsenter.1.html#OPTIONS';
export const netnsManual = 'https://man7.org/linux/man-pages/man8/ip-netns.8.html#DESCRIPTION';

export function optionRule(
  tools: readonly OptionTool[],
  info: RuleInfo,
  check: (invocation: OptionInvocation) => Findings,
  /** It has nothing to say where none of these options is given. */
  about?: Iterable<string>,
): InvocationRule {
  const names = about && [...about];
  const asks = (invocation: Invocation): Findings => {
    if (invocation.tool === 'ip' || invocation.tool === 'other') return undefined;
    return names === undefined || option(invocation, ...names) !== undefined ? check(invocation) : undefined;
  };
  return { ...info, tools, asks };
}

export function ipRule(info: RuleInfo, check: (invocation: IpInvocation) => Findings): InvocationRule {
  const asks = (invocation: Invocation): Findings => (invocation.tool === 'ip' ? check(invocation) : undefined);
  return { ...info, tools: ['ip'], asks };
}

/** A rule about what runs inside of namespaces, whatever program it is. */
export function insideRule(
  info: RuleInfo,
  check: (invocation: OtherInvocation | IpInvocation) => Findings,
): InvocationRule {
  const asks = (invocation: Invocation): Findings =>
    invocation.within !== undefined && (invocation.tool === 'other' || invocation.tool === 'ip')
      ? check(invocation)
      : undefined;
  return { ...info, tools: ['other', 'ip'], asks };
}

export function makesUser(invocation: OptionInvocation): boolean {
  return option(invocation, 'user', ...impliesUser) !== undefined;
}

export function makesMount(invocation: OptionInvocation): boolean {
  return option(invocation, 'mount', ...impliesMount) !== undefined;
}

/** Options after which the program is a child of unshare(1), and so in its new pid namespace. */
export const forking = ['fork', 'kill-child', 'forward-signals'] as const;

/** Options by which unshare(1) has more than one id mapped. */
export const mapsRanges = ['map-users', 'map-groups', 'map-auto', 'map-subids'] as const;

export function namespaceOptions(invocation: OptionInvocation): readonly Given[] {
  return invocation.options.filter(({ name }) => typeOfOption.has(name));
}

/** Nothing runs: the program only says something about itself. */
export function onlyTells(invocation: OptionInvocation): boolean {
  return !lacks(invocation, 'help', 'version') && !invocation.open;
}

export function remove(title: string, ...given: readonly Given[]): { readonly fixes?: readonly Fix[] } {
  const edits = given.map(({ whole }) => whole);
  const whole = edits.filter((span) => span !== undefined);
  // The blank before it goes as well.
  return whole.length < edits.length || whole.length === 0
    ? {}
    : { fixes: [{ title, edits: whole.map(({ start, end }) => ({ span: { start: start - 1, end }, text: '' })) }] };
}

/** Puts an option behind another. */
export function addAfter(
  title: string,
  given: Given,
  long: string,
  letter?: string,
): { readonly fixes?: readonly Fix[] } {
  const { whole, key } = given;
  if (whole !== undefined)
    return { fixes: [{ title, edits: [{ span: { start: whole.end, end: whole.end }, text: ` ${long}` }] }] };
  if (letter === undefined || key.end - key.start !== 1) return {};
  return { fixes: [{ title, edits: [{ span: { start: key.end, end: key.end }, text: letter }] }] };
}
