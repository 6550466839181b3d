/**
 * The index in a PostgreSQL database, which several processes may share.
 */
import { createGate as createLocalGate } from './core/gate.js';
import { DataDirectoryError } from './data-directory.js';
import type { IndexWish, OpenedIndex } from './opened-index.js';
import { noteName } from './ports/index-move.js';
import { isFreeOfMoves } from './storage/postgres/advisory.js';
import { createAccountStore } from './storage/postgres/account-store.js';
import { createClock } from './storage/postgres/clock.js';
import { openDatabase, type StoreDatabase } from './storage/postgres/database.js';
import { createGate } from './storage/postgres/gate.js';
import { createHeadStore } from './storage/postgres/head-store.js';
import { createImageStore } from './storage/postgres/image-store.js';
import { createStoreState } from './storage/postgres/store-state.js';
import { createTagStore } from './storage/postgres/tag-store.js';

/** Opens; where it must exist only what is a store's index already. Rejects with DataDirectoryError, StorageError or CorruptionError; then nothing stays open. */
export async function openPostgresIndex(url: string, wish: IndexWish): Promise<OpenedIndex> {
  const db = await openDatabase({ url, meter: wish.meter });
  try {
    return await indexIn(db, wish);
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function indexIn(db: StoreDatabase, { mustExist, meter }: IndexWish): Promise<OpenedIndex> {
  await refuseMoving(db);
  const stores = { tags: createTagStore(db), images: createImageStore(db), accounts: createAccountStore(db), heads: createHeadStore(db), state: createStoreState(db) };
  // Not that the schema was just made: a start that was refused for it has left one. What is half moved is told by whoever opens any index.
  const isIndex = (await stores.state.read('store-id')) !== undefined || (await stores.state.read(noteName)) !== undefined;
  if (mustExist && !isIndex) {
    throw new DataDirectoryError('The database that DICE_DATABASE_URL names holds no index while there are packs. Name the right one, or run: dice-admin rebuild-index');
  }
  const time = await createClock(db);
  try {
    const gate = await createGate(db, createLocalGate(meter));
    return {
      stores,
      gate,
      clock: time.clock,
      async close() {
        time.close();
        await gate.close();
        await db.close();
      },
    };
  } catch (error) {
    time.close();
    throw error;
  }
}

/** Looked at before the gate is: a process that joined the others would wait for the end of the move. */
async function refuseMoving(db: StoreDatabase): Promise<void> {
  const client = await db.connect();
  try {
    if (await isFreeOfMoves(client)) return;
  } finally {
    await client.end();
  }
  throw new DataDirectoryError('The database is being moved by dice-admin migrate-storage. Let it end, or stop it, before a server is started.');
}
