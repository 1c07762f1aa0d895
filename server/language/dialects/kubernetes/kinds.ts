/** Where the built-in kinds hold a pod: the keys that lead from the object to what has `metadata` and `spec` of a pod. */
const kinds: ReadonlyMap<string, { readonly groups: readonly string[]; readonly path: readonly string[] }> = new Map([
  ['Pod', { groups: [''], path: [] }],
  ['PodTemplate', { groups: [''], path: ['template'] }],
  ['ReplicationController', { groups: [''], path: ['spec', 'template'] }],
  ['Deployment', { groups: ['apps', 'extensions'], path: ['spec', 'template'] }],
  ['ReplicaSet', { groups: ['apps', 'extensions'], path: ['spec', 'template'] }],
  ['DaemonSet', { groups: ['apps', 'extensions'], path: ['spec', 'template'] }],
  ['StatefulSet', { groups: ['apps'], path: ['spec', 'template'] }],
  ['Job', { groups: ['batch'], path: ['spec', 'template'] }],
  ['CronJob', { groups: ['batch'], path: ['spec', 'jobTemplate', 'spec', 'template'] }],
]);

/** Undefined for kinds that hold no pod, among them those of the same name in other groups. */
export function templateOf(apiVersion: string, kind: string): readonly string[] | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const known = kinds.get(kind);
  return known?.groups.includes(group) === true ? known.path : undefined;
}

/** Whether the name of one of these kinds stands anywhere: without, no pod is in a document. */
export function mayHoldPod(text: string): boolean {
  return anyKind.test(text);
}

const names = [...kinds.keys()].join('|');
const anyKind = new RegExp(names);
const kindLine = new RegExp(`(?:^|[\\s{,"'-])kind["']?[ \\t]*:[ \\t]*["']?(?:${names}|(?:${names})?List)\\b`, 'm');
const apiVersionLine = /(?:^|[\s{,"'-])apiVersion["']?[ \t]*:/m;
/** Actions of Go's template engine that are lines of their own: the text is not YAML until they are carried out. */
const templateLine = /^[ \t]*\{\{(?!.*\}\}["']?[ \t]*:)/m;

export function looksLikeKubernetes(text: string): boolean {
  return apiVersionLine.test(text) && kindLine.test(text) && !templateLine.test(text);
}
