/**
 * Lets the collector wait for writes under way. A record is appended before the row that names it, so a pack may
 * hold records of rows that are still to come: after `seal`, `settle` waits until each such write has its row or has
 * failed. Of one process; not a lock: it never delays a write.
 */

/** Counts writes of the form "append, then row". */
export interface Gate {
  /** Runs a write; it counts from now until it settles. */
  run<T>(write: () => Promise<T>): Promise<T>;
  /** Resolves when all writes that run now have settled; later ones are not waited for. */
  settle(): Promise<void>;
}

/** A gate with nothing under way. */
export function createGate(): Gate {
  const underWay = new Set<Promise<unknown>>();
  return {
    async run(write) {
      const running = write();
      underWay.add(running);
      try {
        return await running;
      } finally {
        underWay.delete(running);
      }
    },
    async settle() {
      await Promise.allSettled(underWay);
    },
  };
}
