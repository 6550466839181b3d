/**
 * A pace for who reads in the background: so many bytes a second, in small pauses that a stop ends at once.
 */
import { setTimeout } from 'node:timers/promises';

/** Shorter pauses are saved up: timers are no finer. */
const leastPauseMs = 20;
/** The longest that a timer can wait; bytes that want more time than that are read sooner. */
const mostPauseMs = 2 ** 31 - 1;
/** Time that was not used is not caught up with, but for so much. */
const burstMs = 250;

/** Resolves when `bytes` more may have been read since it was made. */
export function paced(bytesPerSecond: number, stop: AbortSignal): (bytes: number) => Promise<void> {
  let dueAt = performance.now();
  return async (bytes) => {
    const now = performance.now();
    dueAt = Math.max(dueAt, now - burstMs) + (1_000 * bytes) / bytesPerSecond;
    if (stop.aborted || dueAt - now < leastPauseMs) return;
    // The stop ends the pause, and whoever reads looks at it next.
    await setTimeout(Math.min(dueAt - now, mostPauseMs), undefined, { signal: stop }).catch(() => undefined);
  };
}
