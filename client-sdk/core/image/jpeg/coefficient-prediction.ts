/**
 * What a patch of a tile of coefficients starts from: the window of a stored tile, turned or mirrored as jpegtran turns
 * pictures, by their blocks and within these. It knows where coefficients lie, not how they changed. SPEC.md section 5.13.
 */
import { blocksOf, newCoefficients, type CoefficientShape } from '../content.js';
import { steps, type BaseView, type Steps, type TileSize } from '../patch-prediction.js';

/** Coefficients of a block. */
export const blockValues = 64;
const side = 8;
const pairBytes = 4;

/** The blocks of a tile as its sides. */
export function sizeOf({ across, down }: CoefficientShape): TileSize {
  return { width: across, height: down };
}

/** The coefficients of a tile, block by block: a view where it can be one. Not to be changed. */
export function valuesOf(content: Uint8Array): Int16Array {
  const blocks = blocksOf(content);
  const { buffer, byteOffset, byteLength } = blocks.byteOffset % pairBytes === 0 ? blocks : blocks.slice();
  return new Int16Array(buffer, byteOffset, byteLength / 2);
}

/** Two coefficients each, the first in the low bits: most of them are zero, and are passed by so. `values` are those of whole blocks. */
export function pairsOf({ buffer, byteOffset, length }: Int16Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length / 2);
}

/** The tile of `shape` that has these coefficients. */
export function contentOf(values: Int16Array, shape: CoefficientShape): Uint8Array<ArrayBuffer> {
  const content = newCoefficients(shape);
  blocksOf(content).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return content;
}

/** A tile's coefficients with their shape. */
export interface CoefficientBase {
  readonly shape: CoefficientShape;
  readonly values: Int16Array;
}

/**
 * The coefficients of `base` in the place of those of `target`, or undefined where one has no negative in 16 bits: those of `base`
 * themselves where they lie so already. The view lies inside.
 */
export function predictBlocks(target: CoefficientShape, { shape, values }: CoefficientBase, view: BaseView): Int16Array | undefined {
  const { first, across, down } = steps(sizeOf(shape), view);
  if (view.orientation === 0) return windowOf(values, target, { first, down });
  const turn = turnOf(view.orientation);
  const prediction = new Int16Array(blockValues * target.across * target.down);
  const pairs = pairsOf(values);
  let lowest = 0;
  for (let y = 0, at = 0; y < target.down; y++) {
    for (let x = 0; x < target.across; x++, at += blockValues) {
      lowest = Math.min(lowest, turnBlock(pairs, first + y * down + x * across, turn, prediction, at));
    }
  }
  return lowest < -0x7fff ? undefined : prediction;
}

/** Rows of blocks from block `first` on, `down` blocks apart. */
function windowOf(values: Int16Array, target: CoefficientShape, { first, down }: Pick<Steps, 'first' | 'down'>): Int16Array {
  const row = blockValues * target.across;
  const start = blockValues * first;
  if (target.across === down) return values.subarray(start, start + row * target.down);
  const window = new Int16Array(row * target.down);
  for (let y = 0; y < target.down; y++) {
    const from = start + blockValues * y * down;
    window.set(values.subarray(from, from + row), y * row);
  }
  return window;
}

/** Puts what becomes of a block at `at`, where zeros are. Answers the lowest coefficient that was negated, at most 0. */
function turnBlock(pairs: Int32Array, block: number, { places, negations }: Turn, prediction: Int16Array, at: number): number {
  const from = (blockValues / 2) * block;
  let lowest = 0;
  for (let k = 0; k < blockValues; k += 2) {
    const pair = pairs[from + k / 2]!;
    if (pair === 0) continue;
    const one = (pair << 16) >> 16;
    const other = pair >> 16;
    // With all bits set where it is to be negated.
    const ofOne = negations[k]!;
    const ofOther = negations[k + 1]!;
    if (one < lowest && ofOne !== 0) lowest = one;
    if (other < lowest && ofOther !== 0) lowest = other;
    prediction[at + places[k]!] = (one ^ ofOne) - ofOne;
    prediction[at + places[k + 1]!] = (other ^ ofOther) - ofOther;
  }
  return lowest;
}

/** What becomes of each coefficient of a block. */
interface Turn {
  /** Where it comes to lie. */
  readonly places: Uint8Array;
  /** -1 where it is negated, else 0. */
  readonly negations: Int8Array;
}

/** What an orientation makes of the coefficients of a block. */
function turnOf(orientation: number): Turn {
  const places = new Uint8Array(blockValues);
  const negations = new Int8Array(blockValues);
  for (let k = 0; k < blockValues; k++) {
    const [column, row] = [k % side, Math.floor(k / side)];
    const [u, v] = (orientation & 4) === 0 ? [column, row] : [row, column];
    places[k] = side * v + u;
    const mirrored = (orientation & 1) * u + ((orientation >> 1) & 1) * v;
    negations[k] = -(mirrored & 1);
  }
  return { places, negations };
}
