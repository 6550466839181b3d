/**
 * Opens the index of a store: its tables, and what the processes that share them agree on. Which engine it is on is decided here
 * and nowhere else.
 */
import { existsSync } from 'node:fs';
import type { Stores } from './core/contract.js';
import { createGate } from './core/gate.js';
import { DataDirectoryError, type DataDirectory } from './data-directory.js';
import type { Gate } from './ports/gate.js';
import type { Clock } from './ports/world.js';
import { createAccountStore } from './storage/sqlite/account-store.js';
import { openDatabase } from './storage/sqlite/database.js';
import { createImageStore } from './storage/sqlite/image-store.js';
import { createStoreState } from './storage/sqlite/store-state.js';
import { createTagStore } from './storage/sqlite/tag-store.js';
import { nodeWorld } from './world.js';

/** An open index. */
export interface Index {
  readonly stores: Omit<Stores, 'blocks'>;
  readonly gate: Gate;
  /** The time that expiry is counted by. */
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Opens; with `mustExist`, only one that was made before. Rejects with DataDirectoryError, StorageError or CorruptionError. */
export function openIndex(data: DataDirectory, mustExist: boolean): Promise<Index> {
  if (mustExist && !existsSync(data.databaseFile)) {
    throw new DataDirectoryError(`${data.databaseFile} is missing while packs are there. Put it back, or run: dice-admin rebuild-index`);
  }
  const database = openDatabase({ file: data.databaseFile });
  const stores = { tags: createTagStore(database), images: createImageStore(database), accounts: createAccountStore(database), state: createStoreState(database) };
  return Promise.resolve({
    stores,
    gate: createGate(),
    clock: nodeWorld.clock,
    close() {
      database.close();
      return Promise.resolve();
    },
  });
}
