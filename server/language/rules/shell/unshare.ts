import { lacks, literalValue, option } from '../../dialects/shell/invocation.ts';
import {
  addAfter,
  forking,
  makesMount,
  makesUser,
  namespaceOptions,
  onlyTells,
  optionRule,
  remove,
  unshareManual as link,
  type ShellRule,
} from './rule.ts';

const shells = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'fish']);
export const showsProcesses = new Set(['ps', 'top', 'htop', 'pgrep', 'pidof', 'pstree', 'pkill', 'killall', 'lsns']);

/** What namespaces unshare(1) makes, and what it does with them. */
export const unshareRules: readonly ShellRule[] = [
  optionRule(
    ['unshare'],
    { id: 'shell/unshare-pid-without-fork', severity: 'warning', summary: 'unshare --pid without --fork', link },
    (invocation) => {
      const pid = option(invocation, 'pid');
      if (pid === undefined || pid.value !== undefined || !lacks(invocation, ...forking)) return undefined;
      return {
        span: pid.key,
        message:
          'Without --fork the program itself stays in the old pid namespace: its first child becomes process 1 of the new one, and once that has ended no further process can be made.',
        remedy: 'Add --fork.',
        ...addAfter('Add --fork', pid, '--fork', 'f'),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-persistent-pid-without-fork',
      severity: 'error',
      summary: 'unshare --pid=FILE without --fork',
      link,
    },
    (invocation) => {
      const pid = option(invocation, 'pid');
      if (pid?.value === undefined || !lacks(invocation, ...forking)) return undefined;
      return {
        span: pid.whole ?? pid.key,
        message:
          'unshare cannot bind the new pid namespace to a file without --fork: it is not there before its first process is.',
        remedy: 'Add --fork.',
        ...addAfter('Add --fork', pid, '--fork'),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-pid-without-mount-proc',
      severity: 'information',
      summary: 'A new pid namespace, and the old /proc',
      link,
    },
    (invocation) => {
      const pid = option(invocation, 'pid');
      if (pid === undefined || lacks(invocation, ...forking)) return undefined;
      if (!lacks(invocation, 'mount-proc', 'mount-binfmt', 'load-interp', 'root', 'help', 'version')) return undefined;
      const shown = readsProc(invocation.operands.map(({ text, literal }) => (literal ? text : undefined)));
      if (shown === undefined) return undefined;
      return {
        span: pid.key,
        severity: shown,
        message: 'Without --mount-proc /proc still shows the processes of the old pid namespace, by their ids there.',
        remedy: 'Add --mount-proc.',
        ...addAfter('Add --mount-proc', pid, '--mount-proc'),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-mount-proc-without-pid',
      severity: 'information',
      summary: 'unshare --mount-proc without a new pid namespace',
      link,
    },
    (invocation) => {
      const proc = option(invocation, 'mount-proc');
      if (proc === undefined) return undefined;
      const inside = !lacks(invocation, 'pid') && !lacks(invocation, ...forking);
      if (inside) return undefined;
      if (makesUser(invocation) && !invocation.open) {
        return {
          span: proc.key,
          severity: 'error',
          message:
            'The kernel refuses this mount with EPERM: proc may be mounted only by who has CAP_SYS_ADMIN in the user namespace that owns the pid namespace, and the program is still in one that the new user namespace does not own.',
          remedy: 'Add --pid and --fork.',
        };
      }
      if (!lacks(invocation, 'pid')) return undefined;
      return {
        span: proc.key,
        message: 'Without --pid the new proc mount shows the same processes as the old one.',
        remedy: 'Add --pid and --fork, or leave out --mount-proc.',
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-time-offset-without-time',
      severity: 'error',
      summary: 'Clock offsets without a new time namespace',
      link,
    },
    (invocation) => {
      const offset = option(invocation, 'monotonic', 'boottime');
      if (offset === undefined || !lacks(invocation, 'time')) return undefined;
      return {
        span: offset.key,
        message: `unshare refuses --${offset.name} without --time.`,
        remedy: 'Add --time.',
        ...addAfter('Add --time', offset, '--time'),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-time-without-offset',
      severity: 'hint',
      summary: 'A new time namespace whose clocks are those of the old one',
      link: 'https://man7.org/linux/man-pages/man7/time_namespaces.7.html',
    },
    (invocation) => {
      const time = option(invocation, 'time');
      if (time === undefined || time.value !== undefined || !lacks(invocation, 'monotonic', 'boottime'))
        return undefined;
      return {
        span: time.key,
        message: 'Without --monotonic or --boottime the clocks of the new time namespace show what the old ones do.',
        remedy: 'Give an offset: it cannot be set once a process is in the namespace.',
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-propagation-ignored',
      severity: 'warning',
      summary: 'unshare --propagation without a new mount namespace',
      link,
    },
    (invocation) => {
      const propagation = option(invocation, 'propagation');
      if (propagation === undefined || makesMount(invocation) || invocation.open) return undefined;
      return {
        span: propagation.whole ?? propagation.key,
        message: 'unshare ignores --propagation when it makes no mount namespace.',
        remedy: 'Add --mount, or leave out --propagation.',
        ...addAfter('Add --mount', propagation, '--mount'),
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-propagation-shared',
      severity: 'information',
      summary: 'Mounts of the new mount namespace reach the old one',
      link,
    },
    (invocation) => {
      const propagation = option(invocation, 'propagation');
      if (literalValue(propagation) !== 'shared' || !makesMount(invocation)) return undefined;
      return {
        span: propagation?.value?.span ?? invocation.program.span,
        message:
          'Mounts that are shared in the old mount namespace, as systemd makes them all, stay in the same peer group: what is mounted beneath them in the new one appears in the old one as well.',
        remedy: 'Take slave to receive mounts only, or private for neither.',
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-nothing',
      severity: 'warning',
      summary: 'unshare without an option for a namespace',
      link,
    },
    (invocation) => {
      if (invocation.open || onlyTells(invocation)) return undefined;
      if (namespaceOptions(invocation).length > 0 || makesUser(invocation) || makesMount(invocation)) return undefined;
      return {
        span: invocation.program.span,
        message: 'unshare makes no namespace here: it runs the program in those that it has itself.',
        remedy: 'Add the options of the namespaces that are meant, such as --mount.',
      };
    },
  ),
  optionRule(
    ['unshare'],
    {
      id: 'shell/unshare-keep-caps-without-user',
      severity: 'warning',
      summary: 'unshare --keep-caps without a new user namespace',
      link,
    },
    (invocation) => {
      const keep = option(invocation, 'keep-caps');
      if (keep === undefined || makesUser(invocation) || invocation.open) return undefined;
      return {
        span: keep.key,
        message: '--keep-caps does nothing without a new user namespace.',
        remedy: 'Add --user, or leave it out.',
        ...remove('Remove --keep-caps', keep),
      };
    },
  ),
];

/** How much a program shows of /proc: undefined where it may mount its own, or is not known. */
function readsProc(words: readonly (string | undefined)[]): 'warning' | 'information' | undefined {
  const [program, ...rest] = words;
  if (words.length === 0) return 'information';
  const name = program?.slice(program.lastIndexOf('/') + 1) ?? '';
  if (showsProcesses.has(name)) return 'warning';
  if (!shells.has(name) || rest.includes(undefined)) return undefined;
  const script = rest.find((word) => word?.startsWith('-') !== true);
  if (script === undefined) return 'information';
  const given = rest.some((word) => /^-\w*c$/.test(word ?? ''));
  return given && /\b(?:ps|top|pgrep)\b|\/proc\b/.test(script) && !/mount|chroot|pivot|[./]\w+\.sh/.test(script)
    ? 'warning'
    : undefined;
}
