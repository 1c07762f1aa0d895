// @ts-check
/** What `npm start`, `npm test` and the rest need on the machine, put there by themselves where that is possible. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string} message */
export function say(message) {
  process.stdout.write(`\u001b[1m» ${message}\u001b[0m\n`);
}

/**
 * Runs a program in the project's folder with its output shown; throws when it fails.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [environment] added to this process's own
 */
export function run(program, args, environment = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${result.signal ?? `status ${String(result.status)}`}`);
  }
}

/**
 * Absolute path of a program, undefined where it is not installed. Debian keeps sshd and ip in sbin, which an ordinary user's PATH lacks.
 * @param {string} name
 */
export function which(name) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs node_modules when they are missing or older than the lock file. */
export function ensureNodeModules() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.linux-namespaces-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const modules = join(root, 'node_modules');
  // `npm ci` empties the folder that a link leads to, which is another tree's.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw new Error(`${modules} is a link, and its packages are not those of this lock file. Remove the link.`);
  say('Installing node_modules');
  // Native modules of ssh2 and vsce are optional and left out on purpose: no compiler and no download is needed.
  run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  // esbuild's script only checks the binary that its platform package already brought.
  writeFileSync(stamp, lock);
}

/**
 * Debian packages by the program (or absolute file) that shows they are there.
 * @typedef {Readonly<Record<string, string>>} Needs
 */

/** @type {Needs} */
export const buildNeeds = { gcc: 'gcc', make: 'make', '/usr/include/stdio.h': 'libc6-dev', 'musl-gcc': 'musl-tools' };

/** @type {Needs} */
export const packageNeeds = {
  ...buildNeeds,
  'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu',
  '/usr/aarch64-linux-gnu/lib/libc.a': 'libc6-dev-arm64-cross',
};

/** @type {Needs} */
export const testNeeds = {
  ...packageNeeds,
  '/usr/share/ca-certificates': 'ca-certificates',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  dropbear: 'dropbear-bin',
  chromium: 'chromium',
  '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf': 'fonts-dejavu-core',
  clang: 'clang',
  '/usr/lib/llvm-14/lib/clang': 'libclang-rt-14-dev',
  ip: 'iproute2',
  lsns: 'util-linux',
  runc: 'runc',
  crun: 'crun',
  podman: 'podman',
  fish: 'fish',
  tcsh: 'tcsh',
  zsh: 'zsh',
  sudo: 'sudo',
  busybox: 'busybox-static',
  bwrap: 'bubblewrap',
  jq: 'jq',
  newuidmap: 'uidmap',
  setpriv: 'util-linux',
  'qemu-aarch64-static': 'qemu-user-static',
  'qemu-system-x86_64': 'qemu-system-x86',
  cpio: 'cpio',
  python3: 'python3',
  '/usr/lib/python3/dist-packages/debugpy': 'python3-debugpy',
  'lldb-vscode-14': 'lldb-14',
  debootstrap: 'debootstrap',
};

/**
 * Installs what is missing where this is Debian and the caller is root; elsewhere says what to install.
 * @param {Needs} needs
 * @param {{ required: boolean }} options not required: go on without, the tests that need it are skipped with the reason
 */
export function ensurePackages(needs, { required }) {
  const missing = missingPackages(needs);
  if (missing.length === 0) return;
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    say(`Installing ${missing.join(' ')}`);
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-q'], quiet);
    run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], quiet);
    return;
  }
  const words = `Missing: ${missing.join(', ')}. On Debian or Ubuntu: sudo ${command}`;
  if (required) throw new Error(words);
  say(`${words}\n  Going on without; what needs them is skipped and says so.`);
}

/** @param {Needs} needs */
export function missingPackages(needs) {
  const absent = Object.entries(needs).filter(([sign]) => (sign.startsWith('/') ? !existsSync(sign) : !which(sign)));
  return [...new Set(absent.map(([, name]) => name))];
}
