/**
 * Symbols of lengths and distances: extra bits and first values (RFC 1951 section 3.2.5).
 */

/** Symbols of literals and lengths, and of distances, that mean something. */
export const literalSymbols: i32 = 286;
export const distanceSymbols: i32 = 30;
export const endSymbol: i32 = 256;

/** Extra bits of length symbol 257 + slot. */
export function lengthExtra(slot: i32): i32 {
  return slot < 8 || slot == 28 ? 0 : (slot - 4) >> 2;
}

/** The first length of symbol 257 + slot. */
export function lengthBase(slot: i32): i32 {
  if (slot < 8) return 3 + slot;
  if (slot == 28) return 258;
  const extra = (slot - 4) >> 2;
  return 3 + ((4 + (slot & 3)) << extra);
}

/** Extra bits of distance symbol `slot`. */
export function distanceExtra(slot: i32): i32 {
  return slot < 4 ? 0 : (slot - 2) >> 1;
}

/** The first distance of symbol `slot`. */
export function distanceBase(slot: i32): i32 {
  return slot < 4 ? 1 + slot : 1 + ((2 + (slot & 1)) << distanceExtra(slot));
}

/** Length symbol less 257 of a length from 3 to 258. */
@inline export function lengthSlot(length: i32): i32 {
  if (length < 11) return length - 3;
  if (length == 258) return 28;
  const top = 31 - clz(length - 3);
  return 4 * (top - 1) + (((length - 3) >>> (top - 2)) & 3);
}

/** Distance symbol of a distance. */
@inline export function distanceSlot(distance: i32): i32 {
  if (distance < 5) return distance - 1;
  const top = 31 - clz(distance - 1);
  return 2 * top + (((distance - 1) >>> (top - 1)) & 1);
}
