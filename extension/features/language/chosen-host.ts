import * as vscode from 'vscode';
import { DisposableStore, Emitter, type Disposable } from '../../disposable.ts';
import type { Host, Hosts } from '../../host/types.ts';
import { followHosts } from '../follow-hosts.ts';

/** In `workspaceState`: the id of a host, or `none`. */
const key = 'languageHost';
export const none = 'none';

/** The connected host whose facts count for this workspace's files: the one chosen, or, before a choice, the only one that is connected. */
export class ChosenHost implements Disposable {
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new Emitter<void>());
  readonly #hosts: Hosts;
  readonly #state: vscode.Memento;

  /** Another one, or it came or went. */
  readonly onDidChange = this.#emitter.event;

  constructor(hosts: Hosts, state: vscode.Memento) {
    this.#hosts = hosts;
    this.#state = state;
    let before = this.current;
    const changed = (): void => {
      const now = this.current;
      if (now === before) return;
      before = now;
      this.#emitter.fire();
    };
    this.#store.add(followHosts(hosts, (host) => host.onDidChangeState(changed)));
    this.#store.add(hosts.onDidChange(changed));
    this.#store.add(this.#choice.event(changed));
  }

  readonly #choice = this.#store.add(new Emitter<void>());

  get #chosen(): string | undefined {
    const chosen = this.#state.get<unknown>(key);
    return typeof chosen === 'string' ? chosen : undefined;
  }

  /** Undefined while it is not connected. */
  get current(): Host | undefined {
    const connected = this.#hosts.all.filter(({ state }) => state.kind === 'connected');
    if (this.#chosen === none) return undefined;
    if (this.#chosen !== undefined) return connected.find(({ id }) => id === this.#chosen);
    return connected.length === 1 ? connected[0] : undefined;
  }

  /** What was chosen, connected or not. */
  get asked(): Host | undefined {
    return this.#chosen === undefined ? this.current : this.#hosts.get(this.#chosen);
  }

  async choose(id: string): Promise<void> {
    await this.#state.update(key, id);
    this.#choice.fire();
  }

  dispose(): void {
    this.#store.dispose();
  }
}
