// @ts-check
/** Runs the browser edition of VS Code (code-server) with an extension in it: for `npm start`, the editor tests and benches. */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureCodeServer } from './editor-install.mjs';

export { cacheFolder, editions, ensureChromium, ensureCodeServer } from './editor-install.mjs';

const run = promisify(execFile);

/** @typedef {import('./editor-install.mjs').Edition} Edition */
/** @typedef {import('./editor-install.mjs').Log} Log */

/**
 * @typedef {object} EditorOptions
 * @property {Edition} which
 * @property {readonly ({ readonly vsix: string } | { readonly folder: string })[]} [extensions]
 *   Packages, which are installed, and unpacked extensions, which are used where they lie.
 * @property {string} userDataDir Everything that the editor writes; made when it is not there.
 * @property {readonly string[]} [builtin] Of the editor's own extensions only these, which makes it start faster.
 * @property {string} [extensionsDir] For several servers that share what `installExtensions` put there.
 * @property {Readonly<Record<string, unknown>>} [settings]
 *   User settings beside those that keep the editor quiet, for a new user data folder.
 * @property {number} [port] 0 (the default) takes a free one.
 * @property {boolean} [trust] Every folder is trusted and nobody is asked; true by default.
 * @property {Readonly<Record<string, string | undefined>>} [env] Over this process's environment; undefined removes.
 * @property {Log} [log]
 */

/** @typedef {{ readonly url: string, readonly pid: number, readonly logs: string, stop(): Promise<void> }} Editor
 * `url` without a folder; `logs` is the folder of the editor's own logs; `stop` resolves when every process has ended. */

/** Nothing that greets, asks, suggests or fetches. */
export const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'remote.autoForwardPorts': false,
  'npm.autoDetect': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
};

/**
 * Starts a server on loopback and resolves when it listens.
 * @param {EditorOptions} options
 * @returns {Promise<Editor>}
 */
export async function startCodeServer(options) {
  const { which, extensions = [], userDataDir, settings = {}, port = 0, trust = true, log = console.log } = options;
  const { node, entry } = await ensureCodeServer(which, { log });
  const { extensionsDir = join(userDataDir, 'extensions') } = options;
  await mkdir(join(userDataDir, 'User'), { recursive: true });
  if (extensions.length > 0) await installExtensions({ which, extensions, extensionsDir, userDataDir, log });
  const settingsFile = join(userDataDir, 'User', 'settings.json');
  // In a folder of an earlier run, a person may have changed them.
  if (!existsSync(settingsFile)) {
    await writeFile(settingsFile, JSON.stringify({ ...quietSettings, ...settings }, undefined, 2));
  }

  const env = environment(options.env);
  const child = spawn(
    node,
    [
      entry,
      ...folderFlags(userDataDir, extensionsDir),
      `--bind-addr=127.0.0.1:${port}`,
      `--session-socket=${join(userDataDir, 'session.sock')}`,
      '--auth=none',
      '--disable-telemetry',
      '--disable-update-check',
      '--disable-getting-started-override',
      ...(trust ? ['--disable-workspace-trust'] : []),
      ...(options.builtin === undefined ? [] : [await builtinFlag(entry, userDataDir, options.builtin)]),
    ],
    // A group of its own: code-server forks, and so does the server inside it.
    { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error(`${node} could not be started.`);
  const killAtExit = () => killGroup(pid, 'SIGKILL');
  process.once('exit', killAtExit);

  let output = '';
  const url = await new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => reject(new Error(`code-server ${why}:\n${output}`));
    const timer = setTimeout(() => {
      killGroup(pid, 'SIGKILL');
      fail('did not listen within 60 s');
    }, 60_000);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with status ${String(code)}`);
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (/** @type {string} */ text) => {
        if (output.length < 64 * 1024) output += text;
        const match = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(output);
        if (match === null) return;
        clearTimeout(timer);
        resolve(`${match[1]}/`);
      });
    }
  });

  return {
    url,
    pid,
    logs: join(userDataDir, 'logs'),
    async stop() {
      process.off('exit', killAtExit);
      killGroup(pid, 'SIGTERM');
      if (!(await groupEnds(pid, 5000))) {
        killGroup(pid, 'SIGKILL');
        await groupEnds(pid, 5000);
      }
    },
  };
}

/**
 * Puts extensions into a folder that `startCodeServer` is then given.
 * @param {Pick<EditorOptions, 'which' | 'userDataDir' | 'log'> & {
 *   extensions: NonNullable<EditorOptions['extensions']>, extensionsDir: string }} options
 */
export async function installExtensions({ which, extensions, extensionsDir, userDataDir, log = console.log }) {
  const { node, entry } = await ensureCodeServer(which, { log });
  await mkdir(extensionsDir, { recursive: true });
  const packages = extensions.flatMap((each) => ('vsix' in each ? ['--install-extension', each.vsix] : []));
  if (packages.length > 0) {
    await run(node, [entry, ...folderFlags(userDataDir, extensionsDir), ...packages, '--force'], {
      env: environment(),
    });
  }
  for (const each of extensions) if ('folder' in each) await useFolder(extensionsDir, each.folder);
}

/**
 * @param {string} userDataDir
 * @param {string} extensionsDir
 */
function folderFlags(userDataDir, extensionsDir) {
  return [
    // Its default lies in the home directory, and code-server writes it when it is missing.
    `--config=${join(userDataDir, 'config.yaml')}`,
    `--user-data-dir=${userDataDir}`,
    `--extensions-dir=${extensionsDir}`,
  ];
}

/**
 * @param {string} entry
 * @param {string} userDataDir
 * @param {readonly string[]} names
 */
async function builtinFlag(entry, userDataDir, names) {
  const all = join(dirname(dirname(dirname(entry))), 'lib', 'vscode', 'extensions');
  const chosen = join(userDataDir, 'builtin');
  await mkdir(chosen, { recursive: true });
  for (const name of names) await symlink(join(all, name), join(chosen, name));
  return `--builtin-extensions-dir=${chosen}`;
}

/**
 * @param {EditorOptions['env']} changes
 * @returns {NodeJS.ProcessEnv}
 */
function environment(changes = {}) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [name, value] of Object.entries({ ...process.env, ...changes })) {
    // Inside a terminal of VS Code, these make the server believe that it is a client of that window.
    if (value !== undefined && !/^(VSCODE_|ELECTRON_|npm_)|^PORT$|^PASSWORD$/.test(name)) env[name] = value;
  }
  return env;
}

/**
 * Lists an unpacked extension in the file where the editor looks for the installed ones.
 * @param {string} extensionsDir
 * @param {string} folder
 */
async function useFolder(extensionsDir, folder) {
  /** @type {{ publisher: string, name: string, version: string }} */
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const entry = {
    identifier: { id: `${manifest.publisher}.${manifest.name}` },
    version: manifest.version,
    location: { $mid: 1, path: folder, scheme: 'file' },
    metadata: { isApplicationScoped: false, isMachineScoped: true, isBuiltin: false, source: 'vsix' },
  };
  const list = join(extensionsDir, 'extensions.json');
  /** @type {(typeof entry)[]} */
  const listed = JSON.parse(existsSync(list) ? await readFile(list, 'utf8') : '[]');
  const others = listed.filter(({ identifier }) => identifier.id !== entry.identifier.id);
  await writeFile(list, JSON.stringify([...others, entry]));
}

/**
 * @param {number} group
 * @param {NodeJS.Signals} signal
 */
function killGroup(group, signal) {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * Whether every process of the group has ended within the time, which is in milliseconds.
 * @param {number} group
 * @param {number} within
 */
async function groupEnds(group, within) {
  for (const deadline = Date.now() + within; Date.now() < deadline; await delay(50)) {
    if ((await groupMembers(group)).length === 0) return true;
  }
  return false;
}

/** @param {number} group */
async function groupMembers(group) {
  const members = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = await readFile(`/proc/${name}/stat`, 'utf8');
      // After the command, which may hold blanks and parentheses: state, ppid, pgrp.
      const [state, , pgrp] = text.slice(text.lastIndexOf(')') + 2).split(' ');
      if (Number(pgrp) === group && state !== 'Z') members.push(Number(name));
    } catch {
      // It ended while the list was read.
    }
  }
  return members;
}
