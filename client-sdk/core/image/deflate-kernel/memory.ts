/**
 * Where everything lies in the memory of the deflate kernel, in bytes. Nothing is ever allocated; a kernel serves one stream at a time, either
 * way. The outside knows the places from `place`. SPEC.md sections 5.2 and 6.7.
 */

/** Places that the outside asks for. */
const enum Area { In, Out, Counts, Words, Plain, Deflated, ZlibWindow, Tokens }

/** Reading: bytes of the stream that wait, and what a read of a word may reach behind them. */
export const inAt: usize = 0x800;
export const inBytes: usize = 0x10000;
/** Reading: up to 32 KiB that were given out, then what was not; behind it what a copy of a match may reach. */
export const outAt: usize = inAt + inBytes + 0x1000;
export const historyBytes: usize = 0x8000;
export const outEnd: usize = outAt + historyBytes + 0x18000;
/** Reading: tables of the block's two codes. */
export const rootBits: i32 = 10;
export const literalTableAt: usize = outEnd + 0x400;
export const distanceTableAt: usize = literalTableAt + (4 << rootBits);
/** Of each code: how many words have each length, then symbols in the order of their words. */
export const literalCanonAt: usize = distanceTableAt + (4 << rootBits);
export const distanceCanonAt: usize = literalCanonAt + 0x400;
export const lengthsAt: usize = distanceCanonAt + 0x400;
/** What each symbol means, as entries of the tables. */
export const literalMeaningsAt: usize = lengthsAt + 0x400;
export const distanceMeaningsAt: usize = literalMeaningsAt + 4 * 288;
/** Writing: how often each symbol occurs in the block; then its words. */
export const countsAt: usize = distanceMeaningsAt + 4 * 32;
export const wordsAt: usize = countsAt + 4 * 320;
/** Writing: tokens of the block; heads and links of chains. */
export const tokensAt: usize = wordsAt + 4 * 320;
export const maxTokens: i32 = 0x10000;
export const headsAt: usize = tokensAt + 4 * <usize>maxTokens + 0x100;
export const hashBits: i32 = 15;
export const linksAt: usize = headsAt + (4 << hashBits);
export const windowBytes: i32 = 0x8000;
/** Writing: the whole of the plain bytes, and the stream, which never grows beyond them by more than a block of tokens. */
export const plainAt: usize = linksAt + 4 * <usize>windowBytes;
export const maxPlainBytes: usize = 0x100000;
export const deflatedAt: usize = plainAt + maxPlainBytes + 0x100;
/** Writing as zlib does, at places that nothing else uses then: plain bytes that wait; its window; heads and links of chains of three, and of four and six bytes. */
export const waitingAt: usize = outAt;
export const waitingBytes: usize = 0x20000;
export const zlibWindowAt: usize = headsAt;
export const zlibHeadsAt: usize = zlibWindowAt + 0x10200;
export const zlibLinksAt: usize = zlibHeadsAt + (4 << 16);
export const ordinalsAt: usize = zlibLinksAt + (4 << 15);
export const hashCountsAt: usize = ordinalsAt + (2 << 15);
export const longBits: i32 = 15;
export const longerAt: usize = hashCountsAt + (2 << 16);
export const longestAt: usize = longerAt + 2 * (4 << 15);
export const memoryEnd: usize = deflatedAt + maxPlainBytes + 8 * <usize>maxTokens;

/** Place of an area, by its number. */
export function place(area: i32): usize {
  switch (area) {
    case Area.In: return inAt;
    case Area.Out: return outAt;
    case Area.Counts: return countsAt;
    case Area.Words: return wordsAt;
    case Area.Plain: return plainAt;
    case Area.ZlibWindow: return zlibWindowAt;
    case Area.Tokens: return tokensAt;
    default: return deflatedAt;
  }
}
