/**
 * Opens the index of a store. Which engine it is on is decided here and nowhere else.
 */
import type { DataDirectory } from './data-directory.js';
import type { IndexWish, OpenedIndex } from './opened-index.js';
import { openPostgresIndex } from './postgres-index.js';
import { openSqliteIndex } from './sqlite-index.js';

/** Where the index is. */
export interface IndexPlace extends IndexWish {
  readonly data: DataDirectory;
  /** A PostgreSQL database; SQLite in the data directory without one. */
  readonly databaseUrl: string | undefined;
}

/** Opens. Rejects with DataDirectoryError, StorageError or CorruptionError; then nothing stays open. */
export async function openIndex({ data, databaseUrl, ...wish }: IndexPlace): Promise<OpenedIndex> {
  return databaseUrl === undefined ? openSqliteIndex(data, wish) : await openPostgresIndex(databaseUrl, wish);
}
