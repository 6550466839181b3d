/**
 * A browser as a platform of the SDK: its randomness, clock, network, cryptography, decoders and database. Works in a page
 * and in a worker; on plain http too, with noble's cryptography. SPEC.md section 1.
 */
import { fault } from '../core/errors.js';
import { newRunningSha256 } from '../core/running-hash.js';
import type { Platform } from '../ports.js';
import { openIndexedCache } from './indexed-cache.js';
import { makePreview } from './preview.js';
import { browserProvider } from './webcrypto-provider.js';

/** Bytes that one call of getRandomValues may ask for. */
const maxRandomBytes = 65_536;

/** The platform of this page or worker. */
export function browserPlatform(carrier: 'cookie' | 'bearer'): Platform {
  return {
    crypto: browserProvider(subtleOfPage()),
    randomBytes,
    fetch: (url, init) => fetch(url, init),
    carrier,
    now: () => Date.now(),
    sleep,
    newHash: newRunningSha256,
    makePreview,
    openCache: openIndexedCache,
  };
}

/** Absent on plain http off loopback, whatever the types say. */
function subtleOfPage(): SubtleCrypto | undefined {
  return isSecureContext ? crypto.subtle : undefined;
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += maxRandomBytes) crypto.getRandomValues(bytes.subarray(at, at + maxRandomBytes));
  return bytes;
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(fault('cancelled'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
