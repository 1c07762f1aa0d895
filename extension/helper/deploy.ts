/** Finds, installs and starts the helper by means of `host-script.ts`, folder by folder, until one speaks. */
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionError } from '../transport/errors.ts';
import type { Log } from '../transport/interaction.ts';
import type { RemoteProcess } from '../transport/transport.ts';
import type { Binaries } from './binaries.ts';
import { cancelled, lost } from './failures.ts';
import { folderCount, hostScript, newMarker, rootFolders, type Marker } from './host-script.ts';
import { plain } from './lines.ts';
import { protocolVersion } from './protocol.ts';
import { explainFolder, folderName, parseMark, type Mark } from './report.ts';
import { describeExit, NoHelper, startServe, type ServeSession } from './serve-session.ts';

/** A process in which a host script is running or about to. */
export interface Launched {
  readonly process: RemoteProcess;
  /** Called for each mark, before anybody acts on it. */
  onMark?(mark: Mark): void;
  /** Why the script did not get to run, once the process has ended. */
  failure?(): ConnectionError | undefined;
}

/** Runs a host script with the rights that the helper is to have. */
export type Launch = (script: string, marker: Marker) => Promise<Launched>;

export interface DeployOptions {
  readonly launch: Launch;
  readonly binaries: Binaries;
  /** The script will run as root: folders that only root may write to. */
  readonly root: boolean;
  readonly elevated: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onStage: (stage: string) => void;
}

/** What one run of the script found out, where no helper came of it. */
interface Findings {
  host: { readonly system: string; readonly machine: string } | undefined;
  unsupported: boolean;
  /** Folder of the helper that was started, and ended. */
  started: number | undefined;
  /** The last folder that was spoken of. */
  last: number;
  readonly paths: Map<number, string>;
  readonly refused: Map<number, string>;
}

/** Time that a host gets to take back what was begun, before the channel is closed under it. */
const graceMilliseconds = 3000;

/** Rejects with ConnectionError; when cancelled, after the host had time to clear up. */
export async function deploy(options: DeployOptions): Promise<ServeSession> {
  const paths = new Map<number, string>(options.root ? rootFolders.map((path, index) => [index + 1, path]) : []);
  const refused = new Map<number, string>();
  const replaced = new Set<number>();
  let [find, make] = [1, 1];
  while (make <= folderCount) {
    const findings = { host: undefined, unsupported: false, started: undefined, last: 0, paths, refused };
    // One folder after the other, in the order of preference.
    // oxlint-disable-next-line no-await-in-loop
    const session = await attempt(options, find, make, findings);
    if (session !== undefined) return session;
    const { started, last }: Findings = findings;
    if (started !== undefined && !replaced.has(started)) {
      // Damaged, or removed in this moment by another version of ours: put it there anew, once.
      replaced.add(started);
      [find, make] = [folderCount + 1, started];
    } else {
      options.log.info(`Helper: ${folderName(last, paths.get(last))}: ${refused.get(last)}`);
      // Forward, whatever the host says.
      make = Math.max(make, last) + 1;
      find = make;
    }
  }
  throw nowhere(paths, refused);
}

/** Undefined when no helper came of it; `findings` then says why. */
async function attempt(
  options: DeployOptions,
  find: number,
  make: number,
  findings: Findings,
): Promise<ServeSession | undefined> {
  const { binaries, signal, root } = options;
  if (signal.aborted) throw cancelled(signal);
  const marker = newMarker();
  const launched = await options.launch(hostScript({ marker, binaries, find, make, root }), marker);
  const { process } = launched;
  let damaged: unknown;
  let wanted = false;
  const upload = (): void => {
    const machine = findings.host?.machine ?? '';
    options.onStage('Uploading the helper');
    options.log.info(`Uploading the helper for ${plain(machine, 60)}`);
    binaries.read(machine).then(
      (bytes) => process.stdin.write(bytes),
      (error: unknown) => {
        damaged = error;
        process.stdin.end();
      },
    );
  };
  const onPreamble = (line: string): void => {
    const mark = parseMark(line, marker.text);
    if (mark === undefined) return;
    launched.onMark?.(mark);
    note(findings, mark, binaries);
    // Once: a host that goes on asking gets no more.
    if (mark.word === 'want' && !wanted) {
      wanted = true;
      upload();
    }
    if (mark.word === 'run') options.onStage('Starting the helper');
  };
  const settled = new AbortController();
  const cancellation = whenCancelled(process, signal, settled.signal, () => findings.host !== undefined);
  try {
    const serving = startServe(process, { elevated: options.elevated, onPreamble });
    const session = await Promise.race([serving, cancellation]);
    if (signal.aborted) {
      session.dispose();
      await process.exit;
      throw cancelled(signal);
    }
    if (session.version.build === binaries.build && session.version.protocol === protocolVersion) return session;
    session.dispose();
    const { version, build } = session.version;
    findings.refused.set(findings.last, plain(`a helper of version ${version}, build ${build} answered`));
    findings.started ??= findings.last;
    return undefined;
  } catch (error) {
    if (!(error instanceof NoHelper)) throw error;
    if (signal.aborted) throw cancelled(signal);
    if (damaged !== undefined) throw notIntact(findings, damaged);
    const failure = launched.failure?.() ?? judge(findings, error);
    if (failure !== undefined) throw failure;
    return undefined;
  } finally {
    settled.abort();
  }
}

/**
 * Rejects with `cancelled` when `signal` aborts before `settled`, after the host had time to clear up. A script that has
 * begun takes back what it did at the end of its input. Where none has begun, a login script hangs, and only a signal ends
 * that; SSH carries none after the end of input.
 */
function whenCancelled(
  process: RemoteProcess,
  signal: AbortSignal,
  settled: AbortSignal,
  hasBegun: () => boolean,
): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => {
      const begun = hasBegun();
      if (begun) process.stdin.end();
      const grace = delay(begun ? graceMilliseconds : 0, undefined, { ref: false });
      void Promise.race([process.exit, grace]).then(() => {
        process.dispose();
        return reject(cancelled(signal));
      });
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true, signal: settled });
  });
}

function note(findings: Findings, mark: Mark, binaries: Binaries): void {
  switch (mark.word) {
    case 'host':
      findings.host = mark;
      break;
    case 'unsupported':
      findings.unsupported = true;
      break;
    case 'at':
      findings.last = mark.folder;
      findings.paths.set(mark.folder, mark.path);
      break;
    case 'no': {
      const size = binaries.all.find(({ machine }) => machine === findings.host?.machine)?.size;
      findings.last = mark.folder;
      findings.refused.set(mark.folder, explainFolder(mark.reason, mark.detail, size));
      break;
    }
    case 'want':
      findings.last = mark.folder;
      findings.refused.delete(mark.folder);
      break;
    case 'run':
      findings.last = mark.folder;
      findings.started = mark.folder;
      break;
    case 'none':
      findings.last = folderCount;
      break;
    case 'ready':
      break;
  }
}

/** Undefined when another folder is worth a try. */
function judge(findings: Findings, end: NoHelper): ConnectionError | undefined {
  const { host, last, refused, started } = findings;
  if (end.exit.code === undefined && end.exit.signal === undefined) {
    return lost(end);
  }
  if (findings.unsupported && host !== undefined) return unsupported(host.system, host.machine, end);
  if (host === undefined || last === 0) return noShell(end);
  if (started === undefined && refused.has(last)) return undefined;
  const said = end.stderr.lastLine;
  const what = started === undefined ? 'the installation ended' : 'the helper ended at once';
  refused.set(last, `${what} (${describeExit(end.exit)}${said === '' ? '' : `: ${said}`})`);
  return undefined;
}

function unsupported(system: string, machine: string, cause: Error): ConnectionError {
  if (system !== 'Linux') {
    return new ConnectionError(
      'unsupported-host',
      `The host runs ${plain(system, 60) || 'an unknown system'}, not Linux.`,
      'Namespaces are a feature of the Linux kernel: choose a Linux host.',
      cause,
    );
  }
  return new ConnectionError(
    'unsupported-host',
    `The host's processor architecture, ${plain(machine, 60) || 'unknown'}, is not supported.`,
    'Choose a host of a supported architecture, or ask for this one to be supported.',
    cause,
  );
}

/** Not even the first word of the script came: the login shell does not run commands, or it is none. */
function noShell(end: NoHelper): ConnectionError {
  const said = end.stderr.lastLine || end.stdout.lastLine;
  return new ConnectionError(
    'unsupported-host',
    `The host does not run commands for this account (${describeExit(end.exit)}${said === '' ? '' : `: ${said}`}).`,
    'The account needs a login shell that can run sh on a Linux host. See whether “ssh HOST uname” works.',
    end,
  );
}

function notIntact(findings: Findings, cause: unknown): ConnectionError {
  return new ConnectionError(
    'deployment',
    `The extension's own helper for ${plain(findings.host?.machine ?? '', 60)} is missing or damaged.`,
    'Install the extension again.',
    cause,
  );
}

function nowhere(paths: ReadonlyMap<number, string>, refused: ReadonlyMap<number, string>): ConnectionError {
  const tried = [...refused]
    .toSorted(([a], [b]) => a - b)
    .map(([folder, reason]) => `${folderName(folder, paths.get(folder))}: ${reason}`);
  return new ConnectionError(
    'deployment',
    `The helper could not be put on the host. Tried ${tried.join('; ')}.`,
    'Make one of these folders writable for this account, with programs allowed and some hundred kilobytes free.',
  );
}
