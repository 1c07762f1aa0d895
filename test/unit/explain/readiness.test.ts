import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readiness, type Tries } from '../../../extension/explain/readiness.ts';
import { readinessReport, readinessRows } from '../../../extension/explain/readiness-report.ts';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { container, failed, restricted, root, ubuntu, user } from './fixtures.ts';

const all: Tries = Object.fromEntries(namespaceTypes.map((type) => [type, { made: true } as const]));

/** What an ordinary user meets: alone, only user namespaces can be made. */
const ordinary: Tries = Object.fromEntries(
  namespaceTypes.map((type) => [
    type,
    type === 'user' ? ({ made: true } as const) : { error: failed('unshare', 'EPERM', type) },
  ]),
);

const order = ['mnt', 'uts', 'ipc', 'time', 'user', 'net', 'pid', 'cgroup', 'interfaces', 'readiness', 'instances'];

function states(found: ReturnType<typeof readiness>): Record<string, string> {
  return Object.fromEntries(found.items.map(({ id, state }) => [id, state]));
}

test('root of a plain host can do everything, in the order of 2006', () => {
  const found = readiness(root, all);
  assert.deepEqual(
    found.items.map(({ id }) => id),
    order,
  );
  assert.deepEqual(new Set(Object.values(states(found))), new Set(['yes']));
  assert.ok(found.items.every(({ causes }) => causes.length === 0));
});

test('an ordinary user can do most of it with a user namespace', () => {
  const found = states(readiness(user, ordinary));
  assert.deepEqual(
    { user: found['user'], net: found['net'], instances: found['instances'] },
    { user: 'yes', net: 'partly', instances: 'yes' },
  );
  const alone = readiness({ ...user, subuid: [], subgid: [] }, ordinary).items.at(-1);
  assert.equal(alone?.state, 'partly');
  assert.match(alone.summary, /one user only/);
});

function limit(found: ReturnType<typeof readiness>, type: string): string | undefined {
  return found.types.find((each) => each.type === type)?.limits[0]?.value;
}

test('nothing is claimed that was not tried', () => {
  const found = states(readiness(user, {}));
  for (const type of namespaceTypes) assert.equal(found[type], 'unknown');
  assert.equal(found['instances'], 'unknown');
});

test('a type that the kernel lacks is not there, whatever was tried', () => {
  const found = readiness({ ...root, types: root.types.filter((type) => type !== 'time') }, all);
  const time = found.items.find(({ id }) => id === 'time');
  assert.equal(time?.state, 'no');
  assert.match(time.summary, /Linux 5\.6/);
  assert.equal(time.causes[0]?.id, 'type-unknown');
  assert.match(found.items.at(-1)?.summary ?? '', /without these types: Time/);
});

test('a limit of 0 is shown with its remedy, in the row and in the report', () => {
  const facts = { ...root, limits: { ...root.limits, max_net_namespaces: 0 } };
  const found = readiness(facts, { ...all, net: { error: failed('clone3', 'ENOSPC', 'net') } });
  const row = readinessRows(found).find(({ id }) => id === 'net');
  assert.equal(row?.state, 'no');
  assert.match(row.description, /^✗ no: No network namespace may be made: the limit/);
  assert.ok(row.details.some((line) => line.includes('sysctl -w user.max_net_namespaces=')));
  const report = readinessReport(found, Date.UTC(2026, 0, 2, 3, 4));
  assert.match(report, /## 6\. Network namespaces: ✗ no/);
  assert.match(report, /Remedy\*\* \\\(takes an administrator\\\)/);
  assert.match(report, /2026-01-02 03:04 UTC/);
});

test('what is in use comes from a graph, and is unknown without one', () => {
  const graph = new HostGraph();
  graph.apply([
    { snapshot: { time: 1, complete: true, source: ['proc'] } },
    { ns: { type: 'user', id: 4026531837, held: [] } },
    { ns: { type: 'net', id: 4026532001, owner: 4026531837, held: [] } },
    { ns: { type: 'user', id: 4026532002, owner: 4026531837, parent: 4026531837, uid: 1000, held: [] } },
    { ns: { type: 'net', id: 4026532003, owner: 4026532002, held: [] } },
    { end: {} },
  ]);
  const known = readiness(root, all, graph);
  assert.equal(limit(known, 'net'), '1,000 for each user; in use: 2 visible, of all users');
  assert.equal(limit(known, 'user'), '1,000 for each user; in use: 1 visible, of all users');
  assert.equal(limit(readiness(root, all), 'net'), '1,000 for each user; in use: not known');
});

test('interfaces that are covered are told', () => {
  const item = readiness(container, {}).items.find(({ id }) => id === 'interfaces');
  assert.equal(item?.state, 'partly');
  assert.ok(item.evidence.some(({ what, value }) => what === '/proc' && value.includes('/proc/kcore')));
});

test('the profile for AppArmor is a block of its own', () => {
  const tries: Tries = { user: { error: failed('uid_map', 'EPERM'), context: { new: ['user'] } } };
  const report = readinessReport(readiness(ubuntu, tries));
  assert.match(report, /```\nabi <abi\/4\.0>,\n[^`]*userns,\n[^`]*```/);
});

test('what a host says cannot become Markdown', () => {
  const evil = '[x](command:evil) <img src=x> `a` **b** https://evil.example www.evil.example a@evil.example |\n# h';
  const facts = {
    ...restricted(user, { context: evil, lsm: evil }),
    hostname: evil,
    user: evil,
    kernel: `6.1 ${evil}`,
    subuid: [],
    sysctls: { 'kernel/hostname': evil },
    tools: { unshare: evil },
  };
  const tries: Tries = { user: { error: failed('newuidmap', 'EPERM', { path: evil, detail: evil }) } };
  const report = readinessReport(readiness(facts, tries));
  const own = report.replace(/<https:\/\/[a-z0-9./_#-]+>/gi, '');
  assert.doesNotMatch(own, /(?<!\\)\[|(?<!\\)<|(?<!\\)`|https:|(?<!\\):\/\/|www\.|a@evil|(?<!\\)\]\(/);
  assert.equal(report.split('\n').filter((line) => /^#+ /.test(line)).length, order.length + 1);
  for (const line of report.split('\n').filter((each) => each.startsWith('|'))) {
    assert.equal(line.replaceAll('\\|', '').split('|').length, 5, line);
  }
});
