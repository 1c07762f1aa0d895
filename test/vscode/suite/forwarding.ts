/** What listens in a net namespace, and a port of it on this side. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { listeners, ports, type Listeners } from '../../helper/support/listeners.ts';
import { temporaryFolder } from '../../helper/support/marker.ts';
import { output } from '../../helper/support/process.ts';
import { until } from '../support/poll.ts';
import { Tree } from '../support/tree.ts';
import type { Play } from './stage.ts';

/** What a client in the net namespace gets from port 8080 there. */
async function within(netns: string): Promise<string> {
  const source = `fetch('http://127.0.0.1:8080/').then((answer) => answer.text()).then(console.log, () => undefined)`;
  return output(['ip', 'netns', 'exec', netns, process.execPath, '-e', source]);
}

const url = (row: { readonly label: string }): string => `http://${/^\S+/.exec(row.label)?.[0] ?? ''}/hello`;

export const forwarding: Play = (stage, step) => {
  const { edition } = stage;
  let made: { readonly at: Listeners; readonly place: readonly string[]; readonly forwards: Tree } | undefined;
  const known = () => made ?? assert.fail('nothing listens');

  step('what listens in a net namespace is below its row', async () => {
    const { tree, host, scope, workbench } = stage;
    const at = await listeners(scope, temporaryFolder(scope));
    await tree.press('Connect', host.alias);
    await tree.row(host.alias, 'Network');
    const place = [host.alias, 'Network', at.netns, 'Listening'];
    made = { at, place, forwards: new Tree(workbench.page, 1) };
    await tree.expand(...place);
    const row = await tree.row(...place, `tcp 127.0.0.1:${ports.http}`);
    assert.match(row.description, new RegExp(`^node\\S* \\(pid ${at.pid}\\)$`));
    const labels = (await tree.children(...place)).map(({ label }) => label);
    assert.ok(labels.includes(`udp 127.0.0.1:${ports.datagrams}`), labels.join('\n'));
    assert.ok(labels.includes(`unix ${at.folder}/echo.sock`), labels.join('\n'));
    await workbench.screenshot(`${edition}-listening`);
  });

  step('a port of it is forwarded, and a client on this side reaches the server inside', async () => {
    const { tree, workbench } = stage;
    const { place, forwards, at } = known();
    await tree.press('Forward Port...', ...place, `tcp 127.0.0.1:${ports.http}`);
    const said = await workbench.notifications.said(/now reaches/);
    assert.ok(said.includes(`tcp 127.0.0.1:${ports.http} in ${at.netns}`), said);
    const row = await forwards.row(/→ tcp 127\.0\.0\.1:14$/);
    const answer = await fetch(url(row));
    assert.equal(await answer.text(), 'hello from /hello');
    await forwards.says(/of 1, \d+ bytes sent, \d+ bytes received/, row.label);
    await workbench.screenshot(`${edition}-forwards`);
    await workbench.notifications.clear();
  });

  step('the palette forwards a socket that is picked', async () => {
    const { workbench } = stage;
    const { at, forwards } = known();
    await stage.run('Forward Port...');
    const input = await workbench.quickInput.opened(/Forward Port/);
    await input.fill(at.netns);
    await workbench.quickInput.choose(new RegExp(at.netns));
    await workbench.quickInput.choose(`udp 127.0.0.1:${ports.datagrams}`);
    await workbench.notifications.said(/now reaches udp/);
    await forwards.row(/→ udp/);
    await workbench.notifications.clear();
  });

  step('a port of this side is reached from within', async () => {
    const { workbench, tree, scope } = stage;
    const { at, place, forwards } = known();
    const server = createServer((_request, answer) => answer.end('hello from this side'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    scope.defer(() => void server.close());
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    await tree.chooseFromMenu('Forward Local Port into Namespace...', ...place);
    await workbench.quickInput.answer(/Forward Local Port into Namespace/, String(address.port));
    await workbench.quickInput.answer(/Forward Local Port into Namespace/, '8080');
    await workbench.notifications.said(/tcp 127\.0\.0\.1:8080 in .* now reaches/);
    assert.equal(await within(at.netns), 'hello from this side');
    await forwards.row(/← tcp 127\.0\.0\.1:8080$/);
    await workbench.notifications.clear();
  });

  step('after the connection was lost and made anew it goes on', async () => {
    const { tree, host } = stage;
    const { forwards } = known();
    const row = await forwards.row(/→ tcp/);
    await tree.chooseFromMenu('Disconnect', host.alias);
    await forwards.says(/not connected/, row.label);
    await assert.rejects(fetch(url(row)));
    await tree.press('Connect', host.alias);
    await until('it answers', async () => {
      const answer = await fetch(url(row)).catch(() => undefined);
      return (await answer?.text()) === 'hello from /hello';
    });
    const { at } = known();
    await until('it is reached from within', async () => (await within(at.netns)) === 'hello from this side');
  });

  step('stopped, its port is free', async () => {
    const { workbench } = stage;
    const { forwards } = known();
    const row = await forwards.row(/→ tcp/);
    await forwards.press('Stop Forward', row.label);
    await forwards.gone(row.label);
    await assert.rejects(fetch(url(row)));
    await forwards.press('Stop Forward', /← tcp/);
    await forwards.press('Stop Forward', /→ udp/);
    await until('the view to have gone', async () => !(await forwards.list.isVisible()));
    await workbench.notifications.clear();
  });
};
