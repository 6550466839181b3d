/**
 * Tag and rehash of a cipher: T = SHA-256(C), T1 = SHA-256(T). The hash is passed in, so that both
 * sides use their own provider. SPEC.md section 3.
 */
import { asRehash, asTag, type Rehash, type Tag } from './ids.js';

/** One-shot SHA-256 (FIPS 180-4): any bytes to 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** T of `cipher`. */
export function tagOf(sha256: Sha256, cipher: Uint8Array): Tag {
  return asTag(sha256(cipher));
}

/** T1 of `tag`: the handle of the server's index. */
export function rehashOf(sha256: Sha256, tag: Tag): Rehash {
  return asRehash(sha256(tag));
}
