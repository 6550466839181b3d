/**
 * The gate of a store that one process serves. It lets the collector wait for writes under way: a record is appended before the
 * row that names it, so a pack may hold records of rows that are still to come. After `seal`, `settle` waits until each such write
 * has its row or has failed.
 */
import type { Gate } from '../ports/gate.js';
import type { Meter } from '../ports/meter.js';
import { createQueue } from './queue.js';

/** Names of one process are lost with it alone. */
const neverLost = { aborted: false };

/** A gate with nothing under way. `mayDrop` asks whether a backup, which is another process, copies packs. */
export function createGate(meter?: Meter, mayDrop: Gate['mayDrop'] = () => Promise.resolve(true)): Gate {
  const underWay = new Set<Promise<unknown>>();
  const names = new Set<string>();
  const queue = createQueue();
  meter?.watch('queue', 'gate', () => underWay.size);
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
    async alone(name, work) {
      if (names.has(name)) return undefined;
      names.add(name);
      try {
        return await work(neverLost);
      } finally {
        names.delete(name);
      }
    },
    inTurn: (name, work) => queue.run(name, work),
    mayDrop,
  };
}
