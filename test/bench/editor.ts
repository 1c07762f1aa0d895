/** What a person waits for, measured in a real editor: from the click or the kernel's change to the row on the screen. */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { population } from '../helper/support/population.ts';
import { Scope } from '../helper/support/scope.ts';
import { closeBrowser } from '../vscode/support/browser.ts';
import { openEditor, type Editor } from '../vscode/support/editor.ts';
import { removeInstalled } from '../vscode/support/extension.ts';
import { startHost, type TestHost } from '../vscode/support/host.ts';
import type { PageElement } from '../vscode/support/page-types.ts';
import { until } from '../vscode/support/poll.ts';
import { holdNamespaces, uniqueProcessName } from '../vscode/support/workloads.ts';
import { median, type Benchmark, type Row } from './bench.ts';

const edition = 'newest';
const container = 'Namespaces';
const rounds = 7;
/** For the editor to be done with starting. */
const startMilliseconds = 5_000;
/** Milliseconds after which a row is not waited for any more. */
const patience = 60_000;

const benchmark: Benchmark = {
  name: 'editor',
  async run({ log }) {
    try {
      return [await activation(log), ...(await inScope(small, log)), ...(await inScope(large, log))];
    } finally {
      await closeBrowser();
      await removeInstalled();
    }
  },
};

export default benchmark;

type Measure = (scope: Scope, log: (message: string) => void) => Promise<readonly Row[]>;

async function inScope(measure: Measure, log: (message: string) => void): Promise<readonly Row[]> {
  const scope = new Scope();
  try {
    return await measure(scope, log);
  } finally {
    await scope.close();
  }
}

async function open(scope: Scope): Promise<{ editor: Editor; host: TestHost }> {
  const host = await startHost(scope, 'build7');
  const editor = await openEditor(scope, {
    edition,
    prepare: (home) => host.introduce(home, { known: true }),
    settings: { 'linuxNamespaces.showThisMachine': false, 'linuxNamespaces.hosts': [{ target: host.alias }] },
  });
  // What the editor does at its own start is not what a person waits for who opens the view.
  await delay(startMilliseconds);
  await editor.workbench.show(container);
  await editor.workbench.tree.row(host.alias);
  return { editor, host };
}

/** Of a new window each: what the editor does beside it differs from start to start. */
async function activation(log: (message: string) => void): Promise<Row> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    log(`activating, ${round + 1} of ${rounds}`);
    const scope = new Scope();
    try {
      // One window after the other.
      // oxlint-disable-next-line no-await-in-loop
      const editor = await openEditor(scope, { edition, settings: { 'linuxNamespaces.showThisMachine': false } });
      // oxlint-disable-next-line no-await-in-loop
      await delay(startMilliseconds);
      // oxlint-disable-next-line no-await-in-loop
      await editor.workbench.show(container);
      // oxlint-disable-next-line no-await-in-loop
      times.push(await activationTime(editor));
    } finally {
      // oxlint-disable-next-line no-await-in-loop
      await scope.close();
    }
  }
  return row('activation, loading and activate() together', times, 30, range(times));
}

/** The machine as it is. */
async function small(scope: Scope, log: (message: string) => void): Promise<readonly Row[]> {
  const { editor, host } = await open(scope);
  log('connecting without a helper on the host');
  const absent = [await connectTime(editor, host)];
  for (let round = 1; round < 3; round++) {
    await disconnect(editor, host);
    host.removeHelper();
    absent.push(await connectTime(editor, host));
  }
  log('connecting with the helper there');
  const there: number[] = [];
  const lsns: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await disconnect(editor, host);
    there.push(await connectTime(editor, host));
    // Side by side, so that both meet the same noise.
    lsns.push(await lsnsTime(host));
  }
  log('making namespaces');
  const shown = await changeTimes(scope, editor, host);
  const versus = `ssh ${host.alias} lsns -J: median ${Math.round(median(lsns))} ms, ${range(lsns)}`;
  return [
    row('connect to first tree over loopback SSH, helper there', there, 300, versus),
    {
      figure: 'that, against ssh HOST lsns -J',
      value: (median(lsns) / median(there)).toFixed(1),
      unit: '× faster',
      reach: 'faster',
      ok: median(there) < median(lsns),
    },
    row('connect to first tree over loopback SSH, helper not there', absent, 1000, ''),
    row('from unshare(1) to the row in the tree', shown, 1000, ''),
  ];
}

/** 10,000 namespaces of 5,000 processes. */
async function large(scope: Scope, log: (message: string) => void): Promise<readonly Row[]> {
  log('making 10,000 namespaces');
  await population(scope, 5000, 1);
  const { editor, host } = await open(scope);
  log('connecting to a host with 10,000 namespaces');
  const first = [await connectTime(editor, host)];
  const { tree, page } = editor.workbench;
  const folder = await tree.row(host.alias, 'IPC');
  const [unfolded] = await Promise.all([clickTime(page, 'population'), tree.expand(host.alias, folder.label)]);
  log('making namespaces among 10,000');
  const shown = await changeTimes(scope, editor, host);
  const detail = '5,000 processes, each in uts and ipc namespaces of its own';
  return [
    row('connect to first tree, 10,000 namespaces', first, undefined, detail),
    row('unfolding 5,000 of them', [unfolded], undefined, 'from the click to the rows'),
    row('from unshare(1) to the row in the tree, 10,000 namespaces', shown, 1000, detail),
  ];
}

function row(figure: string, values: readonly number[], limit: number | undefined, detail: string): Row {
  const value = Math.round(median(values));
  const words = [values.length > 1 ? range(values) : '', detail].filter((part) => part !== '').join('; ');
  return {
    figure,
    value,
    unit: 'ms',
    reach: limit === undefined ? '' : `≤ ${limit} ms`,
    ok: limit === undefined ? undefined : value <= limit,
    ...(words === '' ? {} : { detail: words }),
  };
}

function range(values: readonly number[]): string {
  return `${Math.round(Math.min(...values))}–${Math.round(Math.max(...values))} ms in ${values.length}`;
}

async function connectTime({ workbench }: Editor, host: TestHost): Promise<number> {
  const { tree, page } = workbench;
  await tree.row(host.alias);
  const [time] = await Promise.all([clickTime(page, 'Network'), tree.press('Connect', host.alias)]);
  return time;
}

async function disconnect({ workbench }: Editor, host: TestHost): Promise<void> {
  const { tree } = workbench;
  await tree.chooseFromMenu('Disconnect', host.alias);
  await tree.gone(host.alias, 'Network');
  await until('the helper has ended', () => host.helpers().serving.length === 0);
}

// What the page has, for the functions that run there.
interface PageDocument extends PageElement {
  readonly body: PageElement;
  addEventListener(type: string, listener: () => void, options: { capture: boolean; once: boolean }): void;
}
declare const document: PageDocument;
declare const MutationObserver: new (callback: () => void) => {
  observe(element: PageElement, options: { subtree: boolean; childList: boolean; characterData: boolean }): void;
  disconnect(): void;
};

/** Milliseconds from the next click to a row whose label begins so, by the page's own clock: the driver's pace does not count. */
function clickTime(page: Page, label: string): Promise<number> {
  return page.evaluate(
    ([wanted, limit]) =>
      new Promise<number>((resolve, reject) => {
        setTimeout(() => reject(new Error(`no row ${wanted} came`)), limit);
        document.addEventListener(
          'click',
          () => {
            const start = performance.now();
            const observer = new MutationObserver(() => {
              for (const name of document.querySelectorAll('.customview-tree .monaco-list-row .label-name')) {
                if (name.textContent?.startsWith(wanted) !== true) continue;
                observer.disconnect();
                resolve(performance.now() - start);
                return;
              }
            });
            observer.observe(document.body, { subtree: true, childList: true, characterData: true });
          },
          { capture: true, once: true },
        );
      }),
    [label, patience] as const,
  );
}

/** When a row whose label begins so is on the screen, in milliseconds since the epoch: one clock for this process and the page. */
function rowTime(page: Page, label: string): Promise<number> {
  return page.evaluate(
    ([wanted, limit]) =>
      new Promise<number>((resolve, reject) => {
        setTimeout(() => reject(new Error(`no row ${wanted} came`)), limit);
        const observer = new MutationObserver(() => {
          for (const name of document.querySelectorAll('.customview-tree .monaco-list-row .label-name')) {
            if (name.textContent?.startsWith(wanted) !== true) continue;
            observer.disconnect();
            resolve(Date.now());
            return;
          }
        });
        observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      }),
    [label, patience] as const,
  );
}

async function changeTimes(scope: Scope, { workbench }: Editor, host: TestHost): Promise<readonly number[]> {
  await workbench.tree.expand(host.alias, 'UTS');
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Digits sort first, so that the row is in sight however many there are.
    const name = uniqueProcessName('0');
    const seen = rowTime(workbench.page, name);
    const held = await holdNamespaces(scope, name, '--uts');
    const made = Date.now();
    times.push(Math.max(0, (await seen) - made));
    await held.release();
    await workbench.tree.gone(host.alias, 'UTS', name);
  }
  return times;
}

async function lsnsTime(host: TestHost): Promise<number> {
  const config = await host.sshConfig();
  const start = performance.now();
  const child = spawn('ssh', ['-F', config, host.alias, 'lsns', '-J'], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`ssh ${host.alias} lsns -J ended with status ${String(code)}`);
  return performance.now() - start;
}

/** As "Developer: Show Running Extensions" says it: loading the code and calling `activate`. It stays in front of everything else. */
async function activationTime({ workbench }: Editor): Promise<number> {
  await workbench.run('Developer: Show Running Extensions');
  const entry = workbench.page.locator('.runtime-extensions-editor .extension', { hasText: 'Linux Namespaces' });
  const text = await entry.first().locator('.activation-time').innerText();
  const milliseconds = /(\d+) ?ms/.exec(text)?.[1];
  if (milliseconds === undefined) throw new Error(`no time in: ${text}`);
  return Number(milliseconds);
}
