/**
 * The pixels that are not as predicted: where they are, and what they are instead. One function writes and reads.
 * SPEC.md section 5.9.
 */
import { fault } from '../errors.js';
import { codeNumber, codeTree, numberContexts, type CorrectionCoder } from './correction-coder.js';
import type { TileShape } from './content.js';
import { fold, unfold } from './patch-map.js';

/** How values of exceptional pixels are written: themselves, or their differences to the prediction. */
export type ValueMode = 'own' | 'difference';

/** A tile on its way: `samples` of a reader begin as a copy of the prediction. */
export interface PatchedTile {
  readonly shape: TileShape;
  readonly prediction: Int32Array;
  readonly samples: Int32Array;
}

/** The smallest rectangle with all exceptional pixels; both ends belong to it. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const { abs, clz32, min, max } = Math;
/** What a pixel takes that repeats no neighbour, where there are few colours. */
const fewBits = 5;

/** At whether the row before has exceptions. */
const rowContext = 0;
/** At W + 2 N + 4 NW + 8 NE. */
const pixelContext = rowContext + 2;
const asLeftContext = pixelContext + 16;
const asAboveContext = asLeftContext + 16;
/** At min(channel, 2) - 1: whether the value is that of the channel before. */
const asBeforeContext = asAboveContext + 8;
const treeContext = asBeforeContext + 2;
const trees = 256;
const numberContext = treeContext + 12 * trees;
/** Contexts that `codeExceptions` needs. */
export const exceptionContexts = numberContext + 12 * numberContexts;

/** Pixel `i / channels` has another value than predicted. */
function isException({ shape, samples, prediction }: PatchedTile, i: number): boolean {
  for (let c = 0; c < shape.channels; c++) if (samples[i + c] !== prediction[i + c]) return true;
  return false;
}

function isSamePixel(samples: Int32Array, channels: number, i: number, j: number): boolean {
  for (let c = 0; c < channels; c++) if (samples[i + c] !== samples[j + c]) return false;
  return true;
}

/** What a writer looks at before it writes: where the exceptional pixels are, how many, and bits that they will hardly be below. */
export interface Survey {
  readonly bounds: Bounds;
  readonly exceptions: number;
  readonly leastBits: number;
}

/** The exceptional pixels of a tile. */
export function surveyOf(tile: PatchedTile): Survey {
  const { shape, samples, prediction } = tile;
  const { width, height, channels } = shape;
  const stride = width * channels;
  let [left, top, right, bottom, exceptions, leastBits] = [width, height, -1, -1, 0, 0];
  for (let y = 0; y < height; y++) {
    const row = y * stride;
    for (let k = 0; k < stride; k++) {
      if (samples[row + k] === prediction[row + k]) continue;
      const x = (k - (k % channels)) / channels;
      const i = row + x * channels;
      left = min(left, x);
      right = max(right, x);
      top = min(top, y);
      bottom = y;
      exceptions++;
      const isLeft = x > 0 && isSamePixel(samples, channels, i, i - channels);
      const isRepeat = isLeft || (y > 0 && isSamePixel(samples, channels, i, i - stride));
      if (!isRepeat) leastBits += bitsOf(tile, i);
      k = (x + 1) * channels - 1;
    }
  }
  return { bounds: { left, top, right, bottom }, exceptions, leastBits };
}

/** Bits of a pixel's differences, but no more than a pixel of a few colours takes. */
function bitsOf({ shape, samples, prediction }: PatchedTile, i: number): number {
  let bits = 1;
  let before = 0;
  for (let c = 0; c < shape.channels && bits < fewBits; c++) {
    const difference = samples[i + c]! - prediction[i + c]!;
    bits += 32 - clz32(abs(difference - before));
    before = difference;
  }
  return min(bits, fewBits);
}

/** Codes the exceptional pixels of a tile; a reader's are filled in. `bounds` are a writer's. Throws DiceError `recipe-invalid`. */
export function codeExceptions(coder: CorrectionCoder, firstContext: number, tile: PatchedTile, mode: ValueMode, bounds: Bounds): void {
  const { width, height } = tile.shape;
  const left = codeBelow(coder, bounds.left, width);
  const right = left + codeBelow(coder, bounds.right - left, width - left);
  const top = codeBelow(coder, bounds.top, height);
  const bottom = top + codeBelow(coder, bounds.bottom - top, height - top);
  new ExceptionCoder(coder, firstContext, tile, mode, { left, top, right, bottom }).code();
}

/** A number below `count` (at most 2^16) in as few raw bits as hold count - 1. Throws DiceError `recipe-invalid` for another one. */
export function codeBelow(coder: CorrectionCoder, value: number, count: number): number {
  const coded = coder.raw(max(value, 0), 32 - clz32(count - 1));
  if (coded >= count) throw fault('recipe-invalid', 'The exceptions of a patch leave its tile.');
  return coded;
}

class ExceptionCoder {
  readonly #channels: number;
  readonly #stride: number;
  /** Of the last pixel that was coded by differences, for each channel: 0 to 3, how long its number is. */
  readonly #sizes: Uint8Array;
  #least: number;
  #most = -1;

  constructor(
    private readonly coder: CorrectionCoder,
    private readonly first: number,
    private readonly tile: PatchedTile,
    private readonly mode: ValueMode,
    private readonly bounds: Bounds,
  ) {
    this.#channels = tile.shape.channels;
    this.#stride = tile.shape.width * tile.shape.channels;
    this.#sizes = new Uint8Array(this.#channels);
    this.#least = tile.shape.width;
  }

  code(): void {
    const { left, top, right, bottom } = this.bounds;
    let above = new Uint8Array(right - left + 3);
    let flags = new Uint8Array(right - left + 3);
    let has = 1;
    for (let y = top; y <= bottom; y++) {
      // Its first and last row would not be in the rectangle if they had none.
      const isEdge = y === top || y === bottom;
      has = isEdge ? 1 : this.coder.bit(this.first + rowContext + has, this.#hasExceptions(y) ? 1 : 0);
      flags.fill(0);
      if (has === 1) this.#codeRow(y, flags, above);
      [above, flags] = [flags, above];
    }
    if (this.#least !== left || this.#most !== right) throw malformed();
  }

  #hasExceptions(y: number): boolean {
    const { samples, prediction } = this.tile;
    const row = y * this.#stride;
    for (let i = row + this.bounds.left * this.#channels; i < row + (this.bounds.right + 1) * this.#channels; i++) {
      if (samples[i] !== prediction[i]) return true;
    }
    return false;
  }

  /** `flags` and `above` say which pixels of this row and the one above are exceptions, from the pixel before the rectangle on. */
  #codeRow(y: number, flags: Uint8Array, above: Uint8Array): void {
    const { left, right } = this.bounds;
    const { coder, first, tile } = this;
    let i = y * this.#stride + left * this.#channels;
    let count = 0;
    for (let x = left, k = 1; x <= right; x++, k++, i += this.#channels) {
      const context = flags[k - 1]! | (above[k]! << 1) | (above[k - 1]! << 2) | (above[k + 1]! << 3);
      if (coder.bit(first + pixelContext + context, isException(tile, i) ? 1 : 0) === 0) continue;
      flags[k] = 1;
      count++;
      this.#least = min(this.#least, x);
      this.#most = max(this.#most, x);
      this.#codePixel(i, context);
      if (!isException(tile, i)) throw malformed();
    }
    if (count === 0) throw malformed();
  }

  /** `flags`: which neighbours are exceptions, W + 2 N + 4 NW + 8 NE. */
  #codePixel(i: number, flags: number): void {
    const { samples } = this.tile;
    const channels = this.#channels;
    const [isLeft, isAbove] = [(flags & 1) !== 0, (flags & 2) !== 0];
    const north = i - this.#stride;
    const alike = isLeft && isAbove && isSamePixel(samples, channels, i - channels, north);
    const likeAhead = isAbove && (flags & 8) !== 0 && isSamePixel(samples, channels, north, north + channels) ? 1 : 0;
    const likeBehind = isAbove && (flags & 4) !== 0 && isSamePixel(samples, channels, north, north - channels) ? 1 : 0;
    const leftContext = asLeftContext + (isAbove ? 1 : 0) + (alike ? 2 : 0) + 4 * likeBehind + 8 * likeAhead;
    if (isLeft && this.#repeats(i, i - channels, leftContext)) return;
    if (isAbove && !alike && this.#repeats(i, north, asAboveContext + (isLeft ? 1 : 0) + 2 * likeBehind + 4 * likeAhead)) return;
    if (this.mode === 'own') this.#codeOwn(i);
    else this.#codeDifferences(i);
  }

  /** Codes whether pixel i is that at `from`, and makes it so. */
  #repeats(i: number, from: number, context: number): boolean {
    const { samples } = this.tile;
    const isRepeat = this.coder.bit(this.first + context, isSamePixel(samples, this.#channels, i, from) ? 1 : 0) === 1;
    if (isRepeat) samples.copyWithin(i, from, from + this.#channels);
    return isRepeat;
  }

  #codeOwn(i: number): void {
    const { samples, shape } = this.tile;
    for (let c = 0; c < this.#channels; c++) {
      if (c > 0) {
        const isBefore = this.coder.bit(this.first + asBeforeContext + min(c, 2) - 1, samples[i + c] === samples[i + c - 1] ? 1 : 0);
        if (isBefore === 1) {
          samples[i + c] = samples[i + c - 1]!;
          continue;
        }
      }
      samples[i + c] = this.#codeValue(samples[i + c]!, this.first + treeContext + 4 * trees * min(c, 2), shape.depth);
    }
  }

  #codeValue(value: number, context: number, depth: number): number {
    const { coder } = this;
    if (depth <= 8) return codeTree(coder, context, value, depth);
    if (depth <= 16) {
      const low = depth - 8;
      const high = codeTree(coder, context, value >>> low, 8);
      return (high << low) | coder.raw(value & ((1 << low) - 1), low);
    }
    let read = 0;
    for (let k = 0; k < 4; k++) read = (read << 8) | codeTree(coder, context + k * trees, (value >>> (24 - 8 * k)) & 255, 8);
    return read;
  }

  /** Differences to the prediction, less that of the channel before. */
  #codeDifferences(i: number): void {
    const { samples, prediction, shape } = this.tile;
    const top = 2 ** shape.depth - 1;
    let before = 0;
    for (let c = 0; c < this.#channels; c++) {
      const difference = samples[i + c]! - prediction[i + c]!;
      const context = this.first + numberContext + numberContexts * (4 * min(c, 2) + this.#sizes[c]!);
      const number = codeNumber(this.coder, context, fold(difference - before), 0x3ffff);
      this.#sizes[c] = min(3, (32 - clz32(number + 1)) >> 1);
      before += unfold(number);
      const value = prediction[i + c]! + before;
      if (value < 0 || value > top) throw fault('recipe-invalid', 'A patch leaves the depth of its tile.');
      samples[i + c] = value;
    }
  }
}

function malformed(): Error {
  return fault('recipe-invalid', 'The exceptions of a patch are malformed.');
}
