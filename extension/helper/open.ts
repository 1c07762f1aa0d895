/** From a connected transport to a helper that answers. */
import type { Interaction, Log } from '../transport/interaction.ts';
import type { Transport } from '../transport/transport.ts';
import type { Binaries } from './binaries.ts';
import { deploy } from './deploy.ts';
import { start } from './processes.ts';
import type { HelperSession } from './session.ts';
import { elevate } from './sudo.ts';

export interface OpenSessionOptions {
  readonly binaries: Binaries;
  /** Run the helper as root by means of sudo. */
  readonly sudo: boolean;
  readonly interaction: Interaction;
  /** Whose account on which host, for people and as the key of kept secrets: `alice@build7`. */
  readonly subject: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Words for what is going on now. */
  readonly onStage: (stage: string) => void;
}

/**
 * Starts the helper on the host, after putting it there where it is missing. Rejects with ConnectionError: `deployment`,
 * `unsupported-host`, `sudo`, `helper`, `lost`, or `cancelled` when `signal` aborts; then nothing of ours is left running
 * on the host. The session outlives `signal`.
 */
export async function openSession(transport: Transport, options: OpenSessionOptions): Promise<HelperSession> {
  const { sudo, signal, onStage } = options;
  const launch = sudo
    ? await elevate(transport, options)
    : async (script: string) => ({ process: await start(transport, { script }, signal) });
  onStage('Looking for the helper');
  const session = await deploy({ ...options, launch, root: sudo, elevated: sudo });
  session.useSockets((path) => transport.connectUnix(path));
  options.log.info(`Helper ${session.version.version} (build ${session.version.build}) runs on ${options.subject}`);
  return session;
}
