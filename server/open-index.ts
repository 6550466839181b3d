/**
 * Opens the index of a store. Which engine it is on is decided here and nowhere else.
 */
import { DataDirectoryError, type DataDirectory } from './data-directory.js';
import type { IndexWish, OpenedIndex } from './opened-index.js';
import { noteName } from './ports/index-move.js';
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
  const index = databaseUrl === undefined ? openSqliteIndex(data, wish) : await openPostgresIndex(databaseUrl, wish);
  try {
    await refuseHalfMoved(index);
    return index;
  } catch (error) {
    await index.close();
    throw error;
  }
}

/** An index of which rows are still to come is no index. */
async function refuseHalfMoved({ stores }: OpenedIndex): Promise<void> {
  if ((await stores.state.read(noteName)) === undefined) return;
  throw new DataDirectoryError('The index holds a move that has not ended. Run dice-admin migrate-storage again to end it, or name the index that it came from.');
}
