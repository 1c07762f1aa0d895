/** Listing and reading a tree of many files over SSH, beside SFTP on the same connection's host in the same run. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type SFTPWrapper } from 'ssh2';
import { FileClient } from '../../extension/files/client.ts';
import { forEachOf } from '../../extension/files/tree.ts';
import { hostFunctions } from '../../extension/host/wiring.ts';
import { temporaryFolder } from '../helper/support/marker.ts';
import { run } from '../helper/support/process.ts';
import { Scope } from '../helper/support/scope.ts';
import { scripted } from '../ssh/support/interaction.ts';
import { generateKey } from '../ssh/support/keys.ts';
import { makeManyFiles, manyFiles, readAll } from '../ssh/support/many-files.ts';
import { startSshd } from '../ssh/support/sshd.ts';
import { publishHelper } from '../unit/host/real-helper.ts';
import { median, type Benchmark, type Row } from './bench.ts';
import { writeFileSync } from 'node:fs';

const rounds = 5;

const benchmark: Benchmark = {
  name: 'files',
  run: async ({ log }): Promise<Row[]> => {
    const scope = new Scope();
    try {
      log(`listing and reading ${manyFiles} files over SSH: the helper and SFTP in turn`);
      return await overSsh(scope);
    } finally {
      await scope.close();
    }
  },
};

export default benchmark;

async function overSsh(scope: Scope): Promise<Row[]> {
  const folder = temporaryFolder(scope);
  const tree = temporaryFolder(scope);
  const bytes = makeManyFiles(tree);
  await publishHelper(folder);
  const key = await generateKey(join(folder, 'key'), 'ed25519');
  const server = await startSshd({ authorizedKeys: [key.line], config: [`SetEnv HOME=${folder}`] });
  scope.defer(async () => server.stop());
  const configFile = join(folder, 'config');
  const lines = ['Host bench', '  HostName 127.0.0.1', `  Port ${server.port}`, '  User root'];
  const keys = [`  IdentityFile ${key.file}`, '  IdentitiesOnly yes', '  IdentityAgent none'];
  writeFileSync(configFile, [...lines, ...keys, `  UserKnownHostsFile ${folder}/known_hosts`, ''].join('\n'));
  const functions = hostFunctions({ helperFolder: folder, configFile });
  const signal = new AbortController().signal;
  const { connecting } = await import('../../extension/host/connecting.ts');
  const { ManagedHost } = await import('../../extension/host/host.ts');
  const { MemoryLog } = await import('../unit/host/fakes.ts');
  const host = new ManagedHost(
    { kind: 'ssh', target: 'bench', sudo: false },
    {
      functions,
      connecting: () => Promise.resolve(connecting),
      interaction: scripted({ hostKey: 'once' }),
      log: new MemoryLog(),
      onDidWake: () => ({ dispose: () => {} }),
      policy: { initialDelay: 20, maximumDelay: 100, tries: 10, stableAfter: 0, attemptTimeout: 30_000 },
      random: () => 0.5,
    },
  );
  scope.defer(() => host.dispose());
  await host.connect(signal);
  const stream = host.session?.openStream(['file', `--target=pid:${process.pid}`, '--records=3']);
  if (stream === undefined) throw new Error('not connected');
  const client = await FileClient.open(stream);
  scope.defer(() => client.dispose());
  const sftp = await sftpClient(scope, server.port, key.file);
  const times = { list: [[], []], read: [[], []] } as { list: [number[], number[]]; read: [number[], number[]] };
  const names = (await client.list(tree)).map(({ name }) => join(tree, name));
  for (let round = 0; round < rounds; round++) {
    times.list[0].push(await timed(async () => forEachOf(names, async (name) => void (await client.list(name)))));
    times.list[1].push(await timed(async () => forEachOf(names, async (name) => void (await listed(sftp, name)))));
    times.read[0].push(
      await timed(async () => {
        const read = await readAll(client, tree);
        if (read.bytes !== bytes) throw new Error(`${read.bytes} of ${bytes} bytes`);
      }),
    );
    times.read[1].push(await timed(async () => readAllBySftp(sftp, tree)));
  }
  // What a person would do by hand, which also writes them.
  const target = temporaryFolder(scope);
  const options = [
    '-P',
    String(server.port),
    '-i',
    key.file,
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    `UserKnownHostsFile=${folder}/hand`,
  ];
  const byHand = await timed(async () => {
    const { code, stderr } = await run(['sftp', '-q', ...options, '-b', '-', 'root@127.0.0.1'], {
      input: `get -r "${tree}" "${target}"\n`,
    });
    if (code !== 0) throw new Error(stderr);
  });
  return [row('list', times.list), row('list and read', times.read, `sftp -r by hand ${byHand.toFixed(0)} ms`)];
}

function row(what: string, [ours, theirs]: readonly [number[], number[]], more = ''): Row {
  const [mine, other] = [median(ours), median(theirs)];
  return {
    figure: `files: ${what} ${manyFiles} over SSH`,
    value: Number((mine / other).toFixed(2)),
    unit: '× SFTP',
    reach: '≤ 1.0',
    ok: mine <= other,
    detail: [`${mine.toFixed(0)} ms against ${other.toFixed(0)} ms, median of ${rounds}`, more]
      .filter(Boolean)
      .join('; '),
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function sftpClient(scope: Scope, port: number, keyFile: string): Promise<SFTPWrapper> {
  const client = new Client();
  // The server may be gone before the connection is.
  client.on('error', () => undefined);
  scope.defer(() => void client.end());
  client.connect({ host: '127.0.0.1', port, username: 'root', privateKey: readFileSync(keyFile) });
  await once(client, 'ready');
  return new Promise((resolve, reject) => client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp))));
}

async function listed(sftp: SFTPWrapper, path: string): Promise<readonly { filename: string; isFolder: boolean }[]> {
  return new Promise((resolve, reject) =>
    sftp.readdir(path, (error, list) =>
      error ? reject(error) : resolve(list.map(({ filename, attrs }) => ({ filename, isFolder: attrs.isDirectory() }))),
    ),
  );
}

async function readAllBySftp(sftp: SFTPWrapper, folder: string): Promise<void> {
  await forEachOf(await listed(sftp, folder), async ({ filename, isFolder }) => {
    const path = join(folder, filename);
    if (isFolder) await readAllBySftp(sftp, path);
    else
      await new Promise<void>((resolve, reject) => sftp.readFile(path, (error) => (error ? reject(error) : resolve())));
  });
}
