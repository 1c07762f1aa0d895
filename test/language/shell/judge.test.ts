/** What is called an error is refused by the real programs, and what is called clean is not: as root, in namespaces that end with each test. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { shell } from '../../../server/language/dialects/shell.ts';
import { judged } from '../support/judging.ts';

interface Verdict {
  readonly status: number | null;
  readonly said: string;
}

function run(script: string): Verdict {
  const { status, stderr, stdout } = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    timeout: 30_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status, said: `${stdout}${stderr}` };
}

/** Inside of namespaces of its own, so that nothing of the machine is touched. */
function runApart(script: string): Verdict {
  const quoted = `'${script.replaceAll("'", "'\\''")}'`;
  return run(`unshare --mount --net --uts --fork --pid --kill-child --mount-proc sh -c ${quoted}`);
}

const root = process.getuid?.() === 0;
const reason = (program: string): string | false => {
  if (!root) return 'needs root';
  return run(`command -v ${program}`).status === 0 ? false : `needs ${program}`;
};

function errorsIn(script: string): readonly string[] {
  return judged(shell, script)
    .filter(({ severity }) => severity === 'error')
    .map(({ rule }) => rule.id);
}

interface Judged {
  /** Rule -> script that it calls an error, with what the program says. */
  readonly refused: readonly (readonly [rule: string, script: string, said: RegExp])[];
  readonly taken: readonly string[];
  readonly apart?: boolean;
}

const programs: Readonly<Record<string, Judged>> = {
  unshare: {
    apart: true,
    refused: [
      [
        'unshare-persistent-pid-without-fork',
        'mount -t tmpfs none /run; touch /run/x; unshare --pid=/run/x true',
        /pid_for_children on .* failed/,
      ],
      [
        'unshare-mount-proc-without-pid',
        'unshare -r --mount-proc true',
        /mount \/proc failed: Operation not permitted/,
      ],
      [
        'unshare-mount-proc-without-pid',
        'unshare -r --pid --mount-proc true',
        /mount \/proc failed: Operation not permitted/,
      ],
      ['unshare-time-offset-without-time', 'unshare --monotonic 5 true', /require unsharing of a time namespace/],
      ['unshare-time-offset-without-time', 'unshare -m --boottime=5 true', /require unsharing of a time namespace/],
      ['unshare-setgroups-allow-with-map-group', 'unshare -r --setgroups=allow true', /mutually exclusive/],
      ['unshare-setgroups-deny-after-map', 'unshare -r --setgroups=deny true', /setgroups: Operation not permitted/],
      [
        'unshare-setgroups-deny-after-map',
        'unshare --map-group=5 --setgroups=deny true',
        /setgroups: Operation not permitted/,
      ],
      ['unshare-setgroups-without-user', 'unshare -m --setgroups=deny true', /setgroups: Operation not permitted/],
      ['unshare-setuid-not-mapped', 'unshare -U -S 0 true', /setuid.* failed: Invalid argument/],
      ['unshare-setuid-not-mapped', 'unshare -r --setuid=1000 true', /setuid.* failed: Invalid argument/],
      ['unshare-setgid-denied', 'unshare -r -G 0 true', /setgroups failed: Operation not permitted/],
      ['unshare-setgid-denied', 'unshare -U -G 0 true', /setgroups failed: Operation not permitted/],
      ['unshare-map-range', 'unshare --map-users=nobody true', /could not parse|invalid mapping|parse/],
      ['unshare-value', 'unshare -m --propagation rslave true', /unsupported propagation mode/],
      ['unshare-value', 'unshare -U --setgroups=no true', /unsupported --setgroups argument/],
      ['unshare-value', 'unshare -T --monotonic=1.5 true', /failed to parse monotonic offset/],
      ['unshare-short-option-value', 'unshare -n=/run/netns/x true', /invalid option -- '='/],
      ['namespace-file-apart', 'unshare --net /run/netns/x true', /failed to execute \/run\/netns\/x/],
    ],
    taken: [
      'unshare --fork --pid --mount-proc true',
      'unshare -rpf --mount-proc true',
      'unshare -p --mount-proc true',
      'unshare -T --monotonic -5 true',
      'unshare -U --setgroups=deny true',
      'unshare --setgroups=allow true',
      'unshare -r --setuid 0 true',
      'unshare --map-user=7 -S 7 true',
      'unshare -r -c true',
      'unshare -m --keep-caps true',
      'unshare --uts --propagation slave true',
      'unshare true',
    ],
  },
  nsenter: {
    refused: [
      ['nsenter-no-target', 'nsenter --net true', /neither filename nor target pid supplied|no target PID specified/],
      ['nsenter-no-target', 'nsenter -a true', /no target PID specified/],
      ['nsenter-two-directories', 'nsenter -t 1 -n -w -W/ true', /mutually exclusive/],
      ['nsenter-target-not-a-pid', 'nsenter -t web -n true', /failed to parse pid|web/],
      [
        'namespace-file-apart',
        'nsenter --net /run/netns/x true',
        /neither filename nor target pid supplied|no target PID specified/,
      ],
    ],
    taken: [
      'nsenter -t $$ -n true',
      'nsenter --net=/proc/self/ns/net true',
      'nsenter -n/proc/self/ns/net true',
      'nsenter -t $$ -p -F true',
      'nsenter -t $$ -n --preserve-credentials true',
      'nsenter -t $$ -m -W/ true',
    ],
  },
  ip: {
    apart: true,
    refused: [
      ['netns-name', 'ip netns add a/b', /Invalid netns name/],
      ['netns-name', 'ip netns exec .. true', /Invalid netns name/],
      ['netns-arguments', 'ip netns add', /No netns name specified/],
      ['netns-arguments', 'ip netns exec blue', /No command specified/],
      ['netns-arguments', 'ip netns attach blue', /No netns name and PID specified/],
      ['netns-arguments', 'ip netns set blue', /No nsid specified/],
      ['netns-attach-pid', 'ip netns attach blue web', /Invalid PID/],
    ],
    taken: [
      'mount -t tmpfs none /run; ip netns add blue; ip netns exec blue true; ip netns attach red $$; ip netns set blue 5; ip netns pids blue; ip netns del blue',
      'ip netns identify 1',
    ],
  },
  lsns: {
    refused: [['lsns-type', 'lsns -t mount', /unknown namespace type/]],
    taken: ['lsns -t mnt -n -o NS'],
  },
};

for (const [program, { refused, taken, apart = false }] of Object.entries(programs)) {
  describe(program, { skip: reason(program) }, () => {
    for (const [rule, script, said] of refused) {
      test(`refuses ${script}`, () => {
        assert.deepEqual(errorsIn(script), [`shell/${rule}`]);
        const verdict = apart ? runApart(script) : run(script);
        assert.notEqual(verdict.status, 0);
        assert.match(verdict.said, said);
      });
    }
    for (const script of taken) {
      test(`takes ${script}`, () => {
        assert.deepEqual(errorsIn(script), []);
        const verdict = apart ? runApart(script) : run(script);
        assert.equal(verdict.status, 0, verdict.said);
      });
    }
  });
}

/** Without a daemon or an image: what its command refuses by itself comes before it looks for either. */
const containers: Readonly<Record<string, readonly (readonly [rule: string, options: string, said: RegExp])[]>> = {
  docker: [
    ['container-sysctl-not-namespaced', '--sysctl vm.max_map_count=1', /is not allowed/],
    ['container-namespace-mode', '--pid private', /invalid PID mode/],
    ['container-namespace-mode', '--uts private', /invalid UTS mode/],
    ['container-namespace-mode', '--userns keep-id', /invalid USER mode/],
    ['container-namespace-mode', '--cgroupns none', /invalid CGROUP mode/],
    ['container-network-conflict', '--network host --network-alias x', /only supported for user-defined networks/],
    ['container-network-conflict', '--network-alias x', /only supported for user-defined networks/],
    ['container-two-networks', '--network host --network web', /cannot attach both/],
    ['container-option-of-podman', '--uidmap 0:1:2', /unknown flag/],
  ],
  podman: [
    ['container-sysctl-not-namespaced', '--sysctl vm.max_map_count=1', /is not allowed/],
    ['container-sysctl-not-namespaced', '--sysctl kernel.hostname=a', /is not allowed/],
    ['container-namespace-mode', '--pid other', /unrecognized namespace mode/],
    ['container-namespace-mode', '--userns other', /unrecognized namespace mode/],
    ['container-namespace-mode', '--ipc shared', /unrecognized namespace mode/],
    [
      'container-network-conflict',
      '--network host --network-alias x',
      /only be set when the network mode is bridge|network/,
    ],
    [
      'container-network-conflict',
      '--network none --ip 10.0.0.1',
      /only be set when the network mode is bridge|Bridge mode/,
    ],
    ['container-network-conflict', '--network none --dns 1.1.1.1', /dns and the network mode/],
    ['container-two-networks', '--network host --network web', /cannot set multiple networks/],
    ['container-userns-with-map', '--userns=host --uidmap 0:1:2', /mutually exclusive/],
    ['container-hostname-of-host', '--uts host -h x', /cannot set hostname/],
    ['container-sysctl-of-host', '--network host --sysctl net.ipv4.ip_forward=1', /Network Namespace set to host/],
    ['container-shm-size-ignored', '--ipc host --shm-size 1g', /cannot set shmsize/],
  ],
};

for (const [program, refused] of Object.entries(containers)) {
  describe(program, { skip: reason(program) }, () => {
    for (const [rule, options, said] of refused) {
      test(`refuses ${options}`, () => {
        const script = `${program} create ${options} ${program === 'podman' ? '--rootfs /nonexistent' : 'nonexistent.invalid/x'} true`;
        assert.deepEqual(errorsIn(script), [`shell/${rule}`]);
        const verdict = run(script);
        assert.notEqual(verdict.status, 0);
        assert.match(verdict.said, said);
      });
    }
  });
}

const says = (script: string): string => runApart(`mount -t tmpfs none /run; ${script}`).said.trim();

/** Warnings whose claim can be looked at. */
describe('what is warned of is so', { skip: reason('ip') || reason('unshare') }, () => {
  test('without --fork the second child of unshare --pid cannot be made', () => {
    assert.match(
      run(`unshare --pid sh -c 'true | true; sleep 0; exec 3>&1; (:); (:); echo made'`).said,
      /[Ff]ork|memory/,
    );
  });
  test('without --pid --mount-proc shows the same processes', () => {
    assert.equal(
      run('unshare --mount-proc sh -c "test -e /proc/1/ns && cat /proc/1/comm"').said,
      run('cat /proc/1/comm').said,
    );
  });
  test('a mount of ip netns exec ends with it', () => {
    assert.equal(says('ip netns add a; ip netns exec a mount -t tmpfs none /mnt; grep -c " /mnt " /proc/mounts'), '0');
  });
  test('a sysctl that is not of the network namespace is set for all', () => {
    assert.equal(says('hostname one; ip netns add a; ip netns exec a sysctl -qw kernel.hostname=two; hostname'), 'two');
  });
  test('a deleted name is not found, and one that is there is not taken', () => {
    assert.match(says('ip netns add a; ip netns del a; ip netns exec a true'), /Cannot open network namespace/);
    assert.match(says('ip netns add a; ip netns add a'), /File exists/);
  });
  test('a device that has been moved is not found, and has lost its addresses', () => {
    const moved =
      'ip netns add a; ip link add v0 type veth peer name v1; ip addr add 10.9.9.9/24 dev v0; ip link set v0 netns a';
    assert.match(says(`${moved}; ip link set v0 up`), /Cannot find device/);
    assert.equal(says(`${moved}; ip -n a -o -4 addr show dev v0 | wc -l`), '0');
  });
  test('of two maps the last one counts', () => {
    assert.equal(run('unshare --map-user=1 --map-user=2 id -u').said.trim(), '2');
    assert.equal(run('unshare -c --map-user=2 id -u').said.trim(), '2');
  });
  test('without a map the program is the overflow id without capabilities', () => {
    assert.match(run(`unshare -U sh -c 'id -u; grep CapEff /proc/self/status'`).said, /^65534\nCapEff:\t0{16}$/m);
  });
});
