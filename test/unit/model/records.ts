/** Records as the helper printed them on a real host: podman, runc, bubblewrap, unshare, ip-netns and Chromium on Linux 6.18. */
import { readFileSync } from 'node:fs';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { HostGraph } from '../../../extension/model/graph.ts';

export function recorded(name: string): HelperRecord[] {
  const text = readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => parsed(line));
}

function parsed(line: string): HelperRecord {
  const record: unknown = JSON.parse(line);
  if (!isRecord(record)) throw new TypeError(`no record: ${line}`);
  return record;
}

/** The recordings are the helper's own output. */
function isRecord(value: unknown): value is HelperRecord {
  return typeof value === 'object' && value !== null;
}

export function recordedGraph(name = 'containers.jsonl'): HostGraph {
  const graph = new HostGraph();
  graph.apply(recorded(name));
  return graph;
}
