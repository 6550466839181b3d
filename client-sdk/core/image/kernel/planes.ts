/**
 * Planes of a tile: from samples and back, ranks, differences of colours, borders. A plane has two columns of border left and
 * right and one row above. SPEC.md sections 5.5 and 5.6.
 */
import { presentAt, ranksAt, samplesAt, valuesAt } from './memory';

export let width: i32 = 0;
export let height: i32 = 0;
export let channels: i32 = 0;
/** Entries of a row and of a plane, borders included. */
export let stride: usize = 0;
export let size: usize = 0;
let isWide: bool = false;

/** Takes the shape of the next tile, which was checked outside. */
export function begin(tileWidth: i32, tileHeight: i32, tileChannels: i32, depth: i32): void {
  width = tileWidth;
  height = tileHeight;
  channels = tileChannels;
  stride = <usize>(tileWidth + 4);
  size = stride * <usize>(tileHeight + 1);
  isWide = depth > 8;
}

/** Entry of the first sample of row `y` (from -1) of plane `c`. */
@inline export function entry(c: i32, y: i32): usize {
  return <usize>c * size + <usize>(y + 1) * stride + 2;
}

/** Plane of a channel: green comes first. */
function planeOf(channel: i32): i32 {
  if (channels < 3 || channel > 1) return channel;
  return 1 - channel;
}

/** Whether all pixels of the samples are equal. */
export function isFlat(): bool {
  const period = channels << (isWide ? 1 : 0), end = width * height * period;
  let i = period;
  for (; i + 16 <= end; i += 16) {
    const at = samplesAt + <usize>i;
    if (v128.any_true(v128.xor(v128.load(at), v128.load(at - <usize>period)))) return false;
  }
  for (; i < end; i++) if (load<u8>(samplesAt + <usize>i) != load<u8>(samplesAt + <usize>(i - period))) return false;
  return true;
}

/** How many pixels equal the one before them. */
export function equalPixels(): i32 {
  const period = channels << (isWide ? 1 : 0), end = samplesAt + <usize>(width * height * period);
  let count = 0;
  if (period == 1) {
    for (let at = samplesAt + 1; at < end; at++) count += <i32>(load<u8>(at) == load<u8>(at - 1));
  } else if (period == 3) {
    for (let at = samplesAt + 3; at < end; at += 3) count += <i32>(((load<u32>(at) ^ load<u32>(at - 3)) << 8) == 0);
  } else {
    for (let at = samplesAt + <usize>period; at < end; at += <usize>period) {
      let k: usize = 0;
      while (k < <usize>period && load<u8>(at + k) == load<u8>(at + k - <usize>period)) k++;
      count += <i32>(k == <usize>period);
    }
  }
  return count;
}

/** Takes the samples apart into planes. */
export function readSamples(): void {
  if (channels == 3 && !isWide && width >= 16) return readThree();
  for (let channel = 0; channel < channels; channel++) {
    const c = planeOf(channel), step: usize = <usize>channels << (isWide ? 1 : 0);
    let from = samplesAt + (<usize>channel << (isWide ? 1 : 0));
    for (let y = 0; y < height; y++) {
      const row = valuesAt + (entry(c, y) << 2);
      if (step == 1) {
        for (let x = 0; x < width; x += 16) storeSixteen(row + (<usize>x << 2), v128.load(from + <usize>x));
        from += <usize>width;
      } else {
        for (let to = row, end = row + (<usize>width << 2); to < end; to += 4, from += step) store<i32>(to, sampleAt(from));
      }
    }
  }
}

@inline function sampleAt(from: usize): i32 {
  return isWide ? (<i32>load<u8>(from) << 8) | <i32>load<u8>(from + 1) : <i32>load<u8>(from);
}

@inline function storeSixteen(to: usize, bytes: v128): void {
  const low = i16x8.extend_low_i8x16_u(bytes), high = i16x8.extend_high_i8x16_u(bytes);
  v128.store(to, i32x4.extend_low_i16x8_u(low));
  v128.store(to, i32x4.extend_high_i16x8_u(low), 16);
  v128.store(to, i32x4.extend_low_i16x8_u(high), 32);
  v128.store(to, i32x4.extend_high_i16x8_u(high), 48);
}

/** Red, green and blue of 16 pixels at a time; what is written beyond a row is written again, or is border: rows have at least 16. */
function readThree(): void {
  let from = samplesAt;
  const plane = size << 2;
  for (let y = 0; y < height; y++) {
    let to = valuesAt + (entry(0, y) << 2);
    for (let x = 0; x < width; x += 16, to += 64) {
      const at = from + 3 * <usize>x;
      const a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32);
      const red = v128.shuffle<u8>(v128.shuffle<u8>(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29);
      const green = v128.shuffle<u8>(v128.shuffle<u8>(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30);
      const blue = v128.shuffle<u8>(v128.shuffle<u8>(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31);
      storeSixteen(to, green);
      storeSixteen(to + plane, red);
      storeSixteen(to + 2 * plane, blue);
    }
    from += 3 * <usize>width;
  }
}

/** Puts the planes together again. Answers false where a value is not 0 .. `max`. */
export function writeSamples(max: i32): bool {
  let wrong = 0;
  if (!isWide && (channels == 1 || channels == 3)) {
    const whole = width & ~15;
    for (let y = 0; y < height; y++) {
      const to = samplesAt + <usize>(y * width * channels);
      wrong |= channels == 3 ? writeThree(y, to, whole, max) : writeOne(y, to, whole, max);
      for (let channel = 0; channel < channels; channel++) wrong |= writeRun(channel, y, whole, max);
    }
    return wrong >= 0;
  }
  for (let channel = 0; channel < channels; channel++) for (let y = 0; y < height; y++) wrong |= writeRun(channel, y, 0, max);
  return wrong >= 0;
}

/** Writes the samples of a channel in a row from `x` on. Answers a negative number where one of them is outside. */
function writeRun(channel: i32, y: i32, x: i32, max: i32): i32 {
  let wrong = 0;
  const bytes: usize = isWide ? 2 : 1, step = <usize>channels * bytes;
  let to = samplesAt + <usize>(y * width + x) * step + <usize>channel * bytes;
  const row = valuesAt + (entry(planeOf(channel), y) << 2);
  for (let at = row + (<usize>x << 2), end = row + (<usize>width << 2); at < end; at += 4, to += step) {
    const value = load<i32>(at);
    wrong |= value | (max - value);
    if (isWide) store<u16>(to, bswap<u16>(<u16>value));
    else store<u8>(to, value);
  }
  return wrong;
}

let bad: v128 = i32x4.splat(0);

/** Sixteen values of a plane as bytes. What is outside 0 .. `max` leaves a negative number in `bad`. */
@inline function sixteen(at: usize, max: v128): v128 {
  const a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48);
  const all = v128.or(v128.or(v128.or(a, i32x4.sub(max, a)), v128.or(b, i32x4.sub(max, b))), v128.or(v128.or(c, i32x4.sub(max, c)), v128.or(d, i32x4.sub(max, d))));
  bad = v128.or(bad, all);
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

function writeOne(y: i32, to: usize, whole: i32, max: i32): i32 {
  const row = valuesAt + (entry(0, y) << 2), most = i32x4.splat(max);
  bad = i32x4.splat(0);
  for (let x: usize = 0; x < <usize>whole; x += 16) v128.store(to + x, sixteen(row + (x << 2), most));
  return i32x4.bitmask(bad) != 0 ? -1 : 0;
}

function writeThree(y: i32, start: usize, whole: i32, max: i32): i32 {
  const row = valuesAt + (entry(0, y) << 2), plane = size << 2, most = i32x4.splat(max);
  bad = i32x4.splat(0);
  let to = start;
  for (let x: usize = 0; x < <usize>whole; x += 16, to += 48) {
    const at = row + (x << 2);
    const g = sixteen(at, most), r = sixteen(at + plane, most), b = sixteen(at + 2 * plane, most);
    const low = v128.shuffle<u8>(r, g, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
    v128.store(to, v128.shuffle<u8>(low, b, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15));
    const middle = v128.shuffle<u8>(r, g, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
    v128.store(to + 16, v128.shuffle<u8>(middle, b, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15));
    const high = v128.shuffle<u8>(r, g, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
    v128.store(to + 32, v128.shuffle<u8>(high, b, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31));
  }
  return i32x4.bitmask(bad) != 0 ? -1 : 0;
}

/** Marks the values of a channel that occur in every `step`-th row, after the marks of values up to `max` were taken away where `isFirst`. */
export function markValues(channel: i32, step: i32, max: i32, isFirst: bool): void {
  if (isFirst) memory.fill(presentAt, 0, <usize>max + 1);
  for (let y = 0, c = planeOf(channel); y < height; y += step) {
    const row = valuesAt + (entry(c, y) << 2), end = row + (<usize>width << 2);
    for (let at = row; at < end; at += 4) store<u8>(presentAt + <usize>load<i32>(at), 1);
  }
}

/** Replaces the values of a channel, which are 0 .. 65535, by what the table of ranks has in their place. */
export function mapValues(channel: i32): void {
  for (let y = 0, c = planeOf(channel); y < height; y++) {
    const row = valuesAt + (entry(c, y) << 2), end = row + (<usize>width << 2);
    for (let at = row; at < end; at += 4) store<i32>(at, load<i32>(ranksAt + (<usize>load<u16>(at) << 2)));
  }
}

/** Whether the values of a channel are 0 .. `max`. */
export function isWithin(channel: i32, max: i32): bool {
  let wrong = 0;
  for (let y = 0, c = planeOf(channel); y < height; y++) {
    const row = valuesAt + (entry(c, y) << 2), end = row + (<usize>width << 2);
    for (let at = row; at < end; at += 4) wrong |= load<i32>(at) | (max - load<i32>(at));
  }
  return wrong >= 0;
}

/** Adds `sign` times plane 0 to plane `c`. */
export function addFirst(c: i32, sign: i32): void {
  const factor = i32x4.splat(sign);
  for (let y = 0; y < height; y++) {
    const first = valuesAt + (entry(0, y) << 2), row = valuesAt + (entry(c, y) << 2);
    let x: usize = 0;
    for (const end = <usize>(width & ~3) << 2; x < end; x += 16) {
      v128.store(row + x, i32x4.add(v128.load(row + x), i32x4.mul(v128.load(first + x), factor)));
    }
    for (const end = <usize>width << 2; x < end; x += 4) store<i32>(row + x, load<i32>(row + x) + sign * load<i32>(first + x));
  }
}

/** Which of planes 1 (bit 0) and 2 (bit 1) are smoother after plane 0 was subtracted from them, judged by rows 1, 5, 9 ... */
export function chooseColour(): i32 {
  if (channels < 3) return 0;
  let one: i64 = 0, two: i64 = 0;
  for (let y = 1; y < height; y += 4) {
    const row = valuesAt + (entry(0, y) << 2);
    // Sums of 1,024 differences of four samples stay within 32 bits.
    for (let from: i32 = 1; from < width; from += 4096) {
      let sums = i32x4.splat(0), others = sums;
      for (let x = from, end = min(from + 4096, width); x + 4 <= end; x += 4) {
        const at = row + (<usize>x << 2);
        const g = bend4(at), r = bend4(at + (size << 2)), b = bend4(at + (size << 3));
        sums = i32x4.add(sums, i32x4.sub(i32x4.abs(i32x4.sub(r, g)), i32x4.abs(r)));
        others = i32x4.add(others, i32x4.sub(i32x4.abs(i32x4.sub(b, g)), i32x4.abs(b)));
      }
      one += lanes(sums);
      two += lanes(others);
    }
  }
  return (one < 0 ? 1 : 0) | (two < 0 ? 2 : 0);
}

@inline function bend4(at: usize): v128 {
  const up = at - (stride << 2);
  return i32x4.add(i32x4.sub(i32x4.sub(v128.load(at), v128.load(at - 4)), v128.load(up)), v128.load(up - 4));
}

@inline export function lanes(sums: v128): i64 {
  return <i64>i32x4.extract_lane(sums, 0) + <i64>i32x4.extract_lane(sums, 1) + <i64>i32x4.extract_lane(sums, 2) + <i64>i32x4.extract_lane(sums, 3);
}

/** The one value of a plane into `found`; false where it has several. */
export function isConstant(c: i32): bool {
  const value = load<i32>(valuesAt + (entry(c, 0) << 2));
  for (let y = 0; y < height; y++) {
    const row = valuesAt + (entry(c, y) << 2), end = row + (<usize>width << 2);
    for (let at = row; at < end; at += 4) if (load<i32>(at) != value) return false;
  }
  return true;
}

/** Makes plane `c` one value, borders included. */
export function fillPlane(c: i32, value: i32): void {
  const begin = valuesAt + ((<usize>c * size) << 2);
  for (let at = begin, end = begin + (size << 2); at < end; at += 4) store<i32>(at, value);
}

/** Makes the row above row 0 and the left of row 0 `start`. */
export function openPlane(c: i32, start: i32): void {
  const begin = valuesAt + ((<usize>c * size) << 2);
  for (let at = begin, end = begin + ((stride + 2) << 2); at < end; at += 4) store<i32>(at, start);
}

/** Makes the left of row `y` what is above it. In row 0, whose left is nothing but the corner of row 1, it is the first value. */
@inline export function closeLeft(row: usize, y: i32): void {
  const first = load<i32>(y > 0 ? row - (stride << 2) : row);
  store<i32>(row - 4, first);
  store<i32>(row - 8, first);
}

/** Makes the right of a row its last value. */
@inline export function closeRight(row: usize): void {
  const end = row + (<usize>width << 2), last = load<i32>(end - 4);
  store<i32>(end, last);
  store<i32>(end + 4, last);
}
