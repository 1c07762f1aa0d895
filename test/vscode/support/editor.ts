/** An editor server with a home directory of its own, and a window of it. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quietSettings, startCodeServer, type Edition } from '../../../tools/editor.mjs';
import { temporaryFolder } from '../../ssh/support/folder.ts';
import { openBrowser } from './browser.ts';
import { Cleanup } from './cleanup.ts';
import { extensionUnderTest } from './extension.ts';
import { Workbench } from './workbench.ts';

/** Nothing to wait for that a test would not wait for by itself. */
const quick = { 'workbench.hover.delay': 0, 'workbench.list.smoothScrolling': false, 'workbench.reduceMotion': 'on' };

export interface EditorOptions {
  readonly edition: Edition;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Ask whether a folder is trusted; off by default. */
  readonly askTrust?: boolean;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** In place of the product; the harness's own tests use it. */
  readonly extension?: { readonly folder: string };
}

export interface Editor extends AsyncDisposable {
  readonly workbench: Workbench;
  /** HOME of the extension host: its `~/.ssh` is the one that the extension reads. */
  readonly home: string;
  /** The folder that is open in the window. */
  readonly workspace: string;
  /** Errors that the window's console showed. */
  readonly consoleErrors: readonly string[];
  /** Changes user settings as another window would: by their file. */
  updateSettings(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** All logs of the extension host and the extension, by file name. */
  logs(): Promise<ReadonlyMap<string, string>>;
  /** Pids of the extension hosts of this server. */
  extensionHosts(): Promise<readonly number[]>;
  reload(): Promise<void>;
}

export async function openEditor(options: EditorOptions): Promise<Editor> {
  const { edition, settings = {}, askTrust = false, viewport = { width: 1280, height: 1000 } } = options;
  await using cleanup = new Cleanup();
  const folder = cleanup.use(await temporaryFolder());
  const home = join(folder.path, 'home');
  const workspace = join(folder.path, 'workspace');
  const userDataDir = join(folder.path, 'editor');
  for (const path of [join(home, '.ssh'), workspace, userDataDir]) await mkdir(path, { recursive: true, mode: 0o700 });
  let current: Readonly<Record<string, unknown>> = { ...quietSettings, ...quick, ...settings };
  const server = await startCodeServer({
    which: edition,
    extensions: [options.extension ?? extensionUnderTest()],
    userDataDir,
    settings: current,
    trust: !askTrust,
    env: {
      HOME: home,
      // Sockets of the server: they are left behind by a killed one, so they lie where everything is removed.
      XDG_RUNTIME_DIR: folder.path,
      XDG_CONFIG_HOME: undefined,
      XDG_CACHE_HOME: undefined,
      XDG_DATA_HOME: undefined,
      SSH_AUTH_SOCK: undefined,
    },
    log: () => undefined,
  });
  cleanup.defer(() => server.stop());

  const browser = await openBrowser();
  const context = await browser.newContext({ viewport, permissions: ['clipboard-read', 'clipboard-write'] });
  cleanup.defer(() => context.close());
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const consoleErrors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && consoleErrors.push(message.text()));
  page.on('pageerror', (error) => consoleErrors.push(error.message));
  const workbench = new Workbench(page);
  const open = async (): Promise<void> => {
    await page.goto(`${server.url}?folder=${workspace}`);
    await workbench.ready();
  };
  await open();

  const settingsFile = join(userDataDir, 'User', 'settings.json');
  const rest = cleanup.move();
  return {
    workbench,
    home,
    workspace,
    consoleErrors,
    async updateSettings(changes) {
      current = { ...current, ...changes };
      await writeFile(settingsFile, JSON.stringify(current, undefined, 2));
    },
    logs: () => readLogs(server.logs),
    extensionHosts: () => extensionHosts(server.pid),
    reload: open,
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}

async function readLogs(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && entry.name.endsWith('.log'));
  return new Map(
    await Promise.all(
      files.map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const;
      }),
    ),
  );
}

async function extensionHosts(group: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8');
      const pgrp = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
      if (pgrp === group && (await readFile(`/proc/${name}/cmdline`, 'utf8')).includes('--type=extensionHost')) {
        found.push(Number(name));
      }
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
