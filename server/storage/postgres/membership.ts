/**
 * This process among those that serve one store: its row, the lease that it renews, and what it tells the others of its writes. A process
 * whose row is gone makes no row any more, and comes back under a new name when all that it had begun has ended.
 */
import { randomBytes } from 'node:crypto';
import { shutOut, type Fence, type StoreDatabase } from './database.js';

/** How often the row is renewed, for how long each renewal lasts, and how often others are looked at, in milliseconds. */
export interface Pace {
  readonly renewMs: number;
  readonly leaseMs: number;
  readonly pollMs: number;
}

/** Something under way: nothing of it may write under another name of this process. */
interface Undertaking {
  /** A moment of the database that was over when this began, for others to wait for; infinity where they do not. */
  readonly since: number;
}

const idBytes = 16;
const joinSql = `INSERT INTO process (process_id, lease_until, settled_before)
  VALUES ($1, clock_timestamp() + $2::bigint * interval '1 millisecond', nextval('moment')) RETURNING settled_before AS moment`;
const momentSql = "SELECT nextval('moment') AS moment";
const renewSql = `UPDATE process SET lease_until = clock_timestamp() + $2::bigint * interval '1 millisecond', settled_before = $3 WHERE process_id = $1`;
const leaveSql = 'DELETE FROM process WHERE process_id = $1';
/** Waits for every transaction of this process: each holds the row. Nothing is changed. */
const drainSql = 'SELECT 1 AS one FROM process WHERE process_id = $1 FOR UPDATE';
/** Waits for every transaction of a process that did not renew: after this it has no row, and makes none. */
const expelSql = 'DELETE FROM process WHERE lease_until < clock_timestamp() AND process_id <> $1';
const othersSql = 'SELECT COUNT(*) AS count FROM process WHERE settled_before <= $2 AND process_id <> $1';

/** Joins. Rejects with StorageError. */
export async function join(db: StoreDatabase, pace: Pace): Promise<Membership> {
  const membership = new Membership(db, pace);
  await membership.enter();
  return membership;
}

export class Membership {
  private readonly underWay = new Set<Undertaking>();
  private readonly doubts = new Set<Undertaking>();
  private processId = Buffer.alloc(0);
  private moment = 0;
  /** One for each name that this process had; aborted when it was shut out under it. */
  private out = new AbortController();
  private isClosed = false;
  private isRenewing = false;
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly db: StoreDatabase, private readonly pace: Pace) {
    this.out.abort();
  }

  /** Tells what begins now when this process is shut out. */
  get lost(): AbortSignal {
    return this.out.signal;
  }

  private get isOut(): boolean {
    return this.out.signal.aborted;
  }

  /** Gets a new name and a row for it, and renews from then on. */
  async enter(): Promise<void> {
    const processId = randomBytes(idBytes);
    const row = await this.db.steer('joining the processes', (session) => session.get<{ moment: number }>(joinSql, processId, this.pace.leaseMs));
    this.processId = processId;
    this.moment = row?.moment ?? 0;
    this.out = new AbortController();
    this.db.setFence(this.fenceOf(processId));
    this.timer ??= this.startTimer();
  }

  /** Counts `work` as under way until it ends, in the eyes of all processes, or where nobody waits for it of this one alone. Rejects where this one was shut out. */
  async during<T>(work: () => Promise<T>, isWaitedFor = true): Promise<T> {
    this.refuseOut();
    const undertaking = this.begin(isWaitedFor ? this.moment : Infinity);
    try {
      return await work();
    } finally {
      this.underWay.delete(undertaking);
    }
  }

  /** StorageError where this process was shut out. */
  refuseOut(): void {
    if (this.isOut) throw shutOut();
  }

  /** A commit of this process was not answered and may still happen. */
  isInDoubt(): boolean {
    return this.doubts.size > 0;
  }

  /** A moment that is over when this resolves, and had not come when it was called. */
  async nextMoment(): Promise<number> {
    const row = await this.db.steer('asking for the moment', (session) => session.get<{ moment: number }>(momentSql));
    return row?.moment ?? 0;
  }

  /** Expels those that did not renew. Answers whether all others settled what they had begun before `moment`. */
  async othersSettled(moment: number): Promise<boolean> {
    await this.db.steer('shutting processes out', (session) => session.run(expelSql, this.processId));
    const row = await this.db.steer('asking the other processes', (session) => session.get<{ count: number }>(othersSql, this.processId, moment));
    return row?.count === 0;
  }

  /** Writes no more until all that is under way has ended; then enters again. For who lost what it relied on. */
  shutSelfOut(): void {
    this.out.abort();
  }

  /** Stops renewing and takes the row away. What is under way must have ended. */
  async leave(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    await this.turn;
    this.shutSelfOut();
    // A database that is out of reach forgets this process when its lease has run out.
    await this.db.steer('leaving the processes', (session) => session.run(leaveSql, this.processId)).catch(() => undefined);
  }

  /** One renewal at a time: an outage must not pile them up. A failed one is made up for by the next. */
  private renew(): void {
    if (this.isRenewing) return;
    this.isRenewing = true;
    this.turn = this.renewOnce().catch(() => undefined).finally(() => { this.isRenewing = false; });
  }

  private async renewOnce(): Promise<void> {
    if (this.isClosed) return;
    if (this.isOut) await this.enterAgain();
    else if (!(await this.stay())) this.shutSelfOut();
  }

  /** Not before all that began under the old name has ended: none of it may write under the new one. */
  private async enterAgain(): Promise<void> {
    if (this.underWay.size > 0) return;
    await this.db.steer('leaving the processes', (session) => session.run(leaveSql, this.processId));
    await this.enter();
  }

  /** Renews the lease. False where the row is gone. */
  private async stay(): Promise<boolean> {
    // The moment is asked for first: whatever begins after the answer is known to begin after it.
    const moment = await this.nextMoment();
    const settledBefore = this.earliest(moment);
    const { processId } = this;
    const renewed = await this.db.steer('renewing the lease', (session) => session.run(renewSql, processId, this.pace.leaseMs, settledBefore));
    if (renewed === 1) this.moment = moment;
    return renewed === 1;
  }

  /** `moment`, or the earliest since when something is under way. */
  private earliest(moment: number): number {
    return Math.min(moment, ...Array.from(this.underWay, ({ since }) => since));
  }

  private begin(since: number): Undertaking {
    const undertaking = { since };
    this.underWay.add(undertaking);
    return undertaking;
  }

  private startTimer(): NodeJS.Timeout {
    const timer = setInterval(() => { this.renew(); }, this.pace.renewMs);
    timer.unref();
    return timer;
  }

  private fenceOf(processId: Buffer): Fence {
    const isThis = (): boolean => this.processId === processId;
    return {
      processId: processId.toString('hex'),
      isShut: () => this.isOut || !isThis(),
      noteGone: () => { if (isThis()) this.shutSelfOut(); },
      noteDoubt: () => {
        // Whose commit it is, is not known: it began no earlier than all that is under way.
        const doubt = this.begin(this.earliest(this.moment));
        this.doubts.add(doubt);
        void this.resolveDoubt(processId, doubt);
      },
    };
  }

  /** A commit whose answer was lost may still be at work on the server: it counts as under way until it lets go of the row. */
  private async resolveDoubt(processId: Buffer, doubt: Undertaking): Promise<void> {
    const drained = await this.db.steer('waiting for a commit', (session) => session.get(drainSql, processId)).then(() => true, () => false);
    if (drained || this.isClosed) {
      this.underWay.delete(doubt);
      this.doubts.delete(doubt);
      return;
    }
    setTimeout(() => { void this.resolveDoubt(processId, doubt); }, this.pace.pollMs).unref();
  }
}
