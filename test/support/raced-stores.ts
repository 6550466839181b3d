/**
 * The stores on which the collector races with a client: in memory, on SQLite and packs, on PostgreSQL.
 */
import path from 'node:path';
import { openBlockStore } from '../../server/storage/packs/block-store.js';
import { createAccountStore } from '../../server/storage/sqlite/account-store.js';
import { openDatabase } from '../../server/storage/sqlite/database.js';
import { createHeadStore } from '../../server/storage/sqlite/head-store.js';
import { createImageStore } from '../../server/storage/sqlite/image-store.js';
import { createStoreState } from '../../server/storage/sqlite/store-state.js';
import { createTagStore } from '../../server/storage/sqlite/tag-store.js';
import { createAccountStore as createPostgresAccountStore } from '../../server/storage/postgres/account-store.js';
import { openDatabase as openPostgres } from '../../server/storage/postgres/database.js';
import { createHeadStore as createPostgresHeadStore } from '../../server/storage/postgres/head-store.js';
import { createImageStore as createPostgresImageStore } from '../../server/storage/postgres/image-store.js';
import { createStoreState as createPostgresStoreState } from '../../server/storage/postgres/store-state.js';
import { createTagStore as createPostgresTagStore } from '../../server/storage/postgres/tag-store.js';
import { memoryAccountStore } from './memory-account-store.js';
import { memoryBlockStore, noPacks } from './memory-block-store.js';
import { memoryHeadStore } from './memory-head-store.js';
import { memoryImageStore } from './memory-image-store.js';
import { emptyIndex } from './memory-index.js';
import { emptyState, memoryStoreState } from './memory-store-state.js';
import { memoryTagStore } from './memory-tag-store.js';
import type { OpenStores } from './collection-races.js';

/** All in memory. */
export const inMemory: OpenStores = () => {
  const index = emptyIndex();
  const stores = {
    blocks: memoryBlockStore(noPacks()), tags: memoryTagStore(index), images: memoryImageStore(index), accounts: memoryAccountStore(index), heads: memoryHeadStore(index),
    state: memoryStoreState(emptyState(), index),
  };
  return Promise.resolve({ stores, close: () => Promise.resolve() });
};

/** On files in a new folder each time. */
export const onSqlite = (newFolder: () => Promise<string>): OpenStores => async () => {
  const folder = await newFolder();
  const db = openDatabase({ file: path.join(folder, 'index.sqlite') });
  const blocks = await openBlockStore({ directory: path.join(folder, 'packs'), storeKey: new Uint8Array(32).fill(1) });
  const stores = { blocks, tags: createTagStore(db), images: createImageStore(db), accounts: createAccountStore(db), heads: createHeadStore(db), state: createStoreState(db) };
  return { stores, close: async () => { await blocks.close(); db.close(); } };
};

/** On a new database each time; blocks in memory. */
export const onPostgres = (freshDatabase: () => Promise<string>): OpenStores => async () => {
  const db = await openPostgres({ url: await freshDatabase() });
  const stores = {
    blocks: memoryBlockStore(noPacks()), tags: createPostgresTagStore(db), images: createPostgresImageStore(db), accounts: createPostgresAccountStore(db), heads: createPostgresHeadStore(db),
    state: createPostgresStoreState(db),
  };
  return { stores, close: () => db.close() };
};
