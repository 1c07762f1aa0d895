import { asError } from '../as-error.ts';
import { DisposableStore, Emitter } from '../disposable.ts';
import type { Disposable, Event } from '../disposable.ts';
import type { Log } from '../transport/interaction.ts';
import type { ManagedHost } from './host.ts';
import { hostId, hostLabel, targetProblem } from './settings-format.ts';
import type { Hosts, HostSpec } from './types.ts';

/** Where the list of hosts is kept. */
export interface HostStore {
  read(): readonly HostSpec[];
  write(specs: readonly HostSpec[]): Promise<void>;
  /** This machine runs Linux and is to be listed; then it is the first. */
  readonly local: boolean;
  /** Either has changed. */
  readonly onDidChange: Event<void>;
}

export interface HostRegistryOptions {
  readonly store: HostStore;
  readonly createHost: (spec: HostSpec) => ManagedHost;
  readonly log: Log;
}

/** The hosts a person has. The store says which; this owns the objects and follows it. */
export class HostRegistry implements Hosts, Disposable {
  readonly #options: HostRegistryOptions;
  readonly #emitter = new Emitter<void>();
  readonly #store = new DisposableStore();
  #hosts = new Map<string, ManagedHost>();

  readonly onDidChange = this.#emitter.event;

  constructor(options: HostRegistryOptions) {
    this.#options = options;
    this.#store.add(this.#emitter);
    this.#store.add(
      options.store.onDidChange(() => {
        if (this.#update()) this.#emitter.fire();
      }),
    );
  }

  /**
   * Reads the list; before, there are no hosts. Not done at once, because the first reading of a setting takes the editor longer
   * than all else that is done at the start.
   */
  load(): void {
    this.#update();
    this.#emitter.fire();
  }

  get all(): readonly ManagedHost[] {
    return [...this.#hosts.values()];
  }

  get(id: string): ManagedHost | undefined {
    return this.#hosts.get(id);
  }

  /** Of a host that is already listed, changes `sudo`, from its next connect on. Rejects when the target is unusable. */
  async add(spec: HostSpec): Promise<ManagedHost> {
    if (spec.kind === 'local' && !this.#options.store.local) {
      throw new Error('This machine does not run Linux, or the settings hide it.');
    }
    const problem = spec.kind === 'ssh' ? targetProblem(spec.target) : undefined;
    if (problem !== undefined) throw new Error(`This host cannot be added: ${problem}.`);
    const id = hostId(spec);
    const specs = this.#options.store.read();
    const index = specs.findIndex((other) => hostId(other) === id);
    await this.#write(index === -1 ? [...specs, spec] : specs.with(index, spec));
    const host = this.#hosts.get(id);
    if (host === undefined) throw new Error(`${hostLabel(spec)} was removed meanwhile.`);
    return host;
  }

  /** Disconnects the host and takes it off the list. Rejects for this machine, which another setting shows and hides. */
  async remove(id: string): Promise<void> {
    const host = this.#hosts.get(id);
    if (host === undefined) return;
    if (host.spec.kind === 'local') throw new Error('This machine is listed until the settings hide it.');
    await this.#write(this.#options.store.read().filter((spec) => hostId(spec) !== id));
  }

  dispose(): void {
    this.#store.dispose();
    for (const host of this.#hosts.values()) host.dispose();
    this.#hosts.clear();
  }

  async #write(specs: readonly HostSpec[]): Promise<void> {
    await this.#options.store.write(specs);
    // The store's own event may come before, later or, where the value was the same, never.
    if (this.#update()) this.#emitter.fire();
  }

  /** Makes the hosts what the store says; answers whether that changed anything. */
  #update(): boolean {
    if (this.#store.disposed) return false;
    const stored = this.#options.store.read();
    const local = stored.find((spec) => spec.kind === 'local') ?? ({ kind: 'local', sudo: false } as const);
    const remote = stored.filter((spec) => spec.kind !== 'local');
    const wanted = this.#options.store.local ? [local, ...remote] : remote;

    const before = this.all;
    const hosts = new Map<string, ManagedHost>();
    let changed = before.length !== wanted.length;
    for (const [index, spec] of wanted.entries()) {
      const host = this.#hosts.get(hostId(spec)) ?? this.#options.createHost(spec);
      if (host.spec.sudo !== spec.sudo) {
        host.changeSpec(spec);
        changed = true;
      }
      if (before[index] !== host) changed = true;
      hosts.set(host.id, host);
    }
    this.#hosts = hosts;
    for (const host of before) if (hosts.get(host.id) !== host) this.#close(host);
    return changed;
  }

  /** One host that cannot be closed must not keep the others from being listed. */
  #close(host: ManagedHost): void {
    try {
      host.dispose();
    } catch (error) {
      this.#options.log.error(`Closing ${host.label} failed: ${asError(error).message}`);
    }
  }
}
