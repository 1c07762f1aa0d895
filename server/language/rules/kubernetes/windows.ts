import { fieldOf, flagOf, shortSpan, textField } from '../../dialects/kubernetes/fields.ts';
import type { Pod } from '../../dialects/kubernetes/model.ts';
import type { Finding } from '../../rule.ts';
import { booleanOf, textOf, valueAt, valueOf } from '../../yaml.ts';
import type { YamlMap } from '../../yaml.ts';
import { links, podRule, quoted } from './support.ts';

/** validateWindows of the API server. */
const linuxOnly = {
  spec: ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'],
  pod: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'fsGroup',
    'fsGroupChangePolicy',
    'sysctls',
    'runAsUser',
    'runAsGroup',
    'supplementalGroups',
    'supplementalGroupsPolicy',
  ],
  container: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'capabilities',
    'readOnlyRootFilesystem',
    'privileged',
    'allowPrivilegeEscalation',
    'procMount',
    'runAsUser',
    'runAsGroup',
  ],
};

function* present(part: YamlMap | undefined, keys: readonly string[]): Iterable<Finding> {
  for (const key of keys) {
    const entry = fieldOf(part, key);
    if (entry === undefined) continue;
    // The internal form has no difference between these being false and absent.
    if (/^host(?:PID|IPC)$/.test(key) && booleanOf(entry.value) !== true) continue;
    yield {
      span: shortSpan(entry),
      message: `The API server refuses ${quoted(key)} in a pod with \`os.name: windows\`, which has no Linux namespaces, users or capabilities.`,
      remedy: 'Remove it.',
    };
  }
}

const linuxInWindows = podRule({
  id: 'kubernetes/linux-field-for-windows',
  severity: 'error',
  summary: 'A field about Linux namespaces, users or privileges in a Windows pod',
  link: links.podOs,
  about: ['os'],
  *check({ spec, securityContext, containers }) {
    if (textOf(valueAt(spec, 'os', 'name')) !== 'windows') return;
    yield* present(spec, linuxOnly.spec);
    yield* present(securityContext, linuxOnly.pod);
    for (const container of containers) yield* present(container.securityContext, linuxOnly.container);
  },
});

function contexts({ securityContext, containers }: Pod): readonly (YamlMap | undefined)[] {
  return [securityContext, ...containers.map((container) => container.securityContext)];
}

const windowsInLinux = podRule({
  id: 'kubernetes/windows-options-for-linux',
  severity: 'error',
  summary: 'Windows options in a pod for Linux',
  link: links.podOs,
  about: ['windowsOptions'],
  *check(pod) {
    if (textOf(valueAt(pod.spec, 'os', 'name')) !== 'linux') return;
    for (const context of contexts(pod)) {
      const entry = fieldOf(context, 'windowsOptions');
      if (entry === undefined) continue;
      yield {
        span: entry.keySpan,
        message: 'The API server refuses `windowsOptions` in a pod with `os.name: linux`.',
        remedy: 'Remove it.',
      };
    }
  },
});

const hostProcess = podRule({
  id: 'kubernetes/host-process-without-host-network',
  severity: 'error',
  summary: 'A Windows HostProcess container in a pod without the host network',
  link: links.hostProcess,
  about: ['windowsOptions'],
  *check(pod) {
    if (pod.hostNetwork.value !== false || !pod.complete) return;
    for (const context of contexts(pod)) {
      const { value, span } = flagOf(valueOf(context, 'windowsOptions'), 'hostProcess');
      if (value !== true || span === undefined) continue;
      yield {
        span,
        message: 'The API server refuses HostProcess containers in a pod without `hostNetwork: true`.',
        remedy: 'Add `hostNetwork: true` to the spec of the pod.',
      };
      return;
    }
  },
});

const hostProcessMixed = podRule({
  id: 'kubernetes/host-process-mixed',
  severity: 'error',
  summary: 'Only some containers of a pod are HostProcess containers',
  link: links.hostProcess,
  about: ['windowsOptions'],
  *check({ securityContext, containers }) {
    const flags = containers.map((container) => {
      const own = flagOf(valueOf(container.securityContext, 'windowsOptions'), 'hostProcess');
      const ofPod = flagOf(valueOf(securityContext, 'windowsOptions'), 'hostProcess');
      return { container, value: own.span === undefined ? ofPod.value : own.value, span: own.span };
    });
    const asked = flagOf(valueOf(securityContext, 'windowsOptions'), 'hostProcess').value === true;
    if (!asked && !flags.some(({ value }) => value === true)) return;
    for (const { container, value, span } of flags) {
      if (value !== false) continue;
      yield {
        span: span ?? container.span,
        message: 'The API server refuses a pod in which some are HostProcess containers and others are not.',
        remedy: 'Make all of them HostProcess containers, by `securityContext.windowsOptions` of the pod.',
      };
    }
  },
});

const osUnknown = podRule({
  id: 'kubernetes/os-unknown',
  severity: 'error',
  summary: 'os.name is neither linux nor windows',
  link: links.podOs,
  about: ['os'],
  *check({ spec }) {
    const field = textField(valueOf(spec, 'os'), 'name');
    if (field === undefined || /^(?:linux|windows)$/.test(field.text)) return;
    yield {
      span: field.valueSpan,
      message: 'The API server refuses this operating system: it knows `linux` and `windows`, in lower case.',
      remedy: 'Write `linux` or `windows`, or leave `os` out.',
    };
  },
});

export const windowsRules = [linuxInWindows, windowsInLinux, hostProcess, hostProcessMixed, osUnknown];
