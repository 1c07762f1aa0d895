import type { CodeAction, Command, Range } from 'vscode-languageserver-types';
import type { Analysis } from '../analysis.ts';
import type { CommentStyle } from '../dialect.ts';
import type { Judgement } from '../engine.ts';
import type { Host } from '../host.ts';
import { clientCommands, creatable, type CreateArgument } from '../protocol.ts';
import { diagnosticOf } from './diagnostics.ts';
import { quickFix } from './protocol-numbers.ts';

/** Mends of what is found in a range, the creation of what is missing on the host, and the comment that silences a rule. */
export function codeActionsIn(analysis: Analysis, range: Range, host: Host | undefined): CodeAction[] {
  const start = analysis.text.offsetAt(range.start);
  const end = analysis.text.offsetAt(range.end);
  const here = analysis.verdict(host).judgements.filter(({ span }) => span.start <= end && start <= span.end);
  return [
    ...here.flatMap((judgement) => fixesOf(analysis, judgement)),
    ...here.flatMap((judgement) => creationOf(analysis, judgement, host)),
    ...here.flatMap((judgement) => silencing(analysis, judgement)),
  ];
}

function fixesOf(analysis: Analysis, judgement: Judgement): CodeAction[] {
  const { uri } = analysis.text;
  return (judgement.fixes ?? []).map(({ title, edits }, index) => ({
    title,
    kind: quickFix,
    diagnostics: [diagnosticOf(analysis, judgement)],
    isPreferred: index === 0,
    edit: { changes: { [uri]: edits.map(({ span, text }) => ({ range: analysis.range(span), newText: text })) } },
  }));
}

function creationOf(analysis: Analysis, judgement: Judgement, host: Host | undefined): CodeAction[] {
  if (host === undefined || judgement.rule.id !== 'host/path-missing') return [];
  const found = analysis.namespaceAt(judgement.span.start);
  if (found?.namespace.from.kind !== 'path') return [];
  const argument: CreateArgument = { type: found.namespace.type, path: found.namespace.from.path };
  if (creatable(argument) === undefined) return [];
  const title = `Create it on ${host.name}`;
  const command: Command = { title, command: clientCommands.create, arguments: [argument] };
  return [{ title, kind: quickFix, diagnostics: [diagnosticOf(analysis, judgement)], command }];
}

function silencing(analysis: Analysis, judgement: Judgement): CodeAction[] {
  const comment = analysis.document?.dialect.comment;
  if (comment === undefined) return [];
  return [
    {
      title: `Do not report ${judgement.rule.id} here`,
      kind: quickFix,
      diagnostics: [diagnosticOf(analysis, judgement)],
      edit: { changes: { [analysis.text.uri]: [silencingEdit(analysis, judgement, comment)] } },
    },
  ];
}

function silencingEdit({ text }: Analysis, { span, rule }: Judgement, comment: CommentStyle) {
  const { line } = text.positionAt(span.start);
  const start = { line, character: 0 };
  const indent = /^[ \t]*/.exec(text.getText({ start, end: text.positionAt(span.start) }))?.[0] ?? '';
  const newText = `${indent}${comment} linux-namespaces-disable-next-line ${rule.id}\n`;
  return { range: { start, end: start }, newText };
}
