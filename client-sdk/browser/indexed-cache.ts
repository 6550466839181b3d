/**
 * The fingerprint cache of a browser, in IndexedDB, one database for each server and account. Keys and values are opaque
 * (keyed and sealed by the SDK). Where the browser keeps no database (private windows), a Map stands in. DESIGN.md section 4.
 */
import type { CacheScope, CacheStore } from '../ports.js';
import { hexOf } from '../protocol/bytes.js';
import { dropDatabase, finished, openDatabase, settled } from './database.js';

const storeName = 'fingerprints';

/** The cache of `scope`. Never fails for want of a database: it then forgets at the end of the page. */
export async function openIndexedCache(scope: CacheScope): Promise<CacheStore> {
  const name = `dice-${scope.serverId}-${scope.accountId}`;
  try {
    return indexedCache(name, await openDatabase(name, storeName));
  } catch {
    return memoryCache();
  }
}

function indexedCache(name: string, database: IDBDatabase): CacheStore {
  return {
    async get(keys) {
      const store = database.transaction(storeName, 'readonly').objectStore(storeName);
      const found = await Promise.all(keys.map((key) => settled<unknown>(store.get(Uint8Array.from(key)))));
      return found.map((value) => (value instanceof Uint8Array ? value : undefined));
    },
    async put(entries) {
      const transaction = database.transaction(storeName, 'readwrite');
      for (const [key, value] of entries) transaction.objectStore(storeName).put(Uint8Array.from(value), Uint8Array.from(key));
      await finished(transaction);
    },
    async erase() {
      database.close();
      await dropDatabase(name);
    },
    close() {
      database.close();
      return Promise.resolve();
    },
  };
}

function memoryCache(): CacheStore {
  const entries = new Map<string, Uint8Array>();
  return {
    get: (keys) => Promise.resolve(keys.map((key) => entries.get(hexOf(key)))),
    put(added) {
      for (const [key, value] of added) entries.set(hexOf(key), value);
      return Promise.resolve();
    },
    erase() {
      entries.clear();
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
