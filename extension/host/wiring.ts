import { asError } from '../as-error.ts';
import type { Binaries } from '../helper/binaries.ts';
import { ConnectionError } from '../transport/errors.ts';
import type { HostFunctions } from './connection.ts';

export interface WiringOptions {
  /** Folder with the helper's builds and their `manifest.json`. */
  readonly helperFolder: string;
  /** As `ssh -F`; undefined for the person's and the system's configuration. */
  readonly configFile?: string;
}

/** Milliseconds between passes over /proc: what is new must be in the tree within a second. */
const interval = 500;

/** Percent of one core; the helper stretches the interval to keep within it. */
const budget = 1;

/** The real transports and the real helper. */
export function hostFunctions({ helperFolder, configFile }: WiringOptions): HostFunctions {
  let binaries: Promise<Binaries> | undefined;
  const readBinaries = async (): Promise<Binaries> => {
    try {
      const { loadBinaries } = await import('../helper/binaries.ts');
      return await (binaries ??= loadBinaries(helperFolder));
    } catch (error) {
      binaries = undefined;
      throw new ConnectionError(
        'deployment',
        `The helper programs that belong to the extension cannot be read: ${asError(error).message}`,
        'Install the extension again.',
        error,
      );
    }
  };
  // Imported when they are first needed: ssh2 alone would take longer to load than the whole extension may to activate.
  return {
    async openTransport(spec, options) {
      if (spec.kind === 'local') {
        const { connectLocal } = await import('../transport/local.ts');
        return connectLocal();
      }
      const { connectSsh } = await import('../transport/ssh.ts');
      return connectSsh(spec.target, { ...options, configFile });
    },
    async openSession(transport, options) {
      const { openSession } = await import('../helper/open.ts');
      return openSession(transport, {
        ...options,
        binaries: await readBinaries(),
        subject: transport.description,
      });
    },
    facts: async (session, signal) => (await verbs()).facts(session, signal),
    deepScan: async (session, onRecord, signal) => (await verbs()).scan(session, { deep: true, onRecord, signal }),
    watch: async (session, onBatch, signal) => (await verbs()).watch(session, { interval, budget, onBatch, signal }),
    probe: async (session, signal) => (await verbs()).ping(session, signal),
  };
}

function verbs(): Promise<typeof import('../helper/verbs.ts')> {
  return import('../helper/verbs.ts');
}
