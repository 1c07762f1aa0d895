/** Ubuntu's restriction of user namespaces by AppArmor, in its kernels from 23.10 on. */
import type { FactsRecord } from '../helper/protocol.ts';

/**
 * `inside`: the caller already is in the profile that takes capabilities away. `outside`: it will be when it makes a user
 * namespace. Undefined where the restriction is off, does not concern this caller, or is not known.
 */
export function isRestrictedByApparmor(facts: FactsRecord): 'inside' | 'outside' | undefined {
  const { restrictions, capabilities, userns } = facts;
  const context = String(restrictions['context'] ?? '').trim();
  if (/^unprivileged_userns(?: |$|\/)/.test(context) || context.includes('//&unprivileged_userns')) return 'inside';
  if (restrictions['apparmor_restrict_unprivileged_userns'] !== 1) return undefined;
  // CAP_SYS_ADMIN in the initial user namespace is the exception that the kernel makes.
  if (capabilities.includes('CAP_SYS_ADMIN') && userns?.initial !== false) return undefined;
  // A profile of its own decides by its own rules, "name (unconfined)" among them.
  return context === '' || context === 'unconfined' ? 'outside' : undefined;
}

/** A name that means only itself in a profile: AppArmor gives `* ? [ ] { } ^ @ "` and more a meaning. */
const plainPath = /^\/[\w./+-]+$/;

/** Profile that lets one program make user namespaces and restricts it in nothing else; undefined for a path it cannot name. */
export function apparmorProfile(program: string): string | undefined {
  if (!plainPath.test(program) || program.includes('/../')) return undefined;
  const name = program.slice(program.lastIndexOf('/') + 1);
  return [
    'abi <abi/4.0>,',
    'include <tunables/global>',
    '',
    `profile ${name}-userns ${program} flags=(unconfined) {`,
    '  userns,',
    `  include if exists <local/${name}-userns>`,
    '}',
    '',
  ].join('\n');
}

/** Where no other is named: a root-owned place, since a profile for a file that its user can change would let any program in. */
const rootOwnedHelper = '/usr/local/bin/nshelper';

export interface ApparmorAdvice {
  readonly remedy: string;
  /** The profile. */
  readonly snippet: string;
}

export function apparmorAdvice(program: string = rootOwnedHelper): ApparmorAdvice {
  const named = apparmorProfile(program) === undefined ? rootOwnedHelper : program;
  return {
    remedy: [
      'An administrator allows this one program, rather than switching the restriction off for all by kernel.apparmor_restrict_unprivileged_userns.',
      `The profile is for ${named}, which has to be a place that only root can write to; it becomes a file in /etc/apparmor.d/, and "apparmor_parser -r FILE" loads it.`,
      'Or connect with sudo: root is not restricted.',
    ].join(' '),
    snippet: apparmorProfile(named) ?? '',
  };
}
