/**
 * The few measures that the figures of an audit are told in: bits of what can be told apart, ranks, shares. Pure.
 */

/** Entropy of the empirical distribution of `values`, in bits: what one of them tells, on average. */
export function entropyBits(values: readonly (string | number)[]): number {
  let bits = 0;
  for (const count of countsOf(values).values()) bits -= (count / values.length) * Math.log2(count / values.length);
  return bits;
}

/** How often each value occurs. */
export function countsOf<T>(values: readonly T[]): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Members that two lists have in common, a member that occurs more than once counted as often as in both. */
export function commonMembers(a: readonly number[], b: readonly number[]): number {
  const left = new Map(countsOf(b));
  let common = 0;
  for (const value of a) {
    const count = left.get(value) ?? 0;
    if (count === 0) continue;
    left.set(value, count - 1);
    common++;
  }
  return common;
}

/** Spearman's coefficient of two orders: `order[i]` is the rank that the i-th has in the other one. 1: the same order; about 0: unrelated. */
export function rankCorrelation(order: readonly number[]): number {
  const n = order.length;
  if (n < 2) return 0;
  const sum = order.reduce((total, rank, i) => total + (rank - i) ** 2, 0);
  return 1 - (6 * sum) / (n * (n * n - 1));
}

/** The mean; 0 of nothing. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
