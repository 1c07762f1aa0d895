import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Binaries } from '../../../extension/helper/binaries.ts';
import { deploy } from '../../../extension/helper/deploy.ts';
import { hostScript, newMarker } from '../../../extension/helper/host-script.ts';
import type { ExitStatus, RemoteProcess } from '../../../extension/transport/transport.ts';

/** Enough of a helper for a shell script to install and start. */
const standIn = Buffer.from(
  `#!/bin/sh\necho '{"helper":{"version":"1.2.3","protocol":1,"arch":"any","build":"0123abcd"}}'\n[ $1 = version ] || cat >/dev/null\n`,
);
const sha256 = createHash('sha256').update(standIn).digest('hex');

const binaries: Binaries = {
  version: '1.2.3',
  build: '0123abcd',
  all: [{ machine: machine(), size: standIn.length, sha256 }],
  read: () => Promise.resolve(standIn),
};

describe('the text', () => {
  const options = { marker: newMarker(), binaries, find: 1, make: 2 };

  test('holds nothing that a login shell could read differently, and is short enough for csh', () => {
    for (const root of [false, true]) {
      const script = hostScript({ ...options, root });
      assert.match(script, /^[ -~]+$/);
      assert.doesNotMatch(script, /['\\!]/);
      assert.doesNotMatch(script, /@\w+@|undefined/);
      // BSD csh takes words of some 8,000 bytes.
      assert.ok(script.length < 4000, `${script.length}`);
    }
  });

  test('does not hold the marker as it is printed', () => {
    assert.ok(!hostScript({ ...options, root: false }).includes(options.marker.text));
    assert.notEqual(newMarker().text, newMarker().text);
  });

  test('refuses words that are not plain', () => {
    for (const word of ['1.2; reboot', '$(id)', "a'b", 'a b', '', 'ü', 'a/b']) {
      const bad = [
        { ...binaries, version: word },
        { ...binaries, build: word },
        { ...binaries, all: [{ machine: word, size: 1, sha256 }] },
        { ...binaries, all: [{ machine: 'x', size: 1, sha256: word }] },
      ];
      for (const each of bad) {
        assert.throws(() => hostScript({ ...options, binaries: each, root: false }), /not a plain word/);
      }
    }
  });
});

function start(shell: readonly string[], script: string, home: string): RemoteProcess {
  const [program = '', ...args] = shell;
  const { PATH: path } = process.env;
  const child = spawn(program, [...args, '-c', script], { stdio: 'pipe', env: { PATH: path, HOME: home } });
  const exit = new Promise<ExitStatus>((resolve) =>
    child.once('close', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined })),
  );
  const { stdin, stdout, stderr } = child;
  return { stdin, stdout, stderr, exit, resize: () => undefined, dispose: () => void child.kill() };
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

/** Stages of one deployment by a given `sh`. */
async function deployBy(shell: readonly string[], home: string): Promise<string[]> {
  const stages: string[] = [];
  const session = await deploy({
    launch: (script) => Promise.resolve({ process: start(shell, script, home) }),
    binaries,
    root: false,
    elevated: false,
    log: quiet,
    signal: new AbortController().signal,
    onStage: (stage) => void stages.push(stage),
  });
  const closed = new Promise((resolve) => session.onClose(resolve));
  session.dispose();
  await closed;
  return stages;
}

describe('what a host may have as sh', () => {
  const shells: readonly (readonly string[])[] = [
    ['dash'],
    ['bash', '--posix'],
    ['busybox', 'sh'],
    ['zsh', '--emulate', 'sh'],
    ['ksh'],
    ['mksh'],
    ['yash'],
  ];
  for (const shell of shells) {
    const missing = spawnSync('which', [shell[0] ?? '']).status === 0 ? undefined : `${shell[0]} is missing`;
    // A host has one of them; those that this machine lacks are no gap.
    if (missing !== undefined) continue;
    test(shell.join(' '), async () => {
      const home = mkdtempSync(join(tmpdir(), 'linux namespaces-'));
      try {
        assert.deepEqual(await deployBy(shell, home), ['Uploading the helper', 'Starting the helper']);
        const folder = join(home, '.cache', 'linux-namespaces');
        assert.deepEqual(readdirSync(folder), [`nshelper-1.2.3-0123abcd-${machine()}`]);
        assert.equal(statSync(folder).mode & 0o777, 0o700);
        assert.deepEqual(await deployBy(shell, home), ['Starting the helper']);
      } finally {
        rmSync(home, { recursive: true });
      }
      assert.ok(!existsSync(home));
    });
  }
});
