/**
 * What the cryptography of core asks of a platform. Two providers exist: noble (core/noble-provider.ts, the
 * reference, runs everywhere) and node:crypto (client-sdk/node); every vector runs on both. A provider may
 * answer at once or later, so that WebCrypto fits too. SPEC.md section 1.
 */

/** A value now or a promise of it; `await` takes both. */
export type Eventual<T> = T | Promise<T>;

/** scrypt cost (RFC 7914): N = 2^log2N. */
export interface ScryptCost {
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

/** Primitives over bytes. Keys are 32 bytes except HMAC keys, which may have any length. */
export interface CryptoProvider {
  readonly name: 'noble' | 'node' | 'webcrypto';
  /** FIPS 180-4: 32 bytes. */
  sha256(bytes: Uint8Array): Eventual<Uint8Array>;
  /** RFC 2104 with SHA-256: 32 bytes. */
  hmacSha256(key: Uint8Array, bytes: Uint8Array): Eventual<Uint8Array>;
  /** RFC 2104 with SHA-512: 64 bytes. */
  hmacSha512(key: Uint8Array, bytes: Uint8Array): Eventual<Uint8Array>;
  /** NIST SP 800-38A CTR; the counter is all 128 bits, big-endian, and wraps. Encrypts and decrypts. */
  aes256Ctr(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Eventual<Uint8Array>;
  /**
   * The same, answered as iv || ciphertext in one new array: the form of a block. Only where that saves a copy;
   * without it, core joins the two itself.
   */
  aes256CtrWithIv?(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Eventual<Uint8Array>;
  /** NIST SP 800-38D with a 12-byte nonce: ciphertext, then a 16-byte tag. */
  aes256GcmSeal(key: Uint8Array, nonce: Uint8Array, input: GcmInput): Eventual<Uint8Array>;
  /** The plaintext, or undefined where the tag does not fit. */
  aes256GcmOpen(key: Uint8Array, nonce: Uint8Array, input: GcmInput): Eventual<Uint8Array | undefined>;
  /** RFC 8032 Ed25519: 64 bytes, the same for the same secret (32 bytes) and message. */
  ed25519Sign(secret: Uint8Array, message: Uint8Array): Eventual<Uint8Array>;
  /** RFC 8032 Ed25519, not ZIP 215. False for keys and signatures of other lengths. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Eventual<boolean>;
  /** RFC 7914: 32 bytes. */
  scrypt(password: Uint8Array, salt: Uint8Array, cost: ScryptCost): Eventual<Uint8Array>;
}

/** Bytes to seal or open, and the data bound to them. */
export interface GcmInput {
  readonly bytes: Uint8Array;
  readonly associated: Uint8Array;
}

/** `length` cryptographically random bytes. */
export type RandomBytes = (length: number) => Uint8Array;
