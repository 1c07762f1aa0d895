import { DisposableStore } from '../disposable.ts';
import type { Disposable } from '../disposable.ts';
import type { Host, Hosts } from '../host/types.ts';

/** Calls `start` for every host there is and every one that comes; disposes what it returned when the host goes. */
export function followHosts(hosts: Hosts, start: (host: Host) => Disposable): Disposable {
  const store = new DisposableStore();
  const followed = new Map<Host, Disposable>();
  const update = (): void => {
    const current = new Set(hosts.all);
    for (const [host, following] of followed) {
      if (current.has(host)) continue;
      followed.delete(host);
      following.dispose();
    }
    for (const host of current) if (!followed.has(host)) followed.set(host, start(host));
  };
  store.add({
    dispose: () => {
      for (const following of followed.values()) following.dispose();
      followed.clear();
    },
  });
  store.add(hosts.onDidChange(update));
  update();
  return store;
}
