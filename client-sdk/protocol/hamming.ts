/**
 * Check code of a tag: extended Hamming (SECDED) over 256 data bits, 10 check bits kept in 2 bytes.
 * It repairs rot in the index; it proves nothing about a cipher, which only SHA-256 judges.
 * R. W. Hamming, Error Detecting and Error Correcting Codes, 1950, sections 3 and 5. SPEC.md section 4.
 *
 * Data bit i (bit 0 is the most significant bit of byte 0) stands at the (i+1)-th position that is not
 * a power of two; check bit k at position 2^k, k = 0..8; bit 9 is the parity of all 265 positions.
 */
import { hashBytes } from './limits.js';
import { asTag, type Tag } from './ids.js';

const dataBits = 8 * hashBytes;
const checkBits = 9;
const parityBit = 1 << checkBits;
const checkMask = parityBit - 1;

/** What comparing a stored tag with its stored code can tell. */
export type HammingOutcome =
  | { readonly kind: 'intact' }
  | { readonly kind: 'corrected'; readonly where: 'tag' | 'code'; readonly tag: Tag; readonly code: number }
  | { readonly kind: 'uncorrectable' };

const positions = dataPositions();
const dataBitAt = new Map(positions.map((position, bit) => [position, bit]));
const byteSyndromes = syndromesOfBytes();

/** H(tag): 10 bits, 0..1023. */
export function hammingOf(tag: Uint8Array): number {
  const sum = dataSyndrome(tag);
  const check = sum & checkMask;
  return check | ((sum & parityBit) ^ (parityOf(check) << checkBits));
}

/** Judges `tag` by `code`; corrects one flipped bit in either, notices any two. */
export function correct(tag: Tag, code: number): HammingOutcome {
  const syndrome = (dataSyndrome(tag) ^ code) & checkMask;
  const odd = (dataSyndrome(tag) >>> checkBits) ^ parityOf(code & checkMask) ^ ((code >>> checkBits) & 1);
  if (syndrome === 0 && odd === 0) return { kind: 'intact' };
  if (odd === 0) return { kind: 'uncorrectable' };
  if ((syndrome & (syndrome - 1)) === 0) return { kind: 'corrected', where: 'code', tag, code: hammingOf(tag) };
  const bit = dataBitAt.get(syndrome);
  if (bit === undefined) return { kind: 'uncorrectable' };
  return { kind: 'corrected', where: 'tag', tag: withBitFlipped(tag, bit), code };
}

function withBitFlipped(tag: Tag, bit: number): Tag {
  const copy = tag.slice();
  copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (128 >>> (bit & 7));
  return asTag(copy);
}

/** Low 9 bits: XOR of the positions of all set data bits. Bit 9: parity of the data bits. */
function dataSyndrome(tag: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < hashBytes; i++) sum ^= byteSyndromes[(i << 8) | (tag[i] ?? 0)] ?? 0;
  return sum;
}

function dataPositions(): readonly number[] {
  const found: number[] = [];
  for (let position = 1; found.length < dataBits; position++) {
    if ((position & (position - 1)) !== 0) found.push(position);
  }
  return found;
}

function syndromesOfBytes(): Uint16Array {
  const table = new Uint16Array(hashBytes * 256);
  for (let bit = 0; bit < dataBits; bit++) {
    const position = positions[bit] ?? 0;
    const mask = 128 >>> (bit & 7);
    for (let value = 0; value < 256; value++) {
      if ((value & mask) !== 0) table[((bit >>> 3) << 8) | value]! ^= position | parityBit;
    }
  }
  return table;
}

function parityOf(word: number): number {
  let folded = word ^ (word >>> 8);
  folded ^= folded >>> 4;
  folded ^= folded >>> 2;
  return (folded ^ (folded >>> 1)) & 1;
}
