/**
 * How long the suites of test/long take, and what bounds each: this list is the only place that says so of all. LONG_SECONDS is for the open-ended ones together, of which each
 * has a share; where nothing is said they take some hours. The others do the same each time, bounded by counts of their own, less than two hours together on a machine that
 * does nothing else. The runner prints what each suite and test took.
 *
 *   suite              bounded by
 *   mutations          LONG_SECONDS (0.4 of it); else every lie, at most twelve hours
 *   syscalls           LONG_SECONDS (0.4); else every injection, some ten hours. One of each kind comes first, which takes half an hour
 *   store-model        LONG_SECONDS (0.2), and MODEL_STEPS (100,000)
 *   backup-sweeps      its calls: 1,080 faults, 7 minutes of processor time
 *   port-sweeps        its calls: 540 faults on SQLite and packs, 200 on PostgreSQL, 190 in a bucket
 *   collection-race    RACE_STRIDE (31) on SQLite and PostgreSQL; in memory a thirty-first of it, which is all
 *   rot                ROT_TIMES (30) of each kind of damage, 15 minutes of processor time
 *   crash              CRASH_KILLS (60)
 *   backup             BACKUP_ROUNDS (12), a minute each at most
 *   existence-oracle   ORACLE_PAIRS (5,000)
 *   login-timing       LOGIN_PAIRS (5,000)
 *   unsynced           its cases: some 14,000 crashes, five minutes of processor time
 *   credentials-kill   the steps of three changes
 *   migrate-resume     the steps of a move
 *   bombs, head-gap, hostile-bodies, hostile-clients, meeting, peers-bench, saving-bench, server-view, sync-order   their cases
 *   ceph               the contract; wants Ceph from Debian
 */
const told = process.env['LONG_SECONDS'];
const seconds = told === undefined ? Infinity : Number(told);
if (!(seconds > 0)) throw new Error('LONG_SECONDS is a number of seconds');

/** Parts of it. */
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
