import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { devcontainer } from '../../../server/language/dialects/devcontainer.ts';
import { judged, testRules } from '../support/judging.ts';

const run = (args: string, more = ''): string =>
  `{\n  // what people write\n  "image": "debian:12",\n  "runArgs": [${args}],${more}\n}\n`;

testRules(devcontainer, {
  'devcontainer/namespace-of-host': [
    { flagged: run('«"--network=host"», «"--pid", "host"»'), clean: run('"--network=none", "--pid", "container:db"') },
    { flagged: run('«"--net", "host"»'), clean: run('"--ipc=${localEnv:IPC}"') },
  ],
  'devcontainer/invalid-namespace-mode': [
    { flagged: run('"--uts", «"none"», «"--pid=shared"»'), clean: run('"--pid=host", "--ipc=shareable"') },
    { flagged: run('«"--userns=keep-id"»'), clean: run('"--userns=${localEnv:NS}"') },
  ],
  'devcontainer/namespace-option-twice': {
    flagged: run('«"--ipc=host"», "--ipc=private"'),
    clean: run('"--network=a", "--network=b"'),
  },
  'devcontainer/hostname-of-host': {
    flagged: run('"--uts=host", «"-h", "box"»'),
    clean: run('"--network=host", "--hostname", "box"'),
  },
  'devcontainer/option-of-joined-network': {
    flagged: run('"--network=container:db", «"-p", "80:80"»'),
    clean: run('"--network=blue", "-p", "80:80"'),
  },
  'devcontainer/ports-with-host-network': {
    flagged: run('"--network=host"', '\n  «"appPort"»: [80]'),
    clean: run('"--network=blue"', '\n  "appPort": [80]'),
  },
  'devcontainer/sysctl-not-namespaced': {
    flagged: run('"--sysctl", «"vm.max_map_count=262144"»'),
    clean: run('"--sysctl=net.core.somaxconn=1024", "--sysctl=kernel.shmmax=1"'),
  },
  'devcontainer/sysctl-of-host': {
    flagged: run('"--network=host", «"--sysctl=net.core.somaxconn=1024"»'),
    clean: run('"--ipc=host", "--sysctl=net.core.somaxconn=1024"'),
  },
  'devcontainer/privileged': [
    { flagged: run('«"--privileged"»'), clean: run('"--privileged=false"') },
    { flagged: run('', '\n  «"privileged": true»'), clean: run('', '\n  "privileged": false') },
  ],
  'devcontainer/capability-of-privileged': {
    flagged: run('"--privileged"', '\n  "capAdd": [«"SYS_PTRACE"»]'),
    clean: run('', '\n  "capAdd": ["SYS_PTRACE"]'),
  },
  'devcontainer/powerful-capability': {
    flagged: run('"--cap-add", «"CAP_SYS_ADMIN"»', '\n  "capAdd": [«"sys_module"»]'),
    clean: run('"--cap-add=SYS_PTRACE"'),
  },
  'devcontainer/unconfined-system-paths': {
    flagged: run('"--security-opt", «"systempaths=unconfined"»'),
    clean: run('"--security-opt", "seccomp=unconfined"'),
  },
  'devcontainer/container-engine-mounted': {
    flagged: run(
      '"-v", «"/var/run/docker.sock:/var/run/docker.sock"»',
      '\n  "mounts": [«{ "source": "/run/podman/podman.sock" }»]',
    ),
    clean: run('"-v", "/srv/docker.sock.d:/srv"'),
  },
  'devcontainer/shared-mount-propagation': {
    flagged: run('"--mount", «"type=bind,source=/srv,target=/srv,bind-propagation=rshared"»'),
    clean: run('"--mount", "type=bind,source=/srv,target=/shared,bind-propagation=rslave"'),
  },
  'devcontainer/not-used-with-compose': {
    flagged: '{ "dockerComposeFile": "compose.yaml", «"runArgs"»: ["--init"] }',
    clean: run('"--init"'),
  },
});

function is(path: string): boolean {
  return devcontainer.recognises({ path, languageId: undefined, text: '{}' });
}

describe('development containers', () => {
  test('are known by their names', () => {
    for (const path of [
      '/a/.devcontainer.json',
      '/a/.devcontainer/devcontainer.json',
      '/a/.devcontainer/go/devcontainer.json',
    ]) {
      assert.ok(is(path), path);
    }
    for (const path of ['/a/config.json', '/a/my-devcontainer.json', '/a/.devcontainer/package.json'])
      assert.ok(!is(path), path);
  });

  test('declare the namespaces of their options', () => {
    const text = run('"--pid=host", "--network", "container:db", "--ipc=${localEnv:IPC}"');
    const [workload] = devcontainer.open(text).declared.workloads;
    assert.deepEqual(
      workload?.namespaces.map(({ type, from, span }) => [type, from, text.slice(span.start, span.end)]),
      [
        ['pid', { kind: 'host' }, '"--pid=host"'],
        ['net', { kind: 'container', name: 'db' }, '"--network", "container:db"'],
      ],
    );
  });

  test('a comment silences a rule', () => {
    const text = '{\n  // linux-namespaces-disable-next-line devcontainer/privileged\n  "privileged": true\n}';
    assert.deepEqual(judged(devcontainer, text), []);
  });

  test('are completed and described', () => {
    const text = run('"--pi"');
    const document = devcontainer.open(text);
    assert.ok(document.complete(text.indexOf('--pi') + 3, undefined).some(({ label }) => label === '"--pid=host"'));
    assert.deepEqual(document.complete(text.indexOf('debian'), undefined), []);
    assert.match(document.describe(text.indexOf('runArgs'))?.paragraphs[0] ?? '', /--network/);
    assert.equal(document.describe(text.indexOf('debian')), undefined);
  });

  test('what is no JSON declares nothing', () => {
    for (const text of ['', '[', 'null', '"x"', '{"runArgs":', '{"runArgs":[1,"--pid"]}']) devcontainer.open(text);
    assert.deepEqual(devcontainer.open('[]').declared.workloads, []);
  });
});
