/** Debug configurations, adapters, paths and frames, without an editor and without a host. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import manifest from '../../../package.json' with { type: 'json' };
import { explanationText, tracingProblems } from '../../../extension/explain/ptrace.ts';
import {
  attachArguments,
  consoleNotes,
  dialectWords,
  inheritedEnvironment,
  launchArguments,
} from '../../../extension/features/debug/adapter-arguments.ts';
import {
  adapterWords,
  endingWords,
  missingWords,
  type Way,
} from '../../../extension/features/debug/adapter-process.ts';
import { hostNameOf } from '../../../extension/features/debug/configuration-host.ts';
import {
  checkConfiguration,
  type AttachOptions,
  type DebugOptions,
  type LaunchOptions,
} from '../../../extension/features/debug/configuration.ts';
import { creationHints } from '../../../extension/features/debug/create-options.ts';
import { executableOf } from '../../../extension/features/debug/executable.ts';
import { encodeMessage, FramingError, MessageReader, type Message } from '../../../extension/features/debug/framing.ts';
import { childOf, nodeNotes } from '../../../extension/features/debug/node.ts';
import { waysOf } from '../../../extension/features/debug/open-adapter.ts';
import {
  formatAddress,
  parseTarget,
  pidSeenFrom,
  placeOf,
  processSeenAs,
} from '../../../extension/features/debug/places.ts';
import {
  presetNames,
  presets,
  presetsForProcess,
  presetsForProgram,
} from '../../../extension/features/debug/presets.ts';
import { SourcePaths } from '../../../extension/features/debug/source-paths.ts';
import { namespaceTypes, type FactsRecord } from '../../../extension/helper/protocol.ts';
import { isRecord } from '../../../extension/is-record.ts';
import { HostGraph } from '../../../extension/model/graph.ts';

function options(configuration: Message): DebugOptions {
  const checked = checkConfiguration(configuration);
  assert.ok('options' in checked, JSON.stringify(checked));
  return checked.options;
}

function launch(more: Message = {}): LaunchOptions {
  const checked = options({ request: 'launch', target: 'web', program: '/srv/main', ...more });
  assert.ok(checked.request === 'launch');
  return checked;
}

function attach(more: Message = {}): AttachOptions {
  const checked = options({ request: 'attach', pid: 912, ...more });
  assert.ok(checked.request === 'attach');
  return checked;
}

function wrong(configuration: Message): readonly string[] {
  const checked = checkConfiguration(configuration);
  return 'problems' in checked ? checked.problems.map(({ attribute }) => attribute) : [];
}

test('every wrong attribute is named, all at once', () => {
  assert.deepEqual(wrong({}), ['request']);
  assert.deepEqual(wrong({ request: 'launch' }), ['program', 'target']);
  assert.deepEqual(wrong({ request: 'launch', program: '/a', target: 'x', create: { new: ['net'] } }), ['target']);
  assert.deepEqual(
    wrong({
      request: 'launch',
      program: '/a',
      target: 'web',
      args: 'one',
      cwd: 'here',
      env: { A: 1, 'B=': 'x' },
      console: 'externalTerminal',
      user: 'alice',
      adapter: { args: [] },
      pathMappings: [{ localRoot: '/x', remoteRoot: 'srv' }, {}],
      stopOnEntry: 'yes',
    }),
    [
      'adapter.command',
      'pathMappings[0].remoteRoot',
      'pathMappings[1].localRoot',
      'pathMappings[1].remoteRoot',
      'user',
      'stopOnEntry',
      'console',
      'cwd',
      'args',
      'env.A',
      'env.B=',
    ],
  );
  assert.deepEqual(wrong({ request: 'launch', program: '/a', create: { new: ['nett'], keep: 'x', map: 'all' } }), [
    'create.new',
    'create.keep',
    'create.map',
  ]);
  assert.deepEqual(wrong({ request: 'launch', program: '/a', create: { mountProc: true } }), ['create.new']);
  assert.deepEqual(wrong({ request: 'launch', program: '/a', target: 'web', adapter: 'gdb', where: 'outside' }), [
    'where',
  ]);
  assert.deepEqual(wrong({ request: 'attach' }), ['pid']);
  assert.deepEqual(wrong({ request: 'attach', insidePid: 3 }), ['target']);
  assert.deepEqual(wrong({ request: 'attach', insidePid: -3, pid: '4' }), ['insidePid']);
});

test('what is right is typed', () => {
  const { into, pathMappings, adapter } = launch({
    target: undefined,
    create: {
      new: ['user', 'net'],
      map: 'auto',
      uidMap: ['0:1000:1'],
      join: { mnt: 'web' },
      mounts: ['/a:/b:ro'],
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    pathMappings: [{ localRoot: '/here', remoteRoot: '/there' }],
    sourceFileMap: { '/src': '/mine' },
    adapter: { command: 'adapter', where: 'outside' },
  });
  assert.ok(into.kind === 'fresh');
  assert.deepEqual(into.options, {
    new: ['net', 'user'],
    map: 'auto',
    uidMap: [{ inside: 0, outside: 1000, count: 1 }],
    join: [{ type: 'mnt', reference: 'web' }],
    mounts: [{ source: '/a', target: '/b', readOnly: true }],
    sysctls: [{ name: 'net.ipv4.ip_forward', value: '1' }],
  });
  assert.deepEqual(pathMappings, [
    { localRoot: '/here', remoteRoot: '/there' },
    { localRoot: '/mine', remoteRoot: '/src' },
  ]);
  assert.deepEqual(adapter, { command: 'adapter', args: [], env: {}, where: 'outside' });
  assert.deepEqual(attach().process, { seen: 'outside', pid: '912' });
  assert.deepEqual(attach({ pid: undefined, insidePid: '7', target: 'web' }).process, {
    seen: 'inside',
    pid: 7,
    target: 'web',
  });
});

test('a pid namespace without its own /proc is what a debugger may stumble over', () => {
  assert.match(creationHints({ new: ['mnt', 'pid'] }).join(''), /no \/proc of its own/);
  assert.deepEqual(creationHints({ new: ['mnt', 'pid'], mountProc: true }), []);
  assert.deepEqual(creationHints({ new: ['net'] }), []);
});

test('the schema of launch.json has the attributes that are read, and offers what there is', () => {
  const [debuggerOf] = manifest.contributes.debuggers;
  assert.ok(debuggerOf);
  const { launch: ofLaunch, attach: ofAttach } = debuggerOf.configurationAttributes;
  const common = [
    'host',
    'adapter',
    'where',
    'pathMappings',
    'sourceFileMap',
    'user',
    'stopOnEntry',
    'adapterArguments',
  ];
  const launched = ['target', 'create', 'bundle', 'program', 'args', 'cwd', 'env', 'console'];
  assert.deepEqual(Object.keys(ofLaunch.properties).toSorted(), [...common, ...launched].toSorted());
  assert.deepEqual(Object.keys(ofAttach.properties).toSorted(), [...common, 'pid', 'insidePid', 'target'].toSorted());
  for (const name of Object.keys(ofLaunch.properties.create.properties))
    assert.deepEqual(
      wrong({ request: 'launch', program: '/a', create: { new: ['net'], [name]: {} } }),
      name === 'sysctls' ? [] : [`create.${name}`],
    );
});

test('an adapter suits what is debugged', () => {
  assert.deepEqual(presetsForProgram('/srv/main.py'), ['debugpy']);
  assert.deepEqual(presetsForProgram('/srv/server.mjs'), ['node']);
  assert.deepEqual(presetsForProgram('/srv/main'), ['lldb', 'gdb']);
  assert.deepEqual(presetsForProcess('python3.11'), ['debugpy']);
  assert.deepEqual(presetsForProcess('nginx'), ['lldb', 'gdb']);
  for (const name of presetNames) assert.ok(presets[name].programs.length > 0, name);
  assert.ok(presets.lldb.programs.includes('lldb-vscode-14'));
  assert.ok(!presets.lldb.programs.includes('lldb-vscode-18'));
});

test('to attach, a debugger inside is looked for before one outside; what launches is inside', () => {
  const scene = { place: { entry, pidNamespace: undefined, root: 7 }, process: undefined };
  const places = (given: DebugOptions) => waysOf(given, scene).map(({ label, where }) => `${label} ${where}`);
  assert.deepEqual(places(attach()), ['LLDB inside', 'GDB inside', 'GDB outside', 'LLDB outside']);
  assert.deepEqual(places(attach({ where: 'outside', adapter: 'gdb' })), ['GDB outside']);
  assert.deepEqual(places(launch()), ['LLDB inside', 'GDB inside']);
});

const entry = { name: 'web', where: 'web', words: ['--target=pid:7:1', '--records=3'], types: ['mnt', 'pid'] } as const;

test('each adapter is told in its own words', () => {
  const given = launch({ args: ['-v'], env: { A: 'b' }, cwd: '/srv', adapterArguments: { justMyCode: false } });
  assert.deepEqual(launchArguments('debugpy', given), {
    program: '/srv/main',
    args: ['-v'],
    cwd: '/srv',
    env: { A: 'b' },
    stopOnEntry: false,
    console: 'internalConsole',
    subProcess: false,
    justMyCode: false,
  });
  const lldb = launchArguments('lldb', launch({ env: { A: 'b' }, console: 'integratedTerminal' }));
  assert.deepEqual([lldb['env'], lldb['runInTerminal']], [['A=b'], true]);
  // GDB takes an environment for all of it, so the program inherits the adapter's.
  assert.equal('env' in launchArguments('gdb', given), false);
  assert.deepEqual(inheritedEnvironment('gdb', given), { A: 'b' });
  assert.deepEqual(inheritedEnvironment('lldb', given), {});
  assert.deepEqual(attachArguments('debugpy', attach(), 5, 'inside'), { processId: 5, subProcess: false });
  assert.deepEqual(attachArguments('lldb', attach(), 5, 'inside'), { pid: 5 });
  assert.deepEqual(attachArguments('lldb', attach(), 912, 'outside'), {
    pid: 912,
    program: '/proc/912/exe',
    initCommands: ['platform select host --sysroot /proc/912/root'],
  });
  assert.deepEqual(dialectWords('gdb', '/proc/912/root'), ['-iex', 'set sysroot /proc/912/root']);
  assert.deepEqual(dialectWords('gdb', undefined), []);
  assert.deepEqual(attachArguments('gdb', attach(), 5, 'inside'), { pid: 5 });
  assert.deepEqual(attachArguments('gdb', attach(), 912, 'outside'), { pid: 912, program: '/proc/912/exe' });
  assert.equal(consoleNotes('gdb', launch({ console: 'integratedTerminal' })).length, 1);
  assert.deepEqual(consoleNotes('lldb', launch({ console: 'integratedTerminal' })), []);
  assert.deepEqual(consoleNotes('gdb', launch()), []);
});

const way: Way = {
  preset: 'lldb',
  label: 'LLDB',
  where: 'inside',
  programs: ['lldb-dap', 'lldb-dap-19', 'lldb-dap-18'],
  args: ['-x'],
  env: {},
  complaints: [{ pattern: /No module named debugpy/, words: 'It lacks debugpy.' }],
  probe: undefined,
  outsideHint: undefined,
  install: 'Install it.',
};

test('the editor’s JavaScript debugger is asked for what it has, and what it has not is said', () => {
  const [here, there] = [
    { localRoot: '/home/me', remoteRoot: '/srv' },
    { localRoot: '/home/you', remoteRoot: '/opt' },
  ];
  const given = launch({ pathMappings: [here, there], console: 'integratedTerminal', stopOnEntry: true });
  const { name, address, port, continueOnAttach, localRoot, remoteRoot } = childOf(given, 4711, '');
  assert.deepEqual([name, address, port, continueOnAttach], ['Debug', '127.0.0.1', 4711, false]);
  assert.deepEqual({ localRoot, remoteRoot }, here);
  assert.equal(childOf(given, 4711, '/ab-c')['websocketAddress'], 'ws://127.0.0.1:4711/ab-c');
  assert.equal(nodeNotes(given).length, 1);
  assert.deepEqual(nodeNotes(launch({ pathMappings: [here] })), []);
});

test('what a program needs to be executed is in its beginning', () => {
  const head = readFileSync(process.execPath).subarray(0, 4096);
  assert.match(JSON.stringify(executableOf(head)), /"elf","loader":"\/lib.*ld-/);
  assert.deepEqual(executableOf(head.subarray(0, 70)), { kind: 'elf', loader: undefined });
  assert.deepEqual(executableOf(Buffer.from('#! /usr/bin/env python3\nprint()\n')), {
    kind: 'script',
    interpreter: '/usr/bin/env',
  });
  for (const text of ['', '#', '\u007fELF', 'MZ']) assert.deepEqual(executableOf(Buffer.from(text)), { kind: 'other' });
});

test('the words for the helper: the first program that is there, and nothing that outlives it', () => {
  assert.deepEqual(adapterWords(way, entry.words, { own: {} }), [
    '--target=pid:7:1',
    '--records=3',
    '--kill-descendants',
    '--env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    '--program=lldb-dap',
    '--program=lldb-dap-19',
    '--',
    'lldb-dap-18',
    '-x',
  ]);
  assert.deepEqual(adapterWords({ ...way, where: 'outside', programs: ['gdb'] }, entry.words, { own: { net: 5 } }), [
    '--target=net:5',
    '--records=3',
    '--kill-descendants',
    '--',
    'gdb',
    '-x',
  ]);
  assert.equal(adapterWords({ ...way, where: 'outside' }, entry.words, { own: {} }), undefined);
});

test('what is missing is said with what was looked for and where', () => {
  const words = missingWords([way, { ...way, where: 'outside', programs: ['gdb'], label: 'GDB' }], 'web', 'build7');
  assert.match(words, /LLDB: lldb-dap, lldb-dap-19 to lldb-dap-18 in web \(PATH \/usr\/local\/sbin:/);
  assert.match(words, /GDB: gdb on build7/);
  assert.match(words, /Install it\./);
});

test('how an adapter ended is said in words', () => {
  const ended = { exit: undefined, error: undefined, said: '' };
  assert.match(endingWords({ ...ended, exit: { signal: 9 } }, way), /killed by signal 9/);
  assert.match(endingWords({ ...ended, exit: { code: 1 }, said: 'oh\u001b[31m dear\n' }, way), /status 1.*oh.* dear/);
  assert.match(endingWords({ ...ended, said: '/usr/bin/python3: No module named debugpy' }, way), /It lacks debugpy/);
  assert.equal(endingWords({ ...ended, error: new Error('lost') }, way), 'lost');
});

function read(...pieces: readonly Buffer[]): readonly Message[] {
  const messages: Message[] = [];
  const reader = new MessageReader((message) => messages.push(message));
  for (const piece of pieces) reader.push(piece);
  return messages;
}

test('messages are framed by their bytes, however these come', () => {
  const all = [{ seq: 1, text: 'ünïcödé €' }, { seq: 2 }, { seq: 3, nothing: {} }];
  const bytes = Buffer.concat(all.map(encodeMessage));
  assert.deepEqual(read(bytes), all);
  assert.deepEqual(read(...[...bytes].map((byte) => Buffer.from([byte]))), all);
  assert.deepEqual(read(Buffer.from('Content-Type: x\r\ncontent-length:2\r\n\r\n{}')), [{}]);
  for (const text of [
    'Hello\r\n\r\n',
    'x'.repeat(5000),
    'Content-Length: 3\r\n\r\nnul',
    'Content-Length: 4\r\n\r\nnull',
    'Content-Length: 9999999999\r\n\r\n',
  ])
    assert.throws(() => read(Buffer.from(text)), FramingError, text);
});

function stack(path: string, more: Message = {}): Message {
  return {
    type: 'response',
    command: 'stackTrace',
    body: { stackFrames: [{ id: 1, source: { name: 'x', path, ...more } }] },
  };
}

function pathOf({ body }: Message): unknown {
  assert.ok(isRecord(body) && Array.isArray(body['stackFrames']));
  const frame: unknown = body['stackFrames'][0];
  return isRecord(frame) ? frame['source'] : undefined;
}

test('sources are called what each side calls them', () => {
  const paths = new SourcePaths([{ localRoot: '/home/me/app/', remoteRoot: '/srv/app' }], false);
  const set = { type: 'request', command: 'setBreakpoints', arguments: { source: { path: '/home/me/app/a/b.py' } } };
  assert.deepEqual(paths.toAdapter(set)['arguments'], { source: { path: '/srv/app/a/b.py' } });
  assert.deepEqual(pathOf(paths.fromAdapter(stack('/srv/app/a/b.py'))), { name: 'x', path: '/home/me/app/a/b.py' });
  assert.deepEqual(pathOf(paths.fromAdapter(stack('<string>'))), { name: 'x', path: '<string>' });
  // Only the beginning of a name is no folder.
  assert.equal(paths.toEditor('/srv/application/x'), undefined);
  const windows = new SourcePaths([{ localRoot: String.raw`C:\work`, remoteRoot: '/srv' }], false);
  assert.equal(windows.toTarget(String.raw`C:\work\a\b.py`), '/srv/a/b.py');
  assert.equal(windows.toEditor('/srv/a/b.py'), String.raw`C:\work\a\b.py`);
});

test('a file that only the target has is asked for by a reference, and named by its path to the adapter', () => {
  const paths = new SourcePaths([], false);
  const source = pathOf(paths.fromAdapter(stack('/usr/lib/x.py')));
  assert.ok(typeof source === 'object' && source !== null && 'sourceReference' in source);
  const reference = Number(source.sourceReference);
  assert.equal(paths.pathOf(reference), '/usr/lib/x.py');
  assert.deepEqual(pathOf(paths.fromAdapter(stack('/usr/lib/x.py'))), source);
  const set = { type: 'request', arguments: { source: { path: 'x.py', sourceReference: reference }, lines: [1] } };
  assert.deepEqual(paths.toAdapter(set)['arguments'], { source: { path: '/usr/lib/x.py' }, lines: [1] });
  // Those of the adapter's own are left to it.
  assert.deepEqual(pathOf(paths.fromAdapter(stack('/gen', { sourceReference: 3 }))), {
    name: 'x',
    path: '/gen',
    sourceReference: 3,
  });
  const mapped = new SourcePaths([{ localRoot: '/l', remoteRoot: '/r' }], false);
  const given = mapped.fromAdapter(stack('/r/x.c', { sourceReference: 3 }));
  assert.deepEqual(pathOf(given), { name: 'x', path: '/l/x.c' });
  // What the editor has named it has.
  paths.toTarget('/here/a.py');
  assert.equal(paths.toEditor('/here/a.py'), '/here/a.py');
  assert.equal(new SourcePaths([], true).toEditor('/anything'), '/anything');
});

test('what a program prints or holds is not changed', () => {
  const paths = new SourcePaths([{ localRoot: '/l', remoteRoot: '/r' }], false);
  const output = { type: 'event', event: 'output', body: { output: '/r/x', data: { source: { path: '/r/x' } } } };
  assert.deepEqual(paths.fromAdapter(output), output);
});

const initialPid = 0xeffffffc;
const own = {
  mnt: 1,
  uts: 0xeffffffe,
  ipc: 0xefffffff,
  pid: initialPid,
  net: 5,
  user: 0xeffffffd,
  cgroup: 0xeffffffb,
  time: 0xeffffffa,
};

function graphOf(): HostGraph {
  const graph = new HostGraph();
  const held = [{ by: 'process', pid: 1 }] as const;
  graph.apply([
    { snapshot: { time: 1, complete: true, source: ['proc', 'ioctl'] } },
    ...namespaceTypes.map((type) => ({ ns: { type, id: own[type], held } })),
    { ns: { type: 'pid', id: 40, parent: initialPid, held: [{ by: 'process', pid: 70 }] } },
    { ns: { type: 'pid', id: 41, parent: 40, held: [{ by: 'process', pid: 71 }] } },
    { ns: { type: 'mnt', id: 10, held: [{ by: 'process', pid: 70 }] } },
    { process: { pid: 1, start: 1, ppid: 0, comm: 'init', nspid: [1], ns: own } },
    {
      process: {
        pid: 70,
        start: 5,
        ppid: 1,
        comm: 'init',
        cmdline: 'linux-namespaces: web mnt,pid',
        nspid: [70, 1],
        ns: { ...own, mnt: 10, pid: 40 },
      },
    },
    { process: { pid: 71, start: 6, ppid: 70, comm: 'main', nspid: [71, 9, 1], ns: { ...own, mnt: 10, pid: 41 } } },
    { process: { pid: 72, start: 7, ppid: 70, comm: 'side', nspid: [72, 10], ns: { ...own, mnt: 10, pid: 40 } } },
    { end: { processes: 4, namespaces: 12, unreadable: 0, milliseconds: 1 } },
  ]);
  return graph;
}

test('targets are processes, namespaces and instances; an address has the host too', () => {
  const graph = graphOf();
  const words = (reference: string) => {
    const found = placeOf(graph, reference);
    return 'place' in found ? found.place.entry.words[0] : found.problem;
  };
  assert.equal(words('web'), '--target=pid:70:5');
  assert.equal(words('72'), '--target=pid:72:7');
  assert.equal(words('pid:72:7'), '--target=pid:72:7');
  // The number of a process comes before that of a namespace.
  assert.equal(words('pid:41'), '--target=pid:71:6');
  assert.equal(words('mnt:10'), '--target=pid:70:5');
  assert.match(words('pid:72:8') ?? '', /no process/);
  assert.match(words('1') ?? '', /own namespaces/);
  assert.match(words('nothing') ?? '', /no process, namespace or instance nothing/);
  assert.deepEqual(parseTarget(formatAddress('me@[::1]:22', 'pid:72:7')), {
    host: 'me@[::1]:22',
    reference: 'pid:72:7',
  });
  assert.deepEqual(parseTarget('net:5'), { host: undefined, reference: 'net:5' });
  assert.equal(hostNameOf(attach({ pid: formatAddress('build7', 'pid:1:1') })), 'build7');
  assert.equal(hostNameOf(launch({ host: 'this' })), 'this');
});

test('a process has another number at each level of pid namespaces', () => {
  const graph = graphOf();
  const [main, side, init] = [71, 72, 1].map((pid) => graph.processes.get(pid));
  assert.ok(main && side && init);
  assert.equal(pidSeenFrom(graph, main, { pidNamespace: undefined }), 71);
  assert.equal(pidSeenFrom(graph, main, { pidNamespace: 'pid:40' }), 9);
  assert.equal(pidSeenFrom(graph, main, { pidNamespace: 'pid:41' }), 1);
  assert.equal(pidSeenFrom(graph, side, { pidNamespace: 'pid:41' }), undefined);
  assert.equal(pidSeenFrom(graph, init, { pidNamespace: 'pid:40' }), undefined);
  assert.equal(processSeenAs(graph, 10, { pidNamespace: 'pid:40' })?.pid, 72);
  assert.equal(processSeenAs(graph, 9, { pidNamespace: 'pid:40' })?.pid, 71);
});

function facts(more: Partial<FactsRecord> = {}): FactsRecord {
  return {
    kernel: '6.18.0',
    arch: 'x86_64',
    uid: 1000,
    gid: 1000,
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
    ...more,
  };
}

test('what forbids tracing is found before it is tried', () => {
  const tracing = { request: 'attach', gainsCapabilities: false, uid: 1000, user: undefined } as const;
  const ids = (given: FactsRecord, how: Parameters<typeof tracingProblems>[1] = tracing) =>
    tracingProblems(given, how).map(({ id }) => id);
  const yama = (scope: number, more: Partial<FactsRecord> = {}) =>
    facts({ restrictions: { yama_ptrace_scope: scope }, ...more });
  const all = { capabilities: ['CAP_SYS_PTRACE'] };
  assert.deepEqual(ids(facts()), []);
  assert.deepEqual(ids(yama(1)), ['ptrace-scope']);
  assert.deepEqual(ids(yama(1), { ...tracing, request: 'launch' }), []);
  assert.deepEqual(ids(yama(2), { ...tracing, request: 'launch' }), ['ptrace-scope']);
  assert.deepEqual(ids(yama(2, all)), []);
  assert.deepEqual(ids(yama(1), { ...tracing, gainsCapabilities: true }), []);
  assert.deepEqual(ids(yama(1, all), { ...tracing, user: '1000' }), ['ptrace-scope']);
  assert.deepEqual(ids(yama(3, all)), ['ptrace-scope']);
  assert.deepEqual(ids(facts(), { ...tracing, uid: 0 }), ['ptrace-other-user']);
  assert.deepEqual(ids(facts({ restrictions: { seccomp: 2 } })), ['ptrace-seccomp']);
  const [problem] = tracingProblems(yama(1), tracing);
  assert.match(problem === undefined ? '' : explanationText(problem), /ptrace_scope/);
});
