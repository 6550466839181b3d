/**
 * Waits for the clock of a store: what is told apart by its time must not happen within one millisecond.
 */
import { setImmediate } from 'node:timers/promises';
import type { Parts } from '../../server/core/contract.js';

/** Resolves when the clock shows another millisecond; rejects where it stands still. */
export async function nextMillisecond({ world: { clock } }: Pick<Parts, 'world'>): Promise<void> {
  const from = clock.now();
  for (let turn = 0; turn < 1_000_000; turn++) {
    if (clock.now() !== from) return;
    await setImmediate();
  }
  throw new Error('the clock stands still');
}
