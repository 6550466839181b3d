/**
 * Node as a platform of the SDK: node:crypto, the built-in fetch, timers, worker threads, previews by sharp, a cache on disk.
 * SPEC.md section 1.
 */
import { randomBytes } from 'node:crypto';
import type { Platform } from '../ports.js';
import { openCacheStore } from './cache-store.js';
import { nodeTools } from './node-tools.js';
import { makePreview } from './preview.js';
import { nodeTasks } from './worker-threads.js';

/** A platform; with `profileDir` fingerprints are remembered below it. `threads`, `onWarning`: see nodeTasks. */
export function nodePlatform(profileDir?: string, threads?: number, onWarning?: (message: string) => void): Platform {
  const tasks = nodeTasks(threads, onWarning);
  return {
    ...nodeTools,
    randomBytes: (length) => Uint8Array.from(randomBytes(length)),
    fetch: (url, init) => fetch(url, init),
    carrier: 'bearer',
    makePreview,
    ...(tasks === undefined ? {} : { tasks }),
    ...(profileDir === undefined ? {} : { openCache: (scope) => openCacheStore(profileDir, scope) }),
    close: async () => { await tasks?.close(); },
  };
}
