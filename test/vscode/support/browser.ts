/** One headless Chromium for all windows of a test run. */
import { chromium, type Browser } from 'playwright-core';
import { ensureChromium } from '../../../tools/editor.mjs';

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-software-rasterizer',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A window in the background must not be slowed down: tests on a busy machine have several.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
];

// Ended by a signal, a process runs no `exit` handlers, and the editor servers would live on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

let browser: Promise<Browser> | undefined;

export function openBrowser(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: ensureChromium(), args });
  return browser;
}

export async function closeBrowser(): Promise<void> {
  const open = browser;
  browser = undefined;
  await (await open)?.close();
}
