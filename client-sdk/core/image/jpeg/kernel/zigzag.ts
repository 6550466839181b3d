/**
 * Which coefficients of a block are other than zero, as bits in zigzag order: bit 0 is the DC coefficient. It changes nothing
 * but what `findPlaces` is asked to fill.
 */

import { orderedAt } from './memory';

/** Bits of the coefficients of the block at `at` that are not zero. */
@inline export function placesOf(at: usize): u64 {
  return ~zerosInOrder(pair(at, 0), pair(at, 32), pair(at, 64), pair(at, 96));
}

/** The same; and puts the coefficients down in zigzag order, as near to themselves as a byte can be. */
@inline export function orderPlaces(at: usize): u64 {
  const first = pair(at, 0), second = pair(at, 32), third = pair(at, 64), fourth = pair(at, 96);
  const a = first16(first, second, third), b = second16(first, second, third, fourth);
  const c = third16(first, second, third, fourth), d = fourth16(second, third, fourth), none = i8x16.splat(0);
  v128.store(orderedAt, a);
  v128.store(orderedAt, b, 16);
  v128.store(orderedAt, c, 32);
  v128.store(orderedAt, d, 48);
  return ~joined(
    i8x16.bitmask(i8x16.eq(a, none)), i8x16.bitmask(i8x16.eq(b, none)), i8x16.bitmask(i8x16.eq(c, none)), i8x16.bitmask(i8x16.eq(d, none)),
  );
}

/** Bits of the coefficients of the block at `at` that are not zero without their `low` last bits. */
@inline export function placesAbove(at: usize, low: i32): u64 {
  return ~zerosInOrder(highPair(at, 0, low), highPair(at, 32, low), highPair(at, 64, low), highPair(at, 96, low));
}

/** Of the coefficients of a block without their `low` last bits: those that are odd, and those that are above one, set by `splitPlaces`. */
export let odds: u64 = 0;
export let above: u64 = 0;

export function splitPlaces(at: usize, low: i32): void {
  const first = splitPair(at, 0, low), second = splitPair(at, 32, low), third = splitPair(at, 64, low), fourth = splitPair(at, 96, low);
  const a = first16(first, second, third), b = second16(first, second, third, fourth);
  const c = third16(first, second, third, fourth), d = fourth16(second, third, fourth);
  odds = joined(i8x16.bitmask(a), i8x16.bitmask(b), i8x16.bitmask(c), i8x16.bitmask(d));
  const one = i8x16.splat(1), none = i8x16.splat(0);
  above = ~joined(
    i8x16.bitmask(i8x16.eq(v128.and(a, one), none)), i8x16.bitmask(i8x16.eq(v128.and(b, one), none)),
    i8x16.bitmask(i8x16.eq(v128.and(c, one), none)), i8x16.bitmask(i8x16.eq(v128.and(d, one), none)),
  );
}

/** Notes the places and the DC coefficients of some blocks, once all of their coefficients are there. */
export function findPlaces(values: usize, places: usize, dcs: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++, values += 128, places += 8, dcs += 2) {
    store<u64>(places, placesOf(values));
    store<i16>(dcs, load<i16>(values));
  }
}

/** Puts the DC coefficients of some blocks in place. */
export function placeDcs(values: usize, dcs: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++, values += 128, dcs += 2) store<i16>(values, load<i16>(dcs));
}

/** 16 coefficients, each as a byte that is zero if it is. */
@inline function pair(at: usize, offset: usize): v128 {
  return i8x16.narrow_i16x8_s(v128.load(at + offset), v128.load(at + offset + 16));
}

@inline function highPair(at: usize, offset: usize, low: i32): v128 {
  const first = i16x8.shr_u(i16x8.abs(v128.load(at + offset)), low), second = i16x8.shr_u(i16x8.abs(v128.load(at + offset + 16)), low);
  return i8x16.narrow_i16x8_s(first, second);
}

/** 16 coefficients, each as a byte: its highest bit is set if the magnitude is odd, its lowest if that is above one. */
@inline function splitPair(at: usize, offset: usize, low: i32): v128 {
  return i8x16.narrow_i16x8_u(split(at + offset, low), split(at + offset + 16, low));
}

@inline function split(at: usize, low: i32): v128 {
  const magnitudes = i16x8.shr_u(i16x8.abs(v128.load(at)), low), one = i16x8.splat(1);
  return v128.or(i16x8.shl(v128.and(magnitudes, one), 7), v128.and(i16x8.gt_u(magnitudes, one), one));
}

@inline function zerosInOrder(first: v128, second: v128, third: v128, fourth: v128): u64 {
  const none = i8x16.splat(0);
  return joined(
    i8x16.bitmask(i8x16.eq(first16(first, second, third), none)),
    i8x16.bitmask(i8x16.eq(second16(first, second, third, fourth), none)),
    i8x16.bitmask(i8x16.eq(third16(first, second, third, fourth), none)),
    i8x16.bitmask(i8x16.eq(fourth16(second, third, fourth), none)),
  );
}

@inline function joined(a: i32, b: i32, c: i32, d: i32): u64 {
  return <u64><u32>(a | b << 16) | <u64><u32>(c | d << 16) << 32;
}

/** The bytes of the first to the fourth 16 coefficients in zigzag order, out of those of two rows each. */
@inline function first16(a: v128, b: v128, c: v128): v128 {
  return v128.or(
    v128.or(
      i8x16.swizzle(a, i8x16(0, 1, 8, -1, 9, 2, 3, 10, -1, -1, -1, -1, -1, 11, 4, 5)),
      i8x16.swizzle(b, i8x16(-1, -1, -1, 0, -1, -1, -1, -1, 1, 8, -1, 9, 2, -1, -1, -1)),
    ),
    i8x16.swizzle(c, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1)),
  );
}

@inline function second16(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.or(
    v128.or(
      i8x16.swizzle(a, i8x16(12, -1, -1, -1, -1, -1, -1, -1, -1, -1, 13, 6, 7, 14, -1, -1)),
      i8x16.swizzle(b, i8x16(-1, 3, 10, -1, -1, -1, -1, -1, 11, 4, -1, -1, -1, -1, 5, 12)),
    ),
    v128.or(
      i8x16.swizzle(c, i8x16(-1, -1, -1, 1, 8, -1, 9, 2, -1, -1, -1, -1, -1, -1, -1, -1)),
      i8x16.swizzle(d, i8x16(-1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)),
    ),
  );
}

@inline function third16(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.or(
    v128.or(
      i8x16.swizzle(a, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 15, -1, -1, -1, -1, -1)),
      i8x16.swizzle(b, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, 13, 6, -1, 7, 14, -1, -1, -1)),
    ),
    v128.or(
      i8x16.swizzle(c, i8x16(3, 10, -1, -1, -1, -1, 11, 4, -1, -1, -1, -1, -1, 5, 12, -1)),
      i8x16.swizzle(d, i8x16(-1, -1, 1, 8, 9, 2, -1, -1, -1, -1, -1, -1, -1, -1, -1, 3)),
    ),
  );
}

@inline function fourth16(b: v128, c: v128, d: v128): v128 {
  return v128.or(
    v128.or(
      i8x16.swizzle(b, i8x16(-1, -1, -1, -1, -1, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)),
      i8x16.swizzle(c, i8x16(-1, -1, -1, 13, 6, -1, 7, 14, -1, -1, -1, -1, 15, -1, -1, -1)),
    ),
    i8x16.swizzle(d, i8x16(10, 11, 4, -1, -1, -1, -1, -1, 5, 12, 13, 6, -1, 7, 14, 15)),
  );
}
