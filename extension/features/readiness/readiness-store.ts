import { DisposableStore, Emitter } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import type { ReadinessRow } from '../../explain/readiness-report.ts';
import type { Host, Hosts } from '../../host/types.ts';
import { followHosts } from '../follow-hosts.ts';

export interface KnownReadiness {
  readonly rows: readonly ReadinessRow[];
  /** Markdown. */
  readonly report: string;
}

/** What was found out of each host, as long as its connection lasts: another one may be with other rights. */
export class ReadinessStore implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<Host>());
  readonly #found = new Map<Host, Promise<KnownReadiness>>();

  /** What is known of a host is no longer so, or something else. */
  readonly onDidChange = this.#changed.event;

  constructor(hosts: Hosts) {
    this.#store.add(
      followHosts(hosts, (host) => {
        const forget = (): void => void this.#found.delete(host);
        const subscription = host.onDidChangeState(({ kind }) => {
          if (kind !== 'connected') forget();
        });
        return {
          dispose: () => {
            subscription.dispose();
            forget();
          },
        };
      }),
    );
  }

  /** Tries it out unless that has been done. Rejects when the host is not connected any more. */
  get(host: Host): Promise<KnownReadiness> {
    const known = this.#found.get(host);
    if (known !== undefined) return known;
    const found = tryOutOn(host);
    this.#found.set(host, found);
    found.catch(() => {
      // The next one who asks gets another try.
      if (this.#found.get(host) === found) this.#found.delete(host);
    });
    return found;
  }

  /** Tries it out anew. */
  renew(host: Host): Promise<KnownReadiness> {
    this.#found.delete(host);
    const found = this.get(host);
    this.#changed.fire(host);
    return found;
  }

  dispose(): void {
    this.#store.dispose();
    this.#found.clear();
  }
}

async function tryOutOn({ session, facts, graph, label }: Host): Promise<KnownReadiness> {
  if (session === undefined || facts === undefined) throw new Error(`${label} is not connected.`);
  const { tryOut } = await import('./try-out.ts');
  return tryOut(session, facts.types, graph);
}
