/**
 * One SQLite file: how it is opened, its transactions, its cached statements, and its failures as errors of the
 * ports. It knows no table.
 */
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CorruptionError, StorageError } from '../../ports/errors.js';
import { type Meter, silentMeter } from '../../ports/meter.js';
import { AfterwardsList } from './afterwards.js';
import { MalformedRow } from './columns.js';
import { type Durability, GroupCommit } from './group-commit.js';
import { countMigrations, migrate } from './migrate.js';

/** Where the file lies. `migrations` is the folder of the schema, by default that of the package. */
export interface DatabaseOptions {
  readonly file: string;
  readonly migrations?: string;
  readonly meter?: Meter | undefined;
}

/** From dist/server/storage/sqlite up to the package, which holds the migrations beside dist. */
export const packagedMigrations = fileURLToPath(new URL('../../../../migrations/sqlite', import.meta.url));

const opening = 'opening the database';

/** Opens the database at `file`, makes it where it is missing, and brings its schema up to date. Throws errors of the ports. */
export function openDatabase(options: DatabaseOptions): StoreDatabase {
  return translated(opening, options.file, () => {
    mkdirSync(path.dirname(path.resolve(options.file)), { recursive: true, mode: 0o700 });
    const connection = new Sqlite(options.file);
    const folder = options.migrations ?? packagedMigrations;
    try {
      configure(connection);
      migrate(connection, folder);
    } catch (error) {
      connection.close();
      throw error;
    }
    return new StoreDatabase(connection, { meter: options.meter ?? silentMeter, migrations: countMigrations(folder) });
  });
}

/** An open database. Methods of the stores run inside `read` or `write`, each one transaction. */
export class StoreDatabase {
  private readonly statements = new Map<string, Statement>();
  private readonly writes: GroupCommit;
  /** What follows the transaction that a method of the stores runs in. */
  readonly afterwards = new AfterwardsList();

  /** How many migrations this program knows, and has seen applied. */
  readonly migrations: number;

  constructor(readonly connection: Database, { meter, migrations }: { readonly meter: Meter; readonly migrations: number }) {
    this.migrations = migrations;
    this.writes = new GroupCommit(this, meter);
  }

  /** The prepared statement of `sql`; `Row` is what its columns give. */
  query<Row>(sql: string): Statement<unknown[], Row> {
    const known = this.statements.get(sql);
    if (known !== undefined) return known as Statement<unknown[], Row>; // one text is always asked with one row type
    const made = this.connection.prepare<unknown[], Row>(sql);
    this.statements.set(sql, made);
    return made;
  }

  /** Runs `step` on one snapshot. */
  read<T>(doing: string, step: () => T): Promise<T> {
    return new Promise((resolve) => { resolve(translated(doing, this.connection.name, () => this.transact(step))); });
  }

  /** Runs `step` as the only writer, soon; all of it is durable when the promise resolves, none of it where it rejects. */
  write<T>(doing: string, step: () => T): Promise<T> {
    return this.add('durable', doing, step);
  }

  /**
   * As `write`, but a crash of the machine (not of the process) may take it back, whole: for what a client brings again when it is told
   * that it is missing. The next durable write makes it durable too.
   */
  note<T>(doing: string, step: () => T): Promise<T> {
    return this.add('lazy', doing, step);
  }

  /** Moves the write-ahead log into the file, empties it, and gives free pages back. */
  truncateLog(): void {
    this.connection.pragma('incremental_vacuum');
    this.connection.pragma('wal_checkpoint(TRUNCATE)');
  }

  /** Truncates the log and closes. Repeatable. */
  close(): void {
    if (!this.connection.open) return;
    translated('closing the database', this.connection.name, () => {
      this.writes.flush();
      this.truncateLog();
      this.connection.close();
    });
  }

  private async add<T>(durability: Durability, doing: string, step: () => T): Promise<T> {
    try {
      this.refuseClosed();
      return await this.writes.add(durability, step);
    } catch (error) {
      throw storageErrorOf(doing, this.connection.name, error);
    }
  }

  private refuseClosed(): void {
    if (!this.connection.open) throw new StorageError('the database is closed', { retryable: false });
  }

  private transact<T>(step: () => T): T {
    this.refuseClosed();
    this.query('BEGIN').run();
    let isCommitted = false;
    try {
      const result = step();
      this.query('COMMIT').run();
      isCommitted = true;
      return result;
    } catch (error) {
      if (this.connection.inTransaction) this.query('ROLLBACK').run();
      throw error;
    } finally {
      this.afterwards.settle(isCommitted);
    }
  }
}

/** The driver opens an existing write-ahead database with synchronous = NORMAL: every setting is made at every open. */
function configure(connection: Database): void {
  connection.pragma('busy_timeout = 5000');
  connection.pragma('page_size = 4096');
  connection.pragma('auto_vacuum = INCREMENTAL');
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  connection.pragma('wal_autocheckpoint = 4000');
  connection.pragma('cache_size = -32768');
  connection.pragma('trusted_schema = OFF');
  // What is deleted is overwritten in the pages that are written anyhow: names and proofs of who went do not stay in the file.
  connection.pragma('secure_delete = FAST');
}

const fullCodes = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT']);

/** Runs `step` on `file`; what SQLite or the file system throws becomes an error of the ports. */
export function translated<T>(doing: string, file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw storageErrorOf(doing, file, error);
  }
}

/** Pages that cannot be read. */
const damageCodes = /^SQLITE_(CORRUPT|NOTADB|FORMAT|IOERR_SHORT_READ)/;
/** What no sound database answers to this program's statements, once it has its schema: tables that lack, rows that break what the schema says of them. */
const brokenSchemaCodes = /^SQLITE_(ERROR|MISMATCH|CONSTRAINT|TOOBIG)/;

/** The error of the ports for what SQLite or the file system threw, or a column that cannot hold what it holds; anything else as it is. */
function storageErrorOf(doing: string, file: string, error: unknown): unknown {
  if (error instanceof MalformedRow) return damagedDatabase(file, `${doing}: ${error.message}`, error);
  const code = codeOf(error);
  if (code === undefined) return error;
  if (damageCodes.test(code) || (doing !== opening && brokenSchemaCodes.test(code))) return damagedDatabase(file, `${doing}: ${code}`, error);
  const retryable = /^SQLITE_(BUSY|LOCKED|NOMEM|INTERRUPT|PROTOCOL)/.test(code);
  return new StorageError(`${doing}: ${code}`, { retryable, isFull: fullCodes.has(code), cause: error });
}

/** Names the file and the way out. */
function damagedDatabase(file: string, why: string, cause?: unknown): CorruptionError {
  const sentence = `${file} is damaged (${why}). Stop the server and put the file back from a backup, or run dice-admin rebuild-index --anew: it keeps this file aside and makes a new one from the packs.`;
  return new CorruptionError(sentence, cause === undefined ? undefined : { cause });
}

/** The code that SQLite or the file system gave an error, or undefined where it comes from neither. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
