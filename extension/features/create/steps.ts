/** Questions one after the other, with a way back. */

export type Outcome = 'next' | 'back' | 'cancel';

/** From 1; how many there are may change with what was answered. */
export interface Position {
  readonly step: number;
  readonly totalSteps: number;
}

/** Asks one thing and puts the answer into the state, where it finds it again when the person comes back. */
export type Step<S> = (state: S, position: Position) => Promise<Outcome>;

/** False when the person gave up. `steps` is asked again after each answer, on which the rest may depend. */
export async function runSteps<S>(state: S, steps: (state: S) => readonly Step<S>[]): Promise<boolean> {
  for (let index = 0; ;) {
    const list = steps(state);
    const step = list[index];
    if (step === undefined) return true;
    // One question after the other.
    // oxlint-disable-next-line no-await-in-loop
    const outcome = await step(state, { step: index + 1, totalSteps: list.length });
    if (outcome === 'cancel') return false;
    index = outcome === 'back' ? Math.max(0, index - 1) : index + 1;
  }
}
