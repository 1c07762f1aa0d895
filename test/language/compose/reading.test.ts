import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compose } from '../../../server/language/dialects/compose/index.ts';
import { interpolated } from '../../../server/language/dialects/compose/interpolation.ts';
import { judged, unmark } from '../support/judging.ts';

const recognises = (path: string, languageId = 'yaml') => compose.recognises({ path, languageId, text: '' });

const severity = (mode: string) =>
  judged(compose, `services:\n  a:\n    network_mode: ${mode}\n    networks: [b]\n`)
    .filter(({ rule }) => rule.id === 'compose/network-mode-with-networks')
    .map((finding) => finding.severity);

describe('reading Compose files', () => {
  test('tells its files by their names, or by the language that the editor gives them', () => {
    for (const name of ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.prod.yaml']) {
      assert.ok(recognises(`/srv/app/${name}`), name);
    }
    for (const name of ['compose.override.yaml', 'docker-compose-dev.yml', 'podman-compose.yml']) {
      assert.ok(recognises(name), name);
    }
    for (const name of ['composer.yaml', 'docker-compose.json', 'my-compose.yaml', 'compose.yaml.bak']) {
      assert.ok(!recognises(name), name);
    }
    assert.ok(recognises('stack.yaml', 'dockercompose'));
  });

  test('declares the namespaces of each service, and where they come from', () => {
    const text = [
      'services:',
      '  web:',
      '    network_mode: "service:vpn"',
      '    ipc: container:db',
      '    pid: host',
      '    uts: ${UTS}',
      '    userns_mode: host',
      '    cgroup: private',
      '  vpn: {image: vpn}',
      '',
    ].join('\r\n');
    const [web, vpn] = compose.open(text).declared.workloads;
    assert.deepEqual(
      web?.namespaces.map(({ type, from, sourceSpan }) => [type, from, text.slice(sourceSpan.start, sourceSpan.end)]),
      [
        ['mnt', { kind: 'new' }, 'web'],
        ['net', { kind: 'workload', name: 'vpn' }, '"service:vpn"'],
        ['pid', { kind: 'host' }, 'host'],
        ['ipc', { kind: 'container', name: 'db' }, 'container:db'],
        ['cgroup', { kind: 'new' }, 'private'],
        ['user', { kind: 'host' }, 'host'],
      ],
    );
    assert.equal(
      text.slice(web?.namespaces[1]?.span.start, web?.namespaces[1]?.span.end),
      'network_mode: "service:vpn"',
    );
    assert.deepEqual(
      vpn?.namespaces.map(({ type, from }) => `${type} ${from.kind}`),
      ['mnt new', 'net new', 'pid new', 'ipc new', 'uts new'],
    );
    for (const { meaning } of [...(web?.namespaces ?? []), ...(vpn?.namespaces ?? [])])
      assert.match(meaning, /^[A-Z].*\.$/);
  });

  test('reads sysctls of maps and lists', () => {
    const { text, spans } = unmark(
      'services:\n  a:\n    sysctls:\n      «net.core.somaxconn»: «1024»\n  b:\n    sysctls:\n      - "«net/ipv4/ip_forward»=«1»"\n      - kernel.sem=${SEM}\n',
    );
    const sysctls = compose.open(text).declared.workloads.flatMap((workload) => workload.sysctls);
    assert.deepEqual(
      sysctls.map(({ key, value }) => `${key}=${value}`),
      ['net.core.somaxconn=1024', 'net.ipv4.ip_forward=1'],
    );
    assert.deepEqual(
      sysctls.flatMap(({ keySpan, valueSpan }) => [keySpan, valueSpan]),
      spans,
    );
  });

  test('takes what extends, merge keys and later documents give a service', () => {
    const text = `
x-common: &common
  pid: host
services:
  base: {ipc: host, uts: host}
  web:
    <<: *common
    extends: {service: base}
    uts: !reset null
  other:
    extends: {file: other.yaml, service: base}
---
services:
  web: {ipc: private}
`;
    const workloads = compose.open(text).declared.workloads;
    const told = (name: string) =>
      workloads.find((one) => one.name === name)?.namespaces.map(({ type, from }) => `${type} ${from.kind}`);
    assert.deepEqual(told('web'), ['mnt new', 'net new', 'pid host', 'ipc new', 'uts new']);
    // What the other file says is not known.
    assert.deepEqual(told('other'), ['mnt new']);
  });

  test('knows a variable by its default only', () => {
    assert.deepEqual(interpolated('host'), { text: 'host', assumed: false });
    assert.deepEqual(interpolated('a$$b'), { text: 'a$b', assumed: false });
    assert.deepEqual(interpolated('${A:-host}'), { text: 'host', assumed: true });
    assert.deepEqual(interpolated('container:${A-db}'), { text: 'container:db', assumed: true });
    for (const unknown of ['$A', '${A}', 'x${A:?needed}', '${A:+host}', '${A:-${B}}', '$', '${']) {
      assert.equal(interpolated(unknown).text, undefined, unknown);
    }
  });

  test('says less where the default of a variable decides', () => {
    assert.deepEqual([severity('host'), severity('${M:-host}'), severity('${M}')], [['error'], ['information'], []]);
  });

  test('is silent about services that an external provider makes', () => {
    assert.deepEqual(judged(compose, 'services:\n  a:\n    provider: {type: x}\n    network_mode: host\n'), []);
  });

  test('says what comes from one anchor once', () => {
    const users = Array.from({ length: 9 }, (_, at) => `  s${at}: {<<: *a}\n`).join('');
    assert.equal(judged(compose, `x: &a {privileged: true}\nservices:\n${users}`).length, 1);
  });
});
