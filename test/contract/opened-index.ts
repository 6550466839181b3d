/**
 * An index on SQLite with the ports over it, for tests that look at its tables too.
 */
import { openDatabase, type StoreDatabase } from '../../server/storage/sqlite/database.js';
import { createImageStore } from '../../server/storage/sqlite/image-store.js';
import { createTagStore } from '../../server/storage/sqlite/tag-store.js';

export interface OpenedIndex {
  readonly file: string;
  readonly db: StoreDatabase;
  readonly tags: ReturnType<typeof createTagStore>;
  readonly images: ReturnType<typeof createImageStore>;
}

/** Opens `file`, which is made where it is missing. `migrations`: a folder of other ones than those of today. */
export function openIndex(file: string, migrations?: string): OpenedIndex {
  const db = openDatabase(migrations === undefined ? { file } : { file, migrations });
  return { file, db, tags: createTagStore(db), images: createImageStore(db) };
}
