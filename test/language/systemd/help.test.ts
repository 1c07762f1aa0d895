import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemd } from '../../../server/language/dialects/systemd.ts';
import type { Host } from '../../../server/language/host.ts';

/** What is offered at the mark: the labels, and the text that each would replace. */
function offered(marked: string, host?: Host): { labels: readonly string[]; replaced: string } {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const list = systemd.open(text).complete(offset, host);
  const [first] = list;
  return { labels: list.map(({ label }) => label), replaced: text.slice(first?.span.start, first?.span.end ?? 0) };
}

const described = (marked: string): readonly string[] | undefined =>
  systemd.open(marked.replace('|', '')).describe(marked.indexOf('|'))?.paragraphs;

describe('completion in units', () => {
  test('offers the keys of the section', () => {
    const { labels, replaced } = offered('[Service]\nExecStart=/bin/a\nPriv|');
    assert.equal(replaced, 'Priv');
    assert.ok(labels.includes('PrivateNetwork=') && labels.includes('PrivateUsers='));
    assert.ok(!labels.includes('JoinsNamespaceOf=') && !labels.includes('VirtualEthernet='));
    assert.deepEqual(offered('[Unit]\n|\n[Service]\n').labels, ['JoinsNamespaceOf=']);
    assert.deepEqual(offered('[Exec]\n|').labels.slice(0, 2), ['Boot=', 'ProcessTwo=']);
    assert.deepEqual(offered('[Install]\n|').labels, []);
  });

  test('offers values, and replaces the one that is there', () => {
    assert.deepEqual(offered('[Service]\nPrivateUsers=|').labels, ['yes', 'no', 'self', 'identity', 'full', 'managed']);
    assert.deepEqual(offered('[Service]\nProtectProc=inv|isible\n'), {
      labels: ['noaccess', 'invisible', 'ptraceable', 'default'],
      replaced: 'invisible',
    });
    assert.deepEqual(offered('[Service]\nPrivateIPC= |\n').labels, ['yes', 'no']);
    assert.deepEqual(offered('[Service]\nExecStart=|\n').labels, []);
  });

  test('offers types of namespaces for the word that is there', () => {
    const { labels, replaced } = offered('[Service]\nRestrictNamespaces=~net m|\n');
    assert.deepEqual(labels, ['cgroup', 'ipc', 'net', 'mnt', 'pid', 'user', 'uts', 'time']);
    assert.equal(replaced, 'm');
    assert.equal(offered('[Service]\nRestrictNamespaces=~ne|t mnt\n').replaced, 'net');
    assert.ok(!offered('[Service]\nDelegateNamespaces=|').labels.includes('user'));
  });

  test('offers the paths of the namespaces that the host has', () => {
    const common = { id: 1, pids: [], members: 0, workloads: [], initial: false };
    const host: Host = {
      name: 'web1',
      get facts(): never {
        throw new Error('Completion asks for nothing but named namespaces');
      },
      complete: true,
      at: () => undefined,
      container: () => undefined,
      named: [
        { ...common, type: 'net', name: 'blue', paths: ['/run/netns/blue'] },
        { ...common, type: 'ipc', name: 'red', paths: ['/run/ipcns/red'] },
      ],
    };
    assert.deepEqual(offered('[Service]\nNetworkNamespacePath=|', host).labels, ['/run/netns/blue']);
    assert.deepEqual(offered('[Service]\nNetworkNamespacePath=/run/|', host), {
      labels: ['/run/netns/blue'],
      replaced: '/run/',
    });
    assert.deepEqual(offered('[Service]\nNetworkNamespacePath=|').labels, []);
  });
});

describe('hovers in units', () => {
  test('say what a directive does, and since when', () => {
    const [summary, since] = described('[Service]\nPrivateP|IDs=yes\n') ?? [];
    assert.match(summary ?? '', /pid namespace/);
    assert.equal(since, 'Since systemd 257.');
  });

  test('say what a value means', () => {
    assert.ok(described('[Service]\nPrivateUsers=ident|ity\n')?.some((line) => line.startsWith('identity: ')));
  });

  test('say nothing of other keys, of wrong places and between lines', () => {
    for (const text of [
      '[Service]\nExec|Start=/bin/a\n',
      '[Unit]\nPrivate|Tmp=yes\n',
      '[Service]\n|\nPrivateTmp=yes\n',
    ]) {
      assert.equal(described(text), undefined, text);
    }
  });
});
