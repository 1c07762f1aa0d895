import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { FactsRecord } from '../../extension/helper/protocol.ts';
import type { DeclaredNamespace, Workload } from '../../server/language/declared.ts';
import { hostView } from '../../server/language/host-view.ts';
import type { HostState, KnownNamespace } from '../../server/language/protocol.ts';
import type { Finding } from '../../server/language/rule.ts';
import { hostRules, soughtPrograms } from '../../server/language/rules/host.ts';
import { user } from '../unit/explain/fixtures.ts';

const span = { start: 3, end: 9 };
const root: FactsRecord = {
  ...user,
  uid: 0,
  user: 'root',
  capabilities: ['CAP_SYS_ADMIN', 'CAP_SETUID', 'CAP_SETGID'],
};

const blue: KnownNamespace = {
  type: 'net',
  id: 4026532290,
  name: 'blue',
  paths: ['/run/netns/blue'],
  pids: [70],
  members: 2,
  workloads: ['web', '0123456789ab'],
  initial: false,
};

function state(more: Partial<HostState> = {}): HostState {
  return { name: 'web1', facts: root, complete: true, mountsSeen: true, namespaces: [blue], ...more };
}

function workload(more: Partial<Workload>): Workload {
  return { span, namespaces: [], mappings: [], sysctls: [], runtimes: [], ...more };
}

function namespace(from: DeclaredNamespace['from'], type: DeclaredNamespace['type'] = 'net'): Workload {
  return workload({ namespaces: [{ type, from, span, sourceSpan: { start: 5, end: 7 }, meaning: 'It is.' }] });
}

function found(id: string, of: Workload, host = state()): Finding[] {
  const rule = hostRules.find((one) => one.id === `host/${id}`);
  assert.ok(rule, id);
  return [...rule.check({ workloads: [of] }, hostView(host))];
}

const fresh = { kind: 'new' } as const;
const path = (text: string) => ({ kind: 'path', path: text }) as const;

interface Case {
  readonly of: Workload;
  readonly host?: HostState;
  readonly says?: RegExp;
}

const noTime: FactsRecord = { ...root, types: user.types.filter((type) => type !== 'time') };
const uids = (outside: number, count: number) =>
  workload({ mappings: [{ kind: 'uid', inside: 0, outside, count, span }] });

const cases: Readonly<Record<string, { readonly flagged: readonly Case[]; readonly clean: readonly Case[] }>> = {
  'type-missing': {
    flagged: [
      {
        of: namespace(fresh, 'time'),
        host: state({ facts: noTime }),
        says: /^Linux 6\.1\.0-18-amd64 of web1 has no time namespaces\.$/,
      },
    ],
    clean: [
      { of: namespace(fresh, 'time') },
      { of: namespace({ kind: 'host' }, 'time'), host: state({ facts: noTime }) },
    ],
  },
  'path-missing': {
    flagged: [
      {
        of: namespace(path('/run/netns/green')),
        says: /^No namespace is mounted at \/run\/netns\/green on web1 now\.$/,
      },
      { of: namespace(path('/var/run/netns/green')) },
    ],
    clean: [
      { of: namespace(path('/run/netns/blue')) },
      { of: namespace(path('/var/run//netns/blue')) },
      // A link could lead anywhere, and what was not all seen may be there.
      { of: namespace(path('/srv/blue')) },
      { of: namespace(path('/run/netns/green')), host: state({ mountsSeen: false }) },
      { of: namespace(path('/proc/99/ns/net')) },
    ],
  },
  'path-of-other-type': {
    flagged: [
      {
        of: namespace(path('/run/netns/blue'), 'mnt'),
        says: /is a network namespace, so that joining it as a mount namespace fails with EINVAL\.$/,
      },
    ],
    clean: [
      { of: namespace(path('/run/netns/blue')) },
      { of: namespace(path('/run/netns/green'), 'mnt') },
      { of: namespace(path('/proc/70/ns/net')) },
    ],
  },
  'limit-is-zero': {
    flagged: [
      {
        of: namespace(fresh),
        host: state({ facts: { ...root, limits: { max_net_namespaces: 0 } } }),
        says: /^\/proc\/sys\/user\/max_net_namespaces is 0 on web1/,
      },
    ],
    clean: [
      { of: namespace(fresh), host: state({ facts: { ...root, limits: { max_net_namespaces: 1 } } }) },
      {
        of: namespace(path('/run/netns/blue')),
        host: state({ facts: { ...root, limits: { max_net_namespaces: 0 } } }),
      },
    ],
  },
  'container-not-seen': {
    flagged: [
      { of: namespace({ kind: 'container', name: 'db' }), says: /^No running container db is seen on web1\.$/ },
    ],
    clean: [
      { of: namespace({ kind: 'container', name: 'web' }) },
      { of: namespace({ kind: 'container', name: 'db' }), host: state({ complete: false }) },
    ],
  },
  'runtime-missing': {
    flagged: [{ of: workload({ runtimes: ['runc', 'crun'] }), says: /^runc and crun were not found on web1\.$/ }],
    clean: [
      { of: workload({}) },
      // The helper does not look for it.
      { of: workload({ runtimes: ['setpriv'] }) },
      {
        of: workload({ runtimes: ['runc', 'crun'] }),
        host: state({ facts: { ...root, tools: { crun: '/usr/bin/crun' } } }),
      },
    ],
  },
  'ids-not-subordinate': {
    flagged: [
      { of: uids(99_999, 2), host: state({ facts: user }), says: /^alice on web1 may not map uids 99999 to 100000: / },
      { of: uids(100_000, 65_537), host: state({ facts: user }) },
      { of: uids(1001, 1), host: state({ facts: user }) },
    ],
    clean: [
      { of: uids(100_000, 65_536), host: state({ facts: user }) },
      { of: uids(1000, 1), host: state({ facts: user }) },
      { of: uids(0, 4_294_967_295) },
    ],
  },
  'user-namespace-gate': {
    flagged: [
      {
        of: namespace(fresh, 'user'),
        host: state({ facts: { ...user, restrictions: { unprivileged_userns_clone: 0 } } }),
        says: /Debian’s kernel\.unprivileged_userns_clone is 0\.$/,
      },
      {
        of: namespace(fresh, 'user'),
        host: state({ facts: { ...user, restrictions: { apparmor_restrict_unprivileged_userns: 1 } } }),
      },
    ],
    clean: [
      { of: namespace(fresh, 'user'), host: state({ facts: user }) },
      {
        of: namespace(fresh, 'user'),
        host: state({ facts: { ...root, restrictions: { unprivileged_userns_clone: 0 } } }),
      },
      { of: namespace(fresh), host: state({ facts: { ...user, restrictions: { unprivileged_userns_clone: 0 } } }) },
    ],
  },
};

describe('rules that need a host', () => {
  for (const [id, { flagged, clean }] of Object.entries(cases)) {
    test(id, () => {
      for (const { of, host, says } of flagged) {
        const [finding, ...more] = found(id, of, host);
        assert.ok(finding !== undefined && more.length === 0, JSON.stringify(of));
        assert.match(finding.message, says ?? /web1/);
        assert.match(finding.message, /\.$/);
      }
      for (const { of, host } of clean) assert.deepEqual(found(id, of, host), [], JSON.stringify(of));
    });
  }

  test('all have cases, and none says anything without a host', () => {
    assert.deepEqual(
      hostRules.map(({ id }) => id),
      Object.keys(cases).map((id) => `host/${id}`),
    );
    const all = workload({
      namespaces: namespace(path('/run/netns/green'), 'time').namespaces,
      mappings: uids(5, 5).mappings,
      runtimes: ['none'],
    });
    for (const rule of hostRules) assert.deepEqual([...rule.check({ workloads: [all] }, undefined)], []);
  });
});

test('a program is missed only where the helper looks for it', () => {
  const source = readFileSync(new URL('../../server/helper/facts.c', import.meta.url), 'utf8');
  const [, list = ''] = /tools\[\]\[\d+\] = \{([^}]*)\}/.exec(source) ?? [];
  for (const program of soughtPrograms) assert.ok(list.includes(`"${program}"`), program);
});

test('what a host says of itself is made safe to show', () => {
  const facts: FactsRecord = { ...user, kernel: '6.1\u001b[31m', user: 'al\u202eice', types: [] };
  const messages = [
    ...found('type-missing', namespace(fresh), state({ facts })),
    ...found('ids-not-subordinate', uids(5, 5), state({ facts })),
  ].map(({ message }) => message);
  assert.equal(messages.length, 2);
  for (const message of messages) assert.doesNotMatch(message, /\p{C}/u);
});
