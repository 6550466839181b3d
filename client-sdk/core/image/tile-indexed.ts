/**
 * The indexed mode of the tile coder, for drawings, text and screens: at most 256 colours, sorted, and for each pixel first
 * whether it is the colour that last followed the same six neighbours, then which. SPEC.md section 5.8.
 */
import { fault } from '../errors.js';
import { type TileShape } from './content.js';
import {
  decodeBit, decodeNumber, encodeBit, encodeNumber, evenProbability, fold, numberContexts, type RangeDecoder, type RangeEncoder, unfold,
} from './range-coder.js';

export const maxColours = 256;
const memoryBits = 12;
const memorySize = 1 << memoryBits;
/** Contexts of "as before": how often it held (0 .. 7), and which of four pairs of neighbours are equal. */
const trustContexts = 8 * 16;

/** A tile as colours, each `channels` samples in ascending order, and indices row by row. */
export interface IndexedTile {
  readonly colours: Int32Array;
  readonly count: number;
  readonly indices: Uint8Array;
}

interface IndexModel {
  readonly trust: Uint16Array;
  /** The same question under the place in the memory. */
  readonly local: Uint16Array;
  /** Tree of 256 leaves for each western neighbour. */
  readonly trees: Uint16Array;
  /** Colour that last followed these neighbours, and how often it held. */
  readonly memory: Uint8Array;
  readonly holds: Uint8Array;
}

function newModel(count: number): IndexModel {
  return {
    trust: new Uint16Array(trustContexts).fill(evenProbability),
    local: new Uint16Array(memorySize).fill(evenProbability),
    trees: new Uint16Array(count << 8).fill(evenProbability),
    memory: new Uint8Array(memorySize),
    holds: new Uint8Array(memorySize),
  };
}

/** Writes colours and indices. Stops early once more than `limit` bytes are written; the caller compares. */
export function encodeIndexed(encoder: RangeEncoder, shape: TileShape, tile: IndexedTile, limit: number): void {
  encodeColours(encoder, shape.channels, tile);
  const model = newModel(tile.count);
  const { width, height } = shape;
  const canvas = newCanvas(width);
  for (let y = 0; y < height && encoder.at <= limit; y++) {
    for (let x = 0; x < width; x++) {
      const index = tile.indices[y * width + x]!;
      const place = placeOf(canvas, x);
      const trust = trustOf(canvas, model.holds[place]!, x);
      const held = index === model.memory[place]!;
      if (encodePair(encoder, model, trust, place, held ? 0 : 1)) encodeLeaf(encoder, model.trees, canvas.row[x + 1]! << 8, index);
      remember(model, place, index, held);
      canvas.row[x + 2] = index;
    }
    turn(canvas, width);
  }
}

/** Reads them again. Throws DiceError `recipe-invalid` for an index without colour or a sample above `max`. */
export function decodeIndexed(decoder: RangeDecoder, shape: TileShape, max: number): IndexedTile {
  const { count, colours } = decodeColours(decoder, shape, max);
  const model = newModel(count);
  const { width, height } = shape;
  const indices = new Uint8Array(width * height);
  const canvas = newCanvas(width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = placeOf(canvas, x);
      const trust = trustOf(canvas, model.holds[place]!, x);
      const held = decodePair(decoder, model, trust, place) === 0;
      const index = held ? model.memory[place]! : decodeLeaf(decoder, model.trees, canvas.row[x + 1]! << 8);
      if (index >= count) throw fault('recipe-invalid', 'A tile has an index without a colour.');
      remember(model, place, index, held);
      indices[y * width + x] = index;
      canvas.row[x + 2] = index;
    }
    turn(canvas, width);
  }
  return { colours, count, indices };
}

/** The row being coded and the two above, each with a border of two. */
interface Canvas {
  row: Uint8Array;
  above: Uint8Array;
  top: Uint8Array;
}

function newCanvas(width: number): Canvas {
  return { row: new Uint8Array(width + 4), above: new Uint8Array(width + 4), top: new Uint8Array(width + 4) };
}

function turn(canvas: Canvas, width: number): void {
  const { row, above, top } = canvas;
  row.fill(row[width + 1]!, width + 2);
  canvas.top = above;
  canvas.above = row;
  canvas.row = top;
  canvas.row.fill(row[2]!, 0, 2);
}

/** Hash of the six neighbours west, north, north-west, north-east, west-west, north-north. */
function placeOf({ row, above, top }: Canvas, x: number): number {
  const near = row[x + 1]! | (above[x + 2]! << 8) | (above[x + 1]! << 16) | (above[x + 3]! << 24);
  const far = row[x]! | (top[x + 2]! << 8);
  return (Math.imul(near, 0x2c1b3c6d) + Math.imul(far, 0x297a2d39)) >>> (32 - memoryBits);
}

function trustOf({ row, above }: Canvas, holds: number, x: number): number {
  const west = row[x + 1]!;
  const north = above[x + 2]!;
  const equal = (west === north ? 1 : 0) + (west === above[x + 1]! ? 2 : 0) + (north === above[x + 1]! ? 4 : 0) + (north === above[x + 3]! ? 8 : 0);
  return (holds << 4) | equal;
}

function remember(model: IndexModel, place: number, index: number, held: boolean): void {
  const holds = model.holds[place]!;
  if (held) {
    if (holds < 7) model.holds[place] = holds + 1;
  } else {
    model.memory[place] = index;
    model.holds[place] = holds > 3 ? 1 : 0;
  }
}
