/**
 * Random bytes that are not: the same sequence for the same seed, for vectors and repeatable tests.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { RandomBytes } from '../../client-sdk/core/crypto.js';
import { concat, u32, utf8 } from '../../client-sdk/protocol/bytes.js';

/** SHA-256(seed, counter), counter = 0, 1, ...; what a call leaves of a digest is dropped. */
export function fixedRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const parts: Uint8Array[] = [];
    for (let made = 0; made < length; made += 32) parts.push(sha256(concat(utf8(seed), u32(counter++))));
    return concat(...parts).slice(0, length);
  };
}

/** Serves `bytes` once, in order; asking for more is an error. */
export function givenRandom(bytes: Uint8Array): RandomBytes {
  let at = 0;
  return (length) => {
    if (at + length > bytes.length) throw new RangeError('the given bytes are used up');
    at += length;
    return bytes.slice(at - length, at);
  };
}
