import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after } from 'node:test';
import { marker } from './marker.ts';
import { until } from './wait.ts';

/** The file's bytes as text, empty where there is none any more. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** The words of a process, each with a null byte behind it (proc_pid_cmdline(5)); empty once it has ended. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`);
}

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function isZombie(pid: number): boolean {
  return /\) Z /.test(read(`/proc/${pid}/stat`));
}

/** Pids of the living processes, other than this one, in whose arguments or environment the text is. */
export function processesWith(text: string): number[] {
  return pids()
    .filter((pid) => pid !== process.pid && !isZombie(pid))
    .filter((pid) => read(`/proc/${pid}/environ`).includes(text) || commandOf(pid).includes(text));
}

function leftProcesses(): string[] {
  return processesWith(marker).map((pid) => `process ${pid} ${commandOf(pid).replaceAll('\0', ' ')}`);
}

/** In every mount namespace that a process is in, not only in ours. */
function leftMounts(): string[] {
  const lines = pids().flatMap((pid) => read(`/proc/${pid}/mountinfo`).split('\n'));
  return [...new Set(lines.filter((line) => line.includes(marker)))].map((line) => `mount ${line}`);
}

function leftFiles(): string[] {
  const folders = ['/run/netns', tmpdir(), '/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];
  return folders.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      // The published helper lives as long as this process.
      .filter((name) => name.includes(marker) && !name.startsWith(`${marker}-helper-`))
      .map((name) => `file ${folder}/${name}`),
  );
}

/** What this test process made and that is still there. Namespaces follow: each is kept by one of these. */
export function leftovers(): string[] {
  return [...leftProcesses(), ...leftMounts(), ...leftFiles()];
}

/**
 * Registers the check that the file leaves nothing behind. To be called first in a file: hooks run in the order in which they
 * were registered, and node runs a file's own after those of its suites.
 */
export function leakGuard(): void {
  after(async () => {
    let left: string[] = [];
    await until(
      'nothing to be left',
      () => {
        left = leftovers();
        return left.length === 0;
      },
      10_000,
    ).catch(() => assert.deepEqual(left, [], 'left behind by this file'));
  });
}
