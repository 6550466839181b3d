/**
 * What a patch of a tile of coefficients starts from: the window of a stored tile, turned or mirrored as jpegtran turns
 * pictures, by their blocks and within these. It knows where coefficients lie, not how they changed. SPEC.md section 5.13.
 */
import { blocksOf, newCoefficients, type CoefficientShape } from '../content.js';
import { steps, type BaseView, type TileSize } from '../patch-prediction.js';

/** Coefficients of a block. */
export const blockValues = 64;
const side = 8;

/** The blocks of a tile as its sides. */
export function sizeOf({ across, down }: CoefficientShape): TileSize {
  return { width: across, height: down };
}

/** The coefficients of a tile, block by block: a copy. */
export function valuesOf(content: Uint8Array): Int16Array {
  return new Int16Array(Uint8Array.from(blocksOf(content)).buffer);
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

/** The coefficients of `base` in the place of those of `target`, or undefined where one has no negative in 16 bits. The view lies inside. */
export function predictBlocks(target: CoefficientShape, { shape, values }: CoefficientBase, view: BaseView): Int16Array | undefined {
  const { first, across, down } = steps(sizeOf(shape), view);
  const { places, negations } = turnOf(view.orientation);
  const prediction = new Int16Array(blockValues * target.across * target.down);
  if (view.orientation === 0) {
    const row = blockValues * target.across;
    for (let y = 0; y < target.down; y++) {
      const from = blockValues * (first + y * down);
      prediction.set(values.subarray(from, from + row), y * row);
    }
    return prediction;
  }
  let lowest = 0;
  for (let y = 0, at = 0; y < target.down; y++) {
    for (let x = 0; x < target.across; x++) {
      const from = blockValues * (first + y * down + x * across);
      for (let k = 0; k < blockValues; k++, at++) {
        const value = values[from + places[k]!]!;
        // With all bits set where it is to be negated.
        const negation = negations[k]!;
        if (value < lowest && negation !== 0) lowest = value;
        prediction[at] = (value ^ negation) - negation;
      }
    }
  }
  return lowest < -0x7fff ? undefined : prediction;
}

interface Turn {
  /** The coefficient of the block that comes to lie at each place. */
  readonly places: Uint8Array;
  /** -1 where it is negated, else 0. */
  readonly negations: Int8Array;
}

/** What an orientation makes of the places within a block. */
function turnOf(orientation: number): Turn {
  const places = new Uint8Array(blockValues);
  const negations = new Int8Array(blockValues);
  for (let k = 0; k < blockValues; k++) {
    const [column, row] = [k % side, Math.floor(k / side)];
    places[k] = (orientation & 4) === 0 ? k : side * column + row;
    const mirrored = (orientation & 1) * column + ((orientation >> 1) & 1) * row;
    negations[k] = -(mirrored & 1);
  }
  return { places, negations };
}
