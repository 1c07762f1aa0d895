/** New Instance: one of every type that the kernel has, from at most three answers. */
import type * as vscode from 'vscode';
import { namespaceTypes } from '../../helper/protocol.ts';
import type { CreateOptions } from '../../explain/preview.ts';
import type { Host } from '../../host/types.ts';
import { askOne, askText, nameStep, settle } from './ask.ts';
import { isUsual, meanings, pathProblem, proposedVeth } from './options.ts';
import { runSteps, type Outcome, type Position, type Step } from './steps.ts';

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
    ...meanings(isUsual, types, name),
    ...(root === undefined ? {} : { root }),
    ...(network === 'veth' ? { veth: proposedVeth(name) } : {}),
  };
}

const steps: readonly Step<State>[] = [askRoot, askNetwork, nameStep(title)];

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
    problem: pathProblem,
  });
  return settle(folder, (root) => (state.root = root));
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
  return settle(found, ({ network }) => (state.network = network));
}
