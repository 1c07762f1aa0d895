import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Emitter } from '../../../extension/disposable.ts';
import { HostRegistry } from '../../../extension/host/hosts.ts';
import type { HostStore } from '../../../extension/host/hosts.ts';
import { formatHosts, hostId, parseHosts, targetProblem } from '../../../extension/host/settings-format.ts';
import type { HostSpec } from '../../../extension/host/types.ts';
import { bench, code, MemoryLog } from './fakes.ts';

const local: HostSpec = { kind: 'local', sudo: false };

function ssh(target: string, sudo = false): HostSpec {
  return { kind: 'ssh', target, sudo };
}

describe('the setting of hosts', () => {
  it('gives the hosts in their order', () => {
    const setting = [{ target: 'build7' }, { target: 'alice@build8:2222', sudo: true }, { local: true, sudo: true }];
    assert.deepEqual(parseHosts(setting), {
      specs: [ssh('build7'), ssh('alice@build8:2222', true), { kind: 'local', sudo: true }],
      problems: [],
    });
  });

  it('may be missing', () => {
    assert.deepEqual(parseHosts(undefined), { specs: [], problems: [] });
    assert.deepEqual(parseHosts(null), { specs: [], problems: [] });
  });

  it('is used as far as it is sound; the rest is reported, one by one', () => {
    const bad: unknown[] = [
      'build7',
      null,
      7,
      [],
      {},
      { target: 7 },
      { target: '' },
      { target: '-oProxyCommand=x' },
      { target: 'two words' },
      { target: 'x\u0000y' },
      { target: 'x'.repeat(513) },
      { target: 'build9', sudo: 'yes' },
      { local: false },
      { target: 'good' },
    ];
    const { specs, problems } = parseHosts([{ target: 'good' }, ...bad, { target: 'fine' }]);
    assert.deepEqual(specs, [ssh('good'), ssh('fine')]);
    assert.equal(problems.length, bad.length);
    for (const [index, problem] of problems.entries()) assert.ok(problem.startsWith(`Host ${index + 2} `), problem);
    for (const setting of ['build7', 7, true, { target: 'build7' }]) {
      assert.equal(parseHosts(setting).problems.length, 1);
    }
  });

  it('is written without touching what its author wrote', () => {
    const setting = [
      { target: 'build7', comment: 'the fast one' },
      'a mistake to mend',
      { target: 'build8', sudo: true },
      { target: 'old' },
    ];
    assert.deepEqual(formatHosts(setting, [ssh('build7'), ssh('build8'), ssh('new', true)]), [
      { target: 'build7', comment: 'the fast one' },
      'a mistake to mend',
      { target: 'build8', sudo: false },
      { target: 'new', sudo: true },
    ]);
    assert.deepEqual(formatHosts('nonsense', [ssh('build7'), { kind: 'local', sudo: true }]), [
      { target: 'build7' },
      { local: true, sudo: true },
    ]);
  });

  it('is read as it was written', () => {
    const specs = [
      ssh('a'),
      ssh('b@c:1', true),
      ssh('local'),
      { kind: 'local', sudo: true } as const,
      ssh('fe80::1%eth0'),
    ];
    assert.deepEqual(parseHosts(formatHosts([], specs)), { specs, problems: [] });
  });

  it('tells this machine from an ssh alias of the same name', () => {
    assert.notEqual(hostId(local), hostId(ssh('local')));
    assert.equal(targetProblem('local'), undefined);
  });
});

class MemoryStore implements HostStore {
  readonly #emitter = new Emitter<void>();
  readonly onDidChange = this.#emitter.event;
  specs: readonly HostSpec[] = [];
  local = true;

  read(): readonly HostSpec[] {
    return this.specs;
  }

  write(specs: readonly HostSpec[]): Promise<void> {
    this.change(specs);
    return Promise.resolve();
  }

  change(specs: readonly HostSpec[]): void {
    this.specs = specs;
    this.#emitter.fire();
  }
}

describe('the registry of hosts', () => {
  let store: MemoryStore;
  let hosts: HostRegistry;
  let changes: number;

  beforeEach(() => {
    store = new MemoryStore();
    store.specs = [ssh('build7')];
    hosts = new HostRegistry({ store, createHost: (spec) => bench({}, spec).host, log: new MemoryLog() });
    hosts.load();
    changes = 0;
    hosts.onDidChange(() => changes++);
  });
  afterEach(() => hosts.dispose());

  function ids(): string[] {
    return hosts.all.map(({ id }) => id);
  }

  it('lists this machine first, where there is one', () => {
    assert.deepEqual(ids(), ['local', 'build7']);
    store.local = false;
    store.change(store.specs);
    assert.deepEqual(ids(), ['build7']);
    assert.equal(changes, 1);
  });

  it('takes this machine’s sudo from the store, wherever it stands', () => {
    store.change([ssh('build7'), { kind: 'local', sudo: true }]);
    assert.deepEqual(ids(), ['local', 'build7']);
    assert.equal(hosts.get('local')?.spec.sudo, true);
  });

  it('adds a host and says so once, though the store says it too', async () => {
    const host = await hosts.add(ssh('alice@build8'));
    assert.equal(host, hosts.get('alice@build8'));
    assert.deepEqual(store.specs, [ssh('build7'), ssh('alice@build8')]);
    assert.equal(changes, 1);
  });

  it('adds a host when the store does not tell of its own changes', async () => {
    store.write = (specs) => {
      store.specs = specs;
      return Promise.resolve();
    };
    await hosts.add(ssh('build8'));
    assert.deepEqual(ids(), ['local', 'build7', 'build8']);
    assert.equal(changes, 1);
  });

  it('gives the host that is there when it is added again, with the new sudo', async () => {
    const host = hosts.get('build7');
    assert.equal(await hosts.add(ssh('build7', true)), host);
    assert.equal(host?.spec.sudo, true);
    assert.deepEqual(store.specs, [ssh('build7', true)]);
    await hosts.add({ kind: 'local', sudo: true });
    assert.equal(hosts.get('local')?.spec.sudo, true);
    assert.deepEqual(store.specs, [ssh('build7', true), { kind: 'local', sudo: true }]);
  });

  it('refuses what is no target, and this machine where it cannot be', async () => {
    await assert.rejects(hosts.add(ssh('-x')), /hyphen/);
    store.local = false;
    await assert.rejects(hosts.add(local), /Linux/);
    assert.deepEqual(store.specs, [ssh('build7')]);
  });

  it('disconnects a host that is removed, also from outside', async () => {
    const host = hosts.get('build7');
    assert.ok(host);
    await host.connect();
    await hosts.remove('build7');
    assert.equal(host.state.kind, 'disconnected');
    assert.deepEqual(ids(), ['local']);
    await hosts.remove('build7');
    assert.equal(changes, 1);

    const other = await hosts.add(ssh('build9'));
    store.change([]);
    await assert.rejects(other.connect(), code('cancelled'));
  });

  it('does not remove this machine', async () => {
    await assert.rejects(hosts.remove('local'), /listed/);
    assert.deepEqual(ids(), ['local', 'build7']);
  });

  it('keeps connected what stays when the settings change', async () => {
    const host = hosts.get('build7');
    await host?.connect();
    store.change([ssh('build6'), ssh('build7')]);
    assert.equal(hosts.get('build7'), host);
    assert.equal(host?.state.kind, 'connected');
    assert.deepEqual(ids(), ['local', 'build6', 'build7']);
  });

  it('says nothing when nothing changed, and nothing any more once disposed', () => {
    store.change([...store.specs]);
    assert.equal(changes, 0);
    hosts.dispose();
    store.change([ssh('late')]);
    assert.deepEqual(ids(), []);
    assert.equal(changes, 0);
  });
});
