// @ts-check
/**
 * Installs what the browser edition of VS Code needs: code-server, the Node it insists on, a compiler for its native
 * modules, and a browser to drive it. Everything lands in a cache folder outside node_modules, so that
 * `npm ci` does not throw away minutes of compiling.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensurePackages, which } from './setup.mjs';

const run = promisify(execFile);

/** @typedef {(line: string) => void} Log */
/** @typedef {'oldest' | 'newest'} Edition */
/** @typedef {{ readonly node: string, readonly entry: string, readonly version: string, readonly codeServer: string }} CodeServer
 * `node` and `entry` are absolute paths, `version` is VS Code's own, `codeServer` the npm package's. */

/**
 * code-server's major Node version is fixed by the ABI it declares. `native` are the modules that the server loads and
 * that come as source.
 * @type {Readonly<Record<Edition, { codeServer: string, version: string, node: string, native: readonly string[] }>>}
 */
export const editions = {
  oldest: {
    codeServer: '4.100.3',
    version: '1.100',
    node: '20.20.2',
    native: ['@parcel/watcher', '@vscode/spdlog', 'native-watchdog', 'node-pty'],
  },
  newest: {
    codeServer: '4.139.1',
    version: '1.139',
    node: '24.21.0',
    native: ['@parcel/watcher', '@vscode/native-watchdog', '@vscode/spdlog', 'node-pty'],
  },
};

/** What node-gyp compiles with. */
const needs = { 'g++': 'g++', make: 'make', python3: 'python3' };

/** Folder of everything that is fetched once per machine. */
export function cacheFolder() {
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  return join(base.startsWith('/') ? base : join(homedir(), '.cache'), 'linux-namespaces-dev');
}

/**
 * @param {Edition} edition
 * @param {{ log?: Log }} [options]
 * @returns {Promise<CodeServer>}
 */
export async function ensureCodeServer(edition, { log = console.log } = {}) {
  const { codeServer, version, node, native } = editions[edition];
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new Error(
      `The browser edition runs on Linux on x64 and arm64; this is ${process.platform} on ${process.arch}.`,
    );
  }
  const nodePackage = `node-linux-${process.arch}`;
  const folder = join(cacheFolder(), `code-server-${codeServer}-node-${node}-${process.arch}`);
  /** @type {CodeServer} */
  const found = {
    node: join(folder, 'node_modules', nodePackage, 'bin', 'node'),
    entry: join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
    version,
    codeServer,
  };
  if (existsSync(folder)) return found;
  await withLock(`${folder}.lock`, log, async () => {
    // Whoever held the lock before may have done the work.
    if (existsSync(folder)) return;
    ensurePackages(needs, { required: true });
    log(`Installing code-server ${codeServer} (VS Code ${version}) into ${folder}: once, a minute or two, 600 MB.`);
    const draft = await mkdtemp(`${folder}.draft-`);
    try {
      await installCodeServer(draft, { codeServer, node, nodePackage, native }, log);
      await rename(draft, folder);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
    log(`code-server ${codeServer} is installed.`);
  });
  return found;
}

/**
 * The package's install script runs `npm install` twice more, and in it every module's own script: one of them downloads
 * a program from GitHub, others build what only the desktop uses, and npm 11.16 and newer runs none that nobody approved.
 * So no script is run, and what they would have done is done here for the modules that the server loads.
 * @param {string} folder
 * @param {{ codeServer: string, node: string, nodePackage: string, native: readonly string[] }} pins
 * @param {Log} log
 */
async function installCodeServer(folder, { codeServer, node, nodePackage, native }, log) {
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const runtime = npmRunner(process.execPath, {}, join(folder, 'install.log'), log);
  await runtime(folder, ['install', '--save-exact', `${nodePackage}@${node}`]);
  const nodeFolder = join(folder, 'node_modules', nodePackage);
  const nodeProgram = join(nodeFolder, 'bin', 'node');
  const environment = {
    PATH: `${join(nodeFolder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    // The headers of this Node, not those that a machine-wide npmrc may point at.
    npm_config_nodedir: nodeFolder,
    // node-pty's script asks `npx` for node-gyp.
    npm_config_yes: 'true',
  };
  const npm = npmRunner(nodeProgram, environment, join(folder, 'install.log'), log);
  await npm(folder, ['install', '--save-exact', '--ignore-scripts', `code-server@${codeServer}`]);
  const code = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  await npm(code, ['install', '--omit=dev', '--ignore-scripts']);
  await npm(join(code, 'extensions'), ['install', '--omit=dev', '--ignore-scripts']);
  // Older versions of npm do not know this option, and need none.
  const rebuild = ['rebuild', '--dangerously-allow-all-scripts', '--foreground-scripts'];
  await npm(folder, [...rebuild, 'argon2']);
  await npm(code, [...rebuild, ...native]);
  // A native module that was not built fails only when it is used, in the middle of a test.
  const check = `for (const name of ${JSON.stringify(native)}) require(require.resolve(name, { paths: [${JSON.stringify(code)}] }))`;
  await run(nodeProgram, ['-e', check]);
}

/**
 * @param {string} nodeProgram
 * @param {Readonly<Record<string, string>>} environment
 * @param {string} logFile Where npm's own words go; its end is part of the error when it fails.
 * @param {Log} log
 * @returns {(folder: string, args: readonly string[]) => Promise<void>}
 */
function npmRunner(nodeProgram, environment, logFile, log) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    // What an enclosing `npm test` says about its own package would be read as settings of this one.
    if (/^npm_(package|lifecycle|command|config_(local|global)_prefix)|^INIT_CWD$/.test(name)) continue;
    env[name] = value;
  }
  Object.assign(env, { JOBS: 'max', npm_config_audit: 'false', npm_config_fund: 'false' }, environment);
  return async (folder, args) => {
    const started = Date.now();
    const heartbeat = setInterval(() => {
      log(`  npm ${args.join(' ')}: ${Math.round((Date.now() - started) / 1000)} s so far`);
    }, 15_000);
    const output = await open(logFile, 'a');
    try {
      const child = spawn(nodeProgram, [await npmProgram(), ...args], {
        cwd: folder,
        env,
        stdio: ['ignore', output.fd, output.fd],
      });
      const code = await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      if (code !== 0) {
        const tail = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-40).join('\n');
        throw new Error(`npm ${args.join(' ')} failed (exit status ${String(code)}):\n${tail}`);
      }
    } finally {
      clearInterval(heartbeat);
      await output.close();
    }
  };
}

/** npm as a script, so that it can be run by another Node than the one it came with. */
async function npmProgram() {
  const fromNpm = process.env['npm_execpath'];
  if (fromNpm?.endsWith('npm-cli.js') === true && existsSync(fromNpm)) return fromNpm;
  const { stdout } = await run('npm', ['root', '--global']);
  const candidates = [
    join(stdout.trim(), 'npm', 'bin', 'npm-cli.js'),
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error(`npm-cli.js was not found; looked at ${candidates.join(', ')}.`);
  return found;
}

/** Path of a Chromium that Playwright can drive. */
export function ensureChromium() {
  const found = findChromium();
  if (found !== undefined) return found;
  ensurePackages({ chromium: 'chromium' }, { required: true });
  const installed = findChromium();
  if (installed === undefined)
    throw new Error('The package chromium is installed, but there is no `chromium` on PATH.');
  return installed;
}

function findChromium() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const path = which(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

/**
 * Runs `work` while no other process holds the lock. The lock is a file with its owner's pid; one whose owner has ended
 * is taken over.
 * @template T
 * @param {string} path
 * @param {Log} log
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withLock(path, log, work) {
  await mkdir(dirname(path), { recursive: true });
  for (let told = false; ; told = true) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (await isAbandoned(path)) {
        await rm(path, { force: true });
        continue;
      }
      if (!told) log(`Waiting for another run that installs the same (${path}).`);
      await delay(500);
    }
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** @param {string} path */
async function isAbandoned(path) {
  try {
    const pid = Number(await readFile(path, 'utf8'));
    // Empty for the moment between its creation and the write.
    if (pid === 0) return Date.now() - (await stat(path)).mtimeMs > 5000;
    return !existsSync(`/proc/${pid}`);
  } catch {
    return false;
  }
}
