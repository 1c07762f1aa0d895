/** What a host and this user can do, by real tries. Loaded when somebody asks: the table of causes is large. */
import type { NamespaceType } from '../../helper/protocol.ts';
import { HelperError, type HelperSession } from '../../helper/session.ts';
import { create, facts } from '../../helper/verbs.ts';
import { readiness, type Try } from '../../explain/readiness.ts';
import { readinessReport, readinessRows } from '../../explain/readiness-report.ts';
import type { Graph } from '../../model/types.ts';
import type { KnownReadiness } from './readiness-store.ts';

/** Rejects with what ended the session; a refusal of the kernel is a result. */
export async function tryOut(
  session: HelperSession,
  types: readonly NamespaceType[],
  graph: Graph | undefined,
): Promise<KnownReadiness> {
  // Limits may have been changed since the host was connected: a refusal is explained with those of now.
  const [now, ...attempts] = await Promise.all([
    facts(session),
    ...types.map(async (type) => [type, await attempt(session, type)] as const),
  ]);
  const found = readiness(now, Object.fromEntries(attempts), graph);
  return { rows: readinessRows(found), report: readinessReport(found, Date.now()) };
}

/** The whole step for real, in a child that is thrown away. */
async function attempt(session: HelperSession, type: NamespaceType): Promise<Try> {
  try {
    await create(session, ['--try', `--new=${type}`, ...(type === 'user' ? ['--map=root'] : [])]);
    return { made: true };
  } catch (error) {
    if (!(error instanceof HelperError)) throw error;
    return { error: error.record, ...(type === 'user' ? { context: { new: [type], map: 'root' } } : {}) };
  }
}
