/**
 * The fingerprint cache on disk: one SQLite file for each server and account, opaque keys and sealed values alone. Losing
 * it costs work, never correctness, so it is not synced. SPEC.md section 8.
 */
import { chmodSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
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

class SqliteCache implements CacheStore {
  readonly #read;
  readonly #write;

  constructor(
    private readonly file: string,
    private readonly database: Database.Database,
  ) {
    this.#read = database.prepare<[Uint8Array], { value: Buffer }>('SELECT value FROM fingerprint WHERE key = ?');
    this.#write = database.prepare<[Uint8Array, Uint8Array]>('INSERT OR REPLACE INTO fingerprint (key, value) VALUES (?, ?)');
  }

  get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    const find = this.database.transaction(() => keys.map((key) => {
      const row = this.#read.get(key);
      return row === undefined ? undefined : Uint8Array.from(row.value);
    }));
    return Promise.resolve(find());
  }

  put(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): Promise<void> {
    this.database.transaction(() => {
      for (const [key, value] of entries) this.#write.run(key, value);
    })();
    return Promise.resolve();
  }

  erase(): Promise<void> {
    this.database.close();
    removeFiles(this.file);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.database.close();
    return Promise.resolve();
  }
}
