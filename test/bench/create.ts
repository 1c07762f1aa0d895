/** What it takes to make an instance and end it, and to stand at a prompt in one over SSH, beside what does the same by hand. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { end } from '../../extension/helper/verbs.ts';
import type { HelperSession } from '../../extension/helper/session.ts';
import { hostFunctions } from '../../extension/host/wiring.ts';
import { ociBundle } from '../helper/support/containers.ts';
import { helper } from '../helper/support/helper.ts';
import { temporaryFolder, uniqueName } from '../helper/support/marker.ts';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { Scope } from '../helper/support/scope.ts';
import { scripted } from '../ssh/support/interaction.ts';
import { generateKey } from '../ssh/support/keys.ts';
import { startSshd } from '../ssh/support/sshd.ts';
import { publishHelper } from '../unit/host/real-helper.ts';
import { median, type Benchmark, type Row } from './bench.ts';
import { interleaved } from './timing.ts';

const rounds = 30;
const prompts = 10;

/** All eight types, with the host's own files; and the types of `runc`'s own example, with a root file system. */
const all = [
  '--user',
  '--map-root-user',
  '--mount',
  '--uts',
  '--ipc',
  '--net',
  '--pid',
  '--cgroup',
  '--time',
  '--fork',
];
const ofRunc = ['mnt', 'uts', 'ipc', 'pid', 'net'];

const benchmark: Benchmark = {
  name: 'create',
  run: async ({ log }): Promise<Row[]> => {
    const scope = new Scope();
    try {
      log('making and ending instances: create, unshare and runc in turn');
      const rows = await direct(scope);
      log('over SSH: create --keep and end; enter and nsenter to the prompt');
      return [...rows, ...(await overSsh(scope))];
    } finally {
      await scope.close();
    }
  },
};

export default benchmark;

async function direct(scope: Scope): Promise<Row[]> {
  const { folder, root } = ociBundle(scope, ['/bin/true']);
  const state = temporaryFolder(scope, 0o700);
  const [create = [], unshare = [], rooted = [], runc = []] = await interleaved(
    [
      [helper, 'create', `--new=${namespaceTypes.join(',')}`, '--map=root', '--mount-proc', '--', 'true'],
      ['unshare', ...all, '--mount-proc', '--', 'true'],
      [
        helper,
        'create',
        `--new=${ofRunc.join(',')}`,
        `--root=${root}`,
        '--mount-proc',
        '--hostname=a',
        '--',
        '/bin/true',
      ],
      ['runc', '--root', state, 'run', '--bundle', folder, uniqueName()],
    ],
    rounds,
  );
  const ratio = median(create) / median(unshare);
  const faster = median(runc) / median(rooted);
  return [
    {
      figure: 'create and end an instance of all eight types, against unshare(1)',
      value: ratio.toFixed(2),
      unit: '×',
      reach: '≤ 1.3 ×',
      ok: ratio <= 1.3,
      detail: `create ${spread(create)}, unshare ${spread(unshare)}`,
    },
    {
      figure: 'create and end an instance with its own root, against runc run',
      value: faster.toFixed(1),
      unit: '× faster',
      reach: '≥ 3 ×',
      ok: faster >= 3,
      detail: `create ${spread(rooted)}, runc ${spread(runc)}`,
    },
  ];
}

async function overSsh(scope: Scope): Promise<Row[]> {
  const folder = temporaryFolder(scope, 0o700);
  await publishHelper(folder);
  const key = await generateKey(join(folder, 'key'), 'ed25519');
  const server = await startSshd({ authorizedKeys: [key.line], home: 'own' });
  scope.defer(() => server.stop());
  const configFile = join(folder, 'config');
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(knownHosts, server.knownHosts);
  writeFileSync(
    configFile,
    `Host build7\n HostName 127.0.0.1\n Port ${server.port}\n User ${server.user}\n IdentityFile ${key.file}\n IdentitiesOnly yes\n UserKnownHostsFile ${knownHosts}\n`,
  );
  const session = await connect(scope, folder, configFile);
  const name = uniqueName();
  const kept: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await session.request('create', [
      `--new=${namespaceTypes.join(',')}`,
      '--map=root',
      '--mount-proc',
      `--keep=${name}`,
    ]);
    await end(session, name, { plan: false });
    kept.push(performance.now() - started);
  }
  let pid = 0;
  await session.request('create', ['--new=uts,net', '--hostname=inside', `--keep=${name}`], {
    onRecord: (record) => {
      if ('kept' in record) ({ pid } = record.kept.holder);
    },
  });
  scope.defer(async () => void (await end(session, name, { plan: false })));
  const entered: number[] = [];
  const byHand: number[] = [];
  for (let round = 0; round < prompts; round++) {
    entered.push(await enterPrompt(session, name));
    byHand.push(await nsenterPrompt(configFile, pid));
  }
  const times = median(byHand) / median(entered);
  return [
    {
      figure: 'create --keep and end over a connection that stands',
      value: Math.round(median(kept)),
      unit: 'ms',
      reach: '',
      ok: undefined,
      detail: spread(kept),
    },
    {
      figure: 'enter to the prompt, against ssh -t HOST nsenter',
      value: times.toFixed(1),
      unit: '× faster',
      reach: 'faster',
      ok: times > 1,
      detail: `enter ${spread(entered)}, ssh and nsenter ${spread(byHand)}`,
    },
  ];
}

function quiet(): void {}

async function connect(scope: Scope, helperFolder: string, configFile: string): Promise<HelperSession> {
  const functions = hostFunctions({ helperFolder, configFile });
  const options = {
    interaction: scripted({}),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    signal: new AbortController().signal,
    onStage: quiet,
  };
  const transport = await functions.openTransport({ kind: 'ssh', target: 'build7', sudo: false }, options);
  scope.defer(() => transport.dispose());
  return functions.openSession(transport, { ...options, sudo: false });
}

/** Milliseconds from the request to the prompt of the shell in it, which has the new host name. */
async function enterPrompt(session: HelperSession, name: string): Promise<number> {
  const started = performance.now();
  let shown = '';
  let time = 0;
  const abort = new AbortController();
  const terminal = session.terminal(
    'enter',
    [`--target=${name}`, '--records=3', '--shell'],
    { columns: 80, rows: 24 },
    {
      onRecord: (record) => {
        if (!('data' in record)) return;
        shown += Buffer.from(record.data.bytes, 'base64url').toString();
        if (time > 0 || !atPrompt(shown)) return;
        time = performance.now() - started;
        terminal.type(Buffer.from('exit\r'));
      },
      signal: abort.signal,
    },
  );
  await terminal.end;
  if (time === 0) throw new Error(`no prompt came: ${shown}`);
  return time;
}

/** The same by hand: a login shell, as `enter --shell` starts it, so that both run the account's profile. */
function nsenterPrompt(configFile: string, pid: number): Promise<number> {
  const started = performance.now();
  const args = ['-F', configFile, '-tt', 'build7', `nsenter -t ${pid} -u -n -- bash -l`];
  const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'ignore'] });
  let shown = '';
  let time = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (time > 0 || !atPrompt(shown)) return;
    time = performance.now() - started;
    child.stdin.write('exit\r');
  });
  return new Promise((resolve, reject) => {
    child.once('close', () => {
      if (time > 0) resolve(time);
      else reject(new Error(`no prompt came: ${shown}`));
    });
  });
}

function atPrompt(shown: string): boolean {
  return /inside.*[#$] $/s.test(shown);
}

function spread(values: readonly number[]): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((each) =>
    each.toFixed(1),
  );
  return `${middle} ms (${least} to ${most})`;
}
