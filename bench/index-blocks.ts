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

/** T1s of blocks, made together: what each alone leaves behind would be most of the memory that the bench measures. */
export function rehashesOf(numbers: readonly number[]): readonly Rehash[] {
  const counters = Buffer.alloc(hashBytes * numbers.length);
  numbers.forEach((number, index) => {
    for (const half of [0, 1]) counters.writeBigUInt64BE(BigInt(number) * BigInt(recordBytes / 16) + BigInt(half), hashBytes * index + 16 * half + 8);
  });
  const bytes = createCipheriv('aes-256-ecb', Buffer.alloc(32), null).setAutoPadding(false).update(counters);
  return numbers.map((_, index) => asRehash(bytes.subarray(hashBytes * index, hashBytes * (index + 1))));
}

/** The number of a block that no index has. */
export function absentNumber(number: number): number {
  return firstAbsent + number;
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
