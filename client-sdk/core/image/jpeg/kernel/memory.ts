/**
 * Where everything lies in the memory of a scan kernel, in bytes: fixed places for what a scan needs while it is read or written;
 * behind them, from `planesAt`, the coefficients of the file, for which the outside grows the memory. SPEC.md section 6.8.
 */

/** Places that the outside asks for. */
const enum Area { Order, Parts, Tables, Events, RowEnds, Raw, Out, Planes }

/** By zigzag order, where in its block a coefficient lies, in bytes: 64 numbers of 8 bits. */
export const orderAt: usize = 0x1000;
/** Up to four components of a scan. */
export const partsAt: usize = 0x1040;
export const partBytes: usize = 0x20;
/** A DC and an AC code for each of them, as in codes.ts: 1314 words for reading, 1536 for writing. */
export const tablesAt: usize = 0x1100;
export const tableBytes: usize = 0x1800;
/** Padding and markers that were read, or are to be written: a word each. */
export const eventsAt: usize = tablesAt + 8 * tableBytes;
export const maxEvents: i32 = 4096;
/** Bytes written where rows of MCUs ended: a word each. */
export const rowEndsAt: usize = eventsAt + 4 * <usize>maxEvents;
export const maxRowEnds: i32 = 8192;
/** Restart markers ahead: a bit position and a number each. */
export const markersAt: usize = rowEndsAt + 4 * <usize>maxRowEnds;
export const maxMarkers: i32 = 16384;
/** Correction bits that wait: 16 bytes for each block that has any. */
export const correctionsAt: usize = markersAt + 8 * <usize>maxMarkers;
/** The coefficients of one block in zigzag order, a byte each. */
export const orderedAt: usize = correctionsAt + 0x4400;
/** Bytes of a scan as they are in the file, and what vectors reach beyond. */
export const rawAt: usize = correctionsAt + 0x4800;
export const rawBytes: usize = 0x40000;
/** Bytes that must be ahead where an MCU begins: 64 blocks of 64 coefficients of at most 31 bits, and a bit of slack. */
export const mcuBytes: usize = 0x4400;
/** Zeros behind the last byte of a scan, and what vectors reach beyond. */
export const slackBytes: usize = 0x480;
/** Bytes of a scan without stuffing, the first one last: below `inEnd`. */
export const inAt: usize = rawAt + rawBytes + 0x40;
export const inEnd: usize = inAt + slackBytes + rawBytes + mcuBytes + 0x40;
/** Bytes that are written: a step ends behind `outBytes` of them; then an MCU may follow, every byte of it stuffed. */
export const outAt: usize = inEnd + 0x40;
export const outBytes: usize = 0x20000;
/** Coefficients; then, of progressive files, for each block two words of places, and the DC coefficients. */
export const planesAt: usize = (outAt + outBytes + 2 * mcuBytes + 0xffff) & ~0xffff;

/** Place of an area, by its number. */
export function place(area: i32): usize {
  switch (area) {
    case Area.Order: return orderAt;
    case Area.Parts: return partsAt;
    case Area.Tables: return tablesAt;
    case Area.Events: return eventsAt;
    case Area.RowEnds: return rowEndsAt;
    case Area.Raw: return rawAt;
    case Area.Out: return outAt;
    default: return planesAt;
  }
}
