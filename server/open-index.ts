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
import { createClock } from './storage/postgres/clock.js';
import { createGate as joinProcesses } from './storage/postgres/gate.js';
import * as postgres from './storage/postgres/index-tables.js';
import * as sqlite from './storage/sqlite/index-tables.js';
import { nodeWorld } from './world.js';

/** An open index. */
export interface Index {
  readonly stores: Omit<Stores, 'blocks'>;
  readonly gate: Gate;
  /** The time that expiry is counted by. */
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Where the index is. */
export interface IndexPlace {
  readonly data: DataDirectory;
  /** A PostgreSQL database; SQLite in the data directory without one. */
  readonly databaseUrl: string | undefined;
  /** Only an index that was made before. */
  readonly mustExist: boolean;
}

/** Opens. Rejects with DataDirectoryError, StorageError or CorruptionError; then nothing stays open. */
export function openIndex(place: IndexPlace): Promise<Index> {
  return place.databaseUrl === undefined ? Promise.resolve(openSqlite(place)) : openPostgres(place.databaseUrl, place.mustExist);
}

function openSqlite({ data, mustExist }: IndexPlace): Index {
  if (mustExist && !existsSync(data.databaseFile)) {
    throw new DataDirectoryError(`${data.databaseFile} is missing while packs are there. Put it back, or run: dice-admin rebuild-index`);
  }
  const { database, stores } = sqlite.openTables(data.databaseFile);
  return {
    stores,
    gate: createGate(),
    clock: nodeWorld.clock,
    close() {
      database.close();
      return Promise.resolve();
    },
  };
}

async function openPostgres(url: string, mustExist: boolean): Promise<Index> {
  const { database, stores } = await postgres.openTables(url);
  try {
    if (mustExist && (await stores.state.read('store-id')) === undefined) {
      throw new DataDirectoryError('The database that DICE_DATABASE_URL names holds no index while there are packs. Name the right one, or run: dice-admin rebuild-index');
    }
    const gate = await joinProcesses(database, createGate());
    const time = await createClock(database);
    return {
      stores,
      gate,
      clock: time.clock,
      async close() {
        time.close();
        await gate.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
