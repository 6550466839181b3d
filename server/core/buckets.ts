/**
 * Leaking buckets by key: each takes so many drops at once, and loses one in a fixed time. Bounded in number; the bucket that
 * was filled longest ago goes first.
 */

const maxBuckets = 20_000;

/** A bucket's size, and how long it takes to lose one drop. */
export interface BucketBound {
  readonly capacity: number;
  readonly leakMs: number;
}

export interface Buckets {
  add(key: string, now: number): void;
  /** How long until one more drop fits; 0 where it fits now. */
  waitMs(key: string, now: number): number;
}

/** Empty buckets. A drop that does not fit is not kept: the wait is never longer than one leak. */
export function createBuckets({ capacity, leakMs }: BucketBound): Buckets {
  /** When the bucket will be empty. */
  const emptyAt = new Map<string, number>();
  const fullMs = capacity * leakMs;
  return {
    add(key, now) {
      const at = Math.min(now + fullMs, Math.max(now, emptyAt.get(key) ?? 0) + leakMs);
      emptyAt.delete(key);
      emptyAt.set(key, at);
      const oldest = emptyAt.keys().next();
      if (emptyAt.size > maxBuckets && oldest.done !== true) emptyAt.delete(oldest.value);
    },
    waitMs: (key, now) => Math.max(0, (emptyAt.get(key) ?? 0) - now - (fullMs - leakMs)),
  };
}
