import type { Disposable } from '../../disposable.ts';
import { DisposableStore } from '../../disposable.ts';
import type { Hosts } from '../../host/types.ts';
import { followHosts } from '../follow-hosts.ts';

/**
 * Has the hosts polled while the view is on the screen, whether or not the window has the focus: people watch it while they
 * type in a terminal beside it.
 */
export function watchWhileVisible(
  hosts: Hosts,
  view: {
    readonly visible: boolean;
    readonly onDidChangeVisibility: (listener: (visible: boolean) => void) => Disposable;
  },
): Disposable {
  const store = new DisposableStore();
  let watching: Disposable | undefined;
  const update = (visible: boolean): void => {
    if (!visible) {
      watching?.dispose();
      watching = undefined;
    } else watching ??= followHosts(hosts, (host) => host.watch());
  };
  store.add({ dispose: () => update(false) });
  store.add(view.onDidChangeVisibility(update));
  update(view.visible);
  return store;
}
