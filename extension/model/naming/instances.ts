import { displayText } from '../text.ts';
import type { Graph, Namespace } from '../types.ts';
import type { Identity } from './identity.ts';

/** The name under which `create --keep` keeps something, as the holder's command line tells it: `linux-namespaces: NAME TYPE,TYPE`. */
const title = /^linux-namespaces: ([A-Za-z0-9_.-]{1,64}) [a-z,]+$/;

/** Undefined for the command line of anything else. */
export function instanceName(cmdline: string | undefined): string | undefined {
  return title.exec(cmdline ?? '')?.[1];
}

/** The instance whose holder leads a namespace. */
export function instanceLedBy(
  { processes }: Pick<Graph, 'processes'>,
  { leader }: Pick<Namespace, 'leader'>,
): string | undefined {
  return leader === undefined ? undefined : instanceName(processes.get(leader)?.cmdline);
}

/** The name under which `create --keep` and `pin` have mounted something at a path. */
export function instanceOf(path: string): string | undefined {
  return /^\/run\/linux-namespaces\/([A-Za-z0-9_.-]{1,64})\/[a-z]+$/.exec(path)?.[1];
}

/** What the holder, and whatever runs in the instance as its child, is part of. */
export function instanceIdentity(process: {
  readonly pid: number;
  readonly start: number;
  readonly cmdline: string | undefined;
}): Identity | undefined {
  const name = instanceName(process.cmdline);
  if (name === undefined) return undefined;
  return { id: `${instancePrefix}${process.pid}.${process.start}`, kind: 'instance', name, detail: undefined };
}

/** What only mounts under the name still keep. */
export function mountedIdentity(name: string): Identity {
  return {
    id: `${instancePrefix}mount/${name}`,
    kind: 'instance',
    name: displayText(name),
    detail: 'kept by mounts alone',
  };
}

/** Of the ids of workloads that are instances. */
export const instancePrefix = 'instance:';

/** As the process of `pin --holder` tells it: `linux-namespaces: NAME TYPE:ID`. */
const pinTitle = /^linux-namespaces: ([A-Za-z0-9_.-]{1,64}) ([a-z]+):([0-9]{1,10})$/;

/** Undefined for the command line of anything else. `key` is as the title says, whether or not there is such a namespace. */
export function pinHolder(cmdline: string | undefined): { readonly name: string; readonly key: string } | undefined {
  const [, name, type, id] = pinTitle.exec(cmdline ?? '') ?? [];
  return name === undefined ? undefined : { name, key: `${type}:${id}` };
}
