/**
 * The components of a scan, as the outside has put them down: 32 bytes each. Words: where the coefficients begin (for DC scans of
 * progressive files: the DC coefficients, which lie apart meanwhile, so that few pages are touched), bytes of a row of
 * blocks, blocks of an MCU along both sides, where the DC and the AC code are, the DC coefficient
 * before, and where the places of coefficients begin, if there are any.
 */
import { partBytes, partsAt } from './memory';

@inline export function partAt(index: i32): usize {
  return partsAt + <usize>index * partBytes;
}

/** Where the first block of MCU `column` of row `row` is; `shift` is the logarithm of a block's bytes. */
@inline export function blockOf(part: usize, row: i32, column: i32, shift: usize): usize {
  return <usize>load<u32>(part) + <usize>(row * highOf(part)) * rowBytesOf(part) + (<usize>(column * wideOf(part)) << shift);
}

@inline export function rowBytesOf(part: usize): usize {
  return load<u32>(part, 4);
}

@inline export function wideOf(part: usize): i32 {
  return load<i32>(part, 8);
}

@inline export function highOf(part: usize): i32 {
  return load<i32>(part, 12);
}

@inline export function dcOf(part: usize): usize {
  return load<u32>(part, 16);
}

@inline export function acOf(part: usize): usize {
  return load<u32>(part, 20);
}

@inline export function beforeOf(part: usize): i32 {
  return load<i32>(part, 24);
}

@inline export function keepBefore(part: usize, value: i32): void {
  store<i32>(part, value, 24);
}

/** Where the places of the coefficients of the block at `at` are. */
@inline export function placesFor(part: usize, at: usize): usize {
  return <usize>load<u32>(part, 28) + (at - load<u32>(part) >>> 4);
}
