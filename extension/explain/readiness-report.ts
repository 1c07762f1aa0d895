/** Readiness as a document, and as rows of a compact tree. */
import { displayText } from '../model/text.ts';
import { introduction } from './explain.ts';
import { codeBlock, escapeMarkdown } from './markdown.ts';
import type { Item, Readiness, State } from './readiness.ts';
import type { Evidence, Explanation } from './types.ts';

const stateWords: Readonly<Record<State, string>> = {
  yes: '✓ yes',
  no: '✗ no',
  partly: '✗ partly',
  unknown: '? not known',
};

/**
 * Markdown, with everything that a host said escaped.
 * @param time when the facts were read, in milliseconds since the epoch; left out of the document where it is not given
 */
export function readinessReport({ facts, items }: Readiness, time?: number): string {
  const name = escapeMarkdown(facts.hostname ?? 'this host', 100);
  const when = time === undefined ? '' : `, ${new Date(time).toISOString().replace('T', ' ').slice(0, 16)} UTC`;
  const head = [
    `# Readiness of ${name}`,
    `Linux ${escapeMarkdown(facts.kernel)} on ${escapeMarkdown(facts.arch)}, as ${escapeMarkdown(facts.user ?? 'uid')} \\(uid ${facts.uid}\\)${when}.`,
    'In 2006 it was asked what has to happen before one kernel can run separate user space instances. These are the things that were named then, in their order, and how they stand here.',
    ['| Asked for in 2006 | Today | Here |', '|---|---|---|', ...items.map(tableLine)].join('\n'),
  ];
  return `${[...head, ...items.flatMap(section)].join('\n\n')}\n`;
}

function tableLine({ asked, label, state }: Item): string {
  return `| ${escapeMarkdown(asked)} | ${escapeMarkdown(label)} | ${stateWords[state]} |`;
}

function section(item: Item, index: number): readonly string[] {
  const { asked, label, state, summary, evidence, causes } = item;
  return [
    `## ${index + 1}. ${escapeMarkdown(label)}: ${stateWords[state]}`,
    `Asked for as "${escapeMarkdown(asked)}". ${escapeMarkdown(summary)}`,
    ...(evidence.length === 0 ? [] : [evidence.map(evidenceLine).join('\n')]),
    ...(causes.length === 0 ? [] : [`**Why:** ${escapeMarkdown(introduction(causes))}`]),
    ...causes.flatMap(causeBlocks),
  ];
}

function evidenceLine({ what, value, source }: Evidence): string {
  return `- ${escapeMarkdown(what)}: ${escapeMarkdown(value, 400)} \\(${escapeMarkdown(source)}\\)`;
}

/** The link is a constant of a rule, never of a host. */
function causeBlocks(explanation: Explanation): readonly string[] {
  const { cause, certainty, evidence, remedy, snippet, needsAdministrator, source } = explanation;
  return [
    `**Cause** \\(${certainty}\\): ${escapeMarkdown(cause)}`,
    ...(evidence.length === 0 ? [] : [evidence.map(evidenceLine).join('\n')]),
    `**Remedy**${needsAdministrator ? ' \\(takes an administrator\\)' : ''}: ${escapeMarkdown(remedy)}`,
    ...(snippet === undefined ? [] : [codeBlock(snippet)]),
    `Source: <${source}>`,
  ];
}

export interface ReadinessRow {
  readonly id: string;
  readonly label: string;
  /** Begins with the state in words. */
  readonly description: string;
  readonly state: State;
  /** Plain text, safe to show in a label; not Markdown. */
  readonly details: readonly string[];
}

export function readinessRows({ items }: Readiness): readonly ReadinessRow[] {
  return items.map(({ id, label, state, summary, evidence, causes }) => {
    const [first] = causes;
    const why = first === undefined ? [] : [`${first.cause} ${first.remedy}`];
    const reason = state === 'yes' || first === undefined ? '' : `: ${displayText(first.cause, 120)}`;
    return {
      id,
      label,
      description: `${stateWords[state]}${reason}`,
      state,
      details: [summary, ...why, ...evidence.map(({ what, value, source }) => `${what}: ${value} (${source})`)].map(
        (line) => displayText(line, 600),
      ),
    };
  });
}
