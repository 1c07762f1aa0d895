import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explainFolder, folderName, parseMark } from '../../../extension/helper/report.ts';

describe('marks', () => {
  test('are read wherever the line has them', () => {
    assert.deepEqual(parseMark('noise M host 1000 Linux x86_64', 'M'), {
      word: 'host',
      uid: '1000',
      system: 'Linux',
      machine: 'x86_64',
    });
    assert.deepEqual(parseMark('M at 1 /home/a b/.cache\r', 'M'), { word: 'at', folder: 1, path: '/home/a b/.cache' });
    assert.deepEqual(parseMark('M no 3 missing mkdir: no', 'M'), {
      word: 'no',
      folder: 3,
      reason: 'missing',
      detail: 'mkdir: no',
    });
    assert.deepEqual(parseMark('M run 2', 'M'), { word: 'run', folder: 2 });
    assert.deepEqual(parseMark('M none', 'M'), { word: 'none' });
  });

  test('are not anything else', () => {
    for (const line of [
      'run 1',
      'X run 1',
      'M',
      'M run',
      'M run x',
      'M run 0',
      'M at 4 /x',
      'M no -1 x',
      'M want 1e9',
      'M dance',
      'M constructor',
      '',
    ]) {
      assert.equal(parseMark(line, 'M'), undefined, line);
    }
  });
});

describe('reasons in words', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['unset', '', /it is not set/],
    ['missing', 'mkdir: cannot create: Permission denied', /cannot be made \(mkdir: .*\)/],
    ['missing', '', /cannot be made$/],
    ['symlink', '', /symbolic link/],
    ['parent', '', /can be changed by others/],
    ['owner', '', /belongs to another user/],
    ['mode', '', /others may write/],
    ['unwritable', '', /read-only/],
    ['short', '4096 head: write error: No space left on device', /disk is full \(only 4096 of 9000 bytes/],
    ['short', '0 sh: cannot create x: Permission denied', /may not be written to/],
    ['short', '0', /only 0 of 9000 bytes could be written$/],
    ['hash', '', /not what was sent/],
    ['noexec', '', /noexec/],
    ['run', '126 sh: Permission denied', /programs may not be run there/],
    ['run', '139 Segmentation fault', /does not run there \(exit status 139: Segmentation fault\)/],
    ['build', '9000 {"helper":…}', /answers as another helper/],
    ['rename', '9000 mv: cannot', /could not be renamed \(mv: cannot\)/],
    ['later', 'reason\u0007', /^later reason$/],
  ];
  for (const [reason, detail, words] of cases) {
    test(`${reason} ${detail}`, () => assert.match(explainFolder(reason, detail, 9000), words));
  }

  test('a folder without a path has the name that people know', () => {
    assert.equal(folderName(2, undefined), '$XDG_RUNTIME_DIR');
    assert.equal(folderName(1, '/a\u001b[0m'), '/a [0m');
    assert.equal(folderName(9, ''), 'folder 9');
  });
});
