/**
 * What a device remembers, held in memory: the store below a cache of fingerprints, over rows that a test can look at, copy and change.
 */
import type { CacheStore } from '../../client-sdk/ports.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';

/** Values by their keys in hex. */
export type CacheRows = Map<string, Uint8Array>;

export function memoryCache(rows: CacheRows): CacheStore {
  return {
    get: (keys) => Promise.resolve(keys.map((key) => rows.get(hexOf(key)))),
    put(entries) {
      for (const [key, value] of entries) rows.set(hexOf(key), value);
      return Promise.resolve();
    },
    replace(before, entries) {
      const isSame = String(rows.get(hexOf(entries[0]?.[0] ?? new Uint8Array()))) === String(before);
      if (isSame) for (const [key, value] of entries) rows.set(hexOf(key), value);
      return Promise.resolve(isSame);
    },
    erase: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
