// @ts-check
/**
 * `npm start`: builds and opens VS Code with the extension showing this machine's namespaces: the desktop's `code` where it is on
 * PATH, else (or with `--browser`) the browser edition on loopback.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from './build.mjs';
import { cacheFolder, startCodeServer } from './editor.mjs';
import { root, run, say, which } from './setup.mjs';

const companion = join(root, 'tools', 'companion');

await buildAll({ all: false });
const code = which('code');
if (code !== undefined && !process.argv.includes('--browser')) {
  run(code, ['--new-window', `--extensionDevelopmentPath=${root}`, `--extensionDevelopmentPath=${companion}`]);
} else {
  const userDataDir = join(cacheFolder(), 'start');
  mkdirSync(userDataDir, { recursive: true });
  const editor = await startCodeServer({
    which: 'newest',
    extensions: [{ folder: root }, { folder: companion }],
    userDataDir,
    log: say,
  });
  say(`VS Code with Linux Namespaces is at ${editor.url}   (Ctrl-C ends it)`);
  openBrowser(editor.url);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => {
      void editor.stop().then(() => process.exit(0));
    });
  }
}

/**
 * A convenience; the printed address is what counts, so a failure says nothing.
 * @param {string} url
 */
function openBrowser(url) {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const desktop = process.platform === 'darwin' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
  if (!desktop || which(opener) === undefined) return;
  spawn(opener, [url], { stdio: 'ignore', detached: true })
    .once('error', () => undefined)
    .unref();
}
