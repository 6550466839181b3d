/**
 * What is known of a block of up to 16 samples of a row before they are: predictions but for the samples to their left, and
 * energies but for the errors to their left. The same for writing and reading. SPEC.md sections 5.6 and 5.7.
 */
import { blocksAt, magnitudesAt, modelBytes, modelsAt, slopesAt, valuesAt } from './memory';
import { entry, size, stride, width } from './planes';

/** Offsets in a model, all of 32 bits: see also `weightsOffset` and `levelsOffset`. */
export const constantOffset: usize = 0;
export const valueOffset: usize = 4;
export const linearOffset: usize = 8;
export const coarseOffset: usize = 12;
export const familyOffset: usize = 16;
/** Twelve: W, NW, NE, WW, NN, NEE, NWW; C, W, NW, NE of the plane before; C of plane 0. */
export const weightsOffset: usize = 20;
export const levelsOffset: usize = 68;

@inline export function modelOf(c: i32): usize {
  return modelsAt + <usize>c * modelBytes;
}

@inline export function weightOf(model: usize, k: usize): i32 {
  return load<i32>(model + weightsOffset + (k << 2));
}

/** Rows of blocks: predictions of 32 bits, energies of 16 bits, for even rows and for odd ones. */
@inline export function predictionsOf(y: i32): usize {
  return blocksAt + (<usize>(y & 1) << 7);
}

@inline export function energiesOf(y: i32): usize {
  return blocksAt + 0x100 + (<usize>(y & 1) << 6);
}

/** Factors of the magnitudes at W and WW in energies. */
export const westFactor: i32 = 8;
@inline export function westWestFactor(c: i32): i32 {
  return c == 0 ? 5 : 3;
}

/** 64 times the prediction, and 32, without what W and WW add: for 16 samples from `x`. */
export function predictBlock(c: i32, y: i32, x: i32): void {
  const model = modelOf(c);
  const at = valuesAt + ((entry(c, y) + <usize>x) << 2), up = at - (stride << 2);
  const top = y > 1 ? up - (stride << 2) : up;
  const own = weightOf(model, 0) + weightOf(model, 1) + weightOf(model, 2) + weightOf(model, 3) + weightOf(model, 4) + weightOf(model, 5) + weightOf(model, 6);
  const north = i32x4.splat(64 - own), half = i32x4.splat(32);
  const northWest = v128.load32_splat(model + weightsOffset + 4), northEast = v128.load32_splat(model + weightsOffset + 8);
  const northNorth = v128.load32_splat(model + weightsOffset + 16);
  const to = predictionsOf(y);
  if (c == 0) {
    const farEast = v128.load32_splat(model + weightsOffset + 20), farWest = v128.load32_splat(model + weightsOffset + 24);
    for (let k: usize = 0; k < 64; k += 16) {
      let sum = i32x4.add(half, i32x4.mul(north, v128.load(up + k)));
      sum = i32x4.add(sum, i32x4.mul(northWest, v128.load(up + k - 4)));
      sum = i32x4.add(sum, i32x4.mul(northEast, v128.load(up + k + 4)));
      sum = i32x4.add(sum, i32x4.mul(northNorth, v128.load(top + k)));
      sum = i32x4.add(sum, i32x4.mul(farEast, v128.load(up + k + 8)));
      sum = i32x4.add(sum, i32x4.mul(farWest, v128.load(up + k - 8)));
      v128.store(to + k, sum);
    }
    return;
  }
  const same = at - (size << 2), above = up - (size << 2);
  const sameHere = v128.load32_splat(model + weightsOffset + 28), sameWest = v128.load32_splat(model + weightsOffset + 32);
  const sameNorthWest = v128.load32_splat(model + weightsOffset + 36), sameNorthEast = v128.load32_splat(model + weightsOffset + 40);
  const sameNorth = i32x4.splat(-weightOf(model, 7) - weightOf(model, 8) - weightOf(model, 9) - weightOf(model, 10));
  for (let k: usize = 0; k < 64; k += 16) {
    let sum = i32x4.add(half, i32x4.mul(north, v128.load(up + k)));
    sum = i32x4.add(sum, i32x4.mul(northWest, v128.load(up + k - 4)));
    sum = i32x4.add(sum, i32x4.mul(northEast, v128.load(up + k + 4)));
    sum = i32x4.add(sum, i32x4.mul(northNorth, v128.load(top + k)));
    sum = i32x4.add(sum, i32x4.mul(sameHere, v128.load(same + k)));
    sum = i32x4.add(sum, i32x4.mul(sameWest, v128.load(same + k - 4)));
    sum = i32x4.add(sum, i32x4.mul(sameNorth, v128.load(above + k)));
    sum = i32x4.add(sum, i32x4.mul(sameNorthWest, v128.load(above + k - 4)));
    sum = i32x4.add(sum, i32x4.mul(sameNorthEast, v128.load(above + k + 4)));
    v128.store(to + k, sum);
  }
  if (c == 1) return;
  const first = valuesAt + ((entry(0, y) + <usize>x) << 2), firstUp = first - (stride << 2);
  const firstHere = v128.load32_splat(model + weightsOffset + 44);
  for (let k: usize = 0; k < 64; k += 16) {
    v128.store(to + k, i32x4.add(v128.load(to + k), i32x4.mul(firstHere, i32x4.sub(v128.load(first + k), v128.load(firstUp + k)))));
  }
}

@inline function eight(at: usize): v128 {
  return v128.load_ext<u8>(at);
}

/** Energies without what is to the left: for 16 samples from `x`. */
export function measureBlock(c: i32, y: i32, x: i32): void {
  const at = magnitudesAt + entry(c, y) + <usize>x, up = at - stride, top = y > 0 ? up - stride * <usize>(y > 1) : up;
  const slope = slopesAt + entry(c, y) + <usize>x - stride;
  const to = energiesOf(y);
  for (let k: usize = 0; k < 16; k += 8) {
    const northWest = eight(up + k - 1), north = eight(up + k), northEast = eight(up + k + 1), far = eight(up + k + 2), northNorth = eight(top + k);
    const slopes = i16x8.add(eight(slope + k), eight(slope + k + 1));
    let sum = i16x8.add(slopes, i16x8.add(northWest, i16x8.shl(northWest, 1)));
    if (c == 0) {
      sum = i16x8.add(sum, i16x8.shl(i16x8.add(i16x8.add(north, northEast), northNorth), 2));
      sum = i16x8.add(sum, i16x8.shl(far, 1));
    } else {
      const before = at - size + k;
      sum = i16x8.add(sum, i16x8.shl(i16x8.add(north, northEast), 2));
      sum = i16x8.add(sum, i16x8.shl(i16x8.add(i16x8.add(far, northNorth), eight(before)), 1));
      sum = i16x8.add(sum, i16x8.add(eight(before + 1), eight(before + stride)));
    }
    v128.store(to + (k << 1), sum);
  }
}

/** Smaller of 127 and the absolute value without its lowest bits. */
@inline export function magnitudeOf(value: i32, coarse: i32): i32 {
  const sign = value >> 31;
  return <i32>min<u32>(127, <u32>((value ^ sign) - sign) >>> coarse);
}

@inline export function magnitudes16(a: v128, b: v128, c: v128, d: v128, coarse: i32): v128 {
  const most = i32x4.splat(127);
  const low = i16x8.narrow_i32x4_s(i32x4.min_u(i32x4.shr_u(i32x4.abs(a), coarse), most), i32x4.min_u(i32x4.shr_u(i32x4.abs(b), coarse), most));
  const high = i16x8.narrow_i32x4_s(i32x4.min_u(i32x4.shr_u(i32x4.abs(c), coarse), most), i32x4.min_u(i32x4.shr_u(i32x4.abs(d), coarse), most));
  return i8x16.narrow_i16x8_u(low, high);
}

/** Slopes of `count` samples of row `y` from `x`: how much each is off the one before. With the last of a row goes a zero behind it. */
export function slopeBlock(c: i32, y: i32, x: i32, count: i32): void {
  const at = valuesAt + ((entry(c, y) + <usize>x) << 2), to = slopesAt + entry(c, y) + <usize>x;
  const coarse = load<i32>(modelOf(c) + coarseOffset);
  if (count == 16) {
    v128.store(to, magnitudes16(step4(at), step4(at + 16), step4(at + 32), step4(at + 48), coarse));
  } else {
    for (let k: usize = 0; k < <usize>count; k++) {
      store<u8>(to + k, magnitudeOf(load<i32>(at + (k << 2)) - load<i32>(at + (k << 2) - 4), coarse));
    }
  }
  if (x + count == width) store<u8>(to + <usize>count, 0);
}

@inline function step4(at: usize): v128 {
  return i32x4.sub(v128.load(at), v128.load(at - 4));
}

/** Opens magnitudes and slopes of plane `c`: zeros above row 0 and at its left. */
export function openMagnitudes(c: i32): void {
  memory.fill(magnitudesAt + <usize>c * size, 0, stride + 2);
  memory.fill(slopesAt + <usize>c * size, 0, stride + 2);
}

/** Makes the left of row `y` of magnitudes what is above it. */
@inline export function closeLeftMagnitudes(c: i32, y: i32): void {
  const row = magnitudesAt + entry(c, y), first: i32 = load<u8>(y > 0 ? row - stride : row);
  store<u8>(row - 1, first);
  store<u8>(row - 2, first);
}

/** Makes the right of row `y` of magnitudes its last. */
@inline export function closeRightMagnitudes(c: i32, y: i32): void {
  const end = magnitudesAt + entry(c, y) + <usize>width, last: i32 = load<u8>(end - 1);
  store<u8>(end, last);
  store<u8>(end + 1, last);
}
