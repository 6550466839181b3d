/**
 * Blocks of a made-up index: block n has a random-looking T1 and T, a place after that of block n - 1, and can be named without
 * having been kept. Nothing here hashes: an index verifies nothing of what it files.
 */
import { createCipheriv } from 'node:crypto';
import { asRehash, asTag, type Rehash } from '../client-sdk/protocol/ids.js';
import type { FiledBlock } from '../server/ports/tag-store.js';

const recordBytes = 64;
const hashBytes = 32;
const blocksPerPack = 2_000;
const blockBytes = 30_000;
/** Blocks from here on are never filed. */
const firstAbsent = 2 ** 40;

/** `count` blocks from number `first` on. */
export function blocksFrom(first: number, count: number): readonly FiledBlock[] {
  const bytes = keystream(first, count * recordBytes);
  return Array.from({ length: count }, (_, index) => blockOf(first + index, bytes.subarray(index * recordBytes, (index + 1) * recordBytes)));
}

/** T1 of block `number`. */
export function storedRehash(number: number): Rehash {
  return asRehash(new Uint8Array(keystream(number, hashBytes)));
}

/** A T1 that no index has. */
export function absentRehash(number: number): Rehash {
  return storedRehash(firstAbsent + number);
}

function blockOf(number: number, bytes: Uint8Array): FiledBlock {
  const place = { pack: 1 + Math.floor(number / blocksPerPack), offset: 56 + (number % blocksPerPack) * blockBytes, length: blockBytes - (number % 251) };
  return { rehash: asRehash(bytes.subarray(0, hashBytes)), tag: asTag(bytes.subarray(hashBytes)), code: number % 1_024, place };
}

/** The stream of AES-256 in counter mode under a key of zeros, from the record of block `number` on. */
function keystream(number: number, length: number): Uint8Array {
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(number) * BigInt(recordBytes / 16), 8);
  return createCipheriv('aes-256-ctr', Buffer.alloc(32), counter).update(Buffer.alloc(length));
}
