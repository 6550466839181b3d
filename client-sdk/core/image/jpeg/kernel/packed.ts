/**
 * Blocks in a fraction of their memory, and back: of each a word of 64 bits that tells which of its coefficients are not zero, then those
 * in order: a byte each, or -128 and two bytes. Neither a format nor a code: it never leaves the thread.
 */

/** Packs blocks that lie one behind the other. @returns bytes written to `to`: at most 200 for a block. */
export function packBlocks(from: usize, blocks: i32, to: usize): i32 {
  let at = to;
  for (let block = 0; block < blocks; block++, from += 128) {
    const places = placesOf(from);
    store<u64>(at, places);
    at += 8;
    for (let left = places; left != 0; left &= left - 1) {
      const value = load<i16>(from + (<usize>ctz(left) << 1));
      if (value > -128 && value < 128) {
        store<i8>(at++, <i8>value);
      } else {
        store<i8>(at, -128);
        store<i16>(at, value, 1);
        at += 3;
      }
    }
  }
  return <i32>(at - to);
}

/** Unpacks what `packBlocks` wrote. */
export function unpackBlocks(from: usize, blocks: i32, to: usize): void {
  memory.fill(to, 0, <usize>blocks << 7);
  for (let block = 0; block < blocks; block++, to += 128) {
    const places = load<u64>(from);
    from += 8;
    for (let left = places; left != 0; left &= left - 1) {
      let value = <i16>load<i8>(from++);
      if (value == -128) {
        value = load<i16>(from);
        from += 2;
      }
      store<i16>(to + (<usize>ctz(left) << 1), value);
    }
  }
}

/** Bits of the coefficients that are not zero, in natural order. */
@inline function placesOf(at: usize): u64 {
  return ~(zeros(at, 0) | zeros(at, 32) << 16 | zeros(at, 64) << 32 | zeros(at, 96) << 48);
}

@inline function zeros(at: usize, offset: usize): u64 {
  const none = i16x8.splat(0);
  const first = i16x8.eq(v128.load(at + offset), none), second = i16x8.eq(v128.load(at + offset, 16), none);
  return <u64><u32>i8x16.bitmask(i8x16.narrow_i16x8_s(first, second));
}
