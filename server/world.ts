/**
 * The world of the server process: the clock, the randomness and the hashing of Node. The rules get them passed in.
 */
import { createHmac, hash, randomBytes } from 'node:crypto';
import type { World } from './core/contract.js';

/** Of this process. */
export const nodeWorld: World = {
  clock: { now: () => Date.now() },
  random: (length) => randomBytes(length),
  hasher: {
    sha256: (bytes) => hash('sha256', bytes, 'buffer'),
    hmacSha256: (key, bytes) => createHmac('sha256', key).update(bytes).digest(),
  },
};
