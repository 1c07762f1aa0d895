/** Each known debug adapter, and one that is not, with what a configuration may ask of it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { created } from './support/create.ts';
import { debugSession, localSession, optionsOf, sceneOf } from './support/debugging.ts';
import { goFolder, goLine, goMissing } from './support/go.ts';
import { helper } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { uniqueName } from './support/marker.ts';
import { run } from './support/process.ts';
import { testScope } from './support/scope.ts';

leakGuard();

test('Delve: a Go program is launched, over the port that the adapter announces', { skip: goMissing() }, async (t) => {
  const scope = testScope(t);
  const folder = await goFolder();
  const session = await localSession(scope);
  const name = uniqueName();
  scope.defer(async () => void (await run([helper, 'end', name])));
  const mount = `--mount=${folder}:/usr/local/bin:ro`;
  await created(['--new=mnt,pid,uts,net', '--mount-proc', '--loopback', mount, `--keep=${name}`]);
  const mappings = [{ localRoot: '/home/me/project', remoteRoot: folder }];
  const launch = optionsOf({
    request: 'launch',
    target: name,
    program: join(folder, 'main'),
    adapter: 'delve',
    env: { COLOUR: 'blue' },
  });
  const editor = await debugSession(await sceneOf(session, name), launch, { mappings });
  await editor.begin('launch', { path: '/home/me/project/main.go', line: goLine });
  const frame = await editor.frame();
  assert.deepEqual([frame.line, frame.path], [goLine, '/home/me/project/main.go']);
  assert.equal((await editor.variables(frame.id)).get('number'), '0');
  await editor.request('disconnect', { terminateDebuggee: true });
  editor.bridge.close();
  await editor.over();
});
