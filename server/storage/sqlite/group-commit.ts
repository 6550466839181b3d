/**
 * Gathers the writes of one turn of the event loop into one transaction, so that one sync serves many requests. Each write keeps its
 * own fate: it runs in a savepoint, and where the whole cannot be committed, each is tried in a transaction of its own.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { Meter } from '../../ports/meter.js';
import type { AfterwardsList } from './afterwards.js';

/** Whether an answer may go out only when the write is on the disk, or a crash of the machine may take it back. */
export type Durability = 'durable' | 'lazy';

/** The database as a group sees it. */
interface Connected {
  readonly connection: Database;
  readonly afterwards: AfterwardsList;
  /** The prepared statement of `sql`. */
  query(sql: string): Statement;
}

/** A write: its statements, and who waits for its outcome. */
interface Waiting {
  readonly durability: Durability;
  readonly step: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Outcome = { readonly kind: 'done'; readonly value: unknown } | { readonly kind: 'failed'; readonly reason: unknown };

/** A transaction does not grow beyond so many writes: others read in between. */
const maxGroup = 256;

/** The writes of one database. */
export class GroupCommit {
  readonly #waiting: Waiting[] = [];
  #isScheduled = false;
  /** SQLite's own level: what the connection is opened with. */
  #level: Durability = 'durable';

  constructor(
    private readonly db: Connected,
    private readonly meter: Meter,
  ) {
    meter.watch('queue', 'sqlite', () => this.#waiting.length);
  }

  /** Runs `step` in a transaction. Resolves when that is committed; rejects with what was thrown, and nothing of the step stays. */
  add<T>(durability: Durability, step: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // What resolves is what this very step answered.
      this.#waiting.push({ durability, step, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Runs all that waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#commit(this.#waiting.splice(0, maxGroup));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#commit(this.#waiting.splice(0, maxGroup));
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #commit(group: readonly Waiting[]): void {
    if (group.length > 0) this.meter.size('group', 'sqlite', group.length);
    const outcomes = (group.length > 1 ? this.#together(group) : undefined) ?? group.map((waiting) => this.#alone(waiting));
    for (const [i, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[i];
      if (outcome?.kind === 'done') resolve(outcome.value);
      else reject(outcome?.reason);
    }
  }

  #alone({ durability, step }: Waiting): Outcome {
    try {
      return { kind: 'done', value: this.#transact(durability, step) };
    } catch (reason) {
      return { kind: 'failed', reason };
    }
  }

  /** Undefined where the transaction itself failed: then nothing of it stays. */
  #together(group: readonly Waiting[]): readonly Outcome[] | undefined {
    const durability = group.some((waiting) => waiting.durability === 'durable') ? 'durable' : 'lazy';
    try {
      return this.#transact(durability, () => group.map(({ step }) => this.#inSavepoint(step)));
    } catch {
      return undefined; // Each is told its own reason when it is tried alone.
    }
  }

  #inSavepoint(step: () => unknown): Outcome {
    const { mark } = this.db.afterwards;
    this.db.query('SAVEPOINT step').run();
    try {
      const value = step();
      this.db.query('RELEASE step').run();
      return { kind: 'done', value };
    } catch (reason) {
      // A full disk ends the whole transaction.
      if (!this.db.connection.inTransaction) throw reason;
      this.db.query('ROLLBACK TO step').run();
      this.db.query('RELEASE step').run();
      this.db.afterwards.settle(false, mark);
      return { kind: 'failed', reason };
    }
  }

  #transact<T>(durability: Durability, step: () => T): T {
    this.#setLevel(durability);
    this.db.query('BEGIN IMMEDIATE').run();
    let isCommitted = false;
    try {
      const result = step();
      const startedAt = performance.now();
      this.db.query('COMMIT').run();
      isCommitted = true;
      this.meter.time('commit', durability === 'durable' ? 'sqlite_durable' : 'sqlite_lazy', (performance.now() - startedAt) / 1_000);
      return result;
    } catch (error) {
      if (this.db.connection.inTransaction) this.db.query('ROLLBACK').run();
      throw error;
    } finally {
      this.db.afterwards.settle(isCommitted);
    }
  }

  /** A durable commit syncs the log whole, and so every lazy one before it. */
  #setLevel(durability: Durability): void {
    if (this.#level === durability) return;
    this.db.connection.pragma(durability === 'durable' ? 'synchronous = FULL' : 'synchronous = NORMAL');
    this.#level = durability;
  }
}
