/**
 * The constants of deflate (RFC 1951 section 3.2) and its canonical codes: what length and distance symbols
 * mean, the fixed code, code words from code lengths. SPEC.md section 6.7.
 */

/** Longest code word of literals and distances. */
export const maxCodeBits = 15;
/** Longest code word of the code of code lengths. */
export const maxPrecodeBits = 7;
export const literalSymbols = 286;
export const distanceSymbols = 30;
export const precodeSymbols = 19;
export const endSymbol = 256;
export const maxMatchBytes = 258;
export const minMatchBytes = 3;
export const maxDistance = 32_768;
/** Length 258 written as symbol 284 and 31 extra bits, as a token has it. */
export const oddMatchLength = 259;

/** Order in which the lengths of the precode are written. */
export const precodeOrder = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15);

/** Extra bits of length symbol 257 + i, and the first length that it means. */
export const lengthExtra = Uint8Array.from({ length: 29 }, (_, i) => (i < 8 || i === 28 ? 0 : (i - 4) >> 2));
export const lengthBase = basesOf(lengthExtra, minMatchBytes);
lengthBase[28] = maxMatchBytes;
/** Extra bits of distance symbol i, and the first distance that it means. */
export const distanceExtra = Uint8Array.from({ length: distanceSymbols }, (_, i) => (i < 4 ? 0 : (i - 2) >> 1));
export const distanceBase = basesOf(distanceExtra, 1);

/** Length symbol less 257 of a length of a token. */
export const lengthSlot = slotsOf(lengthBase, oddMatchLength + 1);
lengthSlot[oddMatchLength] = 27;
const nearSlot = slotsOf(distanceBase, 257);

/** Distance symbol of a distance. */
export function distanceSlot(distance: number): number {
  if (distance <= 256) return nearSlot[distance]!;
  const top = 31 - Math.clz32(distance - 1);
  return 2 * top + (((distance - 1) >>> (top - 1)) & 1);
}

/** Code lengths of the fixed code; symbols 286 and 287 take part in it and are never used. */
export const fixedLiteralLengths = Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
export const fixedDistanceLengths = new Uint8Array(32).fill(5);

/** Code words, first bit lowest (as deflate packs them), of canonical code `lengths`. */
export function codeWords(lengths: Uint8Array): Uint16Array {
  const words = new Uint16Array(lengths.length);
  const next = firstWords(lengths);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const bits = lengths[symbol]!;
    if (bits > 0) words[symbol] = reversed(next[bits]!++, bits);
  }
  return words;
}

/** How much of the code space `lengths` take, in 1/32768: 32768 is a complete code. */
export function codeSpace(lengths: Uint8Array): number {
  let space = 0;
  for (const bits of lengths) if (bits > 0) space += 1 << (maxCodeBits - bits);
  return space;
}

/** Complete, or a single word of one bit, or nothing, as zlib's inflate has it. */
export function isUsableCode(lengths: Uint8Array): boolean {
  const space = codeSpace(lengths);
  return space === 1 << maxCodeBits || space === 0 || (space === 1 << (maxCodeBits - 1) && Math.max(...lengths) === 1);
}

/** A table over `bits` bits of the stream: symbol << 4 | length, or 0 where no word begins so. */
export interface DecodeTable {
  readonly bits: number;
  readonly entries: Uint16Array;
}

/** The table of a code that takes no more than all of the code space. */
export function decodeTable(lengths: Uint8Array): DecodeTable {
  const bits = Math.max(1, ...lengths);
  const entries = new Uint16Array(1 << bits);
  const words = codeWords(lengths);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    for (let at = words[symbol]!; at < entries.length; at += 1 << length) entries[at] = (symbol << 4) | length;
  }
  return { bits, entries };
}

function firstWords(lengths: Uint8Array): Uint16Array {
  const counts = new Uint16Array(maxCodeBits + 2);
  for (const bits of lengths) if (bits > 0) counts[bits + 1]!++;
  const next = new Uint16Array(maxCodeBits + 2);
  for (let bits = 1; bits <= maxCodeBits; bits++) next[bits] = (next[bits - 1]! + counts[bits]!) << 1;
  return next;
}

function reversed(word: number, bits: number): number {
  let turned = 0;
  for (let k = 0; k < bits; k++) turned |= ((word >>> k) & 1) << (bits - 1 - k);
  return turned;
}

function basesOf(extra: Uint8Array, first: number): Uint16Array {
  const bases = new Uint16Array(extra.length);
  let base = first;
  for (const [i, bits] of extra.entries()) {
    bases[i] = base;
    base += 1 << bits;
  }
  return bases;
}

function slotsOf(bases: Uint16Array, count: number): Uint8Array {
  const slots = new Uint8Array(count);
  for (const [slot, base] of bases.entries()) for (let value = base; value < count; value++) slots[value] = slot;
  return slots;
}
