/**
 * Node as a platform of the SDK: node:crypto, the built-in fetch, timers, previews by sharp, a cache on disk.
 * SPEC.md section 1.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Platform } from '../ports.js';
import { openCacheStore } from './cache-store.js';
import { nodeProvider } from './node-provider.js';
import { makePreview } from './preview.js';

/** A platform; with `profileDir` fingerprints are remembered below it. */
export function nodePlatform(profileDir?: string): Platform {
  return {
    crypto: nodeProvider,
    randomBytes: (length) => Uint8Array.from(randomBytes(length)),
    fetch: (url, init) => fetch(url, init),
    carrier: 'bearer',
    now: () => Date.now(),
    sleep: async (ms, signal) => {
      await delay(ms, undefined, signal === undefined ? { ref: true } : { signal });
    },
    newHash() {
      const hash = createHash('sha256');
      return { update: (bytes) => { hash.update(bytes); }, digest: () => Uint8Array.from(hash.digest()) };
    },
    makePreview,
    ...(profileDir === undefined ? {} : { openCache: (scope) => openCacheStore(profileDir, scope) }),
  };
}
