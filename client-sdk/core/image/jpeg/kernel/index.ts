/**
 * The kernel of Huffman-coded JPEG scans: what the outside may call. It works in its own memory, at places that `place` tells, on what
 * the outside has put there and checked; it allocates nothing and calls nothing. SPEC.md section 6.8.
 */
export { place } from './memory';
export { addRaw, clearEvents, rawLeft } from './bits-in';
export { addEvents, sameBytes } from './bits-out';
export { packBlocks, unpackBlocks } from './packed';
export { beginReading, beginScan, beginWriting, bytesWritten, eventsRead, eventsUsed, read, rowsEnded, rowsRead, write, writeEnd } from './scan';
export { findPlaces, placeDcs } from './zigzag';
