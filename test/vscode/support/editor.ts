/** An editor server with a home directory of its own, and a window of it. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Edition } from '../../../tools/editor.mjs';
import { startCodeServer } from '../../../tools/editor.mjs';
import { temporaryFolder } from '../../helper/support/marker.ts';
import type { Scope } from '../../helper/support/scope.ts';
import { openBrowser } from './browser.ts';
import { installedExtension } from './extension.ts';
import { patience } from './poll.ts';
import { Workbench } from './workbench.ts';

/** Nothing to wait for that a test would not wait for by itself. */
const quick = {
  'workbench.hover.delay': 0,
  'workbench.list.smoothScrolling': false,
  'workbench.reduceMotion': 'on',
  // A click selects and nothing else.
  'workbench.tree.expandMode': 'doubleClick',
};

/** The editor's own extensions that the product's documents and looks need. */
const builtin = ['json', 'theme-defaults', 'theme-seti', 'yaml'];

export interface EditorOptions {
  readonly edition: Edition;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Further extensions of the editor's own. */
  readonly builtin?: readonly string[];
  /** Ask whether a folder is trusted; off by default. */
  readonly askTrust?: boolean;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Settings that the open folder brings along, `.vscode/settings.json`. */
  readonly workspaceSettings?: Readonly<Record<string, unknown>>;
  /** Runs before the window opens, with the home directory of the extension host. */
  readonly prepare?: (home: string) => Promise<void>;
}

export interface Editor {
  readonly workbench: Workbench;
  /** HOME of the extension host: its `~/.ssh` is the one that the extension reads. */
  readonly home: string;
  /** The folder that is open in the window. */
  readonly workspace: string;
  /** Errors of the window itself, as its console showed them. */
  readonly windowErrors: readonly string[];
  /** All logs of the server, its extension hosts and their extensions, by file name. */
  logs(): Promise<ReadonlyMap<string, string>>;
  /** Pids of the extension hosts of this server. */
  extensionHosts(): Promise<readonly number[]>;
  reload(): Promise<void>;
}

export async function openEditor(scope: Scope, options: EditorOptions): Promise<Editor> {
  const { edition, settings = {}, askTrust = false, viewport = { width: 1280, height: 1000 } } = options;
  const folder = temporaryFolder(scope, 0o700);
  const home = join(folder, 'home');
  const workspace = join(folder, 'workspace');
  const userDataDir = join(folder, 'editor');
  await mkdir(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  await mkdir(join(workspace, '.vscode'), { recursive: true });
  if (options.workspaceSettings !== undefined) {
    await writeFile(join(workspace, '.vscode', 'settings.json'), JSON.stringify(options.workspaceSettings));
  }
  await options.prepare?.(home);
  const server = await startCodeServer({
    which: edition,
    extensionsDir: await installedExtension(edition),
    userDataDir,
    builtin: [...builtin, ...(options.builtin ?? [])],
    settings: { ...quick, ...settings },
    trust: !askTrust,
    env: {
      HOME: home,
      // Sockets of the server: a killed one leaves them behind, so they lie where everything is removed.
      XDG_RUNTIME_DIR: folder,
      XDG_CONFIG_HOME: undefined,
      XDG_CACHE_HOME: undefined,
      XDG_DATA_HOME: undefined,
      SSH_AUTH_SOCK: undefined,
    },
    log: () => undefined,
  });
  scope.defer(() => server.stop());

  const browser = await openBrowser();
  const context = await browser.newContext({ viewport, permissions: ['clipboard-read', 'clipboard-write'] });
  scope.defer(() => context.close());
  context.setDefaultTimeout(patience);
  // esbuild, through which tsx loads these files, names functions by this; it is unknown to those that run in the page.
  await context.addInitScript('globalThis.__name ??= (value) => value');
  const page = await context.newPage();
  const windowErrors: string[] = [];
  page.on('pageerror', (error) => windowErrors.push(error.message));
  page.on('crash', () => {
    windowErrors.push('the window crashed');
    // Whoever waits for an answer of the page learns that there will be none.
    context.close().catch(() => undefined);
  });
  const workbench = new Workbench(page);
  const reload = async (): Promise<void> => {
    await page.goto(`${server.url}?folder=${workspace}`);
    await workbench.ready();
  };
  await reload();
  return {
    workbench,
    home,
    workspace,
    windowErrors,
    logs: () => readLogs(server.logs),
    extensionHosts: () => extensionHosts(server.pid),
    reload,
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
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
        const processGroup = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
        if (processGroup !== group) return [];
        return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('--type=extensionHost') ? [Number(pid)] : [];
      } catch {
        // It ended meanwhile.
        return [];
      }
    }),
  );
  return found.flat();
}
