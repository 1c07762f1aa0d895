/**
 * The connection is cut at a random moment between create, enter and end, over a real sshd: what was to be kept is whole, and
 * of all else nothing is left. `CONNECTION_CUTS=100` is the full count; without it as many as take some seconds.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { namespaceTypes, type HelperRecord, type MadeRecord } from '../../../extension/helper/protocol.ts';
import type { HelperSession } from '../../../extension/helper/session.ts';
import { surroundings, titled } from '../../helper/support/create.ts';
import { leakGuard, processesWith } from '../../helper/support/leaks.ts';
import { marker, uniqueName } from '../../helper/support/marker.ts';
import { missing } from '../../helper/support/requirements.ts';
import { testScope } from '../../helper/support/scope.ts';
import { scan } from '../../helper/support/snapshot.ts';
import { ask } from '../../helper/support/verbs.ts';
import { until } from '../../helper/support/wait.ts';
import { signal } from '../../ssh/support/processes.ts';
import { sshdMissing, type Sshd } from '../../ssh/support/sshd.ts';
import { hostOverSsh } from './over-ssh.ts';
import { helperMissing } from './real-helper.ts';

leakGuard();

const skip = helperMissing() ?? sshdMissing() ?? missing('root', 'ip', 'unshare');
const cuts = Number(process.env['CONNECTION_CUTS'] ?? 16);

/** How it is cut: the processes of sshd that serve it, those and the helper that they started, or the client's own end. */
const ways = ['sshd', 'sshd and helper', 'client'] as const;

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

const isSshd = (pid: number): boolean => read(`/proc/${pid}/comm`).startsWith('sshd');

/** What sshd itself started: the helper. What that keeps is not the connection's any more, although it may descend from it. */
function isHelper(pid: number): boolean {
  const [, ppid = '0'] = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return isSshd(Number(ppid));
}

/** Processes, mounts, links and folders of a name. The helper that serves the next connection is none of them. */
function left(name: string): readonly string[] {
  return [
    ...surroundings(),
    ...titled('linux-namespaces').map((pid) => `process ${pid} ${titleOf(pid)}`),
    ...processesWith(name).map((pid) => `process ${pid} ${titleOf(pid)}`),
  ].filter((line) => line.includes(name) || line.includes(linkOf(name)));
}

function titleOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

/** Short enough for an interface, and with what `surroundings` knows ours by. */
function linkOf(name: string): string {
  const [, number = '0'] = /-(\d+)$/.exec(name) ?? [];
  return `v${marker.slice(-9)}${Number(number).toString(36)}`;
}

function words(name: string, round: number, keeps: boolean): readonly string[] {
  const at = (last: number): string => `10.216.${(round >> 6) & 255}.${(round & 63) * 4 + last}/30`;
  return [
    `--new=${namespaceTypes.join(',')}`,
    '--map=root',
    '--mount-proc',
    '--loopback',
    `--hostname=${name}`,
    `--veth=${linkOf(name)},${at(1)},${at(2)}`,
    ...(keeps ? [`--keep=${name}`] : ['--', 'sh', '-c', 'exec sleep 1000', name]),
  ];
}

interface Told {
  readonly made: MadeRecord[];
  kept: boolean;
  ending: boolean;
}

/** As far as the connection lets it; whatever it is refused then is not the point. */
async function life(session: HelperSession, name: string, round: number, keeps: boolean, told: Told): Promise<void> {
  const onRecord = (record: HelperRecord): void => {
    if ('made' in record) told.made.push(record.made);
    if ('kept' in record) told.kept = true;
  };
  await session.request('create', words(name, round, keeps), { onRecord });
  if (!keeps) return;
  const target = [`--target=${name}`, '--records=3', '--', 'sh', '-c', 'sleep 0.05', name];
  await session.terminal('enter', target, { columns: 80, rows: 24 }, { onRecord }).end;
  told.ending = true;
  await session.request('end', [name], { onRecord: () => undefined });
}

function cut(server: Sshd, way: (typeof ways)[number], session: HelperSession): void {
  if (way === 'client') {
    session.dispose();
    return;
  }
  const pids = server.connections().filter((pid) => isSshd(pid) || (way === 'sshd and helper' && isHelper(pid)));
  for (const pid of pids) signal(pid, 'SIGKILL');
}

async function goneFrom(made: readonly MadeRecord[]): Promise<readonly string[]> {
  const { namespaces } = await scan(['--deep']);
  return made.flatMap(({ type, id, nsid }) => {
    const found = namespaces.get(`${type}:${id}`);
    // Inode numbers are given again; ids are not.
    return found !== undefined && (nsid === undefined || found.nsid === nsid) ? [`${type}:${id}`] : [];
  });
}

test(
  `the connection cut ${cuts} times at a random moment, nothing is left but what was to be kept`,
  { skip, timeout: 1_800_000 },
  async (t) => {
    const scope = testScope(t);
    const remote = await hostOverSsh('root');
    scope.defer(async () => remote[Symbol.asyncDispose]());
    const { host, server } = remote;
    const made: MadeRecord[] = [];
    const seen = { kept: 0, 'not kept': 0, 'before it was made': 0 };
    await host.connect();
    for (let round = 0; round < cuts; round++) {
      const name = uniqueName();
      const way = ways[round % ways.length] ?? 'sshd';
      const keeps = round % 2 === 0;
      const told: Told = { made: [], kept: false, ending: false };
      // A watch goes on beside it, as in the editor.
      // oxlint-disable-next-line no-await-in-loop
      const session = await until('a session', () => (host.state.kind === 'connected' ? host.session : undefined));
      const going = life(session, name, round, keeps, told).catch(() => undefined);
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (keeps ? 400 : 250)));
      const lost = new Promise<void>((resolve) => {
        const subscription = host.onDidChangeState((now) => {
          if (now.kind === 'connected') return;
          subscription.dispose();
          resolve();
        });
      });
      cut(server, way, session);
      // oxlint-disable-next-line no-await-in-loop
      await Promise.all([going, lost]);
      seen[told.made.length === 0 ? 'before it was made' : told.kept ? 'kept' : 'not kept']++;
      made.push(...told.made);
      const what = `round ${round}, ${way}, ${JSON.stringify({ keeps, kept: told.kept, ending: told.ending })}`;
      if (told.kept && !told.ending) {
        // It was said to be kept: it is there, whole.
        assert.equal(readdirSync(`/run/linux-namespaces/${name}`).length, namespaceTypes.length, what);
        assert.equal(titled(`linux-namespaces: ${name} `).length, 1, what);
        assert.ok(left(name).length > namespaceTypes.length, 'what is looked for is seen while it is there');
      }
      if (keeps) {
        // Kept or not, `end` by its name is all that a person needs.
        // oxlint-disable-next-line no-await-in-loop
        const answer = await ask(['end', name, '--grace=5000']);
        const [error] = answer.all('error');
        assert.ok(
          error === undefined || (error.errno === 'ENOENT' && !(told.kept && !told.ending)),
          `${what} ${answer.text}`,
        );
      }
      // oxlint-disable-next-line no-await-in-loop
      await until(`nothing to be left of ${what}`, () => left(name).length === 0, 20_000).catch(() =>
        assert.deepEqual(left(name), [], what),
      );
    }
    let alive: readonly string[] = [];
    await until(
      'the end of all namespaces',
      async () => {
        alive = await goneFrom(made);
        return alive.length === 0;
      },
      20_000,
    ).catch(() => assert.deepEqual(alive, []));
    // The moments were spread over its life.
    assert.ok(cuts < 16 || (made.length > 0 && seen.kept > 0), JSON.stringify(seen));
    t.diagnostic(JSON.stringify(seen));
  },
);
