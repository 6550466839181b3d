/**
 * What tasks need of Node, in its main thread and in worker threads: cryptography and a clock. SPEC.md section 1.
 */
import { createHash } from 'node:crypto';
import { setImmediate as breath, setTimeout as delay } from 'node:timers/promises';
import type { TaskTools } from '../local-tasks.js';
import { nodeProvider } from './node-provider.js';

export const nodeTools: TaskTools = {
  crypto: nodeProvider,
  now: () => Date.now(),
  async sleep(ms, signal) {
    // A timer would wait for a whole millisecond.
    if (ms === 0) await breath(undefined, signal === undefined ? {} : { signal });
    else await delay(ms, undefined, signal === undefined ? { ref: true } : { signal });
  },
  newHash() {
    const hash = createHash('sha256');
    return { update: (bytes) => { hash.update(bytes); }, digest: () => Uint8Array.from(hash.digest()) };
  },
};
