/** New Instance: one of every type that the kernel has, from at most three answers. */
import type * as vscode from 'vscode';
import { namespaceTypes } from '../../helper/protocol.ts';
import type { CreateOptions } from '../../explain/preview.ts';
import type { Host } from '../../host/types.ts';
import { askOne, askText } from './ask.ts';
import { createOptions, proposedVeth, type Read } from './options.ts';
import { runSteps, type Outcome, type Position, type Step } from './steps.ts';
import { nameProblem } from './types.ts';

const title = 'New Instance';

interface State {
  readonly host: Host;
  /** Undefined: the host's own files. */
  root: string | undefined;
  network: 'loopback' | 'veth';
  name: string;
}

export async function askInstance(host: Host): Promise<CreateOptions | undefined> {
  const { facts } = host;
  const state: State = { host, root: undefined, network: 'loopback', name: '' };
  if (facts === undefined || !(await runSteps(state, () => steps))) return undefined;
  const { name, root, network } = state;
  const types = namespaceTypes.filter((type) => facts.types.includes(type));
  const map = facts.uid === 0 || facts.subuid.length > 0 ? 'auto' : 'root';
  return {
    new: types,
    keep: name,
    ...(types.includes('user') ? { map } : {}),
    ...(types.includes('uts') ? { hostname: name.slice(0, 64) } : {}),
    ...(types.includes('net') ? { loopback: true } : {}),
    ...(types.includes('pid') && types.includes('mnt') ? { mountProc: true } : {}),
    ...(root === undefined ? {} : { root }),
    ...(network === 'veth' ? read('veth', proposedVeth(name)) : {}),
  };
}

const steps: readonly Step<State>[] = [askRoot, askNetwork, askName];

interface RootItem extends vscode.QuickPickItem {
  readonly own: boolean;
}

async function askRoot(state: State, position: Position): Promise<Outcome> {
  const items: readonly RootItem[] = [
    { label: 'The Host’s Own Files', description: 'seen through mounts of its own', own: true },
    { label: 'A Folder on the Host...', description: 'with a root file system, by pivot_root(2)', own: false },
  ];
  const found = await askOne({ title, position, placeHolder: 'Its root file system', items });
  if (typeof found === 'string') return found;
  if (found.answer.own) {
    state.root = undefined;
    return 'next';
  }
  const folder = await askText({
    title,
    position,
    prompt: 'Absolute path of a folder on the host with a root file system',
    placeHolder: '/srv/rootfs',
    value: state.root ?? '',
    problem: (text) => problemOf('root', text),
  });
  if (typeof folder === 'string') return folder;
  state.root = folder.answer;
  return 'next';
}

async function askNetwork(state: State, position: Position): Promise<Outcome> {
  const items = [
    { label: 'Loopback Only', description: 'no way in or out', network: 'loopback' as const },
    {
      label: 'veth Pair',
      description: 'connected to the host alone, with addresses of 10.213.0.0/16, shown before it is made',
      network: 'veth' as const,
    },
  ];
  const found = await askOne({ title, position, placeHolder: 'Its network', items });
  if (typeof found === 'string') return found;
  ({ network: state.network } = found.answer);
  return 'next';
}

async function askName(state: State, position: Position): Promise<Outcome> {
  const found = await askText({
    title,
    position,
    prompt: 'A name to keep it under. It outlives the connection until it is ended.',
    placeHolder: 'web',
    value: state.name,
    problem: nameProblem,
  });
  if (typeof found === 'string') return found;
  state.name = found.answer;
  return 'next';
}

function readOption(id: string, text: string): Read {
  const option = createOptions.find((each) => each.id === id);
  return option?.text?.read(text, '') ?? { problem: `There is no option ${id}.` };
}

function read(id: string, text: string): Partial<CreateOptions> {
  const result = readOption(id, text);
  return 'options' in result ? result.options : {};
}

function problemOf(id: string, text: string): string | undefined {
  const result = readOption(id, text);
  return 'problem' in result ? result.problem : undefined;
}
