/**
 * The door of the SDK: connects a platform to one server. What a client can do stands in api.ts.
 * SPEC.md section 12.
 */
import type { ConnectOptions, DiceClient } from './api.js';
import type { Platform } from './ports.js';

/**
 * Asks the server what it is and checks that it is the host that was dialled. Throws DiceError `realm-mismatch`,
 * `server-unreachable`, `answer-invalid` or `argument-invalid`.
 */
export function connectWith(platform: Platform, options: ConnectOptions): Promise<DiceClient> {
  return Promise.reject(new Error(`${platform.carrier} ${options.server}`));
}
