/**
 * The gate of a store that several processes serve. Writes are known to their own process, which tells the others from when on it has
 * settled all; names are held by advisory locks. README.md says why that is enough.
 */
import { setTimeout } from 'node:timers/promises';
import type { Client } from 'pg';
import type { AloneOptions, Gate } from '../../ports/gate.js';
import { lock, tryLock, unlock } from './advisory.js';
import type { StoreDatabase } from './database.js';
import { translating } from './failure.js';
import { join, type Membership, type Pace } from './membership.js';

/** A gate that is closed before its database. */
export interface ProcessGate extends Gate {
  /** Lets what runs here end, then leaves. Nothing can be written to the database through `db` after it. */
  close(): Promise<void>;
}

const usualPace: Pace = { renewMs: 2_000, leaseMs: 15_000, pollMs: 200 };

/**
 * Joins the processes that serve the store of `db`; `local` is the gate within this one. From now on every write through `db` needs this
 * process to be among them. Rejects with StorageError.
 *
 * `alone` and `inTurn` hold a session-level lock on a connection of their own. A connection that drops lets go of the lock while the work
 * still runs, and another process may begin the same. That is safe: the work counts as a write under way here, so whoever settles waits for it;
 * this process notices the drop and shuts itself out, so that the work fails at its next row; and it comes back when the work has
 * ended. A collector takes each row away under that row's lock, and drops a pack only after it has settled, so two of them do no harm; a
 * generation only grows, whoever makes it. Work that nobody waits for (a scrub, which goes on for days) says so: others wait for what it has in
 * `run` at that moment, and it differs in nothing else. It ends soon after a drop, because it is told: this process takes no writes before.
 */
export async function createGate(db: StoreDatabase, local: Gate, pace: Pace = usualPace): Promise<ProcessGate> {
  const membership = await join(db, pace);
  return {
    run: (write) => membership.during(() => local.run(write)),
    settle: (stop) => settle({ membership, local, pace }, stop),
    alone: (name, work, options) => local.alone(name, () => holding({ db, membership }, name, { acquire: tryLock, work: () => work(membership.lost), options })),
    inTurn: async (name, work) => {
      const done = await local.inTurn(name, () => holding({ db, membership }, name, { acquire: waitForLock, work: async () => ({ result: await work() }) }));
      if (done === undefined) throw new Error('a lock that was waited for was not held');
      return done.result;
    },
    mayDrop: () => local.mayDrop(),
    async close() {
      await local.settle();
      await membership.leave();
    },
  };
}

interface Settler {
  readonly membership: Membership;
  readonly local: Gate;
  readonly pace: Pace;
}

async function settle({ membership, local, pace }: Settler, stop: Parameters<Gate['settle']>[0]): Promise<void> {
  const moment = await membership.nextMoment();
  await local.settle();
  while (stop?.aborted !== true) {
    membership.refuseOut();
    if (!membership.isInDoubt() && (await membership.othersSettled(moment))) return;
    await setTimeout(pace.pollMs);
  }
}

interface Holder {
  readonly db: StoreDatabase;
  readonly membership: Membership;
}

interface Holding<T> {
  readonly acquire: (client: Client, name: string) => Promise<boolean>;
  readonly work: () => Promise<T>;
  readonly options?: AloneOptions | undefined;
}

async function waitForLock(client: Client, name: string): Promise<boolean> {
  await lock(client, name);
  return true;
}

/** Runs `work` while a connection holds `name`; undefined where it was not to be had. */
async function holding<T>({ db, membership }: Holder, name: string, { acquire, work, options }: Holding<T>): Promise<T | undefined> {
  const client = await db.connect();
  const lockName = `gate/${name}`;
  try {
    if (!(await translating('locking a name', () => acquire(client, lockName)))) return undefined;
    return await membership.during(() => watching(client, membership, work), options?.isWaitedFor);
  } finally {
    // Ended and unlocked alike let go; unlocked first, so that the next one need not wait until the server notices the end.
    await unlock(client, lockName).catch(() => undefined);
    await client.end().catch(() => undefined);
  }
}

async function watching<T>(client: Client, membership: Membership, work: () => Promise<T>): Promise<T> {
  const dropped = (): void => { membership.shutSelfOut(); };
  client.once('end', dropped);
  try {
    return await work();
  } finally {
    client.off('end', dropped);
  }
}
