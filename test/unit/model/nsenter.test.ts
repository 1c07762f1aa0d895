import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import test from 'node:test';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import type { HelperRecord, NamespaceType } from '../../../extension/helper/protocol.ts';
import { nsenterNamespace, nsenterProcess } from '../../../extension/model/commands.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import type { NamespaceKey } from '../../../extension/model/types.ts';

const able = spawnSync('unshare', ['--user', '--map-root-user', '--net', 'true']).status === 0;
const skip = able ? false : 'needs unshare(1) and leave to make user namespaces';

function namespaceId(pid: number, type: NamespaceType): number {
  return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/${type}`))?.[1]);
}

/** What the helper would say of a process. */
function processRecord(pid: number, nspid: readonly number[] | undefined): HelperRecord {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, comm = '', rest = ''] = /\((.*)\) (.*)/.exec(stat) ?? [];
  const fields = rest.split(' ');
  const ns = Object.fromEntries(namespaceTypes.map((type) => [type, namespaceId(pid, type)]));
  return {
    process: {
      pid,
      start: Number(fields[19]),
      ppid: Number(fields[1]),
      uid: statSync(`/proc/${pid}`).uid,
      comm,
      ns,
      ...(nspid === undefined ? {} : { nspid }),
    },
  };
}

/** A process in new namespaces that says when it is there. */
async function unshare(options: readonly string[]): Promise<{ readonly child: ChildProcess; readonly pid: number }> {
  const child = spawn('unshare', [...options, 'sh', '-c', 'echo ready; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  assert.ok(child.stdout);
  await once(child.stdout, 'data');
  assert.ok(child.pid);
  return { child, pid: child.pid };
}

/** What a shell that runs the command finds itself in. */
function entered(command: string | undefined, type: NamespaceType): number {
  assert.ok(command);
  const { stdout, stderr } = spawnSync('sh', ['-c', `${command} readlink /proc/self/ns/${type}`], { encoding: 'utf8' });
  return Number(/\[(\d+)\]/.exec(stdout)?.[1] ?? assert.fail(`${command}: ${stderr}`));
}

void test('nsenter commands lead into the namespaces of a real process', { skip }, async (context) => {
  const { child, pid } = await unshare(['--user', '--map-root-user', '--net', '--uts', '--ipc']);
  context.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const graph = new HostGraph();
  const user = namespaceId(pid, 'user');
  const own = namespaceId(process.pid, 'user');
  graph.apply([
    processRecord(process.pid, undefined),
    processRecord(pid, undefined),
    { ns: { type: 'user', id: user, owner: own, parent: own, uid: process.getuid?.() ?? 0, held: [] } },
    ...(['net', 'uts', 'ipc'] as const).map((type) => ({
      ns: { type, id: namespaceId(pid, type), owner: user, held: [] },
    })),
  ]);
  for (const type of ['net', 'uts', 'ipc', 'user'] as const) {
    const key: NamespaceKey = `${type}:${namespaceId(pid, type)}`;
    const namespace = graph.namespaces.get(key);
    assert.ok(namespace);
    assert.equal(entered(nsenterNamespace(graph, namespace)?.text, type), namespace.id, key);
  }
  const target = graph.processes.get(pid);
  assert.ok(target);
  // The commands are for the host's own shell; here the graph only knows what it was told is not the host's.
  const command = nsenterProcess(graph, target)?.text;
  for (const type of ['net', 'user'] as const) assert.equal(entered(command, type), namespaceId(pid, type));
});
