import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openFile } from '../../../server/language/dialects/index.ts';
import { systemd } from '../../../server/language/dialects/systemd.ts';
import { readUnitText, type Assignment } from '../../../server/language/dialects/systemd/text.ts';
import { wordsOf } from '../../../server/language/dialects/systemd/words.ts';

function assignments(text: string): readonly Assignment[] {
  return readUnitText(text).flatMap((section) => section.assignments);
}

function pieces(text: string): readonly (readonly [string, string, string])[] {
  return assignments(text).map(({ section, keySpan, value }) => [
    section.name,
    text.slice(keySpan.start, keySpan.end),
    text.slice(value.span.start, value.span.end),
  ]);
}

const namespacesOf = (content: string, path?: string): readonly unknown[] =>
  systemd
    .open(content, path)
    .declared.workloads.map(({ name, namespaces }) => [
      name,
      ...namespaces.map(({ type, from, sourceSpan }) => [
        type,
        from.kind === 'path' ? from.path : from.kind,
        content.slice(sourceSpan.start, sourceSpan.end),
      ]),
    ]);

describe('the text of a unit', () => {
  test('has sections, keys and values without the blanks around them', () => {
    const text = '[Unit]\n  Description =  A unit \t\n\n[ Service ]\nA=b=c\n\tPrivateTmp\t=\tyes';
    assert.deepEqual(pieces(text), [
      ['Unit', 'Description', 'A unit'],
      [' Service ', 'A', 'b=c'],
      [' Service ', 'PrivateTmp', 'yes'],
    ]);
  });

  test('has comments at the beginning of lines only', () => {
    const text = '[Service]\n# A=1\n  ;B=2\nC=3 # 4\nD=5;6\n';
    assert.deepEqual(pieces(text), [
      ['Service', 'C', '3 # 4'],
      ['Service', 'D', '5;6'],
    ]);
  });

  test('goes on after a backslash, with comments left out', () => {
    const text = '[Service]\nBindPaths=/a \\\n# not this\n  ; nor this\\\n  /b\\\n/c\nPrivateTmp=yes\n';
    const [binds, tmp] = assignments(text);
    assert.ok(binds && tmp);
    assert.equal(binds.value.text, '/a    /b /c');
    assert.deepEqual(
      wordsOf(binds.value).map(({ text: word, span }) => [word, text.slice(span.start, span.end)]),
      [
        ['/a', '/a'],
        ['/b', '/b'],
        ['/c', '/c'],
      ],
    );
    assert.equal(tmp.key, 'PrivateTmp');
  });

  test('goes on after one backslash, but not after two, nor after an empty line', () => {
    assert.deepEqual(
      assignments('[S]\nA=a\\\\\nB=b\\\n\nC=c\\').map(({ key, value }) => [key, value.text]),
      [
        ['A', 'a\\\\'],
        ['B', 'b'],
        ['C', 'c'],
      ],
    );
  });

  test('may have each kind of line end, and a byte order mark', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = `\uFEFF[Service]${end}PrivateTmp=yes \\${end}  no${end}User=a${end}`;
      assert.deepEqual(pieces(text).at(-1), ['Service', 'User', 'a']);
      assert.equal(assignments(text)[0]?.value.text, 'yes    no');
    }
  });

  test('has words between quotes where the directive takes them', () => {
    const text = '[S]\nA="/a b":/c \'/d e\' f\\ g';
    const value = assignments(text)[0]?.value;
    assert.ok(value);
    assert.deepEqual(
      wordsOf(value, true).map((word) => word.text),
      ['/a b:/c', '/d e', 'f\\ g'],
    );
    assert.deepEqual(
      wordsOf(value).map((word) => word.text),
      ['"/a', 'b":/c', "'/d", "e'", 'f\\', 'g'],
    );
  });
});

describe('a unit', () => {
  const text = '[Service]\nExecStart=/bin/a\n';
  const opened = (path: string, content = text): string | undefined =>
    openFile({ path, languageId: undefined, text: content })?.dialect.id;

  test('is known by its name', () => {
    for (const path of ['/etc/systemd/system/a.service', 'a@b.socket', 'x/srv.mount', 'a.swap', 'web.nspawn']) {
      assert.equal(opened(path), 'systemd', path);
    }
    for (const path of ['/a.service.d/10-x.conf', '/etc/systemd/system/service.d/x.conf', 'a-.mount.d/y.conf']) {
      assert.equal(opened(path), 'systemd', path);
    }
    for (const path of ['a.service.in', 'a.timer', 'a.conf', 'nginx.d/a.conf', 'service', 'a.service.d/b/c.conf']) {
      assert.equal(opened(path), undefined, path);
    }
  });

  test('is not what D-Bus and Avahi call a service', () => {
    assert.equal(opened('org.example.service', '[D-BUS Service]\nName=org.example\n'), undefined);
    assert.equal(opened('ssh.service', '<?xml version="1.0"?>\n<service-group/>'), undefined);
  });

  test('declares the namespaces that its settings make or join', () => {
    const content = `[Service]
ExecStart=/bin/a
PrivateNetwork=yes
NetworkNamespacePath=/run/netns/blue
PrivateIPC=on
PrivateUsers=identity
PrivatePIDs=yes
ProtectHostname=private:web
ProtectControlGroups=strict
PrivateTmp=disconnected
`;
    assert.deepEqual(namespacesOf(content, '/etc/systemd/system/web.service'), [
      [
        'web.service',
        ['net', '/run/netns/blue', '/run/netns/blue'],
        ['ipc', 'new', 'on'],
        ['user', 'new', 'identity'],
        ['pid', 'new', 'yes'],
        ['uts', 'new', 'private:web'],
        ['cgroup', 'new', 'strict'],
        ['mnt', 'new', 'yes'],
      ],
    ]);
  });

  test('declares what the last assignment says that systemd does not ignore', () => {
    const content =
      '[Service]\nPrivateNetwork=yes\nPrivateNetwork=perhaps\nNetworkNamespacePath=/a\nNetworkNamespacePath=\n';
    assert.deepEqual(namespacesOf(content), [[undefined, ['net', 'new', 'yes']]]);
    assert.deepEqual(namespacesOf('[Service]\nPrivateIPC=yes\nPrivateIPC=no\n'), [[undefined, ['ipc', 'host', 'no']]]);
  });

  test('declares no path that only systemd can know', () => {
    assert.deepEqual(namespacesOf('[Service]\nNetworkNamespacePath=/run/netns/%i\n'), [[undefined]]);
  });

  test('has in drop-ins the name of the unit that it is for', () => {
    assert.deepEqual(namespacesOf('[Service]\nPrivateTmp=no\n', '/etc/systemd/system/a.service.d/x.conf'), [
      ['a.service'],
    ]);
    assert.deepEqual(namespacesOf('[Service]\nPrivateTmp=no\n', '/etc/systemd/system/service.d/x.conf'), [[undefined]]);
  });

  test('of nspawn declares those of its container', () => {
    assert.deepEqual(
      namespacesOf('[Exec]\nPrivateUsers=pick\n[Network]\nZone=web\n', '/etc/systemd/nspawn/web.nspawn'),
      [['web', ['net', 'new', 'web'], ['user', 'new', 'pick']]],
    );
    assert.deepEqual(namespacesOf('[Exec]\nPrivateUsers=no\n[Network]\nNamespacePath=/run/netns/a\n'), [
      [undefined, ['net', '/run/netns/a', '/run/netns/a'], ['user', 'host', 'no']],
    ]);
  });
});
