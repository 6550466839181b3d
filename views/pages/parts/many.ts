/**
 * The same step for many things: a few at a time, every one tried, failures gathered beside what was done. Pure but for the steps.
 */

/** What became of each. */
export interface ManyOutcome<T> {
  readonly done: readonly T[];
  readonly failed: readonly T[];
  /** Why the first one failed that did. */
  readonly firstError: unknown;
}

/** Carries the step out for each; `isEnd` says of an error that the rest need not be tried. Never fails. */
export async function each<T>(
  things: readonly T[],
  step: (thing: T) => Promise<void>,
  { atOnce, onDone, isEnd }: { readonly atOnce: number; readonly onDone?: (done: number) => void; readonly isEnd?: (thrown: unknown) => boolean },
): Promise<ManyOutcome<T>> {
  const done: T[] = [];
  const errors = new Map<T, unknown>();
  const state = { next: 0, isEnded: false };
  const run = async (): Promise<void> => {
    while (!state.isEnded) {
      const at = state.next++;
      if (at >= things.length) return;
      // The index is below the length.
      const thing = things[at] as T;
      try {
        await step(thing);
        done.push(thing);
      } catch (thrown) {
        errors.set(thing, thrown);
        state.isEnded = isEnd?.(thrown) === true;
      }
      onDone?.(done.length + errors.size);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, things.length) }, run));
  const isDone = new Set(done);
  return { done, failed: things.filter((thing) => !isDone.has(thing)), firstError: [...errors.values()][0] };
}
