/**
 * What a swept store lies on beside SQLite and packs in a folder: PostgreSQL for its index, a bucket for its packs.
 */
import { createAccountStore } from '../../server/storage/postgres/account-store.js';
import { openDatabase } from '../../server/storage/postgres/database.js';
import { createHeadStore } from '../../server/storage/postgres/head-store.js';
import { createImageStore } from '../../server/storage/postgres/image-store.js';
import { createStoreState } from '../../server/storage/postgres/store-state.js';
import { createTagStore } from '../../server/storage/postgres/tag-store.js';
import { freshPrefix, openStore, type S3Place } from './s3-server.js';
import type { OpenEngine } from './swept-store.js';

/** The index in a new database each time. */
export const indexOnPostgres = (freshDatabase: () => Promise<string>): OpenEngine => async () => {
  const db = await openDatabase({ url: await freshDatabase() });
  return {
    ports: { tags: createTagStore(db), images: createImageStore(db), accounts: createAccountStore(db), heads: createHeadStore(db), state: createStoreState(db) },
    close: () => db.close(),
  };
};

/** The packs below a new prefix each time. Whoever has the store closes them. */
export const packsInBucket = (placeNow: () => S3Place | undefined): OpenEngine => async () => {
  const place = placeNow();
  if (place === undefined) throw new Error('the bucket is there only while tests run');
  return { ports: { blocks: await openStore(place, freshPrefix()) }, close: () => Promise.resolve() };
};
