/**
 * The code of a block for reading: a table over the first bits of the stream, and for longer words the symbols in the order of their
 * words. What is refused is what zlib refuses. RFC 1951 section 3.2.2.
 */
import { rootBits } from './memory';

const maxCodeBits: i32 = 15;
/** Where symbols begin behind the counts of lengths. */
const symbolsOffset: usize = 2 * 16;

/** Which codes are allowed not to be complete. */
export const enum Allowed { Complete, SingleWord, SingleWordOrNone }

/**
 * Makes the tables of a code of `symbols` symbols whose lengths are bytes at `lengths`; an entry of a table is the symbol's 32-bit one at `meanings`
 * with the length of its word in the low 4 bits, or 0 where its word is longer than the table's index or there is none. False where the code
 * takes too much room, or leaves some that `allowed` does not allow.
 */
export function makeCode(lengths: usize, symbols: i32, meanings: usize, tableAt: usize, canonAt: usize, allowed: i32): bool {
  memory.fill(canonAt, 0, symbolsOffset);
  for (let symbol = 0; symbol < symbols; symbol++) count(canonAt + 2 * <usize>load<u8>(lengths + <usize>symbol));
  let left = 1, longest = 0;
  for (let bits = 1; bits <= maxCodeBits; bits++) {
    const words = <i32>load<u16>(canonAt + 2 * <usize>bits);
    left = (left << 1) - words;
    if (left < 0) return false;
    if (words > 0) longest = bits;
  }
  if (left > 0 && (allowed == Allowed.Complete || longest > 1 || (longest == 0 && allowed != Allowed.SingleWordOrNone))) return false;
  sortSymbols(lengths, symbols, canonAt);
  memory.fill(tableAt, 0, 4 << rootBits);
  fillTable(meanings, tableAt, canonAt);
  return true;
}

function count(at: usize): void {
  store<u16>(at, load<u16>(at) + 1);
}

function sortSymbols(lengths: usize, symbols: i32, canonAt: usize): void {
  let next = 0;
  for (let bits: u8 = 1; bits <= <u8>maxCodeBits; bits++) {
    if (load<u16>(canonAt + 2 * <usize>bits) == 0) continue;
    for (let symbol = 0; symbol < symbols; symbol++) {
      if (load<u8>(lengths + <usize>symbol) == bits) store<u16>(canonAt + symbolsOffset + 2 * <usize>(next++), <u16>symbol);
    }
  }
}

/** Each word of at most `rootBits` bits fills the entries whose low bits are its own, first bit lowest. */
function fillTable(meanings: usize, tableAt: usize, canonAt: usize): void {
  let word = 0, next = 0;
  for (let bits = 1; bits <= rootBits; bits++) {
    word <<= 1;
    for (let words = <i32>load<u16>(canonAt + 2 * <usize>bits); words > 0; words--) {
      const symbol = load<u16>(canonAt + symbolsOffset + 2 * <usize>(next++));
      const entry = load<u32>(meanings + 4 * <usize>symbol) | <u32>bits;
      for (let at = turned(word++, bits); at < 1 << rootBits; at += 1 << bits) store<u32>(tableAt + 4 * <usize>at, entry);
    }
  }
}

function turned(word: i32, bits: i32): i32 {
  let result = 0;
  for (let k = 0; k < bits; k++) result |= ((word >>> k) & 1) << (bits - 1 - k);
  return result;
}

/** The entry of a word that no table has, read bit by bit from `hold`; 0 where no word begins so. */
export function longWord(hold: u64, meanings: usize, canonAt: usize): u32 {
  let code = 0, first = 0, index = 0;
  for (let bits = 1; bits <= maxCodeBits; bits++) {
    code |= <i32>(hold & 1);
    hold >>= 1;
    const words = <i32>load<u16>(canonAt + 2 * <usize>bits);
    if (code - words < first) {
      const symbol = load<u16>(canonAt + symbolsOffset + 2 * <usize>(index + code - first));
      return load<u32>(meanings + 4 * <usize>symbol) | <u32>bits;
    }
    index += words;
    first = (first + words) << 1;
    code <<= 1;
  }
  return 0;
}
