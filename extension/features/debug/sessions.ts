/** Debug sessions as VS Code has them: one adapter each, and what was started for it. */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import { displayText } from '../../model/text.ts';
import type { FeatureContext } from '../context.ts';
import { EnterTerminal, type HelperTerminalOptions } from '../enter/helper-terminal.ts';
import { explainFailure } from '../explain-failure.ts';
import { hostCommand } from '../host-command.ts';
import { consoleNotes } from './adapter-arguments.ts';
import { Bridge, type TerminalRequest } from './bridge.ts';
import { checkConfiguration, type DebugOptions } from './configuration.ts';
import { hostOf, problemWords } from './configuration-host.ts';
import type { Message } from './framing.ts';
import { nodeNotes, NodeSession } from './node.ts';
import { entryWords, openAdapter, presetNamesFor, type Scene } from './open-adapter.ts';
import { explained, findScene, folderMappings, type Found } from './scene.ts';
import { SourcePaths } from './source-paths.ts';
import { readTargetFile } from './target-file.ts';

export class DebugSessions implements vscode.DebugAdapterDescriptorFactory, Disposable {
  readonly #context: FeatureContext;
  readonly #store = new DisposableStore();

  constructor(context: FeatureContext) {
    this.#context = context;
  }

  /** What it throws is shown by the editor. */
  async createDebugAdapterDescriptor(session: vscode.DebugSession): Promise<vscode.DebugAdapterDescriptor> {
    const checked = checkConfiguration(session.configuration);
    if ('problems' in checked) throw new Error(problemWords(checked.problems));
    const { options } = checked;
    const host = hostOf(this.#context.hosts, options);
    if (host === undefined) throw new Error('The host of this configuration is not in the list of hosts.');
    const abort = new AbortController();
    const found = await findScene(host, options, abort.signal);
    try {
      if (isNode(options, found.scene)) return this.#node(session, host, options, found);
      const { adapter, arguments: to } = await openAdapter(found.scene, options, abort.signal);
      const log = this.#context.log;
      log.info(`[${host.label}] Debugging ${options.name} by ${adapter.way.label}, ${adapter.way.where}`);
      const inline = this.#store.add(new InlineAdapter());
      const bridge = new Bridge({
        request: options.request,
        adapter,
        arguments: to,
        paths: pathsOf(host, options, found.scene),
        hints: found.hints,
        toEditor: (message) => inline.send(message),
        runInTerminal: (request) => runInTerminal(host, found.scene, options, request),
        readSource: (path) => readTargetFile(found.scene.session, found.scene.facts, found.scene.place, path),
        onEnd: found.dispose,
      });
      inline.serve(bridge, [...found.notes, ...consoleNotes(adapter.way.preset, options)]);
      return new vscode.DebugAdapterInlineImplementation(inline);
    } catch (error) {
      found.dispose();
      const types = found.scene.place?.entry.types ?? [];
      throw explained('The debug adapter could not be started', error, host.facts, { verb: 'enter', join: types });
    }
  }

  #node(
    session: vscode.DebugSession,
    host: Host,
    options: DebugOptions,
    { scene, notes, dispose }: Found,
  ): vscode.DebugAdapterDescriptor {
    this.#context.log.info(`[${host.label}] Debugging ${options.name} by the inspector of Node.js`);
    const inline = this.#store.add(new InlineAdapter());
    const node = new NodeSession({
      scene,
      options,
      toEditor: (message) => inline.send(message),
      startChild: async (configuration) =>
        vscode.debug.startDebugging(session.workspaceFolder, configuration, {
          parentSession: session,
          lifecycleManagedByParent: true,
          compact: true,
        }),
      runInTerminal: (words, told) => {
        const terminal = openTerminal(host, scene, options.name, words, told);
        return { end: () => terminal.end('The debug session has ended.') };
      },
      onEnd: dispose,
    });
    inline.serve(node, [...notes, ...nodeNotes(options)]);
    return new vscode.DebugAdapterInlineImplementation(inline);
  }

  /** With the extension all of its sessions end. */
  dispose(): void {
    this.#store.dispose();
  }
}

/** The paths of a target that has no files of its own, on the machine that the editor is on, are the editor's. */
function pathsOf(host: Host, options: DebugOptions, { place }: Scene): SourcePaths {
  const shared = host.spec.kind === 'local' && place?.root === undefined;
  return new SourcePaths([...options.pathMappings, ...folderMappings(vscode.workspace.workspaceFolders)], shared);
}

function runInTerminal(host: Host, scene: Scene, options: DebugOptions, request: TerminalRequest): void {
  const { title, cwd, args, env } = request;
  const { facts, place } = scene;
  const run = [
    ...Object.entries(env).flatMap(([name, value]) => (value === null ? [] : [`--env=${name}=${value}`])),
    ...(cwd === undefined ? [] : [`--cwd=${cwd}`]),
    '--',
    ...args,
  ];
  const to = place === undefined ? hostCommand(facts, [])?.slice(0, -1) : entryWords(scene, options);
  if (to === undefined) throw new Error('Nothing can be run on this host: it does not tell its own namespaces.');
  openTerminal(host, scene, title, [...to, ...run], {
    onRefused: async (error) =>
      explainFailure('The program could not be run', error, facts, { verb: 'enter', join: place?.entry.types ?? [] }),
  });
}

/** @param words of `enter` */
function openTerminal(
  host: Host,
  { session, place }: Scene,
  title: string,
  words: readonly string[],
  told: Pick<HelperTerminalOptions, 'onRefused' | 'onText' | 'onEnd'>,
): EnterTerminal {
  const name = `${displayText(title, 40)} on ${host.label}`;
  const where = place === undefined ? host.label : `${place.entry.where}, on ${host.label}`;
  const pty = new EnterTerminal({ session, name, where: `In ${where}`, verb: 'enter', words, ...told });
  vscode.window.createTerminal({ name, pty, iconPath: new vscode.ThemeIcon('debug') }).show(true);
  return pty;
}

/** Whoever is on the other side of the editor. */
type Peer = Pick<Bridge, 'fromEditor' | 'close'>;

function isNode(options: DebugOptions, scene: Scene): boolean {
  return presetNamesFor(options, scene).includes('node');
}

class InlineAdapter implements vscode.DebugAdapter, Disposable {
  readonly #sent = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  #bridge: Peer | undefined;
  #notes: readonly string[] = [];

  readonly onDidSendMessage = this.#sent.event;

  serve(bridge: Peer, notes: readonly string[]): void {
    this.#bridge = bridge;
    this.#notes = notes;
  }

  send(message: Message): void {
    this.#sent.fire(message);
    if (message['type'] !== 'event' || message['event'] !== 'initialized') return;
    for (const output of this.#notes)
      this.#sent.fire({ type: 'event', event: 'output', body: { category: 'console', output: `${output}\n` } });
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    this.#bridge?.fromEditor({ ...message });
  }

  /** The editor is done with it. */
  dispose(): void {
    this.#bridge?.close();
    this.#sent.dispose();
  }
}
