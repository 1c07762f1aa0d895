import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { oci } from '../../../server/language/dialects/oci/index.ts';
import type { Host } from '../../../server/language/host.ts';
import { judged, unmark } from '../support/judging.ts';
import { config, inUser, map, maps, without } from './texts.ts';

const fixtures = new URL('../fixtures/oci/', import.meta.url);

function is(text: string, path = '/bundle/config.json', languageId?: string): boolean {
  return oci.recognises({ path, languageId, text });
}

describe('an OCI configuration', () => {
  test('is known by the version at its root, whatever its name', () => {
    assert.ok(is(config()));
    assert.ok(is(config(), '/x/base-spec.json'));
    assert.ok(is('{"ociVersion":'));
    assert.ok(is(config(), 'Untitled-1', 'json'));
    assert.ok(!is(config(), '/x/readme.md', 'markdown'));
    assert.ok(!is('{ "name": "x" }'));
    assert.ok(!is('{ "properties": { "ociVersion": {} } }'));
    assert.ok(!is('{ "a": "\\"ociVersion\\"" }'));
    // What a runtime says of a container, to its hooks and in `runc state`.
    assert.ok(!is('{ "ociVersion": "1.0.2", "id": "a", "status": "running", "bundle": "/b" }'));
  });

  test('declares its namespaces, mappings and sysctls with their places', () => {
    const text = inUser({
      namespaces: `${without('network')},\r\n\t{ "type": "network", "path": "/run/netns/blue" }, { "type": "user" }`,
      linux: `${maps(map(0, 1000, 5))}, "sysctl": { "net/ipv4/conf/eth0.100/rp_filter": "1", "net.core.somaxconn": 3 }`,
    });
    const [workload] = oci.open(text).declared.workloads;
    assert.ok(workload);
    const piece = ({ start, end }: { readonly start: number; readonly end: number }): string => text.slice(start, end);
    assert.deepEqual(
      workload.namespaces.map(({ type, from }) => [type, from.kind]),
      [
        ['pid', 'new'],
        ['ipc', 'new'],
        ['uts', 'new'],
        ['mnt', 'new'],
        ['cgroup', 'new'],
        ['net', 'path'],
        ['user', 'new'],
      ],
    );
    const net = workload.namespaces.find(({ type }) => type === 'net');
    assert.ok(net);
    assert.equal(piece(net.span), '{ "type": "network", "path": "/run/netns/blue" }');
    assert.equal(piece(net.sourceSpan), '"/run/netns/blue"');
    assert.equal(piece(workload.span), '"namespaces"');
    assert.deepEqual(
      workload.mappings.map(({ kind, inside, outside, count, span }) => [kind, inside, outside, count, piece(span)]),
      [
        ['uid', 0, 1000, 5, map(0, 1000, 5)],
        ['gid', 0, 100_000, 65_536, map(0, 100_000, 65_536)],
      ],
    );
    assert.deepEqual(
      workload.sysctls.map(({ key, value, keySpan, valueSpan }) => [key, value, piece(keySpan), piece(valueSpan)]),
      [['net.ipv4.conf.eth0/100.rp_filter', '1', '"net/ipv4/conf/eth0.100/rp_filter"', '"1"']],
    );
  });

  test('of another platform than Linux declares nothing', () => {
    const document = oci.open('{ "ociVersion": "1.3.0", "hostname": "box", "windows": {} }');
    assert.deepEqual(document.declared.workloads, []);
    assert.deepEqual(judged(oci, document.text), []);
  });

  test('that nothing is wrong with has no error and no warning', () => {
    for (const text of [config(), inUser()]) {
      assert.deepEqual(
        judged(oci, text).filter(({ severity }) => severity === 'error' || severity === 'warning'),
        [],
      );
    }
  });

  for (const name of readdirSync(fixtures)) {
    test(`${name} is read at every point of its being written`, () => {
      const text = readFileSync(new URL(name, fixtures), 'utf8');
      assert.ok(oci.recognises({ path: name, languageId: undefined, text }));
      for (let end = 0; end < text.length; end += 7) judged(oci, text.slice(0, end));
    });
  }

  test('values of other types than they should have are passed over', () => {
    for (const linux of ['1', '[]', '{"namespaces":{}}', '{"namespaces":[1,null,[]],"uidMappings":[1,{"size":"x"}]}']) {
      judged(oci, `{"ociVersion":1,"linux":${linux},"mounts":[1,{"options":"ro","destination":3}],"process":[]}`);
    }
  });
});

const host: Host = {
  name: 'web1',
  // Completion does not ask for them.
  facts: {} as Host['facts'], // oxlint-disable-line typescript/no-unsafe-type-assertion
  complete: true,
  at: () => undefined,
  container: () => undefined,
  named: [
    {
      type: 'net',
      id: 1,
      name: 'blue',
      paths: ['/run/netns/blue'],
      pids: [],
      members: 0,
      workloads: [],
      initial: false,
    },
    { type: 'ipc', id: 2, name: 'a', paths: ['/run/ipcns/a'], pids: [], members: 0, workloads: [], initial: false },
  ],
};

/** What is offered at the mark. */
function labels(marked: string): string[] {
  const { text, spans } = unmark(marked);
  return oci
    .open(text)
    .complete(spans[0]?.start ?? 0, host)
    .map(({ label }) => label);
}

function withEntries(namespaces: string): string {
  return config({ namespaces });
}

function says(name: string, text = config({ namespaces: without('ipc'), root: '"hostname": "a"' })): string {
  return (
    oci
      .open(text)
      .describe(text.indexOf(`"${name}"`) + 2)
      ?.paragraphs.join('\n') ?? ''
  );
}

describe('completion and hovers of OCI configurations', () => {
  test('types that are not there yet', () => {
    assert.deepEqual(labels(withEntries(`${without('uts')}, { "type": «»"u" }`)), ['"uts"', '"user"', '"time"']);
    assert.deepEqual(labels(withEntries(`${without('uts')}, { "type": «»`)), ['"uts"', '"user"', '"time"']);
    assert.deepEqual(labels(withEntries(`${without()}, { "ty«»pe": "" }`)), []);
  });

  test('paths of the host that are of the type', () => {
    assert.deepEqual(labels(withEntries('{ "type": "network", "path": «»"" }')), ['"/run/netns/blue"']);
    assert.deepEqual(labels(withEntries('{ "path": «»"" }')), ['"/run/netns/blue"', '"/run/ipcns/a"']);
  });

  test('what a key does to namespaces', () => {
    assert.match(says('namespaces'), /No entry: ipc, user, time\./);
    assert.match(says('hostname'), /sethostname/);
    assert.equal(says('args'), '');
    assert.match(says('uidMappings', inUser()), /uid_map/);
  });
});
