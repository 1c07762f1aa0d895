import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { kubernetes } from '../../../server/language/dialects/kubernetes/index.ts';
import { judged } from '../support/judging.ts';
import { podWith, sysctl, sysctlsWith } from './manifests.ts';

interface Seen {
  readonly name: string | undefined;
  readonly namespaces: readonly (readonly [type: string, from: string, text: string, source: string])[];
}

/** What is declared, with spans as the texts that they cover. */
function read(text: string): Seen[] {
  return kubernetes.open(text).declared.workloads.map(({ name, namespaces }) => ({
    name,
    namespaces: namespaces.map(({ type, from, span, sourceSpan }) => [
      type,
      from.kind,
      text.slice(span.start, span.end),
      text.slice(sourceSpan.start, sourceSpan.end),
    ]),
  }));
}

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/kubernetes/${name}`, import.meta.url), 'utf8');
}

function recognised(path: string, text: string, languageId?: string): boolean {
  return kubernetes.recognises({ path, languageId, text });
}

describe('a Kubernetes manifest', () => {
  test('is known by its kind', () => {
    for (const name of ['agent.yaml', 'isolated.yaml', 'list.json', 'windows.yaml']) {
      assert.ok(recognised(`/manifests/${name}`, fixture(name)), name);
    }
    assert.ok(recognised('untitled', podWith(), 'yaml'));
    assert.ok(recognised('/pod.yml', 'kind: "Pod"\r\napiVersion: "v1"\r\n'));
    assert.ok(recognised('/pods.yaml', 'apiVersion: v1\nkind: PodList\nitems: []\n'));
  });

  test('is not any other document', () => {
    assert.ok(!recognised('/pod.txt', podWith()));
    assert.ok(!recognised('/compose.yaml', 'services:\n  web:\n    image: app\n'));
    assert.ok(!recognised('/service.yaml', 'apiVersion: v1\nkind: Service\n'));
    assert.ok(!recognised('/config.json', '{ "ociVersion": "1.2.0", "hostname": "Pod" }'));
    assert.ok(!recognised('/rollout.yaml', 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n'));
    assert.ok(
      !recognised('/templates/pod.yaml', `${podWith()}  {{- if .Values.node }}\n  hostNetwork: true\n  {{- end }}\n`),
    );
  });

  test('says which namespaces a pod is in', () => {
    assert.deepEqual(read(podWith('hostNetwork: true', 'hostPID: false', 'hostIPC: yes', 'hostUsers:  false # own')), [
      {
        name: 'web',
        namespaces: [
          ['net', 'host', 'hostNetwork: true', 'true'],
          ['pid', 'new', 'hostPID: false', 'false'],
          ['ipc', 'host', 'hostIPC: yes', 'yes'],
          ['user', 'new', 'hostUsers:  false', 'false'],
        ],
      },
    ]);
  });

  test('leaves out what is not said or cannot be read', () => {
    assert.deepEqual(read(podWith('hostNetwork:', 'hostPID: ~', 'hostIPC: maybe', 'hostUsers: "false"')), [
      { name: 'web', namespaces: [] },
    ]);
  });

  test('may hold its pod deep inside, and several of them', () => {
    assert.deepEqual(read(fixture('isolated.yaml')), [
      { name: 'nested', namespaces: [['user', 'new', 'hostUsers: false', 'false']] },
      {
        name: 'tidy',
        namespaces: [
          ['user', 'new', 'hostUsers: false', 'false'],
          ['pid', 'new', 'shareProcessNamespace: true', 'true'],
        ],
      },
      { name: 'db', namespaces: [] },
    ]);
  });

  test('may be JSON', () => {
    assert.deepEqual(read(fixture('list.json')), [
      {
        name: 'web',
        namespaces: [
          ['ipc', 'new', '"hostIPC": false', 'false'],
          ['pid', 'new', '"shareProcessNamespace": true', 'true'],
        ],
      },
      { name: 'old', namespaces: [['net', 'host', '"hostNetwork": true', 'true']] },
    ]);
  });

  test('is of the built-in groups only', () => {
    const text = podWith('hostPID: true');
    assert.deepEqual(read(text.replace('apiVersion: v1', 'apiVersion: batch.volcano.sh/v1alpha1')), []);
    assert.deepEqual(read(text.replace('kind: Pod', 'kind: Job')), []);
  });

  test('has the same spans with CRLF and a byte order mark', () => {
    const text = `\u{FEFF}${podWith('hostPID: true', 'hostname: web').replaceAll('\n', '\r\n')}`;
    assert.deepEqual(read(text), [{ name: 'web', namespaces: [['pid', 'host', 'hostPID: true', 'true']] }]);
    const found = judged(kubernetes, text).map(({ rule: { id }, span }) => [id, text.slice(span.start, span.end)]);
    assert.deepEqual(found, [['kubernetes/host-pid', 'hostPID: true']]);
  });

  test('follows aliases and merge keys, and reports what is shared once', () => {
    const text = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: { name: one }
    spec: &spec
      hostPID: true
      containers: [{ name: app, image: app }]
  - apiVersion: v1
    kind: Pod
    metadata: { name: two }
    spec:
      <<: *spec
      hostIPC: true
`;
    assert.deepEqual(
      read(text).map(({ name, namespaces }) => [name, namespaces.map(([type]) => type)]),
      [
        ['one', ['pid']],
        ['two', ['pid', 'ipc']],
      ],
    );
    assert.deepEqual(
      judged(kubernetes, text).map(({ rule: { id } }) => id),
      ['kubernetes/host-pid', 'kubernetes/host-ipc'],
    );
  });

  test('gives its sysctls with dots, whatever separates them', () => {
    const text = sysctlsWith([
      ...sysctl('net/ipv4/conf/eth0.1/forwarding', '"0"'),
      ...sysctl('kernel.shmmax', '65536'),
    ]);
    const [workload] = kubernetes.open(text).declared.workloads;
    assert.deepEqual(
      workload?.sysctls.map(({ key, value, valueSpan }) => [key, value, text.slice(valueSpan.start, valueSpan.end)]),
      [
        ['net.ipv4.conf.eth0/1.forwarding', '0', '"0"'],
        ['kernel.shmmax', '65536', '65536'],
      ],
    );
  });

  test('says little that expands to much in little time', () => {
    const containers = Array.from({ length: 2000 }, () => '*c').join(', ');
    const pods = Array.from({ length: 2000 }, () => '  - *pod').join('\n');
    const text = `apiVersion: v1
kind: List
items:
  - &pod
    apiVersion: v1
    kind: Pod
    spec:
      hostPID: true
      containers:
        - &c { name: a, image: a, ports: [${Array.from({ length: 500 }, (_, port) => `{ containerPort: ${port} }`).join(', ')}] }
        - ${`[${containers}]`.slice(1, -1).split(', ').join('\n        - ')}
${pods}
`;
    assert.ok(judged(kubernetes, text).length < 10);
  });

  test('is read whatever is missing of it', () => {
    for (const name of ['agent.yaml', 'isolated.yaml', 'list.json', 'windows.yaml']) {
      const text = fixture(name);
      for (let end = 0; end < text.length; end += 31) {
        const document = kubernetes.open(text.slice(0, end));
        assert.doesNotThrow(() => judged(kubernetes, text.slice(0, end)));
        assert.doesNotThrow(() => [document.complete(end, undefined), document.describe(end)]);
      }
    }
  });

  test('that is right has no errors and no warnings', () => {
    for (const name of ['isolated.yaml', 'windows.yaml']) {
      const found = judged(kubernetes, fixture(name)).filter(({ severity }) => /error|warning/.test(severity));
      assert.deepEqual(
        found.map(({ rule: { id } }) => id),
        [],
        name,
      );
    }
  });
});
