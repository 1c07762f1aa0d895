import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compose } from '../../../server/language/dialects/compose/index.ts';
import { applied } from '../support/judging.ts';

/** `|` is the caret. */
function at(marked: string): { text: string; offset: number } {
  return { text: marked.replace('|', ''), offset: marked.indexOf('|') };
}

function completed(marked: string): Map<string, string> {
  const { text, offset } = at(marked);
  const completions = compose.open(text).complete(offset, undefined);
  return new Map(
    completions.map(({ label, text: put, span }) => [label, applied(text, [{ span, text: put ?? label }])]),
  );
}

const others = '  vpn:\n    image: vpn\n';

describe('completion in Compose files', () => {
  test('offers the values of a key', () => {
    const found = completed(`services:\n  web:\n    network_mode: |\n${others}`);
    assert.deepEqual([...found.keys()], ['none', 'host', 'bridge', 'service:vpn']);
    assert.equal(found.get('service:vpn'), `services:\n  web:\n    network_mode: service:vpn\n${others}`);
  });

  test('replaces what is written of a value', () => {
    for (const written of ['ho|', '"ho|"', 'service:|', 'service:v|']) {
      const found = completed(`services:\n  web:\n    network_mode: ${written}\n${others}`);
      const quote = written.startsWith('"') ? '"' : '';
      assert.equal(
        found.get('service:vpn'),
        `services:\n  web:\n    network_mode: ${quote}service:vpn${quote}\n${others}`,
        written,
      );
    }
  });

  test('offers the keys that a service does not have yet', () => {
    for (const written of ['user|', '|']) {
      const found = completed(`services:\n  web:\n    image: a\n    pid: host\n    ${written}\n${others}`);
      assert.ok(!found.has('pid'));
      assert.equal(
        found.get('userns_mode'),
        `services:\n  web:\n    image: a\n    pid: host\n    userns_mode:\n${others}`,
        written,
      );
    }
    assert.equal(completed('services:\n  web:\n    use|').get('uts'), 'services:\n  web:\n    uts:');
    assert.equal(completed('services:\n  web:\n    |').get('uts'), 'services:\n  web:\n    uts:');
  });

  test('offers propagations', () => {
    const found = completed(
      'services:\n  web:\n    volumes:\n      - type: bind\n        bind:\n          propagation: |\n',
    );
    assert.ok(found.has('rslave'));
  });

  test('offers nothing elsewhere', () => {
    for (const given of [
      '|',
      'networks:\n  a|',
      'services:\n  w|',
      'services:\n  web:\n    image: ng|',
      'x:\n  pid: |',
    ]) {
      assert.deepEqual([...completed(given).keys()], [], given);
    }
  });
});

const described = (marked: string) => {
  const { text, offset } = at(marked);
  const found = compose.open(text).describe(offset);
  return found && { ...found, piece: text.slice(found.span.start, found.span.end) };
};

describe('hovers in Compose files', () => {
  test('tell what a key does to namespaces, and what its value does', () => {
    const found = described('services:\n  web:\n    ipc: share|able\n');
    assert.equal(found?.piece, 'ipc: shareable');
    assert.match(found?.paragraphs[0] ?? '', /System V IPC/);
    assert.match(found?.paragraphs[1] ?? '', /^shareable: own IPC namespace/);
    assert.equal(described('services:\n  web:\n    sys|ctls:\n      a: 1\n')?.piece, 'sysctls');
  });

  test('are silent about the rest', () => {
    for (const given of [
      'ser|vices:\n  web: {}',
      'services:\n  pid|: {}',
      'services:\n  web:\n    sysctls:\n      pid|: 1\n',
    ]) {
      assert.equal(described(given), undefined, given);
    }
  });
});
