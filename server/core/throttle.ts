/**
 * Slows down guessing of passwords: a growing delay per (user name, address). The owner at another address is not
 * locked out, and an unknown name is treated like a known one. In memory: a restart forgets. SPEC.md section 12.
 */
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Meter } from '../ports/meter.js';
import type { Clock } from '../ports/world.js';

const freeFailures = 5;
const firstDelayMs = 1_000;
const maxDelayMs = 15 * 60_000;
const forgetMs = 60 * 60_000;
const maxEntries = 20_000;

interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

export interface Throttle {
  /** Throws Refusal rate-limited while the pair has to wait. */
  check(username: string, address: string): void;
  failed(username: string, address: string): void;
  succeeded(username: string, address: string): void;
}

/** A limiter without failures. Memory: at most 20,000 pairs, the oldest go first. */
export function createThrottle(clock: Clock, meter?: Meter): Throttle {
  const pairs = new Map<string, Failures>();
  const keyOf = (username: string, address: string) => JSON.stringify([username, address]);
  return {
    check(username, address) {
      const waitMs = remainingMs(pairs.get(keyOf(username, address)), clock.now());
      if (waitMs <= 0) return;
      meter?.add('limited', 'guessing', 1);
      throw new Refusal('rate-limited', undefined, { retryAfterSeconds: Math.ceil(waitMs / 1_000) });
    },
    failed(username, address) {
      const key = keyOf(username, address);
      const before = pairs.get(key);
      const now = clock.now();
      const count = before === undefined || now - before.lastAt > forgetMs ? 1 : before.count + 1;
      pairs.delete(key);
      pairs.set(key, { count, lastAt: now });
      const oldest = pairs.keys().next();
      if (pairs.size > maxEntries && oldest.done !== true) pairs.delete(oldest.value);
    },
    succeeded(username, address) {
      pairs.delete(keyOf(username, address));
    },
  };
}

/** Delay after `count` failures in a row: none up to 5, then doubling from one second to 15 minutes. */
export function delayMsAfter(count: number): number {
  if (count < freeFailures) return 0;
  return Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(count - freeFailures, 20));
}

function remainingMs(failures: Failures | undefined, now: number): number {
  if (failures === undefined) return 0;
  return failures.lastAt + delayMsAfter(failures.count) - now;
}
