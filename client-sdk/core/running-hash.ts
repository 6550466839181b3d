/**
 * SHA-256 of bytes that come in pieces, by noble, for platforms without a native one. Not a provider: one shot
 * hashing is core/crypto.ts. SPEC.md section 1.
 */
import { sha256 } from '@noble/hashes/sha2.js';

/** A running SHA-256 (FIPS 180-4); `digest` answers 32 bytes and ends it. */
export function newRunningSha256(): { update(bytes: Uint8Array): void; digest(): Uint8Array } {
  const hash = sha256.create();
  return {
    update(bytes): void {
      hash.update(bytes);
    },
    digest: () => hash.digest(),
  };
}
