import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** Wall-clock milliseconds of one run whose output goes to a file nobody reads: a pipe would be timed with its reader. */
export async function timed(command: readonly string[]): Promise<number> {
  const [program = '', ...args] = command;
  const sink = openSync('/dev/null', 'w');
  try {
    const started = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', sink, 'inherit'] });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    const milliseconds = performance.now() - started;
    if (code !== 0) throw new Error(`${command.join(' ')} ended with status ${code}`);
    return milliseconds;
  } finally {
    closeSync(sink);
  }
}

/** Runs the commands in turn, A B C A B C …, so that a change of the machine's speed meets all; one round before is not counted. */
export async function interleaved(commands: readonly (readonly string[])[], rounds: number): Promise<number[][]> {
  const times: number[][] = commands.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, command] of commands.entries()) {
      const milliseconds = await timed(command);
      if (round >= 0) times[index]?.push(milliseconds);
    }
  }
  return times;
}
