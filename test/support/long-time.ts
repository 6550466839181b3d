/**
 * How long the open-ended suites of test/long may take: LONG_SECONDS for all of them together, of which each has a share. Where nothing is said they take
 * some hours.
 */
const told = process.env['LONG_SECONDS'];
const seconds = told === undefined ? Infinity : Number(told);
if (!(seconds > 0)) throw new Error('LONG_SECONDS is a number of seconds');

/** Parts of it. What the other suites do is the same each time and takes its own time, less than two hours. */
const shares = { mutations: 0.4, syscalls: 0.4, model: 0.2 } as const;

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
