import { setting, targetOf } from '../../dialects/compose/model.ts';
import type { RuleInfo } from '../../rule.ts';
import {
  engineChecks,
  engineManual,
  serviceRule,
  specification,
  unlessAssumed,
  wordsOf,
  type ServiceRule,
} from './support.ts';

interface Mode {
  readonly info: RuleInfo;
  readonly key: string;
  readonly values: readonly string[];
  /** It may also be `service:` and `container:` with a name. */
  readonly joins: boolean;
  /** Values that Podman takes and Docker Engine does not. */
  readonly podman: RegExp;
  readonly refuses: (value: string) => string;
}

const modes: readonly Mode[] = [
  {
    info: {
      id: 'compose/invalid-pid-mode',
      severity: 'error',
      summary: 'A value of `pid` that the Engine does not know',
      link: engineChecks,
    },
    key: 'pid',
    values: ['host'],
    joins: true,
    podman: /^(?:private|ns:.+)$/,
    refuses: (value) => `Docker Engine refuses \`${value}\` as an invalid PID mode.`,
  },
  {
    info: {
      id: 'compose/invalid-ipc-mode',
      severity: 'error',
      summary: 'A value of `ipc` that the Engine does not know',
      link: engineChecks,
    },
    key: 'ipc',
    values: ['none', 'private', 'shareable', 'host'],
    joins: true,
    podman: /^ns:.+$/,
    refuses: (value) => `Docker Engine refuses \`${value}\` as an invalid IPC mode.`,
  },
  {
    info: {
      id: 'compose/invalid-uts-mode',
      severity: 'error',
      summary: 'A value of `uts` that the Engine does not know',
      link: `${specification}#uts`,
    },
    key: 'uts',
    values: ['host'],
    joins: false,
    podman: /^(?:private|container:.+|ns:.+)$/,
    refuses: (value) => `Docker Engine refuses \`${value}\` as an invalid UTS mode.`,
  },
  {
    info: {
      id: 'compose/invalid-cgroup-mode',
      severity: 'error',
      summary: 'A value of `cgroup` that the Compose command refuses',
      link: `${specification}#cgroup`,
    },
    key: 'cgroup',
    values: ['host', 'private'],
    joins: false,
    podman: /^(?:container:.+|ns:.+)$/,
    refuses: (value) => `The Compose command refuses \`${value}\`, which is no cgroup namespace mode.`,
  },
  {
    info: {
      id: 'compose/invalid-userns-mode',
      severity: 'warning',
      summary: 'A value of `userns_mode` that the Engine ignores',
      link: `${engineManual}#userns`,
    },
    key: 'userns_mode',
    values: ['host'],
    joins: false,
    podman: /^(?:(?:auto|keep-id|nomap|private)(?::.*)?|container:.+|ns:.+)$/,
    refuses: (value) => `Docker Engine knows no user namespace mode \`${value}\` and acts as if nothing were said.`,
  },
];

function modeRule({ info, key, values, joins, podman, refuses }: Mode): ServiceRule {
  const offered = joins ? [...values, 'service:NAME', 'container:NAME'] : values;
  return serviceRule(info, [key], function* (service) {
    const written = setting(service, key);
    if (written === undefined || values.includes(written.text)) return;
    if (joins && targetOf(written) !== undefined) return;
    const { text, span } = written;
    const severity = podman.test(text) ? { severity: 'information' as const } : unlessAssumed(written);
    const message = podman.test(text) ? `Only Podman knows \`${text}\`: ${lower(refuses(text))}` : refuses(text);
    yield { span, message, remedy: `Write ${wordsOf(offered)}, or leave \`${key}\` out.`, ...severity };
  });
}

function lower(sentence: string): string {
  return sentence.startsWith('The ') ? `t${sentence.slice(1)}` : sentence;
}

const emptyTarget = serviceRule(
  {
    id: 'compose/namespace-of-nobody',
    severity: 'error',
    summary: '`service:` or `container:` without a name',
    link: `${specification}#network_mode`,
  },
  ['network_mode', 'pid', 'ipc'],
  function* (service) {
    for (const key of ['network_mode', 'pid', 'ipc']) {
      const written = setting(service, key);
      const target = written && targetOf(written);
      if (written === undefined || target === undefined || target.name !== '') continue;
      yield {
        span: written.span,
        message: `\`${target.kind}:\` does not say whose namespace is to be joined, and is refused.`,
        remedy: `Put the name of a ${target.kind} behind the colon.`,
        ...unlessAssumed(written),
      };
    }
  },
);

const longHostname = serviceRule(
  {
    id: 'compose/hostname-too-long',
    severity: 'error',
    summary: 'A host name of more than 64 bytes',
    link: engineChecks,
  },
  ['hostname'],
  function* (service) {
    const written = setting(service, 'hostname');
    if (written === undefined || new TextEncoder().encode(written.text).length <= 64) return;
    yield {
      span: written.span,
      message: 'Linux allows a host name of at most 64 bytes, and Docker Engine refuses this one.',
      remedy: 'Shorten it; other containers find the service by its name and its aliases anyway.',
      ...unlessAssumed(written),
    };
  },
);

export const structureRules: readonly ServiceRule[] = [...modes.map(modeRule), emptyTarget, longHostname];
