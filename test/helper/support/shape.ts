import assert from 'node:assert/strict';
import { namespaceTypes, type HelperRecord } from '../../../extension/helper/protocol.ts';

/**
 * Checks of every line that the helper prints, on purpose apart from the product's own reader: they are strict, so that a
 * field too many, of another type or out of range is a failure here, where the product has to be lenient.
 */
type Check = (value: unknown, path: string) => void;
type Fields = Readonly<Record<string, Check>>;

const natural: Check = (value, path) =>
  assert.ok(Number.isSafeInteger(value) && Number(value) >= 0, `${path}: ${String(value)}`);
const positive: Check = (value, path) =>
  assert.ok(Number.isSafeInteger(value) && Number(value) > 0, `${path}: ${String(value)}`);
const number: Check = (value, path) =>
  assert.ok(Number.isFinite(value) && Number(value) >= 0, `${path}: ${String(value)}`);
const text: Check = (value, path) => assert.equal(typeof value, 'string', path);
const absolute: Check = (value, path) => assert.match(String(value), /^\//, path);
const flag: Check = (value, path) => assert.equal(typeof value, 'boolean', path);
const scalar: Check = (value, path) => assert.match(typeof value, /^(string|number|boolean)$/, path);

function oneOf(...words: readonly string[]): Check {
  return (value, path) => assert.ok(words.includes(String(value)), `${path}: ${String(value)}`);
}

function listOf(item: Check): Check {
  return (value, path) => {
    assert.ok(Array.isArray(value), path);
    for (const [index, element] of value.entries()) item(element, `${path}[${index}]`);
  };
}

function entries(value: unknown, path: string): [string, unknown][] {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), `${path} is no object`);
  return Object.entries(value);
}

function mapOf(key: Check, item: Check): Check {
  return (value, path) => {
    for (const [name, element] of entries(value, path)) {
      key(name, `key of ${path}`);
      item(element, `${path}.${name}`);
    }
  };
}

function object(required: Fields, optional: Fields = {}): Check {
  return (value, path) => {
    const present = entries(value, path);
    for (const name of Object.keys(required)) {
      assert.ok(
        present.some(([key]) => key === name),
        `${path} has no ${name}`,
      );
    }
    for (const [name, element] of present) {
      const check = required[name] ?? optional[name];
      assert.ok(check, `${path} has an unknown field ${name}`);
      check(element, `${path}.${name}`);
    }
  };
}

const type = oneOf(...namespaceTypes);

const holders: Readonly<Record<string, Check>> = {
  process: object({ by: text, pid: positive }),
  mount: object({ by: text, path: absolute, mntns: positive }, { pid: positive }),
  fd: object({ by: text, pid: positive, fd: natural }),
  task: object({ by: text, pid: positive, tid: positive }),
  socket: object({ by: text, pid: positive, fd: natural }),
  for_children: object({ by: text, pid: positive }),
  child: object({ by: text }),
};

const holder: Check = (value, path) => {
  const by = entries(value, path).find(([name]) => name === 'by')?.[1];
  const check = holders[String(by)];
  assert.ok(check, `${path} is held by ${String(by)}`);
  check(value, path);
};

const mapLine = object({ inside: natural, outside: natural, count: positive });
const namedRange = object({ name: text, start: natural, count: natural });
const ended = object({ pid: positive, start: natural, signal: oneOf('9', '15') });
const unmounted = object({ path: absolute, type, id: positive });
const removed = object({ path: absolute });
const still = object({ type, id: positive, held: listOf(holder) });

const v4 = object(
  {
    kind: text,
    address: (value, path) => assert.match(String(value), /^[\da-f]{8}$/, path),
    port: positive,
    uid: natural,
    inode: positive,
  },
  { device: text },
);
const v6 = object(
  {
    kind: text,
    address: (value, path) => assert.match(String(value), /^[\da-f]{32}$/, path),
    port: positive,
    uid: natural,
    inode: positive,
    v6only: flag,
  },
  { device: text },
);
const sockets: Readonly<Record<string, Check>> = {
  tcp: v4,
  udp: v4,
  tcp6: v6,
  udp6: v6,
  unix: object({ kind: text, type: positive, inode: positive }, { path: text, abstract: text }),
  vsock: object({ kind: text, cid: natural, port: natural, type: positive, inode: positive }),
};

const idRange = object({ start: natural, count: positive });

const records: Readonly<Record<string, Check>> = {
  helper: object({ version: text, protocol: positive, arch: text, build: text }),
  facts: object(
    {
      kernel: text,
      arch: text,
      uid: natural,
      gid: natural,
      capabilities: listOf((value, path) => assert.match(String(value), /^CAP_[A-Z_0-9]+$/, path)),
      types: listOf(type),
      own: mapOf(type, positive),
      limits: mapOf((value, path) => assert.match(String(value), /^[a-z_]+$/, path), natural),
      restrictions: mapOf(text, scalar),
      subuid: listOf(idRange),
      subgid: listOf(idRange),
      cgroup: oneOf('v1', 'v2', 'hybrid', 'none'),
      listns: flag,
      nsid: flag,
      tools: mapOf(text, absolute),
    },
    {
      hostname: text,
      boot: text,
      user: text,
      hidepid: text,
      mappers: mapOf(
        text,
        object({ path: absolute, owner: natural, setuid: flag, capability: flag }, { nosuid: flag }),
      ),
      userns: object(
        { initial: flag },
        { uid_map: listOf(mapLine), gid_map: listOf(mapLine), setgroups: oneOf('allow', 'deny') },
      ),
      bounding: listOf((value, path) => assert.match(String(value), /^CAP_[A-Z_0-9]+$/, path)),
      rlimits: mapOf(oneOf('nproc', 'nofile', 'memlock', 'msgqueue'), natural),
      subordinate: object({}, { subuid: listOf(namedRange), subgid: listOf(namedRange), source: text }),
      sysctls: mapOf((value, path) => assert.match(String(value), /^[a-z]+(\/[a-z0-9_-]+)+$/, path), text),
      interfaces: listOf(absolute),
      filesystems: listOf(text),
      visible: listOf(
        object({
          type: oneOf('proc', 'sysfs'),
          path: absolute,
          root: absolute,
          options: text,
          super: text,
          covered: listOf(absolute),
        }),
      ),
    },
  ),
  userns: object({ id: positive, own: flag, top: flag }, { uid: natural, limits: mapOf(text, natural) }),
  inside: object(
    { type, id: positive },
    {
      pid: positive,
      loopback: flag,
      sysfs: flag,
      proc: positive,
      uid_map: listOf(mapLine),
      gid_map: listOf(mapLine),
      monotonic: (value, path) => assert.match(String(value), /^-?\d+ +\d+$/, path),
      boottime: (value, path) => assert.match(String(value), /^-?\d+ +\d+$/, path),
      shared: listOf(absolute),
      mounts: positive,
    },
  ),
  rights: object({
    pid: positive,
    start: natural,
    effective: (value, path) => assert.match(String(value), /^[\da-f]{16}$/, path),
  }),
  snapshot: object(
    {
      time: positive,
      complete: flag,
      source: listOf(oneOf('proc', 'mounts', 'ioctl', 'tasks', 'fds', 'sockets', 'listns')),
    },
    { boot: (value, path) => assert.match(String(value), /^[0-9a-f-]{36}$/, path) },
  ),
  ns: object(
    { type, id: positive, held: listOf(holder) },
    { nsid: positive, owner: positive, parent: positive, uid: natural },
  ),
  process: object(
    { pid: positive, start: natural, ppid: natural, comm: text },
    {
      uid: natural,
      cmdline: (value, path) => {
        text(value, path);
        assert.notEqual(value, '', path);
      },
      cgroup: absolute,
      nspid: listOf(natural),
      root: text,
      ns: mapOf(oneOf(...namespaceTypes, 'pid_for_children', 'time_for_children'), positive),
      zombie: flag,
    },
  ),
  user: object({ uid: natural, name: text }),
  entered: object({ pid: positive, ns: mapOf(type, positive) }),
  pinned: object(
    { type, id: positive },
    { name: text, path: absolute, holder: object({ pid: positive, start: natural }) },
  ),
  ended,
  unmounted,
  removed,
  still,
  would: (value, path) => {
    for (const [name, content] of entries(value, path)) {
      const check = { ended, unmounted, removed, still }[name];
      assert.ok(check, `${path} has ${name}`);
      check(content, `${path}.${name}`);
    }
  },
  gone: (value, path) => {
    const [name] = entries(value, path).map(([key]) => key);
    if (name === 'ns')
      object({ ns: (key, where) => assert.match(String(key), /^[a-z]+:[1-9]\d*$/, where) })(value, path);
    else object({ process: object({ pid: positive, start: natural }) })(value, path);
  },
  tick: object({
    processes: natural,
    namespaces: natural,
    unreadable: natural,
    milliseconds: number,
    interval: number,
    bound: number,
  }),
  data: object({ bytes: text }),
  stderr: object({ bytes: text }),
  socket: (value, path) => {
    const kind = String(entries(value, path).find(([name]) => name === 'kind')?.[1]);
    const check = sockets[kind];
    assert.ok(check, `${path} is a socket of kind ${kind}`);
    check(value, path);
  },
  unlisted: object({ kind: oneOf('tcp', 'tcp6', 'udp', 'udp6', 'unix', 'vsock'), errno: text }),
  owner: object({ inode: positive, pid: positive, start: natural, comm: text }),
  connected: object({}),
  eof: object({}),
  accepted: object({}),
  listening: object({ name: (value, path) => assert.match(String(value), /^[\da-f]{5}$/, path) }),
  door: object({
    path: absolute,
    token: (value, path) => assert.match(String(value), /^[\w-]{24}$/, path),
  }),
  renamed: object({ name: text, from: text }),
  made: object({ type, id: positive }, { nsid: positive, owner: positive }),
  init: object({ pid: positive, start: natural, nspid: listOf(positive) }),
  kept: object({ name: text, holder: object({ pid: positive, start: natural }) }, { path: absolute }),
  exit: object({}, { code: natural, signal: positive }),
  end: object({}, { processes: natural, namespaces: natural, unreadable: natural, milliseconds: number }),
  error: object({ step: text, errno: text, number: natural }, { type, path: text, detail: text }),
};

function assertRecord(value: unknown): asserts value is HelperRecord {
  const present = entries(value, 'record');
  assert.equal(present.length, 1, `a record with ${present.length} fields`);
  for (const [kind, content] of present) {
    const check = records[kind];
    assert.ok(check, `unknown record ${kind}`);
    check(content, kind);
  }
}

/** The value as a record; fails where it is none. */
export function checkRecord(value: unknown): HelperRecord {
  assertRecord(value);
  return value;
}

/** A line of output as JSON. Fails on bytes that are no UTF-8 and on control characters, which the contract rules out. */
export function parseLine(line: Buffer): unknown {
  const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  assert.doesNotMatch(decoded, /[\u0000-\u001f\u007f]/, 'a control character that is not escaped');
  return JSON.parse(decoded);
}

/** Lines without their newline. Fails when the last one is not ended: a reader would take it for truncated. */
export function splitLines(output: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < output.length;) {
    const end = output.indexOf(10, start);
    assert.notEqual(end, -1, `an unfinished line: ${output.subarray(start, start + 80).toString()}`);
    lines.push(output.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
