/**
 * Promises over IndexedDB: one request, one transaction, one database. Knows nothing of what is kept. Used by the fingerprint
 * cache and by the record of tile states.
 */

/** Opens (or makes) the database `name` with the object store `store`. */
export function openDatabase(name: string, store: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(store);
  };
  return settled(request);
}

/** What `request` answers. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => { resolve(request.result); };
    request.onerror = () => { reject(request.error ?? new Error('the browser’s database failed')); };
  });
}

/** Ends with the transaction. */
export function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => { reject(transaction.error ?? new Error('the browser’s database gave up')); };
    transaction.oncomplete = () => { resolve(); };
    transaction.onabort = fail;
    transaction.onerror = fail;
  });
}

/** Removes the database `name`; it waits for nobody. */
export async function dropDatabase(name: string): Promise<void> {
  await settled(indexedDB.deleteDatabase(name));
}
