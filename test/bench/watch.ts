/** What `watch` costs a host with 5,000 idle processes, and how much memory the helper takes there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { helper } from '../helper/support/helper.ts';
import { population } from '../helper/support/population.ts';
import { Scope } from '../helper/support/scope.ts';
import type { Benchmark, Row } from './bench.ts';

/** Seconds over which processor time is counted: watch adapts, and a tick of accounting is 10 ms. */
const settle = 10;
const period = 30;

/** User and system time of a process in seconds, from /proc/PID/schedstat's nanoseconds on the processor. */
function processorSeconds(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
}

/** VmHWM, the peak of resident memory, in megabytes. */
function peakMegabytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024) / 1e6;
}

/**
 * Its output is read in pieces smaller than what is left to write, so that it still stands when it is asked. The rusage of a finished child
 * would not do: it counts the memory from before the exec.
 */
async function peakOfScan(): Promise<number> {
  const child = spawn(helper, ['scan'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let peak = 0;
  for await (const chunk of child.stdout) {
    void chunk;
    // A zombie has no VmHWM any more: not a number, which Math.max would keep.
    const now = peakMegabytes(child.pid ?? 0);
    if (now > peak) peak = now;
  }
  return peak;
}

const benchmark: Benchmark = {
  name: 'watch',
  run: async ({ log }): Promise<Row[]> => {
    const scope = new Scope();
    try {
      await population(scope, 5000);
      const child = spawn(helper, ['watch'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const { pid } = child;
      if (pid === undefined) throw new Error('the helper cannot be started');
      scope.defer(async () => {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      });
      const ticks: string[] = [];
      const lines = createInterface({ input: child.stdout });
      const first = new Promise<void>((resolve) => {
        lines.on('line', (line) => {
          if (!line.startsWith('{"tick"')) return;
          ticks.push(line);
          resolve();
        });
      });
      await first;
      log(`5,000 idle processes: watch for ${settle + period} s`);
      await delay(settle * 1000);
      const before = processorSeconds(pid);
      const started = performance.now();
      await delay(period * 1000);
      const share = ((processorSeconds(pid) - before) / ((performance.now() - started) / 1000)) * 100;
      const bound = /"bound":(\d+)/.exec(ticks.at(-1) ?? '')?.[1] ?? '?';
      const memory = peakMegabytes(pid);
      const scanMemory = await peakOfScan();
      return [
        {
          figure: 'watch, 5,000 idle processes',
          value: share.toFixed(2),
          unit: '% of a core',
          reach: '≤ 1 %',
          ok: share <= 1,
          detail: `over ${period} s; a setns or unshare of an old process is seen within ${bound} ms`,
        },
        {
          figure: 'helper memory at 5,000 processes, watch',
          value: memory.toFixed(1),
          unit: 'MB',
          reach: '≤ 8 MB',
          ok: memory <= 8,
          detail: 'peak resident',
        },
        {
          figure: 'helper memory at 5,000 processes, scan',
          value: scanMemory.toFixed(1),
          unit: 'MB',
          reach: '≤ 8 MB',
          ok: scanMemory <= 8,
          detail: 'peak resident',
        },
      ];
    } finally {
      await scope.close();
    }
  },
};

export default benchmark;
