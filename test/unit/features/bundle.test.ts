import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundlePlan } from '../../../extension/explain/bundle.ts';
import {
  announcement,
  fieldWords,
  offers,
  runtimeCommand,
  runtimeWords,
  withoutProgram,
} from '../../../extension/features/bundle/offer.ts';
import { jsonProblem } from '../../../extension/features/bundle/json-place.ts';
import { hostCommand } from '../../../extension/features/host-command.ts';
import { namesIn } from '../../../extension/features/leaks/netns-names.ts';

const place = { folder: '/srv/bundle', host: 'build7', same: true };
const config = {
  ociVersion: '1.0.2',
  process: { args: ['sleep', '9'], cwd: '/tmp', user: { uid: 5, gid: 6 } },
  root: { path: 'rootfs' },
  linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }] },
};
const interactive = { ...config, process: { ...config.process, terminal: true } };

function ways(tools: Readonly<Record<string, string>>, of: unknown, at = place): readonly string[] {
  return offers(tools, bundlePlan(of, at.folder), at).map(({ label }) => label);
}

test('runtimes of the host come first, then the helper; a program that wants a terminal last', () => {
  assert.deepEqual(ways({}, config), ['Helper', 'Helper, without the program']);
  assert.deepEqual(ways({ podman: '/p' }, interactive), ['Helper, without the program', 'Helper']);
  const both = offers({ crun: '/b/crun', runc: '/a/runc' }, bundlePlan(config, '/b'), place);
  assert.deepEqual(
    both.slice(0, 2).map(({ label, description, way }) => [label, description, way]),
    [
      ['runc', '/a/runc', { kind: 'runtime', name: 'runc', path: '/a/runc' }],
      ['crun', '/b/crun', { kind: 'runtime', name: 'crun', path: '/b/crun' }],
    ],
  );
  assert.match(both[2]?.detail ?? '', /while sleep 9 runs/);
});

test('a runtime reads the file on its host, and that is said where another was shown', () => {
  const plan = bundlePlan(config, '/b');
  const [copied] = offers({ runc: '/r' }, plan, { ...place, same: false });
  assert.match(copied?.detail ?? '', /reads config\.json on build7, not the file here/);
  const command = runtimeCommand('/usr/sbin/runc', '/srv/b c', '-web');
  assert.deepEqual(command, ['/usr/sbin/runc', 'run', '--bundle', '/srv/b c', '--', '-web']);
  const words = runtimeWords(command, { hooks: {} }, { ...place, same: false }, 'root');
  assert.match(words, /^root runs:\n\/usr\/sbin\/runc run --bundle '\/srv\/b c' -- -web$/m);
  assert.match(words, /whatever the file here says/);
  assert.match(words, /hooks are programs that run on the host itself/);
  assert.doesNotMatch(runtimeWords(command, config, place, 'root'), /hooks|file here/);
});

test('what breaks the specification cannot be done by the helper, a runtime may try', () => {
  const broken = { ...config, process: { ...config.process, args: [] } };
  const plan = bundlePlan(broken, '/b');
  const found = offers({ runc: '/r' }, plan, place);
  assert.deepEqual(
    found.map(({ label, description }) => `${label} ${description}`),
    ['runc /r', 'Helper not possible'],
  );
  assert.equal(found[1]?.detail, '1 field of config.json breaks the specification');
  assert.deepEqual(plan.invalid.map(fieldWords), ['/process/args: it is not a list of texts with a program in it']);
});

test('without the program, what belonged to it is listed and nothing is run', () => {
  const { options, notHonoured } = withoutProgram(bundlePlan(config, '/b'));
  assert.deepEqual(Object.keys(options).toSorted(), ['new', 'root']);
  assert.deepEqual(
    notHonoured.map(({ pointer }) => pointer),
    ['/process/args', '/process/user', '/process/cwd'],
  );
});

test('every field without effect and every step is announced, and the words are those of the steps', () => {
  const plan = bundlePlan({ ...interactive, 'a*b': 1, hooks: { prestart: [{ path: '/x' }] } }, '/srv/bundle');
  const { detail, markdown, preview, options, short } = announcement(plan, 'web', place);
  assert.equal(plan.notHonoured.length, 3);
  for (const field of plan.notHonoured) assert.ok(detail.includes(`• ${fieldWords(field)}`), field.pointer);
  for (const step of preview.steps) assert.ok(detail.includes(step), step);
  assert.ok(markdown.includes('a\\*b'), 'a name is not Markdown');
  assert.ok(short);
  assert.equal(options.keep, 'web');
  assert.ok(preview.words.indexOf('--keep=web') < preview.words.indexOf('--'));
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`field${index}`, 1]));
  const long = announcement(bundlePlan({ ...config, ...many }, '/b'), 'web', place);
  assert.equal(long.short, false);
  assert.ok(long.markdown.includes('field19'));
});

test('the place where a text stops being JSON', () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ['', 1, 1],
    ['{\n  "a": 1,\n}', 3, 1],
    ['{"a": [1, 2', 1, 12],
    ['{"a" 1}', 1, 6],
    ['{\r\n "a": tru}', 2, 7],
    ['[1,, 2]', 1, 4],
    ['[01]', 1, 3],
    ['{"a": "x\ny"}', 1, 7],
    ['{} {}', 1, 4],
    ["{'a': 1}", 1, 2],
    ['{"a": 1 "b": 2}', 1, 9],
    ['// no\n{}', 1, 1],
    ['[1}', 1, 3],
  ];
  for (const [text, line, column] of cases) {
    assert.throws(() => void JSON.parse(text), SyntaxError, text);
    assert.deepEqual(jsonProblem(text), { line, column }, text);
  }
});

test('what is nested beyond all sense is no problem of its own', () => {
  assert.deepEqual(jsonProblem('['.repeat(200_000)), { line: 1, column: 200_001 });
});

test('JSON is JSON to the same degree as to the parser', () => {
  const good = [
    'null',
    ' [ ] ',
    '{"a":{"b":[1,-0.5e+3,"\\u0041\\n",true,false,null]},"":{}}\r\n',
    JSON.stringify(config, undefined, 4),
    '"\u2028"',
  ];
  for (const text of good) {
    assert.doesNotThrow(() => void JSON.parse(text));
    assert.equal(jsonProblem(text), undefined, text);
  }
  // Every way to cut or to spoil one character agrees with the parser.
  const [, , text = ''] = good;
  for (let at = 0; at < text.length; at++) {
    for (const spoilt of [
      text.slice(0, at),
      ...['}', '"', '1', ',', '\u0001'].map((by) => text.slice(0, at) + by + text.slice(at + 1)),
    ]) {
      assert.equal(jsonProblem(spoilt) === undefined, parses(spoilt), spoilt);
    }
  }
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('a program of the host is run where the helper is', () => {
  assert.deepEqual(hostCommand({ own: { pid: 1, net: 7, time: 2 } }, ['ls', '-x']), [
    '--target=net:7',
    '--records=3',
    '--',
    'ls',
    '-x',
  ]);
  assert.equal(hostCommand({ own: { pid: 1 } }, ['ls']), undefined);
});

test('names of a folder, whatever a terminal adds to them', () => {
  assert.deepEqual(namesIn("blue\r\n\u001b[0m\u001b[32mgreen\u001b[0m\r\n'odd name'\r\n\r\ncni-1\r\n"), [
    'blue',
    'green',
    'cni-1',
  ]);
});
