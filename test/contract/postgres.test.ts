/**
 * The stores on PostgreSQL: the contracts, and what is theirs alone: migrations, failures, the state of the store, the clock. What
 * several processes do at once is in test/integration.
 */
import { postgresServer } from '../support/postgres-server.js';
import { createAccountStore } from '../../server/storage/postgres/account-store.js';
import { openDatabase } from '../../server/storage/postgres/database.js';
import { createImageStore } from '../../server/storage/postgres/image-store.js';
import { createTagStore } from '../../server/storage/postgres/tag-store.js';
import { accountStoreContract } from './account-store-contract.js';
import { imageStoreContract } from './image-store-contract.js';
import type { Stores } from './store-fixture.js';
import { tagStoreContract } from './tag-store-contract.js';

const server = postgresServer();

async function storesOf(url: string): Promise<Stores> {
  const db = await openDatabase({ url });
  return {
    tags: createTagStore(db),
    images: createImageStore(db),
    accounts: createAccountStore(db),
    async reopen() {
      await db.close();
      return storesOf(url);
    },
    close: () => db.close(),
  };
}

/** The schema is made once, and each store begins with a copy of it. */
let schema: Promise<string> | undefined;

async function makeSchema(): Promise<string> {
  const url = await server.freshDatabase();
  await (await openDatabase({ url })).close();
  return url;
}

const make = async (): Promise<Stores> => storesOf(await server.copyOf(await (schema ??= makeSchema())));
tagStoreContract('postgres', make);
imageStoreContract('postgres', make);
accountStoreContract('postgres', make);
