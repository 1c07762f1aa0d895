import type { Declared } from '../../declared.ts';
import type { Span } from '../../span.ts';
import type { YamlDocument, YamlMap, YamlNode } from '../../yaml.ts';

/** The objects of a manifest that hold a pod: the pod itself, or the template that a controller makes pods from. */
export interface KubernetesDocument extends Declared {
  readonly documents: readonly YamlDocument[];
  readonly pods: readonly Pod[];
}

export interface Pod {
  /** Of the object that it is part of, such as `Deployment`. */
  readonly kind: string;
  readonly name: string | undefined;
  /** The Kubernetes namespace that the object names. */
  readonly kubernetesNamespace: string | undefined;
  readonly nameSpan: Span;
  /** Maps in which a controller's own settings stand, beside the template. */
  readonly around: readonly YamlMap[];
  readonly metadata: YamlMap | undefined;
  readonly spec: YamlMap;
  readonly securityContext: YamlMap | undefined;
  readonly containers: readonly Container[];
  /**
   * Every container has an image, so that this is all of the pod: a patch for Kustomize and the like says only a part,
   * and what it does not say tells nothing.
   */
  readonly complete: boolean;
  readonly hostNetwork: Flag;
  readonly hostPid: Flag;
  readonly hostIpc: Flag;
  /** True where it is absent. */
  readonly hostUsers: Flag;
  readonly shareProcessNamespace: Flag;
  readonly setHostnameAsFqdn: Flag;
  /** By `os.name` or because it has HostProcess containers, which Linux has not. */
  readonly windows: boolean;
  readonly sysctls: readonly PodSysctl[];
  readonly volumes: ReadonlyMap<string, Volume>;
}

export interface Container {
  readonly list: ContainerList;
  readonly name: string | undefined;
  /** Its name, or else where it begins. */
  readonly span: Span;
  readonly node: YamlMap;
  readonly securityContext: YamlMap | undefined;
  readonly mounts: readonly Mount[];
}

export const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;
export type ContainerList = (typeof containerLists)[number];

/** A boolean field. `unknown` is what cannot be read, such as a placeholder of a template engine. */
export interface Flag {
  readonly value: boolean | 'unknown';
  /** The key and its value; undefined where it is absent. */
  readonly span: Span | undefined;
  readonly valueSpan: Span | undefined;
}

export interface PodSysctl {
  /** As written, and with dots where the first separator is a slash. */
  readonly name: string;
  readonly key: string;
  readonly nameSpan: Span;
  readonly value: YamlNode | undefined;
}

export interface Volume {
  readonly name: string;
  readonly node: YamlMap;
}

export interface Mount {
  readonly node: YamlMap;
  readonly volume: string | undefined;
  readonly span: Span;
  readonly readOnly: Flag;
}
