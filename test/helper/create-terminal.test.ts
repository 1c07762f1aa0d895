import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { uniqueName } from './support/marker.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { answers, runs, stopsAtReading, Terminal } from './support/terminal.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'python3', 'bash');
leakGuard();

const kinds = {
  'a new pid namespace': ['--new=pid,mnt,uts', '--mount-proc'],
  'no pid namespace': ['--new=uts'],
} as const;

for (const [name, options] of Object.entries(kinds)) {
  const words = [helper, 'create', ...options, '--'];

  test(`a shell in ${name}: Ctrl-C, jobs, status`, { skip }, async (t) => {
    const terminal = new Terminal(testScope(t), [...words, 'bash', '--norc', '-i']);
    await terminal.says(/# $/);
    assert.doesNotMatch(terminal.text, /job control|terminal process group/);
    terminal.type(`${answers.join(' ')}\n`);
    await runs(terminal);
    terminal.type('\u0003');
    await terminal.says(/# $/);
    terminal.type(`${answers.join(' ')}\n`);
    await runs(terminal);
    terminal.type('\u001a');
    await terminal.says(/Stopped.*\n.*[#>] $/);
    terminal.type('jobs; fg\n');
    await terminal.says(/Stopped\s+sed.*\nsed.*\n/);
    await runs(terminal);
    terminal.type('\u0004');
    await terminal.says(/# $/);
    terminal.type('exit 7\n');
    await terminal.says(/"exit":\{"code":7\}/);
    await terminal.status();
  });

  test(`Ctrl-C ends a plain command in ${name}`, { skip }, async (t) => {
    const terminal = new Terminal(testScope(t), [...words, ...answers]);
    await runs(terminal);
    terminal.type('\u0003');
    await terminal.says(/"exit":\{"signal":2\}/);
    await terminal.status();
  });

  test(`Ctrl-Z in ${name} stops the job of the shell outside; fg and bg continue it`, { skip }, async (t) => {
    const terminal = new Terminal(testScope(t), ['bash', '--norc', '-i']);
    await terminal.says(/# $/);
    terminal.type(`${[...words, ...answers].join(' ')}\n`);
    await runs(terminal);
    terminal.type('\u001a');
    await terminal.says(/Stopped.*\n.*# $/);
    terminal.type('fg\n');
    await runs(terminal);
    terminal.type('\u001a');
    await terminal.says(/Stopped.*\n.*# $/);
    // It reads while the terminal is the shell's, so it is stopped again; the shell goes on.
    terminal.type('bg\n');
    await stopsAtReading(terminal);
    terminal.type('fg\n');
    await runs(terminal);
    terminal.type('\u0003');
    await terminal.says(/"exit":\{"signal":2\}/);
    // The terminal is the outer shell's again.
    await terminal.says(/# $/);
    terminal.type(`${answers.join(' ')}\n`);
    await runs(terminal);
    terminal.type('\u0003');
    await terminal.says(/# $/);
    terminal.type('exit\n');
    await terminal.status();
  });

  test(`a lost terminal ends what runs in ${name}`, { skip }, async (t) => {
    const tag = uniqueName();
    const terminal = new Terminal(testScope(t), [...words, 'bash', '--norc', '-i'], { CREATE_TEST: tag });
    await terminal.says(/# $/);
    terminal.type('sleep 1000\n');
    await until('the start of sleep', () => processesWith(tag).length > 3);
    await terminal.close();
    await until('the end of all', () => processesWith(tag).length === 0, 20_000);
  });
}

test('a command that stops while no shell could continue it goes on', { skip }, async (t) => {
  const script = 'kill -STOP $$; echo behind; exit 3';
  const terminal = new Terminal(testScope(t), [helper, 'create', '--new=pid', '--', 'sh', '-c', script]);
  await terminal.says(/behind/);
  await terminal.says(/"exit":\{"code":3\}/);
  await terminal.status();
});
