import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceName } from '../../../extension/model/naming/instances.ts';
import { mountName } from '../../../extension/model/naming/mounts.ts';

test('the holder of an instance tells its name, and nothing else does', () => {
  assert.equal(instanceName('linux-namespaces: web mnt,uts,net'), 'web');
  assert.equal(instanceName('linux-namespaces: a.b_c-1 net'), 'a.b_c-1');
  for (const cmdline of [
    undefined,
    '',
    'linux-namespaces: web',
    'sh -c linux-namespaces: web net',
    'linux-namespaces-guard web',
    'linux-namespaces: ../x net',
    'linux-namespaces: web net; rm',
  ]) {
    assert.equal(instanceName(cmdline), undefined, cmdline);
  }
});

test('what is mounted for an instance is called after it', () => {
  assert.deepEqual(mountName('/run/linux-namespaces/web/net', 'net'), { text: 'web', made: false });
  assert.equal(mountName('/run/linux-namespaces/web/net', 'uts')?.text, 'net');
});
