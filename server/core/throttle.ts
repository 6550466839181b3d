/**
 * Slows down guessing of secrets by three counts: failures of a pair (user name, network), of a network over all names, and of
 * a name over all networks. A network that has not failed at a name is never delayed by what others do to that name, so nobody
 * can lock an owner out; an unknown name is treated like a known one. In memory: a restart forgets. SPEC.md section 12.
 */
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Meter } from '../ports/meter.js';
import type { Clock } from '../ports/world.js';
import { createBuckets } from './buckets.js';
import { networkOf } from './network.js';

const freeFailures = 5;
const firstDelayMs = 1_000;
const maxDelayMs = 15 * 60_000;
const forgetMs = 60 * 60_000;
const maxPairs = 20_000;
/** Failures of one network over all names: many people share an address, and each mistypes now and then. */
const networkBound = { capacity: 60, leakMs: 60_000 };
/** Failures at one name from everywhere; above it the name is pressed. */
const nameBound = { capacity: 50, leakMs: 60_000 };
/**
 * Wrong codes after a right password, from everywhere: who may guess here knows the password, so a bound on all of them locks out nobody but
 * those who know it, and recovery words stay. 144 guesses in a day at 3 of 1,000,000.
 */
const codeBound = { capacity: 30, leakMs: 10 * 60_000 };
/** What a network may fail at a name that is pressed: a guess of the owner's, and its correction. */
const freeWhilePressed = 2;

interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

export interface Throttle {
  /** Throws Refusal rate-limited while pair or network has to wait. */
  check(username: string, address: string): void;
  failed(username: string, address: string): void;
  /** Throws Refusal rate-limited while the account's second factor was guessed at too often. */
  checkCode(accountId: string): void;
  failedCode(accountId: string): void;
  /** Forgets the pair's failures; those of network and name stay, or an account of one's own would pay for guesses at others. */
  succeeded(username: string, address: string): void;
}

/** A limiter without failures. Memory: at most 20,000 pairs, networks and names each, the oldest go first. */
export function createThrottle(clock: Clock, meter?: Meter): Throttle {
  const pairs = new Map<string, Failures>();
  const networks = createBuckets(networkBound);
  const names = createBuckets(nameBound);
  const codes = createBuckets(codeBound);
  const refuseFor = (waitMs: number): void => {
    if (waitMs <= 0) return;
    meter?.add('limited', 'guessing', 1);
    throw new Refusal('rate-limited', undefined, { retryAfterSeconds: Math.ceil(waitMs / 1_000) });
  };
  const pairOf = (username: string, address: string) => JSON.stringify([username, networkOf(address)]);
  return {
    check(username, address) {
      const now = clock.now();
      refuseFor(Math.max(pairWaitMs(pairs.get(pairOf(username, address)), names.waitMs(username, now) > 0, now), networks.waitMs(networkOf(address), now)));
    },
    failed(username, address) {
      const now = clock.now();
      countPair(pairs, pairOf(username, address), now);
      networks.add(networkOf(address), now);
      names.add(username, now);
    },
    checkCode(accountId) {
      refuseFor(codes.waitMs(accountId, clock.now()));
    },
    failedCode(accountId) {
      codes.add(accountId, clock.now());
    },
    succeeded(username, address) {
      pairs.delete(pairOf(username, address));
    },
  };
}

/** Delay after `count` failures in a row: none up to 5, then doubling from one second to 15 minutes. */
export function delayMsAfter(count: number): number {
  if (count < freeFailures) return 0;
  return Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(count - freeFailures, 20));
}

function pairWaitMs(failures: Failures | undefined, isPressed: boolean, now: number): number {
  if (failures === undefined || now - failures.lastAt > forgetMs) return 0;
  const delayMs = isPressed && failures.count >= freeWhilePressed ? forgetMs : delayMsAfter(failures.count);
  return failures.lastAt + delayMs - now;
}

function countPair(pairs: Map<string, Failures>, key: string, now: number): void {
  const before = pairs.get(key);
  const count = before === undefined || now - before.lastAt > forgetMs ? 1 : before.count + 1;
  pairs.delete(key);
  pairs.set(key, { count, lastAt: now });
  const oldest = pairs.keys().next();
  if (pairs.size > maxPairs && oldest.done !== true) pairs.delete(oldest.value);
}
