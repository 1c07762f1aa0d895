/** The half of ids that a failing step was about: uids or gids. */
import type { IdMapping } from '../helper/protocol.ts';
import { mapLine, seen } from './evidence.ts';
import type { Evidence, Situation } from './types.ts';

export interface Side {
  readonly kind: 'uid' | 'gid';
  readonly map: readonly IdMapping[] | undefined;
  /** Ids of the caller's own user namespace, which outside ids are. */
  readonly parent: readonly IdMapping[] | undefined;
  readonly own: number;
  readonly capability: string;
  readonly file: string;
}

/** The half of ids that the step was about. */
export function side({ error, facts, context }: Situation): Side {
  const isGroup = error.step === 'gid_map' || error.step === 'newgidmap' || error.path === '/etc/subgid';
  return isGroup
    ? {
        kind: 'gid',
        map: context.gidMap,
        parent: facts.userns?.gid_map,
        own: facts.gid,
        capability: 'CAP_SETGID',
        file: 'gid_map',
      }
    : {
        kind: 'uid',
        map: context.uidMap,
        parent: facts.userns?.uid_map,
        own: facts.uid,
        capability: 'CAP_SETUID',
        file: 'uid_map',
      };
}

export function lineEvidence(map: readonly IdMapping[], line: number): Evidence {
  const entry = map[line - 1];
  return seen(
    `Line ${line} (inside, outside, count)`,
    entry === undefined ? 'none' : mapLine(entry),
    'what was asked for',
  );
}

/** The one map that needs no capability: a single line of a single id, the writer's own. */
export function isOwnOnly({ map, own }: Side): boolean {
  return map?.length === 1 && map[0]?.count === 1 && map[0].outside === own;
}
