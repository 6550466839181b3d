/**
 * A client's cryptography with a fault: it takes what it opens for sealed, whatever the tag says. A suite of lies that finds nothing wrong with it finds nothing.
 */
import { createDecipheriv } from 'node:crypto';
import type { CryptoProvider } from '../../client-sdk/core/crypto.js';

const tagBytes = 16;

export function credulous(crypto: CryptoProvider): CryptoProvider {
  return {
    ...crypto,
    aes256GcmOpen: (key, nonce, { bytes }) => Uint8Array.from(createDecipheriv('aes-256-gcm', key, nonce).update(bytes.subarray(0, -tagBytes))),
  };
}
