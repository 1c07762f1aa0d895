import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { commandLine } from '../../../extension/model/command-line.ts';

test('words are those that sh makes of the same text', () => {
  for (const text of [
    'ls -l /tmp',
    '  ls\t-l  ',
    `printf '%s %s' "a b" c`,
    String.raw`a\ b "c\"d" 'e\f' "g\h" "i\\j" k\\l`,
    `a''b "" ''`,
    `x"y z"'w v'`,
    'ü "日本 語"',
  ]) {
    const parsed = commandLine(text);
    assert.ok('argv' in parsed, text);
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${text}`], { encoding: 'utf8' });
    assert.deepEqual(parsed.argv, stdout.split('\n').slice(0, -1), text);
  }
});

test('nothing is expanded', () => {
  assert.deepEqual(commandLine('echo $HOME * ~ `id` $(id) a;b|c>d &'), {
    argv: ['echo', '$HOME', '*', '~', '`id`', '$(id)', 'a;b|c>d', '&'],
  });
});

test('what is no command is said to be none', () => {
  for (const text of ['', '   ', `'a`, `a "b`, 'a \\', `""`, `'' b`]) assert.ok('problem' in commandLine(text), text);
});
