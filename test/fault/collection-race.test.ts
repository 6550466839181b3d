/**
 * The collector and a client that uses the blocks which it is about to take, in orders of their calls that are all numbered: every so many of them are
 * tried (with DICE_TEST_STRIDE=1 all, and on PostgreSQL too). Single races are in test/integration/core-sweep.test.ts.
 */
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
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
import { raceAll, ways, type OpenStores } from '../support/collection-races.js';
import { memoryAccountStore } from '../support/memory-account-store.js';
import { memoryBlockStore, noPacks } from '../support/memory-block-store.js';
import { memoryHeadStore } from '../support/memory-head-store.js';
import { memoryImageStore } from '../support/memory-image-store.js';
import { emptyIndex } from '../support/memory-index.js';
import { emptyState, memoryStoreState } from '../support/memory-store-state.js';
import { memoryTagStore } from '../support/memory-tag-store.js';
import { postgresServer } from '../support/postgres-server.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const isLong = process.env['DICE_TEST_STRIDE'] !== undefined;
const server = isLong ? postgresServer() : undefined;
const strideOf = (usual: number): number => Number(process.env['DICE_TEST_STRIDE'] ?? usual);

const inMemory: OpenStores = () => {
  const index = emptyIndex();
  const stores = {
    blocks: memoryBlockStore(noPacks()), tags: memoryTagStore(index), images: memoryImageStore(index), accounts: memoryAccountStore(index), heads: memoryHeadStore(index),
    state: memoryStoreState(emptyState(), index),
  };
  return Promise.resolve({ stores, close: () => Promise.resolve() });
};

const onSqlite: OpenStores = async () => {
  const folder = await temporary();
  const db = openDatabase({ file: path.join(folder, 'index.sqlite') });
  const blocks = await openBlockStore({ directory: path.join(folder, 'packs'), storeKey: new Uint8Array(32).fill(1) });
  const stores = { blocks, tags: createTagStore(db), images: createImageStore(db), accounts: createAccountStore(db), heads: createHeadStore(db), state: createStoreState(db) };
  return { stores, close: async () => { await blocks.close(); db.close(); } };
};

const onPostgres: OpenStores = async () => {
  const db = await openPostgres({ url: (await server?.freshDatabase()) ?? '' });
  const stores = {
    blocks: memoryBlockStore(noPacks()), tags: createPostgresTagStore(db), images: createPostgresImageStore(db), accounts: createPostgresAccountStore(db), heads: createPostgresHeadStore(db),
    state: createPostgresStoreState(db),
  };
  return { stores, close: () => db.close() };
};

const engines = [{ name: 'memory', open: inMemory, stride: 181, atLeast: 15 }, { name: 'sqlite', open: onSqlite, stride: 1_201, atLeast: 2 }, ...(isLong ? [{ name: 'postgres', open: onPostgres, stride: 3_001, atLeast: 0 }] : [])];

describe.each(engines)('a block between the collector and a client, on $name', ({ open, stride, atLeast }) => {
  it.each(ways)('is there at the end, or the commit is told that it is not: the client %s', async (way) => {
    const { orders, stored, missing } = await raceAll(open, way, strideOf(stride));
    expect(orders).toBeGreaterThan(atLeast);
    expect(stored + missing).toBe(orders);
    // What was sent, and what a session of one's own holds, is never taken.
    if (way === 'sends' || way === 'asks again') expect(missing).toBe(0);
    if (isLong) process.stdout.write(`${way}: ${orders} orders, ${stored} stored, ${missing} told of missing blocks\n`);
  }, 3_600_000);
});
