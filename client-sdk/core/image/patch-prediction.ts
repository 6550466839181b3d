/**
 * What a patch starts from: the window of a stored tile, turned or mirrored, as plain numbers. It knows where
 * samples lie, not how they changed. SPEC.md section 5.9.
 */
import { fault } from '../errors.js';
import { newTile, sampleBytes, samplesOf, tileHeaderBytes, type TileShape } from './content.js';

/**
 * How the target lies in the base: the base is transposed if bit 2 of `orientation` (0 .. 7) is set, then mirrored
 * left-right if bit 0 is, then top-bottom if bit 1 is; (x, y) is the target's top left pixel in the result.
 */
export interface BaseView {
  readonly orientation: number;
  readonly x: number;
  readonly y: number;
}

/** The sides of a tile, in pixels or in blocks of coefficients. */
export type TileSize = Pick<TileShape, 'width' | 'height'>;

/** Width and height of a tile of `shape` seen under `orientation`. */
export function turnedSize(shape: TileSize, orientation: number): TileSize {
  const { width, height } = shape;
  return (orientation & 4) === 0 ? { width, height } : { width: height, height: width };
}

/** `target` lies wholly in a tile of shape `base` where `view` says. */
export function isInside(target: TileSize, base: TileSize, { orientation, x, y }: BaseView): boolean {
  const isNumbers = [orientation, x, y].every((value) => Number.isInteger(value) && value >= 0);
  if (!isNumbers || orientation > 7) return false;
  const { width, height } = turnedSize(base, orientation);
  return x + target.width <= width && y + target.height <= height;
}

/**
 * The samples of a tile as numbers (those of depth 32 as signed ones). Throws DiceError `recipe-invalid` for a sample
 * that is not below 2^depth.
 */
export function numbersOf(content: Uint8Array, { depth }: TileShape): Int32Array {
  const bytes = samplesOf(content);
  const numbers = new Int32Array(bytes.length / sampleBytes(depth));
  let all = 0;
  if (depth <= 8) for (let i = 0; i < numbers.length; i++) all |= numbers[i] = bytes[i]!;
  else if (depth <= 16) for (let i = 0; i < numbers.length; i++) all |= numbers[i] = (bytes[2 * i]! << 8) | bytes[2 * i + 1]!;
  else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < numbers.length; i++) numbers[i] = view.getInt32(4 * i);
  }
  if (depth <= 16 && all >>> depth !== 0) throw fault('recipe-invalid', 'A sample of a tile is larger than its depth allows.');
  return numbers;
}

/** The tile of `shape` that has these samples. */
export function tileOf(numbers: Int32Array, shape: TileShape): Uint8Array<ArrayBuffer> {
  const content = newTile(shape);
  const size = sampleBytes(shape.depth);
  let at = tileHeaderBytes;
  if (size === 1) {
    content.set(numbers, at);
    return content;
  }
  for (const number of numbers) {
    for (let k = size - 1; k >= 0; k--) content[at++] = number >>> (8 * k);
  }
  return content;
}

/** A tile's samples with their shape. */
export interface Base {
  readonly shape: TileShape;
  readonly numbers: Int32Array;
}

/** The samples of `base` in the place of those of `target`. The view lies inside. */
export function predict(target: TileShape, base: Base, view: BaseView): Int32Array {
  const { shape, numbers } = base;
  const isWhole = target.channels === shape.channels && target.width === shape.width && target.height === shape.height;
  if (view.orientation === 0 && isWhole) return numbers.slice();
  const { first, across, down } = steps(shape, view);
  const { width, height, channels } = target;
  const prediction = new Int32Array(width * height * channels);
  const last = shape.channels - 1;
  let at = 0;
  for (let y = 0; y < height; y++) {
    let from = first + y * down;
    for (let x = 0; x < width; x++, from += across) {
      const pixel = from * shape.channels;
      for (let c = 0; c < channels; c++) prediction[at++] = numbers[pixel + (c < last ? c : last)]!;
    }
  }
  return prediction;
}

/** Places count row by row. */
export interface Steps {
  readonly first: number;
  readonly across: number;
  readonly down: number;
}

/** Where pixel (0, 0) of a view lies among those of a tile, and how far the next ones are. */
export function steps(shape: TileSize, { orientation, x, y }: BaseView): Steps {
  const isTransposed = (orientation & 4) !== 0;
  const turned = turnedSize(shape, orientation);
  const across = (isTransposed ? shape.width : 1) * ((orientation & 1) === 0 ? 1 : -1);
  const down = (isTransposed ? 1 : shape.width) * ((orientation & 2) === 0 ? 1 : -1);
  const fromX = across > 0 ? x : x - turned.width + 1;
  const fromY = down > 0 ? y : y - turned.height + 1;
  return { first: fromX * across + fromY * down, across, down };
}
