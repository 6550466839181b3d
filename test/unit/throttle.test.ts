/**
 * The limiter of failed logins against guessers with many names and many networks, and what is left to the owner meanwhile.
 */
import { describe, expect, it } from '@jest/globals';
import { createBuckets } from '../../server/core/buckets.js';
import { networkOf } from '../../server/core/network.js';
import { createThrottle, type Throttle } from '../../server/core/throttle.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

class Clocked {
  now = 1_800_000_000_000;
  readonly throttle: Throttle = createThrottle({ now: () => this.now });

  /** Seconds to wait; 0 where the try is let in. */
  waits(username: string, address: string): number {
    try {
      this.throttle.check(username, address);
      return 0;
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.code === 'rate-limited') return thrown.extra.retryAfterSeconds ?? 0;
      throw thrown;
    }
  }

  /** A wrong guess, where it is let in. */
  guess(username: string, address: string): boolean {
    if (this.waits(username, address) > 0) return false;
    this.throttle.failed(username, address);
    return true;
  }
}

describe('a network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100/56'],
    ['2001:DB8:1:0ff::1', '20010db8000100/56'],
    ['2001:db8:1:100::1', '20010db8000101/56'],
    ['::1', '00000000000000/56'],
    ['fe80::1%eth0', 'fe800000000000/56'],
    ['2001:db8::', '20010db8000000/56'],
    ['', ''],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('a bucket', () => {
  it('takes its capacity at once, then one in each leak, and is never in debt', () => {
    const buckets = createBuckets({ capacity: 3, leakMs: 1_000 });
    for (let i = 0; i < 3; i++) {
      expect(buckets.waitMs('a', 0)).toBe(0);
      buckets.add('a', 0);
    }
    for (let i = 0; i < 100; i++) buckets.add('a', 0);
    expect([buckets.waitMs('a', 0), buckets.waitMs('a', 999), buckets.waitMs('a', 1_000), buckets.waitMs('b', 0)]).toEqual([1_000, 1, 0, 0]);
  });

  it('goes when 20,000 newer ones came', () => {
    const buckets = createBuckets({ capacity: 1, leakMs: hourMs });
    buckets.add('first', 0);
    for (let i = 0; i < 19_999; i++) buckets.add(String(i), 0);
    expect(buckets.waitMs('first', 0)).toBe(hourMs);
    buckets.add('one more', 0);
    expect([buckets.waitMs('first', 0), buckets.waitMs('0', 0)]).toEqual([0, hourMs]);
  });
});

describe('one network that guesses at many names', () => {
  it('has 60 tries, then one in a minute; other networks and the names are untouched', () => {
    const world = new Clocked();
    let tries = 0;
    for (let i = 0; i < 1_000; i++) if (world.guess(`name-${String(i)}`, '192.0.2.1')) tries++;
    expect(tries).toBe(60);
    expect(world.waits('ada', '192.0.2.1')).toBe(60);
    for (const address of ['192.0.2.2', '2001:db8::1']) expect([world.waits('ada', address), world.waits('name-1', address)]).toEqual([0, 0]);
    for (let minute = 0; minute < 60; minute++) {
      world.now += minuteMs;
      for (let i = 0; i < 10; i++) if (world.guess(`later-${String(minute)}-${String(i)}`, '192.0.2.1')) tries++;
    }
    expect(tries).toBe(120);
  });

  it('does not get free of it by a login of its own, nor by another address of its IPv6 prefix', () => {
    const world = new Clocked();
    let tries = 0;
    for (let i = 0; i < 500; i++) {
      if (world.guess(`name-${String(i)}`, `2001:db8:0:${(i % 256).toString(16)}::${i.toString(16)}`)) tries++;
      world.throttle.succeeded('mallory', '2001:db8::1');
    }
    expect(tries).toBe(60);
  });
});

describe('many networks that guess at one name', () => {
  const addressOf = (i: number): string => `10.${String(i >> 16)}.${String((i >> 8) & 255)}.${String(i & 255)}`;

  it('have two tries an hour each once the name is pressed, and the owner elsewhere has theirs', () => {
    const world = new Clocked();
    let tries = 0;
    // An hour of 1,000 networks, each of which tries every 20 seconds.
    for (let round = 0; round < 180; round++) {
      for (let i = 0; i < 1_000; i++) if (world.guess('ada', addressOf(i))) tries++;
      expect(world.waits('ada', '192.0.2.77')).toBe(0);
      world.now += 20_000;
    }
    expect(tries).toBeLessThanOrEqual(2 * 1_000 + 3 * 20);
    // A slip of the owner's, and its correction.
    world.throttle.failed('ada', '192.0.2.77');
    expect(world.waits('ada', '192.0.2.77')).toBe(0);
    world.throttle.succeeded('ada', '192.0.2.77');
    expect(world.waits('ada', '192.0.2.77')).toBe(0);
  });

  it('leave no trace when they are gone for an hour', () => {
    const world = new Clocked();
    for (let i = 0; i < 1_000; i++) world.guess('ada', addressOf(i));
    world.guess('ada', addressOf(1));
    world.now += hourMs + 1;
    for (let i = 0; i < 5; i++) expect(world.guess('ada', addressOf(1))).toBe(true);
  });
});

describe('a flood of names from many networks', () => {
  it('keeps the memory of the limiter bounded', () => {
    const world = new Clocked();
    world.throttle.failed('first', '192.0.2.1');
    for (let i = 0; i < 3; i++) world.throttle.failed('first', '192.0.2.1');
    world.throttle.failed('first', '192.0.2.1');
    expect(world.waits('first', '192.0.2.1')).toBe(1);
    for (let i = 0; i < 20_000; i++) world.throttle.failed(`name-${String(i)}`, `10.0.${String(i >> 8)}.${String(i & 255)}`);
    // The oldest pair went: what is kept does not grow.
    expect(world.waits('first', '192.0.2.1')).toBe(0);
  });
});
