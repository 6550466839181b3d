/**
 * The indexed mode of the tile coder, for drawings, text and screens: at most 256 colours, sorted, and for each pixel first
 * whether it is the colour that last followed the same six neighbours, then which. SPEC.md section 5.8.
 */
import { fault } from '../errors.js';
import { type TileShape } from './content.js';
import { fold, unfold } from './bit-stream.js';
import {
  decodeBit, decodeNumber, decodePairBit, encodeBit, encodeNumber, encodePairBit, evenProbability, numberContexts, type PairTables, type RangeDecoder,
  type RangeEncoder,
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
  /** Whether the memory holds: under trust and equal neighbours, and under the place in the memory. */
  readonly pair: PairTables;
  /** Tree of 256 leaves for each western neighbour. */
  readonly trees: Uint16Array;
  /** Levels of a tree. */
  readonly levels: number;
  /** Colour that last followed these neighbours, and how often it held. */
  readonly memory: Uint8Array;
  readonly holds: Uint8Array;
}

function newModel(count: number): IndexModel {
  return {
    pair: { first: new Uint16Array(trustContexts).fill(evenProbability), second: new Uint16Array(memorySize) },
    trees: new Uint16Array(count << 8).fill(evenProbability),
    levels: 32 - Math.clz32(count - 1),
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
      encodePairBit(encoder, model.pair, trust, place, held ? 0 : 1);
      if (!held) encodeLeaf(encoder, model, canvas.row[x + 1]! << 8, index);
      remember(model, place, index, held);
      canvas.row[x + 2] = index;
    }
    turn(canvas, width);
  }
}

/** Reads them again. Throws DiceError `recipe-invalid` for an index without colour, one that the memory had, or a sample above `max`. */
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
      const held = decodePairBit(decoder, model.pair, trust, place) === 0;
      const index = held ? model.memory[place]! : decodeLeaf(decoder, model, canvas.row[x + 1]! << 8);
      if (index >= count) throw fault('recipe-invalid', 'A tile has an index without a colour.');
      if (!held && index === model.memory[place]!) throw fault('recipe-invalid', 'A tile names the colour that it says is another.');
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
  top.fill(row[2]!, 0, 2);
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

/** Writes an index of `levels` bits, highest first, in the tree that begins at `tree`. */
function encodeLeaf(encoder: RangeEncoder, { trees, levels }: IndexModel, tree: number, index: number): void {
  let node = 1;
  for (let level = levels - 1; level >= 0; level--) {
    const bit = (index >> level) & 1;
    encodeBit(encoder, trees, tree + node, bit);
    node = (node << 1) | bit;
  }
}

function decodeLeaf(decoder: RangeDecoder, { trees, levels }: IndexModel, tree: number): number {
  let node = 1;
  for (let level = 0; level < levels; level++) node = (node << 1) | decodeBit(decoder, trees, tree + node);
  return node - (1 << levels);
}

/**
 * Number of colours less one, then each: how much its first sample is above that of the colour before, and for the other
 * channels how much the difference to the channel before has changed.
 */
function encodeColours(encoder: RangeEncoder, channels: number, { colours, count }: IndexedTile): void {
  const table = colourContexts(channels);
  encodeNumber(encoder, table, 0, count - 1);
  for (let at = 0; at < count * channels; at++) {
    const c = at % channels;
    const change = colours[at]! - expected(colours, channels, at);
    encodeNumber(encoder, table, (c + 1) * numberContexts, c === 0 ? change : fold(change));
  }
}

function decodeColours(decoder: RangeDecoder, { channels }: TileShape, max: number): { readonly count: number; readonly colours: Int32Array } {
  const table = colourContexts(channels);
  const count = decodeNumber(decoder, table, 0) + 1;
  if (count > maxColours) throw fault('recipe-invalid', 'A tile has too many colours.');
  const colours = new Int32Array(count * channels);
  for (let at = 0; at < colours.length; at++) {
    const c = at % channels;
    const number = decodeNumber(decoder, table, (c + 1) * numberContexts);
    const value = expected(colours, channels, at) + (c === 0 ? number : unfold(number));
    if (value < 0 || value > max) throw fault('recipe-invalid', 'A tile has a colour outside its depth.');
    colours[at] = value;
  }
  return { count, colours };
}

function colourContexts(channels: number): Uint16Array {
  return new Uint16Array((channels + 1) * numberContexts).fill(evenProbability);
}

function expected(colours: Int32Array, channels: number, at: number): number {
  const before = at < channels ? 0 : colours[at - channels]!;
  if (at % channels === 0) return before;
  return before + colours[at - 1]! - (at < channels ? 0 : colours[at - channels - 1]!);
}
