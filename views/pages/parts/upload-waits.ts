/**
 * What an upload does about a failure: the server is away (try again by itself), the session ended, or the file cannot be stored. And
 * how long it waits. No state.
 */
import type { DiceError } from '../../../client-sdk/browser/page.js';

/** `away`, `busy`: nothing is wrong with the files, try later. `signed-out`: after a log in. `file`: this file alone. */
export type Trouble = 'away' | 'busy' | 'signed-out' | 'file';

const seconds = [8, 15, 30, 60] as const;

/** What the failure of a file or of a run means for the others. */
export function troubleOf(code: DiceError['code']): Trouble {
  if (code === 'server-unreachable') return 'away';
  if (code === 'unavailable' || code === 'rate-limited') return 'busy';
  if (code === 'unauthenticated' || code === 'not-logged-in' || code === 'wrong-account') return 'signed-out';
  return 'file';
}

/** Milliseconds until the next try, after `tries` that failed. */
export function waitMs(tries: number): number {
  return 1_000 * (seconds[Math.min(tries, seconds.length - 1)] ?? 60);
}
