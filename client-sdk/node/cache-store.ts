/**
 * The fingerprint cache on disk: one SQLite file for each server and account, opaque keys and sealed values alone. Losing
 * it costs work, never correctness, so it is not synced. SPEC.md section 8.
 */
import { chmodSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { CacheScope, CacheStore } from '../ports.js';
import { makePrivateFolder } from './profile.js';

/** Opens (or makes) the cache of a scope below `folder`. A damaged file is made anew. */
export async function openCacheStore(folder: string, scope: CacheScope): Promise<CacheStore> {
  await makePrivateFolder(folder);
  const file = path.join(folder, `cache-${scope.serverId}-${scope.accountId}.sqlite`);
  return new SqliteCache(file, openOrRemake(file));
}

function openOrRemake(file: string): Database.Database {
  try {
    return openDatabase(file);
  } catch {
    removeFiles(file);
    return openDatabase(file);
  }
}

function openDatabase(file: string): Database.Database {
  const database = new Database(file, { timeout: 5_000 });
  try {
    chmodSync(file, 0o600);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.exec('CREATE TABLE IF NOT EXISTS fingerprint (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID');
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function removeFiles(file: string): void {
  for (const name of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(name)) rmSync(name);
}

type Entry = readonly [key: Uint8Array, value: Uint8Array];

class SqliteCache implements CacheStore {
  readonly #getAll;
  readonly #putAll;
  readonly #replaceAll;
  #waiting: Entry[] = [];
  #written: Promise<void> | undefined;

  constructor(
    private readonly file: string,
    private readonly database: Database.Database,
  ) {
    const read = database.prepare<[Uint8Array], { value: Buffer }>('SELECT value FROM fingerprint WHERE key = ?');
    const write = database.prepare<[Uint8Array, Uint8Array]>('INSERT OR REPLACE INTO fingerprint (key, value) VALUES (?, ?)');
    this.#getAll = database.transaction((keys: readonly Uint8Array[]) => keys.map((key) => {
      const row = read.get(key);
      return row === undefined ? undefined : Uint8Array.from(row.value);
    }));
    this.#putAll = database.transaction((entries: readonly Entry[]) => {
      for (const [key, value] of entries) write.run(key, value);
    });
    this.#replaceAll = database.transaction((before: Uint8Array | undefined, entries: readonly Entry[]) => {
      const now = read.get(entries[0]?.[0] ?? new Uint8Array());
      const isSame = before === undefined ? now === undefined : now?.value.equals(before) === true;
      if (isSame) for (const [key, value] of entries) write.run(key, value);
      return isSame;
    });
  }

  get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return Promise.resolve(this.#getAll(keys));
  }

  /** What is put in one turn of the event loop is written together. */
  put(entries: readonly Entry[]): Promise<void> {
    this.#waiting.push(...entries);
    this.#written ??= this.#writeSoon();
    return this.#written;
  }

  /** Takes the lock before it reads: a reader that becomes a writer would be refused where another wrote in between. */
  replace(before: Uint8Array | undefined, entries: readonly Entry[]): Promise<boolean> {
    return Promise.resolve(this.#replaceAll.immediate(before, entries));
  }

  async erase(): Promise<void> {
    await this.close();
    removeFiles(this.file);
  }

  async close(): Promise<void> {
    await this.#written;
    this.database.close();
  }

  async #writeSoon(): Promise<void> {
    await endOfTurn();
    const entries = this.#waiting;
    this.#waiting = [];
    this.#written = undefined;
    this.#putAll(entries);
  }
}
