import type { WorkloadKind } from '../types.ts';

/** What something a person started is, as told by one piece of evidence. */
export interface Identity {
  /** Stable while the workload lives, and the same from every process of it. */
  readonly id: string;
  readonly kind: WorkloadKind;
  /** Fit to show. */
  readonly name: string;
  /** Full container id, unit name or the like, where it differs from the name; fit to show. */
  readonly detail: string | undefined;
  /** It says little: whatever a person does in a login session is in its unit. */
  readonly weak?: boolean;
}
