/**
 * One PostgreSQL database: how it is reached, its transactions, and its failures as errors of the ports. It knows one table, that of
 * processes, whose row every write locks first. DESIGN.md, *Engines, and several processes*; README.md beside this file.
 */
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { StorageError } from '../../ports/errors.js';
import { type Meter, silentMeter } from '../../ports/meter.js';
import { isRepeatable, translating } from './failure.js';
import { migrate } from './migrate.js';
import { sessionOn, type Session } from './session.js';

/** Where the database is. `migrations` is the folder of the schema, by default that of the package. `poolSize`: connections, 10 by default. */
export interface DatabaseOptions {
  readonly url: string;
  readonly migrations?: string;
  readonly poolSize?: number;
  readonly meter?: Meter | undefined;
}

/** What lets this process write. The gate makes one; without a gate a process writes unasked. */
export interface Fence {
  /** 16 bytes in hex: the row in the table of processes. */
  readonly processId: string;
  /** No transaction is begun any more. */
  isShut(): boolean;
  /** A transaction found that the row is gone. */
  noteGone(): void;
  /** A commit was sent and not answered: nobody knows whether it will still happen. */
  noteDoubt(): void;
}

/** 64-bit integers are numbers here: sizes, times and ids stay far below 2^53. */
const int8 = 20;
const types = new pg.TypeOverrides();
types.setTypeParser(int8, Number);

export const packagedMigrations = fileURLToPath(new URL('../../../../migrations/postgres', import.meta.url));
const defaultPoolSize = 10;
/** Renewing the lease must never wait behind the stores' own work. */
const controlPoolSize = 3;
const maxAttempts = 8;
const firstPauseMs = 5;
const connectTimeoutMs = 10_000;
/** A process that hangs within a transaction is cut off by the server, and its locks with it. */
const idleTransactionMs = 15_000;

/** Opens the database at `url` and brings its schema up to date. Rejects with StorageError or CorruptionError. */
export function openDatabase(options: DatabaseOptions): Promise<StoreDatabase> {
  return translating('opening the database', async () => {
    const client = await connectTo(options.url);
    try {
      await refuseUnsafe(client);
      const { isNew, known } = await migrate(client, options.migrations ?? packagedMigrations);
      return new StoreDatabase(options.url, { poolSize: options.poolSize ?? defaultPoolSize, isNew, migrations: known, meter: options.meter ?? silentMeter });
    } finally {
      await client.end();
    }
  });
}

interface Setup {
  readonly poolSize: number;
  readonly isNew: boolean;
  readonly migrations: number;
  readonly meter: Meter;
}

/** An open database. Methods of the stores run inside `look`, `read` or `write`. */
export class StoreDatabase {
  /** The schema was made by this opening. */
  readonly isNew: boolean;
  /** How many migrations this program knows. */
  readonly migrations: number;
  private readonly meter: Meter;
  private readonly pool: pg.Pool;
  private readonly control: pg.Pool;
  private fence: Fence | undefined;
  private isClosed = false;

  constructor(private readonly url: string, { poolSize, isNew, migrations, meter }: Setup) {
    this.isNew = isNew;
    this.migrations = migrations;
    this.meter = meter;
    this.pool = poolOf(url, poolSize);
    this.control = poolOf(url, controlPoolSize);
    meter.watch('queue', 'postgres', () => this.pool.waitingCount);
  }

  /** Runs `step`, which asks one statement only: its snapshot is its own. */
  look<T>(doing: string, step: (session: Session) => Promise<T>): Promise<T> {
    return translating(doing, () => this.borrow(this.pool, step));
  }

  /** As `look`, and for single changes too, on connections that wait for no other work. For the gate and the clock. */
  steer<T>(doing: string, step: (session: Session) => Promise<T>): Promise<T> {
    return translating(doing, () => this.borrow(this.control, step));
  }

  /** Runs `step` on one snapshot. */
  read<T>(doing: string, step: (session: Session) => Promise<T>): Promise<T> {
    return this.repeated(doing, { begin: (client) => client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'), step, fence: undefined, meter: silentMeter });
  }

  /**
   * Runs `step` in one transaction: all of it is durable when the promise resolves, none of it where it rejects, unless the connection broke
   * on the commit itself. Each statement sees what was committed before it: what a step relies on, it locks. A step that got in another's way is
   * run again as a whole, a bounded number of times. StorageError where this process was shut out.
   */
  write<T>(doing: string, step: (session: Session) => Promise<T>): Promise<T> {
    const { fence, meter } = this;
    return this.repeated(doing, { begin: (client) => beginFenced(client, fence), step, fence, meter });
  }

  /** A connection of the caller's own, outside the pool. The caller ends it. */
  connect(): Promise<pg.Client> {
    return translating('connecting to the database', () => connectTo(this.url));
  }

  /** From now on every write asks `fence`. */
  setFence(fence: Fence): void {
    this.fence = fence;
  }

  /** Closes when everything under way has ended. Repeatable. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await translating('closing the database', () => Promise.all([this.pool.end(), this.control.end()]));
  }

  private repeated<T>(doing: string, order: Transaction<T>): Promise<T> {
    return translating(doing, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.borrowClient(this.pool, (client) => transact(client, order));
        } catch (error) {
          if (!isRepeatable(error) || attempt === maxAttempts) throw error;
          await setTimeout(Math.random() * firstPauseMs * 2 ** attempt);
        }
      }
    });
  }

  private borrow<T>(pool: pg.Pool, step: (session: Session) => Promise<T>): Promise<T> {
    return this.borrowClient(pool, (client) => step(sessionOn(client)));
  }

  /** A connection on which anything failed is not used again where it may be in the middle of something. */
  private async borrowClient<T>(pool: pg.Pool, use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    if (this.isClosed) throw new StorageError('the database is closed', { retryable: false });
    const client = await pool.connect();
    let isBroken = true;
    try {
      const result = await use(client);
      isBroken = false;
      return result;
    } catch (error) {
      isBroken = !(await isIdle(client, error));
      throw error;
    } finally {
      client.release(isBroken);
    }
  }
}

interface Transaction<T> {
  readonly begin: (client: pg.PoolClient) => Promise<unknown>;
  readonly step: (session: Session) => Promise<T>;
  readonly fence: Fence | undefined;
  readonly meter: Meter;
}

async function transact<T>(client: pg.PoolClient, { begin, step, fence, meter }: Transaction<T>): Promise<T> {
  await begin(client);
  const result = await step(sessionOn(client));
  const startedAt = performance.now();
  try {
    await client.query('COMMIT');
    meter.time('commit', 'postgres', (performance.now() - startedAt) / 1_000);
  } catch (error) {
    if (!isRepeatable(error)) fence?.noteDoubt();
    throw error;
  }
  return result;
}

/** The row of the process is locked to the end of the transaction: whoever shuts the process out waits for it, or comes first. */
async function beginFenced(client: pg.PoolClient, fence: Fence | undefined): Promise<void> {
  const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED';
  if (fence === undefined) {
    await client.query(begin);
    return;
  }
  if (fence.isShut()) throw shutOut();
  // Two statements in one message: no round trip is paid for the fence. The id is hex of this program's own making.
  const answer: unknown = await client.query(`${begin}; SELECT 1 FROM process WHERE process_id = '\\x${fence.processId}' FOR KEY SHARE`);
  const [, row] = answer as readonly { readonly rowCount: number | null }[]; // the driver answers a list where there are two statements
  if (row?.rowCount === 1) return;
  fence.noteGone();
  throw shutOut();
}

/** What a write answers in a process that the others no longer wait for. */
export function shutOut(): StorageError {
  return new StorageError('this process was shut out by the others, because it did not answer for a while; it will come back', { retryable: true });
}

/** Rolls back after a failure. False where the connection cannot be used any more. */
async function isIdle(client: pg.PoolClient, error: unknown): Promise<boolean> {
  if (!(error instanceof pg.DatabaseError) && !(error instanceof StorageError)) return false;
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}

async function refuseUnsafe(client: pg.Client): Promise<void> {
  const { rows: [row] } = await client.query<{ setting: string }>("SELECT current_setting('synchronous_commit') AS setting");
  if (row?.setting !== 'off') return;
  throw new StorageError('the database has synchronous_commit = off, so that it forgets what it acknowledged. Set it to on.', { retryable: false });
}

function poolOf(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ ...connection(url), max, allowExitOnIdle: true });
  // Without a listener the loss of a connection that nobody uses would end the process.
  pool.on('error', ignore);
  pool.on('connect', (client) => { client.on('error', ignore); });
  return pool;
}

/** A connection of its caller's own. Rejects with errors of the driver. */
export async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client(connection(url));
  client.on('error', ignore);
  await client.connect();
  return client;
}

function connection(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    types,
    application_name: 'dice-store',
    connectionTimeoutMillis: connectTimeoutMs,
    idle_in_transaction_session_timeout: idleTransactionMs,
    keepAlive: true,
  };
}

function ignore(): void {
  return;
}
