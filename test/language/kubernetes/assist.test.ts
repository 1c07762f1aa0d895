import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kubernetes } from '../../../server/language/dialects/kubernetes/index.ts';
import { podOf, podWith } from './manifests.ts';

/** What is offered at the `|`, and the text that it would take the place of. */
function offered(marked: string): { readonly labels: readonly string[]; readonly replaced: readonly string[] } {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const list = kubernetes.open(text).complete(offset, undefined);
  return {
    labels: list.map(({ label }) => label),
    replaced: [...new Set(list.map(({ span }) => text.slice(span.start, span.end)))],
  };
}

function described(marked: string): { readonly span: string; readonly first: string } | undefined {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const found = kubernetes.open(text).describe(offset);
  return found && { span: text.slice(found.span.start, found.span.end), first: found.paragraphs[0] ?? '' };
}

describe('completion in a Kubernetes manifest', () => {
  test('offers the values of a field, in the place of what is there', () => {
    assert.deepEqual(offered(podWith('hostUsers: |')), { labels: ['true', 'false'], replaced: [''] });
    assert.deepEqual(offered(podWith('dnsPolicy: Clu|ster')).replaced, ['Cluster']);
    assert.deepEqual(offered(podOf('securityContext:', '  procMount: |')).labels, ['Default', 'Unmasked']);
  });

  test('offers the values of mount propagation', () => {
    const { labels } = offered(podOf('volumeMounts:', '  - name: data', '    mountPropagation: |'));
    assert.deepEqual(labels, ['None', 'HostToContainer', 'Bidirectional']);
  });

  test('offers the fields about namespaces that are not there yet', () => {
    const { labels, replaced } = offered(podWith('hostPID: true', 'ho|'));
    assert.ok(labels.includes('hostNetwork'));
    assert.ok(!labels.includes('hostPID'));
    assert.deepEqual(replaced, ['ho']);
  });

  test('offers safe sysctls', () => {
    const { labels } = offered(podWith('securityContext:', '  sysctls:', '    - name: |'));
    assert.ok(labels.includes('net.ipv4.ip_unprivileged_port_start'));
  });

  test('offers nothing where others know better', () => {
    assert.deepEqual(offered(podOf('image: |')).labels, []);
    assert.deepEqual(offered('apiVersion: v1\nkind: Service\nspec:\n  hostNetwork: |\n').labels, []);
  });
});

describe('hovers in a Kubernetes manifest', () => {
  test('tell what a field does to namespaces', () => {
    const found = described(podWith('host|Users: false'));
    assert.equal(found?.span, 'hostUsers: false');
    assert.match(found?.first ?? '', /user namespace of its own/);
    assert.match(described(podOf('securityContext:', '  privileged: tr|ue'))?.first ?? '', /every capability/);
    assert.equal(described(podWith('securityContext:', '  sys|ctls:', '    - name: a'))?.span, 'sysctls');
  });

  test('tell nothing of other fields and places', () => {
    assert.equal(described(podOf('na|me: app')), undefined);
    assert.equal(described(podWith('hostname: web # the na|me')), undefined);
    assert.equal(described('apiVersion: v1\nkind: Service\nspec:\n  host|Users: true\n'), undefined);
  });
});
