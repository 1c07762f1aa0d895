/** Root's folders, on hosts whose /run, /var/lib and /tmp are set up for the test: in a mount namespace of its own. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { deploy } from '../../extension/helper/deploy.ts';
import type { ExitStatus, RemoteProcess } from '../../extension/transport/transport.ts';
import { checkSession, deployMissing, helperName, opening } from './deploy-support.ts';
import { descendants } from './support/processes.ts';

const skip = deployMissing() ?? (userInfo().uid === 0 ? undefined : 'only root can mount');

/** Runs `script` where root's three folders are empty but for what `setUp` does. */
function startIn(setUp: string, script: string): { child: ChildProcess; remote: RemoteProcess } {
  const empty = ['/run', '/var/lib', '/tmp'].map((path) => `mount -t tmpfs -o mode=1777 test ${path}`).join(' && ');
  const prepare = `(${empty} && chmod 755 /run /var/lib && ${setUp}) >&2`;
  const child = spawn('unshare', ['--mount', 'sh', '-c', `${prepare} && exec sh -c "$1"`, 'sh', script], {
    stdio: 'pipe',
  });
  const exit = new Promise<ExitStatus>((resolve) =>
    child.once('close', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined })),
  );
  const { stdin, stdout, stderr } = child;
  const remote = { stdin, stdout, stderr, exit, resize: () => undefined, dispose: () => void child.kill() };
  return { child, remote };
}

/** No words for a process that has ended since it was listed: the script's own children come and go. */
function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Path of the helper that was started at last. */
async function deployIn(setUp: string): Promise<string> {
  const { options } = await opening();
  let last: ChildProcess | undefined;
  const launch = (script: string): Promise<{ process: RemoteProcess }> => {
    const { child, remote } = startIn(setUp, script);
    last = child;
    return Promise.resolve({ process: remote });
  };
  const session = await deploy({ ...options, launch, root: true, elevated: true });
  await checkSession(session, options.binaries);
  const pids = [last?.pid ?? 0, ...descendants(last?.pid ?? 0)];
  const lines = pids.map((pid) => commandLine(pid));
  const ended = new Promise((resolve) => last?.once('close', resolve));
  session.dispose();
  await ended;
  return lines.find((words) => words[1] === 'serve')?.[0] ?? '';
}

const cases: readonly (readonly [string, string, string])[] = [
  ['the first will do', 'true', '/run/linux-namespaces/helper'],
  ['programs may not run in /run, as on Debian', 'mount -o remount,noexec /run', '/var/lib/linux-namespaces/helper'],
  ['/run is read-only', 'mount -o remount,ro /run', '/var/lib/linux-namespaces/helper'],
  ['/run is full', 'mount -o remount,size=20k /run', '/var/lib/linux-namespaces/helper'],
  [
    'somebody else’s folder is in the place',
    'mkdir -p /run/linux-namespaces/helper && chown 65534 /run/linux-namespaces/helper',
    '/var/lib/linux-namespaces/helper',
  ],
  [
    'somebody else owns the folder above',
    'mkdir -p /run/linux-namespaces/helper && chown 65534 /run/linux-namespaces',
    '/var/lib/linux-namespaces/helper',
  ],
  [
    'a group may write to the folder above',
    'mkdir -p /run/linux-namespaces/helper && chmod 775 /run/linux-namespaces',
    '/var/lib/linux-namespaces/helper',
  ],
  [
    'a link is in the place',
    'mkdir -p /run/linux-namespaces /run/other && ln -s /run/other /run/linux-namespaces/helper',
    '/var/lib/linux-namespaces/helper',
  ],
  ['only /tmp is left', 'mount -o remount,noexec /run && mount -o remount,ro /var/lib', '/tmp/linux-namespaces-0'],
];

for (const [what, setUp, folder] of cases) {
  test(`root: ${what}`, { skip }, async () => {
    assert.equal(await deployIn(setUp), `${folder}/${await helperName()}`);
  });
}

test('root: nowhere', { skip }, async () => {
  const setUp = 'mount -o remount,ro /run && mount -o remount,noexec /var/lib && ln -s /run /tmp/linux-namespaces-0';
  await assert.rejects(deployIn(setUp), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /\/run\/linux-namespaces\/helper: it cannot be made/);
    assert.match(error.message, /\/var\/lib\/linux-namespaces\/helper: programs may not be run there/);
    assert.match(error.message, /\/tmp\/linux-namespaces-0: it is a symbolic link/);
    return true;
  });
});

test('root: a host that cannot compute hashes gets a fresh copy each time', { skip }, async () => {
  const folder = '/run/linux-namespaces/helper';
  const name = await helperName();
  // A program of the right name and size that is not ours, in a folder of root's: only the hash could tell.
  const plant = `mkdir -p ${folder} && printf '#!/bin/sh\\necho planted >&2; exit 9\\n' >${folder}/${name}`;
  const { options } = await opening();
  const size = options.binaries.all.find(({ machine }) => name.endsWith(`-${machine}`))?.size ?? 0;
  const setUp = [
    plant,
    `truncate -s ${size} ${folder}/${name} && chmod 700 ${folder}/${name}`,
    'mount --bind /bin/false /usr/bin/sha256sum',
  ].join(' && ');
  let said = '';
  const launch = (script: string): Promise<{ process: RemoteProcess }> => {
    const { remote } = startIn(setUp, script);
    remote.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return Promise.resolve({ process: remote });
  };
  const session = await deploy({ ...options, launch, root: true, elevated: true });
  await checkSession(session, options.binaries);
  session.dispose();
  assert.ok(!said.includes('planted'));
});
