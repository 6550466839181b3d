/**
 * Runs steps of one key one after another, of different keys side by side. Of one process: between processes the
 * stores' conditional writes decide.
 */

/** A queue per key. */
export interface Queue {
  run<T>(key: string, step: () => Promise<T>): Promise<T>;
  /** Steps that wait or are under way. */
  steps(): number;
}

/** Empty queues. Memory: the keys that have a step under way. */
export function createQueue(): Queue {
  const tails = new Map<string, Promise<unknown>>();
  let steps = 0;
  return {
    async run(key, step) {
      steps++;
      const before = tails.get(key) ?? Promise.resolve();
      const running = before.then(step, step);
      // The tail never rejects: a failed step must not fail the next one.
      const tail = running.catch(() => undefined);
      tails.set(key, tail);
      try {
        return await running;
      } finally {
        steps--;
        if (tails.get(key) === tail) tails.delete(key);
      }
    },
    steps: () => steps,
  };
}
