/** Evidence in one form, whatever rule shows it. */
import type { FactsRecord, IdMapping, NamespaceType } from '../helper/protocol.ts';
import { displayText } from '../model/text.ts';
import { figure } from '../model/plain-words.ts';
import type { Evidence, Situation } from './types.ts';

export function seen(what: string, value: string | number | boolean, source: string): Evidence {
  return { what, value: displayText(String(value), 400), source };
}

export function stepEvidence({ error }: Situation): Evidence {
  const parts = [
    `${error.step}: ${error.errno}`,
    error.path === undefined ? undefined : `on ${error.path}`,
    error.detail === undefined ? undefined : `(${error.detail})`,
  ];
  return seen('What failed', parts.filter((part) => part !== undefined).join(' '), 'the helper');
}

export function kernelEvidence({ facts }: Situation): Evidence {
  return seen('Kernel', facts.kernel, 'uname(2)');
}

const restrictionFiles: Readonly<Record<string, string>> = {
  unprivileged_userns_clone: '/proc/sys/kernel/unprivileged_userns_clone',
  apparmor_restrict_unprivileged_userns: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
  yama_ptrace_scope: '/proc/sys/kernel/yama/ptrace_scope',
  selinux_enforce: '/sys/fs/selinux/enforce',
  lsm: '/sys/kernel/security/lsm',
  context: '/proc/self/attr/current',
  seccomp: '/proc/self/status, Seccomp',
  seccomp_filters: '/proc/self/status, Seccomp_filters',
  no_new_privs: '/proc/self/status, NoNewPrivs',
  chroot: '/proc/self/mountinfo, or /proc/1/root against /',
  container: '/run/systemd/container',
  container_mark: 'the root directory',
  container_variable: 'the environment variable "container"',
  unconfined_restrictions_userns: '/sys/kernel/security/apparmor/features/policy/unconfined_restrictions/userns',
};

/** Evidence for what `facts.restrictions` say; none where they say nothing. */
export function restriction(facts: FactsRecord, name: string, what: string): readonly Evidence[] {
  const value = facts.restrictions[name];
  return value === undefined ? [] : [seen(what, value, restrictionFiles[name] ?? 'the helper')];
}

export function limitName(type: NamespaceType): string {
  return `max_${type}_namespaces`;
}

export function capabilityEvidence({ facts }: Situation, capability: string): readonly Evidence[] {
  const effective = seen(
    `${capability} is effective`,
    facts.capabilities.includes(capability) ? 'yes' : 'no',
    '/proc/self/status, CapEff',
  );
  if (facts.bounding === undefined) return [effective];
  const bounding = facts.bounding.includes(capability) ? 'yes' : 'no';
  return [effective, seen(`${capability} can be gained`, bounding, '/proc/self/status, CapBnd')];
}

/** Marks by which a container tells those inside that it is one. */
export function containerEvidence({ facts }: Situation): readonly Evidence[] {
  return [
    ...restriction(facts, 'container', 'Inside a container'),
    ...restriction(facts, 'container_mark', 'Inside a container'),
    ...restriction(facts, 'container_variable', 'Inside a container'),
  ];
}

/** `0 100000 65536`, the form of uid_map. */
export function mapLine({ inside, outside, count }: IdMapping): string {
  return `${inside} ${outside} ${count}`;
}

export function range(start: number, count: number): string {
  return count === 1 ? String(start) : `${start} to ${start + count - 1} (${figure(count)} ids)`;
}
