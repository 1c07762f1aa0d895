import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shell } from '../../../server/language/dialects/shell.ts';
import { invocationsIn } from '../../../server/language/dialects/shell/invocation.ts';
import { readScript } from '../../../server/language/dialects/shell/script.ts';
import type { Host } from '../../../server/language/host.ts';
import { judged, unmark } from '../support/judging.ts';

/** Each command as its words: `…` stands for what only running it could tell. */
function commands(text: string): string[] {
  return [...readScript(text).commands].map(({ words }) =>
    words.map((word) => (word.literal ? word.text : `${word.text}…`)).join(' '),
  );
}

function straight(text: string): string[] {
  return [...readScript(text).commands]
    .filter((command) => command.straight && !command.background)
    .map(({ words }) => words[0]?.text ?? '');
}

function tools(text: string): string[] {
  return [...invocationsIn(readScript(text))]
    .filter(({ tool }) => tool !== 'other')
    .map(({ tool, program, asRoot }) => `${asRoot ? '#' : ''}${tool}@${program.span.start}`);
}

const options = (text: string): string[] =>
  [...invocationsIn(readScript(text))].flatMap((invocation) =>
    'options' in invocation
      ? [
          ...invocation.options.map(({ name, value }) => `${name}${value === undefined ? '' : `=${value.text}`}`),
          `| ${invocation.operands.map((word) => word.text).join(' ')}`,
        ]
      : [],
  );

const paths = (text: string): number =>
  shell.open(text).declared.workloads.flatMap(({ namespaces }) => namespaces.filter(({ from }) => from.kind === 'path'))
    .length;

const recognised = (path: string, text = '', languageId?: string): boolean =>
  shell.recognises({ path, text, languageId });

const labels = (marked: string, at?: Host): string[] => {
  const offset = marked.indexOf('^');
  return shell
    .open(marked.replace('^', ''))
    .complete(offset, at)
    .map(({ label }) => label);
};

/** Programs of a script in which one command is so deep. */
function nested(depth: number): readonly string[] {
  const script = `unshare a\n${'$('.repeat(depth)}ip netns add b${')'.repeat(depth)}\nnsenter -t 1`;
  return [...invocationsIn(readScript(script))].map(({ program }) => program.text);
}

describe('words of a script', () => {
  const cases: Readonly<Record<string, readonly [text: string, commands: readonly string[]]>> = {
    quotes: [`a 'b c' "d e" f\\ g "it's" 'x'\\''y' $'z'`, ["a b c d e f g it's x'y z"]],
    'escapes in double quotes': ['a "\\$b \\" \\n"', ['a $b " \\n']],
    expansions: ['a "$b" ${c:-"d}"} --x=$(e f) y`g`', ['a … … --x=… y…', 'e f', 'g']],
    'globs, braces and homes': ['a *.c x{1,2} ~/b {} [', ['a … x… … {} [']],
    continuations: ['a --b \\\n  --c\\\nd \\\r\n e', ['a --b --cd e']],
    comments: ['a # b; c\n# d\ne#f', ['a', 'e#f']],
    operators: ['a|b&&c||d;e&f|&g', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    redirections: ['a 2>&1 >b <c 3<>d &>e <<<"f" g', ['a g']],
    'a here-document': ['a <<EOF b\nc $(d)\n EOF\nEOF\ne', ['a b', 'e']],
    'a here-document with tabs and quotes': ["a <<-'END' | b\n\tc\n\tEND\nd", ['a', 'b', 'd']],
    'two here-documents': ['a <<A <<B\nA\nx\nB\nb', ['a', 'b']],
    'a here-document that does not end': ['a <<EOF\nb\nc', ['a']],
    'process substitution': ['a <(b c) >(d)', ['a … …', 'b c', 'd']],
    'compound commands': [
      'if a; then b; elif c; then d; else e; fi; while f; do g; done',
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
    ],
    case: ['case $x in a|b) c;; (d) e;& *) f; esac; g', ['c', 'e', 'f', 'g']],
    'case in a substitution': ['x=$(case y in a) b;; esac) c', ['x=… c', 'b']],
    functions: ['f() { a; }\nfunction g { b; }\nfunction h() ( c )', ['a', 'b', 'c']],
    arithmetic: ['a $((1+(2*3))) b; ((x>1)) && c; for ((i=0;i<3;i++)); do d; done', ['a … b', 'c', 'for', 'd']],
    arrays: ['a=(b c "d)" #e\n f) g; h', ['a=… g', 'h']],
    tests: ['[[ a =~ (b|c) && d ]] && e; [ -f g ] || h', ['e', '[ -f g ]', 'h']],
    'patterns with parentheses': ['a @(b|c) !(d) e', ['a @… !… e']],
    'carriage returns': ['a b\r\nc\r\n', ['a b', 'c']],
    'what is not closed': ['a "b $(c', ['a b …', 'c']],
    'a backquote behind a blank': ['a `b c `', ['a …', 'b c']],
    'what is closed too often': ['a ) b } fi done esac ;; c `', ['a', 'b } fi done esac', 'c …']],
  };
  for (const [name, [text, expected]] of Object.entries(cases))
    test(name, () => assert.deepEqual(commands(text), expected));

  test('only what always runs is straight', () => {
    assert.deepEqual(
      straight('a\nb && c\nif d; then e; fi\n(f)\ng &\nh() { i; }\nj | k\nl && \\\n m\nn ||\n o\np; q=$(r) s'),
      ['a', 'b', 'j', 'k', 'l', 'n', 'p', 'q='],
    );
  });
  test('functions are known by name', () => {
    assert.deepEqual([...readScript('f() { :; }\nfunction g { :; }\nh () { :; }').functions], ['f', 'g', 'h']);
  });

  test('a nesting that no script has ends it, and what came before stays', () => {
    assert.deepEqual(nested(50), ['unshare', 'ip', 'nsenter']);
    assert.deepEqual(nested(5000), ['unshare']);
  });
});

describe('commands that concern namespaces', () => {
  const cases: Readonly<Record<string, readonly [text: string, tools: readonly string[]]>> = {
    'behind assignments and wrappers': ['A=1 sudo -E -u root env -i B=2 nohup unshare -r id', ['unshare@37']],
    'by root': ['sudo -n /usr/bin/unshare -m id', ['#unshare@8']],
    'behind timeout and exec': ['exec -a x timeout -s KILL 5 nsenter -t 1 -m id', ['nsenter@28']],
    'one inside of another': [
      'unshare -n ip netns exec a nsenter -t 1 -n ip a',
      ['unshare@0', 'ip@11', 'nsenter@27', 'ip@43'],
    ],
    'of docker and podman': [
      'docker --context x container run y; podman create z; docker ps',
      ['docker@0', 'podman@36'],
    ],
    'not as arguments': ['echo unshare; command -v nsenter; "$RUN" unshare', []],
    'not behind what is unknown': ['sudo $OPTIONS unshare -p id', []],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(tools(text), expected));
  }

  test('options of getopt_long and of pflag', () => {
    assert.deepEqual(options('unshare -fp --map-r -S5 -G 6 --mount=/x -- id -u'), [
      'fork',
      'pid',
      'map-root-user',
      'setuid=5',
      'setgid=6',
      'mount=/x',
      '| id -u',
    ]);
    assert.deepEqual(options('nsenter -t1 -n/x -m=/y -u id'), ['target=1', 'net=/x', 'mount=/y', 'uts', '| id']);
    assert.deepEqual(options('docker run -itp 80:80 -e=A=b --rm --privileged=false --name x img -p'), [
      'interactive',
      'tty',
      'publish=80:80',
      'env=A=b',
      'rm',
      'name=x',
      '| img -p',
    ]);
  });
});

describe('what is declared', () => {
  test('each namespace with its place and its source', () => {
    const { text, spans } = unmark(
      '# none\nunshare «-r» «--net» id\r\nnsenter -t 7 «--uts» «--mount=/run/m» id\nip netns exec «blue» id\ndocker run --name web «--pid=container:db» «--network "host"» x\n',
    );
    const { workloads } = shell.open(text).declared;
    const declared = workloads.flatMap(({ namespaces }) => namespaces);
    assert.deepEqual(
      declared.map(({ span }) => span).toSorted((one, other) => one.start - other.start),
      spans,
    );
    assert.deepEqual(
      declared.map(({ type, from }) => [type, ...Object.values(from)].join(' ')),
      [
        'net new',
        'user new',
        'mnt path /run/m',
        'uts path /proc/7/ns/uts',
        'net path /run/netns/blue',
        'pid container db',
        'net host',
      ],
    );
    for (const { meaning } of declared) assert.match(meaning, /^[A-Z].*\.$/);
    assert.deepEqual(
      workloads.map(({ name, runtimes }) => [name, ...runtimes]),
      [
        [undefined, 'unshare'],
        [undefined, 'nsenter'],
        [undefined, 'ip'],
        ['web', 'docker'],
      ],
    );
  });

  test('a named namespace that the script adds itself is not expected on the host', () => {
    assert.equal(paths('ip netns exec a id'), 1);
    assert.equal(paths('ip netns add a; ip netns exec a id'), 0);
    assert.equal(paths('ip netns add "$n"; ip netns exec a id'), 0);
  });

  test('sysctls and ranges of ids', () => {
    const { workloads } = shell.open(
      "docker run --sysctl net.core.somaxconn='9' --sysctl kernel.sem=1 x\nunshare --map-users=0:5:6 id",
    ).declared;
    assert.deepEqual(
      workloads[0]?.sysctls.map(({ key, value }) => [key, value]),
      [
        ['net.core.somaxconn', '9'],
        ['kernel.sem', '1'],
      ],
    );
    assert.deepEqual(
      workloads[1]?.mappings.map(({ kind, inside, outside, count }) => [kind, inside, outside, count]),
      [['uid', 0, 5, 6]],
    );
  });
});

describe('which files are shell scripts', () => {
  test('by name, language or first line', () => {
    assert.ok(recognised('/a/b.sh'));
    assert.ok(recognised('/a/b.bash'));
    assert.ok(recognised('Untitled-1', '', 'shellscript'));
    for (const line of [
      '#!/bin/sh',
      '#!/bin/sh -eu',
      '#! /usr/bin/env bash',
      '#!/usr/bin/env -S bash -e',
      '#!/bin/busybox/ash',
      '#!/usr/bin/zsh\r',
      '\uFEFF#!/bin/dash',
    ]) {
      assert.ok(recognised('/a/b', `${line}\nx`), line);
    }
  });
  test('and no others', () => {
    for (const line of ['', 'unshare', '#!/usr/bin/python3', '#!/usr/bin/env fish', '#!/bin/shx', ' #!/bin/sh']) {
      assert.equal(recognised('/a/b', `${line}\n`), false, line);
    }
    assert.equal(recognised('/a/b.yaml', 'sh'), false);
  });
});

describe('help while writing', () => {
  const host: Host = {
    name: 'web1',
    facts: {
      kernel: '6.18',
      arch: 'x86_64',
      uid: 0,
      gid: 0,
      capabilities: [],
      types: [],
      own: {},
      limits: {},
      restrictions: {},
      subuid: [],
      subgid: [],
      cgroup: 'v2',
      listns: false,
      nsid: false,
      tools: {},
    },
    complete: true,
    at: () => undefined,
    container: () => undefined,
    named: [
      {
        type: 'net',
        id: 1,
        name: 'blue',
        paths: ['/run/netns/blue'],
        pids: [],
        members: 2,
        workloads: [],
        initial: false,
      },
    ],
  };
  test('values of an option', () => {
    assert.deepEqual(labels('unshare -m --propagation=^ id'), ['private', 'slave', 'shared', 'unchanged']);
    assert.deepEqual(labels('docker run --pid ho^ x'), ['host']);
    assert.deepEqual(labels('docker run --name ho^ x'), []);
  });
  test('names and paths of the connected host', () => {
    assert.deepEqual(labels('ip netns exec b^ id', host), ['blue']);
    assert.deepEqual(labels('ip netns add b^', host), []);
    assert.deepEqual(labels('nsenter --net=/run^ id', host), ['/run/netns/blue']);
    assert.deepEqual(labels('nsenter --mnt=/run^ id'), []);
  });
  test('an option says what it does', () => {
    const text = 'unshare -fr --mount-proc id';
    const described = shell.open(text).describe(text.indexOf('mount'));
    assert.equal(described && text.slice(described.span.start, described.span.end), '--mount-proc');
    assert.match(described?.paragraphs[0] ?? '', /implies --mount/);
    assert.equal(shell.open(text).describe(text.length - 1), undefined);
  });
});

test('suppressions, and a line with a byte order mark', () => {
  const text = '\uFEFF#!/bin/sh\n# linux-namespaces-disable-next-line shell/unshare-nothing\nunshare id\nunshare id\n';
  assert.deepEqual(
    judged(shell, text).map(({ span }) => span.start),
    [text.lastIndexOf('unshare')],
  );
});
