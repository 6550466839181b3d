/** The four stores of an index in one PostgreSQL database. */
import type { AccountStore } from '../../ports/account-store.js';
import type { ImageStore } from '../../ports/image-store.js';
import type { TagStore } from '../../ports/tag-store.js';
import type { StoreState } from '../../ports/world.js';
import { createAccountStore } from './account-store.js';
import { openDatabase, type StoreDatabase } from './database.js';
import { createImageStore } from './image-store.js';
import { createStoreState } from './store-state.js';
import { createTagStore } from './tag-store.js';

/** The stores, and the database that is closed after them. */
export interface IndexTables {
  readonly database: StoreDatabase;
  readonly stores: { readonly tags: TagStore; readonly images: ImageStore; readonly accounts: AccountStore; readonly state: StoreState };
}

/** Opens the database, whose schema is made or brought up to date. Rejects with StorageError or CorruptionError. */
export async function openTables(url: string): Promise<IndexTables> {
  const database = await openDatabase({ url });
  const stores = { tags: createTagStore(database), images: createImageStore(database), accounts: createAccountStore(database), state: createStoreState(database) };
  return { database, stores };
}
