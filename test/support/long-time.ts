/**
 * How long the open-ended suites of test/long may take: LONG_SECONDS for all of them together, of which each has a share. Where nothing is said each does all that it
 * has, which takes some hours.
 */
const told = process.env['LONG_SECONDS'];
const seconds = told === undefined ? Infinity : Number(told);
if (!(seconds > 0)) throw new Error('LONG_SECONDS is a number of seconds');

/** Parts of the whole; what is left is for suites that do the same each time. */
const shares = { mutations: 0.3, syscalls: 0.3, model: 0.15, oracle: 0.15 } as const;

/** Seconds for a suite, or `usual` where nothing was said. */
export function secondsFor(suite: keyof typeof shares, usual: number): number {
  return seconds === Infinity ? usual : shares[suite] * seconds;
}

/** Whether a suite that begins now has had its time, of which it may take a part. */
export function timeFor(suite: keyof typeof shares, part = 1): () => boolean {
  const until = Date.now() + part * secondsFor(suite, Infinity) * 1_000;
  return () => Date.now() >= until;
}

/** As many of these, from the first on, as there is time for. */
export function* whileTime<T>(items: readonly T[], isOver: () => boolean): Generator<T, void, void> {
  for (const item of items) {
    if (isOver()) return;
    yield item;
  }
}
