/** The capabilities of the process, which count in the user namespace of the container. */
import type { OciDocument } from '../../dialects/oci/document.ts';
import { itemsOf, textOf, valueAt } from '../../json.ts';
import { capabilityNames } from '../../kernel/capabilities.ts';
import type { Span } from '../../span.ts';
import { configSection, rule, type OciRule } from './kit.ts';
import { manual } from '../../../../extension/model/manual.ts';

/** Capabilities by which one that counts in the initial user namespace reaches the host: capabilities(7). */
const powers = new Map([
  ['CAP_SYS_MODULE', 'loads kernel modules'],
  ['CAP_SYS_RAWIO', 'reads and writes I/O ports and memory of the host'],
  ['CAP_DAC_READ_SEARCH', 'opens any file of a file system by its handle, also outside of the root'],
  ['CAP_SYS_BOOT', 'loads another kernel with kexec, or reboots outside of a pid namespace'],
  ['CAP_SYS_TIME', 'sets the clock of the host'],
  ['CAP_MAC_ADMIN', 'changes the policy of a security module'],
  ['CAP_MAC_OVERRIDE', 'passes over the policy of a security module'],
  ['CAP_BPF', 'loads BPF programs, which see the whole host'],
  ['CAP_PERFMON', 'observes the whole host'],
  ['CAP_SYSLOG', 'reads the kernel log with its addresses'],
]);

const capabilitySets = ['bounding', 'effective', 'inheritable', 'permitted', 'ambient'] as const;
interface Capability {
  readonly name: string;
  readonly span: Span;
}

function capabilities({ root }: OciDocument, set: (typeof capabilitySets)[number]): Capability[] {
  return itemsOf(valueAt(root, 'process', 'capabilities', set)).flatMap((item) => {
    const name = textOf(item);
    return name === undefined ? [] : [{ name, span: item.span }];
  });
}

/** Where a process has it, or else may get it: the first set that says so. */
function held(document: OciDocument, name: string): Capability | undefined {
  return (['effective', 'permitted', 'bounding'] as const)
    .flatMap((set) => capabilities(document, set))
    .find((one) => one.name === name);
}

export const capabilityRules: readonly OciRule[] = [
  rule(
    'sys-admin-in-host-user-namespace',
    'warning',
    'CAP_SYS_ADMIN that counts on the host',
    manual('capabilities', 7),
    function* (document) {
      if (document.root === undefined || document.entryOf.has('user')) return;
      const found = held(document, 'CAP_SYS_ADMIN');
      if (found === undefined) return;
      yield {
        span: found.span,
        message:
          'Without a `user` entry CAP_SYS_ADMIN counts in the user namespace of the host: its holder mounts file systems, joins other namespaces and can leave the container.',
        remedy: 'Take it away, or add a user namespace, where it counts inside only.',
      };
    },
  ),
  rule(
    'powerful-capability',
    'warning',
    'A capability that reaches the host',
    manual('capabilities', 7),
    function* (document) {
      if (document.root === undefined || document.entryOf.has('user')) return;
      for (const [name, says] of powers) {
        const found = held(document, name);
        if (found === undefined) continue;
        yield {
          span: found.span,
          message: `Without a \`user\` entry ${name} counts on the host: its holder ${says}.`,
          remedy: 'Take it away, unless that is meant.',
        };
      }
      const trace = held(document, 'CAP_SYS_PTRACE');
      if (trace === undefined || document.entryOf.has('pid')) return;
      yield {
        span: trace.span,
        message: 'With the pid namespace of the host CAP_SYS_PTRACE lets its holder take over any process there.',
        remedy: 'Take it away, or add a pid namespace.',
      };
    },
  ),
  rule(
    'capability-refused',
    'error',
    'A capability in a set that another set does not allow',
    manual('capset', 2),
    function* (document) {
      if (valueAt(document.root, 'process', 'capabilities')?.kind !== 'object') return;
      const permitted = new Set(capabilities(document, 'permitted').map(({ name }) => name));
      const bounding = new Set(capabilities(document, 'bounding').map(({ name }) => name));
      for (const { name, span } of capabilities(document, 'effective')) {
        if (permitted.has(name) || !capabilityNames.has(name)) continue;
        yield {
          span,
          message: `${name} is effective but not permitted: capset(2) fails with EPERM, and the container does not start.`,
          remedy: 'Add it to `permitted` too, or take it away here.',
        };
      }
      for (const { name, span } of capabilities(document, 'inheritable')) {
        if (bounding.has(name) || !capabilityNames.has(name)) continue;
        yield {
          span,
          message: `${name} is inheritable but not in the bounding set: capset(2) fails with EPERM, and the container does not start.`,
          remedy: 'Add it to `bounding` too, or take it away here.',
        };
      }
    },
  ),
  rule(
    'ambient-capability-without-effect',
    'warning',
    'An ambient capability that is not permitted and inheritable',
    manual('capabilities', 7),
    function* (document) {
      const permitted = new Set(capabilities(document, 'permitted').map(({ name }) => name));
      const inheritable = new Set(capabilities(document, 'inheritable').map(({ name }) => name));
      for (const { name, span } of capabilities(document, 'ambient')) {
        const missing = [!permitted.has(name) && 'permitted', !inheritable.has(name) && 'inheritable'].filter(Boolean);
        if (missing.length === 0 || !capabilityNames.has(name)) continue;
        yield {
          span,
          message: `A capability is ambient only while it is permitted and inheritable, and ${name} is not ${missing.join(' nor ')}: it is not raised.`,
          remedy: `Add it to \`permitted\` and \`inheritable\`.`,
        };
      }
    },
  ),
  rule(
    'unknown-capability',
    'warning',
    'A capability that Linux does not have',
    configSection('linux-process'),
    function* (document) {
      for (const set of capabilitySets) {
        for (const { name, span } of capabilities(document, set)) {
          if (capabilityNames.has(name)) continue;
          const upper = `CAP_${name.toUpperCase().replace(/^CAP_/, '')}`;
          const known = capabilityNames.has(upper);
          yield {
            span,
            message: `Linux has no capability \`${name}\`: runc warns and leaves it out${known ? '' : ', crun refuses the file'}.`,
            remedy: known ? `Write \`${upper}\`.` : 'Remove it.',
            fixes: known ? [{ title: `Write ${upper}`, edits: [{ span, text: `"${upper}"` }] }] : [],
          };
        }
      }
    },
  ),
];
