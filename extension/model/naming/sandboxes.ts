/** Sandboxes that a program makes for itself; they have no cgroup of their own. */
import { displayText } from '../text.ts';
import type { Identity } from './identity.ts';

interface Process {
  readonly pid: number;
  readonly start: number;
  readonly comm: string;
  readonly cmdline: string | undefined;
}

/**
 * bubblewrap: one `bwrap` waits outside, and with `--unshare-pid` another is init inside. Flatpak's are known by their scope
 * before this is asked.
 */
export function bubblewrapIdentity(process: Process): Identity | undefined {
  if (process.comm !== 'bwrap') return undefined;
  return {
    id: `bubblewrap:${process.pid}.${process.start}`,
    kind: 'bubblewrap',
    name: displayText(bubblewrapCommand(process.cmdline ?? '') ?? 'bwrap'),
    detail: undefined,
  };
}

/** The program after `--`. Without it nothing tells an option's argument from the program. */
function bubblewrapCommand(cmdline: string): string | undefined {
  const words = cmdline.split(' ');
  const index = words.indexOf('--');
  return index === -1 ? undefined : words[index + 1]?.split('/').findLast((part) => part !== '');
}

/** content/public/common/content_switches.cc: `--type=` is the process's role; the browser itself has none. */
const role = /(?:^|\s)--type=([a-z-]{1,40})(?:\s|$)/;

export function chromiumRole(cmdline: string | undefined): string | undefined {
  return cmdline === undefined ? undefined : role.exec(cmdline)?.[1];
}

/**
 * Chromium and what is built on it: the sandboxed zygote gets new user, pid and net namespaces
 * (sandbox/linux/services/namespace_sandbox.cc LaunchProcess), and each renderer a pid namespace below
 * (ForkInNewPidNamespace). All sandboxes of one browser are one workload, named after the browser's process.
 *
 * @param sandboxed the process is in a namespace that is not the host's own.
 */
export function chromiumIdentity(
  process: Process,
  parent: Process | undefined,
  sandboxed: boolean,
): Identity | undefined {
  if (!sandboxed || chromiumRole(process.cmdline) === undefined) return undefined;
  const isBrowser =
    parent !== undefined &&
    chromiumRole(parent.cmdline) === undefined &&
    firstWord(parent.cmdline) === firstWord(process.cmdline);
  const browser = isBrowser ? parent : process;
  return {
    id: `chromium:${browser.pid}.${browser.start}`,
    kind: 'chromium',
    name: displayText(browser.comm),
    detail: undefined,
  };
}

function firstWord(cmdline: string | undefined): string | undefined {
  return cmdline?.split(' ', 1)[0];
}
