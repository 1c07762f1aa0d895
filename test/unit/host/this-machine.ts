import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connecting } from '../../../extension/host/connecting.ts';
import { ManagedHost, type HostOptions } from '../../../extension/host/host.ts';
import { hostFunctions } from '../../../extension/host/wiring.ts';
import { until } from '../../helper/support/wait.ts';
import { refusingInteraction } from './fakes.ts';
import { helperPids, publishHelper } from './real-helper.ts';

/** This machine as a host, with a helper folder and a cache of its own. */
export interface RealHost extends AsyncDisposable {
  readonly host: ManagedHost;
  readonly folder: string;
}

/** @param name tells the folders of several test files apart */
export async function thisMachine(name: string, options: Pick<HostOptions, 'log' | 'onDidWake'>): Promise<RealHost> {
  const folder = await mkdtemp(join(tmpdir(), `linux-namespaces-${name}-`));
  const cache = process.env['XDG_CACHE_HOME'];
  await publishHelper(folder);
  // Where the helper is put; nothing must stay in the account's own cache.
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
  const host = new ManagedHost(
    { kind: 'local', sudo: false },
    {
      functions: hostFunctions({ helperFolder: folder }),
      connecting: () => Promise.resolve(connecting),
      interaction: refusingInteraction,
      random: () => 0,
      watchGrace: 50,
      ...options,
    },
  );
  return {
    host,
    folder,
    async [Symbol.asyncDispose]() {
      host.dispose();
      if (cache === undefined) delete process.env['XDG_CACHE_HOME'];
      else process.env['XDG_CACHE_HOME'] = cache;
      await until('the helper to end', () => helperPids(folder).length === 0);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
