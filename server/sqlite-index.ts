/**
 * The index in a SQLite file of the data directory, which one process has to itself.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createGate } from './core/gate.js';
import { DataDirectoryError, type DataDirectory } from './data-directory.js';
import type { IndexWish, OpenedIndex } from './opened-index.js';
import { createAccountStore } from './storage/sqlite/account-store.js';
import { openDatabase } from './storage/sqlite/database.js';
import { setAside } from './storage/sqlite/aside.js';
import { isLocked } from './storage/sqlite/directory-lock.js';
import { createHeadStore } from './storage/sqlite/head-store.js';
import { createImageStore } from './storage/sqlite/image-store.js';
import { createStoreState } from './storage/sqlite/store-state.js';
import { createTagStore } from './storage/sqlite/tag-store.js';
import { nodeWorld } from './world.js';

/** Opens; where it must exist only a file that is there. Throws DataDirectoryError, StorageError or CorruptionError. */
export function openSqliteIndex({ databaseFile }: Pick<DataDirectory, 'databaseFile'>, { mustExist, rebuild, meter }: IndexWish): OpenedIndex {
  if (mustExist && !existsSync(databaseFile)) {
    throw new DataDirectoryError(`${databaseFile} is missing while packs are there. Put it back, or run: dice-admin rebuild-index`);
  }
  const aside = rebuild === undefined ? undefined : setAside(databaseFile, rebuild.isAnew, new Date(nodeWorld.clock.now()));
  const db = openDatabase({ file: databaseFile, meter });
  return {
    stores: { tags: createTagStore(db), images: createImageStore(db), accounts: createAccountStore(db), heads: createHeadStore(db), state: createStoreState(db) },
    gate: createGate(meter, () => Promise.resolve(!isLocked(path.dirname(databaseFile), 'backup'))),
    clock: nodeWorld.clock,
    aside,
    close() {
      db.close();
      return Promise.resolve();
    },
  };
}
