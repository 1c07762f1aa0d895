import { fieldOf, isPlaceholder, shortSpan, textsIn } from '../../dialects/kubernetes/fields.ts';
import type { PodSysctl } from '../../dialects/kubernetes/model.ts';
import { safeSysctls, sysctlNamespace } from '../../dialects/kubernetes/sysctls.ts';
import type { SysctlNamespace } from '../../dialects/kubernetes/sysctls.ts';
import { scalarOf, textOf } from '../../yaml.ts';
import { containerRule, links, podRule, quoted, replacement } from './support.ts';

/** SysctlContainSlashFmt of the API server. */
const validName = /^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/;
const longestName = 253;

/** Older ones need not be mentioned: no release that is still maintained lacks them. */
const recent = ['1.29', '1.32', '1.37'];

const names: Readonly<Record<SysctlNamespace, string>> = { net: 'network', ipc: 'IPC', uts: 'UTS', user: 'user' };

function isRead({ name }: PodSysctl): boolean {
  return name !== '' && !isPlaceholder(name);
}

function isValid({ name }: PodSysctl): boolean {
  return name.length <= longestName && validName.test(name);
}

const nameInvalid = podRule({
  id: 'kubernetes/sysctl-name-invalid',
  severity: 'error',
  summary: 'The name of a sysctl is not one',
  link: links.sysctls,
  about: ['sysctls'],
  *check({ sysctls }) {
    for (const sysctl of sysctls) {
      if (!isRead(sysctl) || isValid(sysctl)) continue;
      yield {
        span: sysctl.nameSpan,
        message: `The API server refuses the sysctl name ${quoted(sysctl.name)}: it takes at most 253 characters, words of a–z, 0–9, \`-\` and \`_\` separated by \`.\` or \`/\`.`,
        remedy: 'Write the name as sysctl(8) prints it, without its value.',
      };
    }
  },
});

const twice = podRule({
  id: 'kubernetes/sysctl-twice',
  severity: 'error',
  summary: 'A sysctl is set twice',
  link: links.sysctls,
  about: ['sysctls'],
  *check({ sysctls }) {
    const seen = new Map<string, PodSysctl>();
    for (const sysctl of sysctls) {
      if (!isRead(sysctl)) continue;
      const first = seen.get(sysctl.key);
      if (first === undefined) {
        seen.set(sysctl.key, sysctl);
        continue;
      }
      const same = first.name === sysctl.name;
      yield {
        span: sysctl.nameSpan,
        message: same
          ? `The API server refuses the sysctl ${quoted(sysctl.name)} a second time.`
          : `${quoted(sysctl.name)} and ${quoted(first.name)} are the same sysctl: which of the two values counts is not defined.`,
        remedy: 'Remove one of the two.',
        severity: same ? 'error' : 'warning',
        related: [{ span: first.nameSpan, message: 'It is set here first.' }],
      };
    }
  },
});

const valueNotText = podRule({
  id: 'kubernetes/sysctl-value-not-text',
  severity: 'error',
  summary: 'The value of a sysctl is a number, where the API takes a text',
  link: links.sysctls,
  about: ['sysctls'],
  *check({ sysctls }) {
    for (const { value } of sysctls) {
      const scalar = scalarOf(value);
      if (scalar?.style !== 'plain' || value === undefined || scalar.tag !== undefined) continue;
      // Numbers and booleans of YAML 1.1, which the API machinery reads.
      if (
        !/^(?:[-+]?(?:\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|0x[\da-fA-F]+|0o[0-7]+)|true|false|yes|no|on|off)$/i.test(
          scalar.value,
        )
      )
        continue;
      yield {
        span: value.span,
        message: 'The API server refuses a number or boolean as the value of a sysctl: it takes a text.',
        remedy: 'Put the value in quotes.',
        fixes: [replacement('Put the value in quotes', scalar.span, `"${scalar.value}"`)],
      };
    }
  },
});

const ofNode = podRule({
  id: 'kubernetes/sysctl-not-namespaced',
  severity: 'error',
  summary: 'A sysctl belongs to no namespace, so that a pod cannot have its own value',
  link: links.sysctls,
  about: ['sysctls'],
  *check({ sysctls, windows }) {
    if (windows) return;
    for (const sysctl of sysctls) {
      if (!isRead(sysctl) || !isValid(sysctl) || sysctlNamespace(sysctl.key) !== undefined) continue;
      yield {
        span: sysctl.nameSpan,
        message: `${quoted(sysctl.key)} belongs to the node, not to a namespace: every kubelet refuses the pod (SysctlForbidden), and none can be told to allow it.`,
        remedy: "Set it in the node's own configuration.",
      };
    }
  },
});

const ofHostNamespace = podRule({
  id: 'kubernetes/sysctl-of-host-namespace',
  severity: 'error',
  summary: 'A sysctl of a namespace that the pod shares with the node',
  link: links.sysctls,
  about: ['sysctls'],
  *check({ sysctls, hostNetwork, hostIpc }) {
    for (const { key, nameSpan } of sysctls) {
      const namespace = sysctlNamespace(key);
      const [name, flag] = namespace === 'net' ? ['hostNetwork', hostNetwork] : ['hostIPC', hostIpc];
      if ((namespace !== 'net' && namespace !== 'ipc') || flag.value !== true || flag.span === undefined) continue;
      yield {
        span: nameSpan,
        message: `${quoted(key)} would change the ${names[namespace]} namespace of the node, in which the pod is: the kubelet refuses the pod, and newer API servers the object.`,
        remedy: `Remove the sysctl, or ${quoted(`${name}: true`)}.`,
        related: [{ span: flag.span, message: `${name} is set here.` }],
      };
    }
  },
});

const unsafe = podRule({
  id: 'kubernetes/sysctl-unsafe',
  severity: 'warning',
  summary: 'A sysctl that kubelets allow only where they are told to',
  link: links.safeSysctls,
  about: ['sysctls'],
  *check({ sysctls, hostNetwork, hostIpc }) {
    for (const sysctl of sysctls) {
      if (!isRead(sysctl) || safeSysctls.has(sysctl.key)) continue;
      const namespace = sysctlNamespace(sysctl.key);
      const shared =
        (namespace === 'net' && hostNetwork.value === true) || (namespace === 'ipc' && hostIpc.value === true);
      if (namespace === undefined || shared) continue;
      yield {
        span: sysctl.nameSpan,
        message: `${quoted(sysctl.key)} is not among the safe sysctls: a kubelet refuses the pod (SysctlForbidden) unless \`--allowed-unsafe-sysctls\` lists it, and the Baseline pod security standard refuses it too.`,
        remedy: "Allow it on the nodes that run the pod with the kubelet's `allowedUnsafeSysctls`.",
      };
    }
  },
});

const safeSince = podRule({
  id: 'kubernetes/sysctl-safe-since',
  severity: 'hint',
  summary: 'A sysctl is safe from a certain release of Kubernetes on',
  link: links.safeSysctls,
  about: ['sysctls'],
  *check({ sysctls, hostNetwork }) {
    for (const { key, nameSpan } of sysctls) {
      const known = safeSysctls.get(key);
      if (known?.kubernetes === undefined || !recent.includes(known.kubernetes) || hostNetwork.value === true) continue;
      const kernel = known.linux === undefined ? '' : ` and a kernel of ${known.linux} or newer`;
      yield {
        span: nameSpan,
        message: `${quoted(key)} is a safe sysctl from Kubernetes ${known.kubernetes} on, which it needs${kernel}: older kubelets refuse the pod unless they are told to allow it.`,
      };
    }
  },
});

const command = /(?:^|[\s;&|/])sysctl(?:[ \t]+-\w+)*[ \t]+["']?([a-z][\w./-]*)[ \t]*=/;

const byCommand = containerRule({
  id: 'kubernetes/sysctl-by-command',
  severity: 'information',
  summary: 'A privileged container sets a sysctl with a command',
  link: links.sysctls,
  about: ['privileged'],
  *check({ node, securityContext }, { hostNetwork, sysctls }) {
    if (textOf(fieldOf(securityContext, 'privileged')?.value) !== 'true') return;
    for (const key of ['command', 'args']) {
      const entry = fieldOf(node, key);
      const words = textsIn(node, key)
        .map(({ text }) => text)
        .join(' ');
      const name = command.exec(words.slice(0, 4000))?.[1];
      if (entry === undefined || name === undefined) continue;
      const namespace = sysctlNamespace(name);
      const own = namespace === 'net' && hostNetwork.value === false && !sysctls.some((sysctl) => sysctl.key === name);
      yield {
        span: shortSpan(entry),
        message: own
          ? `The container is privileged to set ${quoted(name)} in the pod's network namespace, which needs no privilege as a sysctl of the pod.`
          : `The command sets ${quoted(name)}, ${namespace === undefined ? 'which belongs to no namespace: it changes' : 'which may change'} the whole node.`,
        remedy: own
          ? 'Put it into `securityContext.sysctls` of the pod.'
          : "Set it in the node's own configuration, or say so where the pod is described.",
      };
    }
  },
});

export const sysctlRules = [nameInvalid, twice, valueNotText, ofNode, ofHostNamespace, unsafe, safeSince, byCommand];
