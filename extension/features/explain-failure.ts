/** What a person is told when the helper could not do what they asked for. */
import * as vscode from 'vscode';
import type { FactsRecord } from '../helper/protocol.ts';
import { HelperError } from '../helper/session.ts';
import type { ExplainContext } from '../explain/types.ts';

/**
 * Says why it failed and what helps, in a dialog that stays until it was read. Anything but an answer of the helper is thrown
 * again: the registry of commands tells of it.
 * @param what a sentence without its full stop, `The namespaces could not be created`
 */
export async function explainFailure(
  what: string,
  error: unknown,
  facts: FactsRecord | undefined,
  context: ExplainContext,
): Promise<void> {
  if (!(error instanceof HelperError) || facts === undefined) throw error;
  // The table of causes is large, and nothing has gone wrong yet when the extension starts.
  const { explain, introduction } = await import('../explain/explain.ts');
  const causes = explain(error.record, facts, context);
  const parts = causes.map(({ cause, remedy, evidence, needsAdministrator, snippet }) =>
    [
      cause,
      ...evidence.map(({ what: seen, value, source }) => `• ${seen}: ${value} (${source})`),
      `${needsAdministrator ? 'Remedy, which takes an administrator' : 'Remedy'}: ${remedy}`,
      ...(snippet === undefined ? [] : [snippet]),
    ].join('\n'),
  );
  const detail = [introduction(causes), ...parts].join('\n\n');
  const copy = 'Copy';
  const choice = await vscode.window.showErrorMessage(`${what}: ${error.message}`, { modal: true, detail }, copy);
  if (choice === copy) await vscode.env.clipboard.writeText(`${what}: ${error.message}\n\n${detail}\n`);
}
