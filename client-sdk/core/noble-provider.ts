/**
 * The reference provider: @noble/hashes, @noble/ciphers and @noble/curves, plain JavaScript that runs everywhere, pages on plain
 * http among them. Slow; node:crypto is the fast path (client-sdk/node). SPEC.md section 1.
 */
import { ctr, gcm } from '@noble/ciphers/aes.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { CryptoProvider } from './crypto.js';
import { hashBytes } from '../protocol/limits.js';

/** noble's audited primitives under the interface of core/crypto.ts. Answers at once, but for scrypt. */
export const nobleProvider: CryptoProvider = {
  name: 'noble',
  sha256,
  hmacSha256: (key, bytes) => hmac(sha256, key, bytes),
  hmacSha512: (key, bytes) => hmac(sha512, key, bytes),
  aes256Ctr: (key, iv, bytes) => ctr(key, iv).encrypt(bytes),
  aes256CtrWithIv: ctrWithIv,
  aes256GcmSeal: (key, nonce, input) => gcm(key, nonce, input.associated).encrypt(input.bytes),
  aes256GcmOpen(key, nonce, input) {
    try {
      return gcm(key, nonce, input.associated).decrypt(input.bytes);
    } catch {
      // noble throws for a wrong tag and for an input shorter than one: both mean that it does not open.
      return undefined;
    }
  },
  ed25519Sign: (secret, message) => ed25519.sign(message, secret),
  ed25519Verify(publicKey, message, signature) {
    if (publicKey.length !== hashBytes || signature.length !== 2 * hashBytes) return false;
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      // noble throws for what is no point and no scalar.
      return false;
    }
  },
  scrypt: (password, salt, cost) =>
    scryptAsync(password, salt, { N: 2 ** cost.log2N, r: cost.r, p: cost.p, dkLen: hashBytes, maxmem: scryptMemoryBytes(cost) }),
};

function ctrWithIv(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(iv.length + bytes.length);
  whole.set(iv);
  whole.set(ctr(key, iv).encrypt(bytes), iv.length);
  return whole;
}

/** RFC 7914 section 6: 128 r (N + p) bytes, and room for the rest. */
function scryptMemoryBytes(cost: { readonly log2N: number; readonly r: number; readonly p: number }): number {
  return 128 * cost.r * (2 ** cost.log2N + cost.p) + 1_048_576;
}
