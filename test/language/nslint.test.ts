import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { allRules } from '../../server/language/dialects/index.ts';
import { nslint } from '../../server/language/lint/run.ts';
import { printable } from '../../server/language/report/text.ts';
import { uriOf } from '../../server/language/report/sarif.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'nslint-'));
});
after(() => rmSync(folder, { recursive: true }));

interface Result {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function lint(...given: readonly string[]): Result {
  let [out, err] = ['', ''];
  const status = nslint(given, '1.2.3', {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    coloured: false,
  });
  return { status, out: out.replaceAll(folder, 'F'), err: err.replaceAll(folder, 'F') };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const bad = '#!/bin/sh\n\tunshare -T\tid; nsenter --net id\n';

describe('nslint: what it writes', () => {
  test('text: a line for each finding', () => {
    const { status, out, err } = lint(file('bad.sh', bad));
    assert.equal(status, 1);
    const [first = '', second = '', ...rest] = out.split('\n');
    assert.match(
      first,
      /^F\/bad\.sh:2:10: hint: Without .*\. Give an offset: .*\. \[shell\/unshare-time-without-offset\]$/,
    );
    assert.match(
      second,
      /^F\/bad\.sh:2:25: error: nsenter refuses .*\. Add --target PID\. \[shell\/nsenter-no-target\]$/,
    );
    assert.deepEqual(rest, ['']);
    assert.match(err, /1 file checked: 1 error, 1 hint\n$/);
  });

  test('json: the same with places and fixes', () => {
    const { out } = lint('--format=json', file('bad.sh', 'é🐧\nunshare -p id # é\n'));
    const written: unknown = JSON.parse(out);
    assert.deepEqual(written, {
      files: 1,
      findings: [
        {
          file: 'F/bad.sh',
          start: { line: 2, column: 9 },
          end: { line: 2, column: 11 },
          rule: 'shell/unshare-pid-without-fork',
          severity: 'warning',
          message: /"message": "(.*)"/.exec(out)?.[1],
          remedy: 'Add --fork.',
          link: allRules().find(({ id }) => id === 'shell/unshare-pid-without-fork')?.link,
          related: [],
          fixes: [
            {
              title: 'Add --fork',
              edits: [{ region: { start: { line: 2, column: 11 }, end: { line: 2, column: 11 } }, text: ' --fork' }],
            },
          ],
        },
      ],
      skipped: [],
    });
  });

  test('the list of rules', () => {
    const { status, out } = lint('--list-rules');
    assert.equal(status, 0);
    for (const { id, link } of allRules()) assert.ok(out.includes(`${id} (`) && out.includes(link), id);
    const written: unknown = JSON.parse(lint('--list-rules', '--format=json').out);
    assert.ok(Array.isArray(written));
    assert.equal(written.length, allRules().length);
  });

  test('nothing that steers a terminal', () => {
    assert.equal(printable('a\u001B[2Jb\nc\u202Ed\u009Be é🐧'), 'a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{9b}e é🐧');
    const { out } = lint(file('a\u001B[31m.sh', 'unshare -T id\n'));
    assert.ok(!out.includes('\u001B'));
  });
});

describe('nslint: SARIF 2.1.0', () => {
  interface Log {
    readonly $schema: string;
    readonly version: string;
    readonly runs: readonly [
      {
        readonly tool: {
          readonly driver: {
            readonly name: string;
            readonly rules: readonly { readonly id: string; readonly helpUri: string }[];
          };
        };
        readonly columnKind: string;
        readonly invocations: readonly [
          { readonly executionSuccessful: boolean; readonly toolExecutionNotifications: readonly unknown[] },
        ];
        readonly results: readonly {
          readonly ruleId: string;
          readonly ruleIndex: number;
          readonly level: string;
          readonly message: { readonly text: string };
          readonly locations: readonly unknown[];
          readonly relatedLocations?: readonly unknown[];
          readonly fixes?: readonly unknown[];
        }[];
      },
    ];
  }

  function sarif(...given: readonly string[]): Log {
    // The tests below look at what is there; what is not makes them fail.
    // oxlint-disable-next-line typescript/no-unsafe-assignment
    const log: Log = JSON.parse(lint('--format=sarif', ...given).out);
    return log;
  }

  test('what its schema requires is there', () => {
    const { version, $schema, runs } = sarif(
      file('a b.sh', 'unshare -r --setgroups=deny id\n'),
      join(folder, 'missing.sh'),
    );
    assert.equal(version, '2.1.0');
    assert.match($schema, /sarif-schema-2\.1\.0\.json$/);
    const [{ tool, columnKind, invocations, results }] = runs;
    assert.equal(tool.driver.name, 'nslint');
    assert.equal(columnKind, 'utf16CodeUnits');
    assert.equal(invocations[0].executionSuccessful, false);
    assert.equal(invocations[0].toolExecutionNotifications.length, 1);
    assert.equal(tool.driver.rules.length, allRules().length);
    for (const { helpUri } of tool.driver.rules) assert.ok(URL.canParse(helpUri));
    const [result] = results;
    assert.ok(result !== undefined && results.length === 1);
    assert.equal(tool.driver.rules[result.ruleIndex]?.id, result.ruleId);
    assert.equal(result.level, 'error');
    assert.match(result.message.text, /\S/);
    const artifactLocation = { uri: 'file://F/a%20b.sh' };
    assert.deepEqual(result.locations, [
      { physicalLocation: { artifactLocation, region: { startLine: 1, startColumn: 12, endLine: 1, endColumn: 28 } } },
    ]);
    assert.deepEqual(result.fixes, [
      {
        description: { text: 'Remove --setgroups' },
        artifactChanges: [
          {
            artifactLocation,
            replacements: [{ deletedRegion: { startLine: 1, startColumn: 11, endLine: 1, endColumn: 28 } }],
          },
        ],
      },
    ]);
  });

  test('places elsewhere in the file, and levels', () => {
    const [{ results }] = sarif(file('c.sh', 'unshare --map-users=0:0:9 --map-users=5:50:1 id\nunshare -T id\n')).runs;
    assert.deepEqual(
      results.map(({ level, relatedLocations = [] }) => [level, relatedLocations.length]),
      [
        ['error', 1],
        ['note', 0],
      ],
    );
  });

  test('paths become references', () => {
    assert.equal(uriOf('./a b/c:d#e%.sh'), 'a%20b/c%3Ad%23e%25.sh');
    assert.equal(uriOf('/tmp/ä.sh'), 'file:///tmp/%C3%A4.sh');
  });
});

describe('nslint: exit status and settings', () => {
  test('0 when nothing as bad is found, 1 when something is', () => {
    const warned = file('warned.sh', 'unshare -p id\n');
    assert.equal(lint(warned).status, 0);
    assert.equal(lint('--fail-on=warning', warned).status, 1);
    assert.equal(lint('--fail-on', 'hint', warned).status, 1);
    assert.equal(lint('--fail-on=never', file('bad.sh', bad)).status, 0);
    assert.equal(lint(file('clean.sh', 'unshare -r id\n')).status, 0);
  });
  test('a rule may be off or of another severity, and a kind left out', () => {
    const path = file('bad.sh', bad);
    assert.doesNotMatch(lint('--rule=shell/nsenter-no-target=off', path).out, /nsenter/);
    assert.equal(lint('--rule', 'shell/nsenter-no-target=hint', path).status, 0);
    assert.match(lint('--off=shell', folder).err, /0 files checked/);
  });
  test('2 for what cannot be understood', () => {
    for (const given of [
      [],
      ['--format=xml', 'x'],
      ['--frob', 'x'],
      ['--rule=shell/none=off', 'x'],
      ['--rule=shell/nsenter-no-target=bad', 'x'],
      ['--fail-on', 'x'],
      ['--off=perl', 'x'],
      ['--rule'],
    ]) {
      const { status, out, err } = lint(...given);
      assert.deepEqual([status, out], [2, ''], given.join(' '));
      assert.match(err, /^nslint: .*\nUsage: /);
    }
  });
  test('help and version', () => {
    assert.match(lint('--help').out, /^Usage: nslint/);
    assert.equal(lint('--version').out, 'nslint 1.2.3\n');
  });
});

describe('nslint: files', () => {
  test('folders are searched in a stable order, without those of others', () => {
    for (const name of ['tree/b.sh', 'tree/a.sh', 'tree/c/d', 'tree/.git/e.sh', 'tree/node_modules/f.sh'])
      file(name, '#!/bin/sh\nunshare -T id\n');
    file('tree/README.md', 'unshare -T id\n');
    symlinkSync('..', join(folder, 'tree', 'c', 'up'));
    const { out, err } = lint(join(folder, 'tree'));
    assert.deepEqual(
      out.split('\n').map((line) => line.split(':')[0]),
      ['F/tree/a.sh', 'F/tree/b.sh', 'F/tree/c/d', ''],
    );
    assert.match(err, /3 files checked: 3 hints\n/);
  });
  test('what cannot be judged is said and counted', () => {
    const paths = [
      file('odd/latin1.sh', Uint8Array.of(0x23, 0xe9, 0x0a)),
      file('odd/binary.sh', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 0)),
      file('odd/large.sh', new Uint8Array(16 * 1024 * 1024 + 1).fill(0x23)),
      file('odd/notes.txt', 'text'),
      '/dev/null',
    ];
    const { status, out, err } = lint(...paths);
    assert.deepEqual([status, out], [0, '']);
    assert.deepEqual(err.split('\n'), [
      'nslint: F/odd/latin1.sh: The file is not in UTF-8.',
      'nslint: F/odd/binary.sh: This is a binary file.',
      'nslint: F/odd/large.sh: The file is larger than 16 MB.',
      'nslint: F/odd/notes.txt: The file is of no kind that is checked.',
      'nslint: /dev/null: This is no regular file.',
      'nslint: 0 files checked, 5 not checked: nothing found',
      '',
    ]);
    assert.match(lint(join(folder, 'odd')).err, /0 files checked, 3 not checked/);
  });
  test('a file that is not there, or a FIFO, is no crash and no wait', () => {
    const { status, err } = lint(join(folder, 'missing.sh'), file('good.sh', 'true\n'));
    assert.equal(status, 2);
    assert.match(err, /missing\.sh: There is no such file\.\n.*1 file checked, 1 not checked/);
    const fifo = join(folder, 'fifo.sh');
    assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
    assert.match(lint(fifo).err, /This is no regular file/);
  });
  test('a file that may not be read', { skip: process.getuid?.() === 0 && 'root may read all' }, () => {
    const path = file('secret.sh', 'true\n');
    chmodSync(path, 0);
    const { status, err } = lint(path);
    assert.equal(status, 2);
    assert.match(err, /may not be read/);
  });
  test('a byte order mark takes no column, and a long file is read to its end', () => {
    assert.match(lint(file('bom.sh', '\uFEFFunshare -T id\n')).out, /^F\/bom\.sh:1:9: /);
    assert.match(lint(file('long.sh', `${'# comment\n'.repeat(20_000)}unshare -T id\n`)).out, /^F\/long\.sh:20001:9: /);
  });
});

const run = (...given: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ['--import', 'tsx', 'server/language/nslint.ts', ...given], {
    cwd: join(import.meta.dirname, '..', '..'),
    encoding: 'utf8',
  });

test('nslint as a command', () => {
  const { status, stdout, stderr } = run(file('bad.sh', bad));
  assert.equal(status, 1);
  assert.match(stdout, /bad\.sh:2:25: error: /);
  assert.match(stderr, /1 file checked/);
  assert.equal(run('--frob').status, 2);
});
