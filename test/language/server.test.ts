/** The server at the other end of real messages; the dialect is the one of shell scripts, since all are served alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientCommands, type HostState, type KnownNamespace } from '../../server/language/protocol.ts';
import { testScope } from '../helper/support/scope.ts';
import { user } from '../unit/explain/fixtures.ts';
import { Client } from './support/client.ts';

const uri = 'file:///work/start%20it.sh';
const forgotten = 'shell/unshare-pid-without-fork';

const blue: KnownNamespace = {
  type: 'net',
  id: 4026532290,
  name: 'blue',
  paths: ['/run/netns/blue'],
  pids: [70],
  members: 3,
  workloads: ['web'],
  initial: false,
};
const tools = { unshare: '/usr/bin/unshare', nsenter: '/usr/bin/nsenter' };
const web1: HostState = {
  name: 'web1',
  facts: { ...user, tools },
  complete: true,
  mountsSeen: true,
  namespaces: [blue],
};

const rules = (diagnostics: readonly { readonly code?: unknown }[]) => diagnostics.map(({ code }) => code);

test('a file is judged when it is opened, as it is typed, and no more when it is closed', async (t) => {
  const client = await Client.open(testScope(t));
  await client.openText(uri, 'shellscript', '#!/bin/sh\nunshare --pid --mount-proc sh\n');
  const [found] = await client.diagnostics(uri, ({ length }) => length > 0);
  assert.ok(found);
  assert.deepEqual(
    [found.code, found.source, client.covered(uri, found.range)],
    [forgotten, 'Linux Namespaces', '--pid'],
  );
  assert.match(found.codeDescription?.href ?? '', /^https:\/\//);
  await client.edit(uri, '--pid', '--pid --fork');
  await client.diagnostics(uri, ({ length }) => length === 0);
  await client.edit(uri, ' --fork', '');
  await client.diagnostics(uri, ({ length }) => length === 1);
  await client.close(uri);
  await client.diagnostics(uri, ({ length }) => length === 0);
});

test('a quick fix mends what it is for, and a comment silences it', async (t) => {
  const client = await Client.open(testScope(t));
  await client.openText(uri, 'shellscript', 'if true; then\n  unshare --pid --mount-proc sh\nfi\n');
  const [found] = await client.diagnostics(uri, ({ length }) => length > 0);
  assert.ok(found);
  const actions = await client.codeActions(uri, found);
  const [fix] = actions;
  assert.ok(fix?.isPreferred);
  assert.equal(client.applied(uri, fix), 'if true; then\n  unshare --pid --fork --mount-proc sh\nfi\n');
  const silence = actions.find(({ title }) => title === `Do not report ${forgotten} here`);
  assert.ok(silence);
  assert.equal(
    client.applied(uri, silence),
    `if true; then\n  # linux-namespaces-disable-next-line ${forgotten}\n  unshare --pid --mount-proc sh\nfi\n`,
  );
  await client.edit(uri, '  unshare', `  # linux-namespaces-disable-next-line ${forgotten}\n  unshare`);
  await client.diagnostics(uri, ({ length }) => length === 0);
});

test('of many problems the first are shown, with where they stop and how to see more', async (t) => {
  const client = await Client.open(testScope(t), { off: [], rules: {}, maximum: 2 });
  await client.openText(uri, 'shellscript', 'unshare --pid --mount-proc sh\n'.repeat(5));
  const found = await client.diagnostics(uri, ({ length }) => length === 3);
  assert.deepEqual(rules(found), [forgotten, forgotten, undefined]);
  const last = found[2];
  assert.deepEqual([last?.severity, last?.range.start.line], [3, 2]);
  assert.match(
    last?.message === undefined ? '' : JSON.stringify(last.message),
    /first 2 problems.*linuxNamespaces\.language\.maxNumberOfProblems/,
  );
  await client.sendSettings({ off: [], rules: {}, maximum: 5 });
  await client.diagnostics(uri, ({ length }) => length === 5);
  // What is no number counts as nothing.
  await client.sendSettings({ off: [], rules: {}, maximum: 'many' });
  await client.diagnostics(uri, ({ length }) => length === 5);
});

test('settings change the severity of a rule, silence it, and switch a whole dialect off', async (t) => {
  const client = await Client.open(testScope(t), { off: [], rules: { [forgotten]: 'hint' } });
  await client.openText(uri, 'shellscript', 'unshare --pid --mount-proc sh\n');
  await client.diagnostics(uri, ([one]) => one?.severity === 4);
  await client.sendSettings({ off: [], rules: { [forgotten]: 'error' } });
  await client.diagnostics(uri, ([one]) => one?.severity === 1);
  await client.sendSettings({ off: [], rules: { [forgotten]: 'off' } });
  await client.diagnostics(uri, ({ length }) => length === 0);
  // What is none of the severities counts as nothing.
  await client.sendSettings({ off: [], rules: { [forgotten]: 'loud' } });
  await client.diagnostics(uri, ({ length }) => length === 1);
  await client.sendSettings({ off: ['shell'], rules: {} });
  await client.diagnostics(uri, ({ length }) => length === 0);
  assert.equal(await client.hover(uri, 'unshare'), null);
});

test('what a host says is there while the host is, and the rest stays', async (t) => {
  const client = await Client.open(testScope(t));
  await client.openText(uri, 'shellscript', 'nsenter --net=/run/netns/green true\nunshare --pid --mount-proc sh\n');
  await client.diagnostics(uri, (all) => rules(all).join() === forgotten);
  assert.deepEqual(await client.codeLenses(uri), []);
  await client.sendHost(web1);
  const all = await client.diagnostics(uri, ({ length }) => length === 2);
  assert.deepEqual(rules(all), ['host/path-missing', forgotten]);
  const [missing] = all;
  assert.ok(missing);
  assert.ok(typeof missing.message === 'string');
  assert.match(missing.message, /^No namespace is mounted at \/run\/netns\/green on web1 now\. /);
  assert.equal(client.covered(uri, missing.range), '/run/netns/green');
  const create = (await client.codeActions(uri, missing)).find(({ title }) => title === 'Create it on web1');
  assert.deepEqual(create?.command?.arguments, [{ type: 'net', path: '/run/netns/green' }]);
  const [lens] = await client.codeLenses(uri);
  assert.deepEqual([lens?.command?.title, lens?.command?.command], ['Create on web1', clientCommands.create]);
  assert.ok(client.lensRefreshes > 0);
  // It is made, and in it are three processes.
  await client.sendHost({ ...web1, namespaces: [{ ...blue, paths: ['/run/netns/green'] }] });
  await client.diagnostics(uri, ({ length }) => length === 1);
  const [now] = await client.codeLenses(uri);
  assert.deepEqual([now?.command?.title, now?.command?.command], ['3 processes in it on web1', clientCommands.show]);
  const [link] = await client.links(uri);
  assert.ok(link);
  assert.equal(client.covered(uri, link.range), '/run/netns/green');
  assert.match(link.target ?? '', /^command:linuxNamespaces\.language\.show\?/);
  await client.sendHost(null);
  await client.diagnostics(uri, (left) => rules(left).join() === forgotten);
  assert.deepEqual(await client.codeLenses(uri), []);
  assert.deepEqual(await client.links(uri), []);
});

test('a hover says what an entry does, what the type isolates, and what is there now, as plain text', async (t) => {
  const client = await Client.open(testScope(t));
  await client.openText(uri, 'shellscript', 'nsenter --net=/run/netns/blue true\n');
  await client.sendHost({ ...web1, namespaces: [{ ...blue, workloads: ['[x](command:y)'] }] });
  const hover = await client.hover(uri, '--net');
  assert.ok(hover !== null && typeof hover.contents === 'object' && 'kind' in hover.contents);
  assert.equal(hover.contents.kind, 'plaintext');
  assert.match(hover.contents.value, /network devices, addresses, routes/);
  assert.match(hover.contents.value, /On web1: blue \(net:4026532290\), 3 processes, used by \[x\]\(command:y\)\./);
});

test('paths of the host are offered where a namespace is to be named', async (t) => {
  const client = await Client.open(testScope(t));
  await client.openText(uri, 'shellscript', 'nsenter --net=/run/netns/ true\n');
  await client.sendHost(web1);
  const labels = (await client.completions(uri, '--net=/run/netns/')).map(({ label }) => label);
  assert.ok(labels.includes('/run/netns/blue'), labels.join());
});

test('other files get no answer of any kind', async (t) => {
  const client = await Client.open(testScope(t));
  const other = 'file:///work/settings.json';
  await client.openText(other, 'json', '{"hostname": "x"}');
  await client.openText(uri, 'shellscript', 'unshare --pid --mount-proc sh\n');
  await client.diagnostics(uri, ({ length }) => length === 1);
  assert.equal(client.said(other), undefined);
  assert.equal(await client.hover(other, 'hostname'), null);
  assert.deepEqual(await client.completions(other, 'hostname'), []);
  assert.deepEqual(await client.codeLenses(other), []);
});
