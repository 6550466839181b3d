/**
 * The fingerprint cache of a browser, in IndexedDB, one database for each server and account. Keys and values are opaque
 * (keyed and sealed by the SDK). Where the browser keeps no database (private windows), a Map stands in. DESIGN.md section 4.
 */
import type { CacheScope, CacheStore } from '../ports.js';
import { hexOf } from '../protocol/bytes.js';
import { dropDatabase, finished, openDatabase, settled } from './database.js';

type Entry = readonly [key: Uint8Array, value: Uint8Array];

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

/** What is there now under the first key that is written. */
type Condition = (now: unknown) => boolean;

function isStill(before: Uint8Array | undefined): Condition {
  return (now) => String(now) === String(before);
}

function indexedCache(name: string, database: IDBDatabase): CacheStore {
  const write = async (entries: readonly Entry[], condition: Condition): Promise<boolean> => {
    const transaction = database.transaction(storeName, 'readwrite');
    const store = transaction.objectStore(storeName);
    const isMet = condition(await settled<unknown>(store.get(Uint8Array.from(entries[0]?.[0] ?? [0]))));
    if (isMet) for (const [key, value] of entries) store.put(Uint8Array.from(value), Uint8Array.from(key));
    await finished(transaction);
    return isMet;
  };
  return {
    async get(keys) {
      const store = database.transaction(storeName, 'readonly').objectStore(storeName);
      const found = await Promise.all(keys.map((key) => settled<unknown>(store.get(Uint8Array.from(key)))));
      return found.map((value) => (value instanceof Uint8Array ? value : undefined));
    },
    put: async (entries) => { await write(entries, () => true); },
    replace: (before, entries) => write(entries, isStill(before)),
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
  const put = (added: readonly Entry[]): Promise<void> => {
    for (const [key, value] of added) entries.set(hexOf(key), value);
    return Promise.resolve();
  };
  return {
    get: (keys) => Promise.resolve(keys.map((key) => entries.get(hexOf(key)))),
    put,
    async replace(before, added) {
      const isMet = isStill(before)(entries.get(hexOf(added[0]?.[0] ?? new Uint8Array())));
      if (isMet) await put(added);
      return isMet;
    },
    erase() {
      entries.clear();
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
