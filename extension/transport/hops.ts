/** The chain of servers to a host: ProxyJump's hops, each resolved through the configuration and verified by itself. */
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { resolveHost, type ResolvedHost, type ResolveOptions } from './config.ts';
import { ConnectionError } from './errors.ts';
import { HostKeyVerifier } from './host-key.ts';
import { openClient, type HopContext } from './hop.ts';
import { cancelledError } from './patience.ts';
import { connectByCommand, connectTcp, connectThrough } from './streams.ts';
import { parseTarget } from './target.ts';
import { describeHost } from './words.ts';

export interface Hop {
  readonly host: ResolvedHost;
  readonly client: Client;
  /** What the client stands on. Destroying it ends the client at once, which ssh2's own destroy() does only before end(). */
  readonly stream: Duplex;
}

/** More than anybody uses; it ends chains that never come back to the same host. */
const maximumHops = 16;

/**
 * First hop first, the host itself last. `-J a,b` means: b through a, and a by its own configuration; what b's own configuration
 * says about jumps is overridden (ssh(1)). A host that names itself as its jump host, as `Host *` with ProxyJump does for the
 * jump host, is reached directly; ssh(1) refuses that as a loop, though only one thing can be meant by it.
 */
export async function resolveHops(target: string, options: ResolveOptions): Promise<ResolvedHost[]> {
  const chain: ResolvedHost[] = [];
  let next: string | undefined = target;
  let before: readonly string[] | undefined;
  while (next !== undefined) {
    // Each hop is named by the one behind it.
    // oxlint-disable-next-line no-await-in-loop
    const host = await resolveHost(next, options);
    chain.unshift(host);
    if (chain.length > maximumHops) throw roundabout(chain);
    const hops: readonly string[] = before ?? (host.proxy.kind === 'jump' ? host.proxy.hops : []);
    next = hops.at(-1);
    before = hops.length > 1 ? hops.slice(0, -1) : undefined;
    // oxlint-disable-next-line no-await-in-loop
    if (next !== undefined && before === undefined && (await isSame(next, host, options))) next = undefined;
  }
  return chain;
}

async function isSame(target: string, host: ResolvedHost, options: ResolveOptions): Promise<boolean> {
  if (parseTarget(target).host !== host.alias) return false;
  const other = await resolveHost(target, options);
  return other.hostname === host.hostname && other.port === host.port && other.user === host.user;
}

function roundabout(chain: readonly ResolvedHost[]): ConnectionError {
  const names = chain.slice(0, 4).map(describeHost).join(', ');
  return new ConnectionError(
    'configuration',
    `ProxyJump leads through more than ${maximumHops} hosts (${names}, …): does it go round in circles?`,
    'Correct ProxyJump in the SSH configuration; "ProxyJump none" ends a chain.',
  );
}

/**
 * Opens the whole chain. On failure everything that stood is closed again.
 * @throws ConnectionError
 */
export async function connectHops(chain: readonly ResolvedHost[], context: HopContext): Promise<Hop[]> {
  const hops: Hop[] = [];
  // A hop that is lost while a later one is being opened ends the whole attempt, with its own words.
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  const watch = (hop: Hop) => (): void =>
    lost.abort(
      new ConnectionError(
        'proxy',
        `The connection to the jump host ${describeHost(hop.host)} was lost.`,
        'Connect again; if it happens again, look into the log of its SSH server.',
      ),
    );
  const watchers: (() => void)[] = [];
  try {
    for (const index of chain.keys()) {
      // Every hop stands on the one before.
      // oxlint-disable-next-line no-await-in-loop
      const hop = await connectHop(chain.slice(0, index + 1), hops.at(-1), { ...context, signal });
      hops.push(hop);
      const watcher = watch(hop);
      hop.client.once('close', watcher);
      watchers.push(() => hop.client.off('close', watcher));
    }
    for (const remove of watchers) remove();
    return hops;
  } catch (error) {
    for (const remove of watchers) remove();
    for (const { stream } of hops.toReversed()) stream.destroy();
    throw lost.signal.aborted && !context.signal.aborted ? lost.signal.reason : error;
  }
}

async function connectHop(way: readonly ResolvedHost[], previous: Hop | undefined, context: HopContext): Promise<Hop> {
  const host = way.at(-1);
  if (host === undefined) throw new Error('a chain has at least one host');
  const { interaction, log, signal, onStage } = context;
  for (const warning of host.warnings) log.warn(`${host.alias}: ${warning}`);
  const verifier = await HostKeyVerifier.open(host, interaction, log);
  if (signal.aborted) throw cancelledError(describeHost(host));
  onStage(`Connecting to ${host.alias}`);
  const stream = await (previous !== undefined
    ? connectThrough(previous.client, previous.host, host, signal)
    : host.proxy.kind === 'command'
      ? connectByCommand(host, host.proxy.command)
      : connectTcp(host, signal));
  const client = await openClient({ ...context, host, stream, verifier, storeId: storeId(way) });
  return { host, client, stream };
}

/** The way belongs to the identity: 10.0.0.5 behind one jump host is not 10.0.0.5 behind another. */
function storeId(way: readonly ResolvedHost[]): string {
  return way.map(({ user, hostname, port }) => `${user}@${hostname}:${port}`).join('>');
}
