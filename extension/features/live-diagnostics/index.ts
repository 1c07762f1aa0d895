import { DisposableStore } from '../../disposable.ts';
import { commands } from '../../ids.ts';
import { coalesce } from '../coalesce.ts';
import type { Feature } from '../context.ts';
import { followHosts } from '../follow-hosts.ts';
import { onDemand } from '../on-demand.ts';

/** Milliseconds for which rows that have come are left alone, so that what judges them is loaded after they are shown. */
const settling = 800;

/** Judges what runs on connected hosts while the view is on the screen. All of that is loaded when the first of them is shown. */
export const activateLiveDiagnostics: Feature = (context) => {
  const { hosts, tree } = context;
  const store = new DisposableStore();
  let loading = false;
  const load = async (): Promise<void> => {
    if (loading) return;
    loading = true;
    const { activateJudging } = await import('./judging.ts');
    store.add(activateJudging(context));
  };
  const later = store.add(coalesce(() => void load(), settling));
  const update = (): void => {
    if (loading || !tree.visible) return;
    if (hosts.all.some(({ graph, session }) => graph !== undefined && session !== undefined)) later.run();
  };
  store.add(activateShowing(context));
  store.add(tree.onDidChangeVisibility(update));
  store.add(followHosts(hosts, (host) => host.onDidChangeState(update)));
  update();
  return store;
};

const activateShowing = onDemand(
  [commands.showProblems],
  async () => (await import('./show-problems.ts')).activateShowProblems,
);
