/**
 * The tile coder: a lossless, deterministic code for the samples of a tile of 1 to 16 bits, in one of four modes. It knows
 * nothing of containers, blocks or coder ids. SPEC.md sections 5.3 to 5.8 and 5.10.
 */
import { fault } from '../errors.js';
import { checkShape, newTile, sampleBytes, samplesOf, shapeOf, type TileShape } from './content.js';
import { expectEnd, finish, newDecoder, newEncoder } from './range-coder.js';
import { decodeIndexed, encodeIndexed, type IndexedTile, maxColours } from './tile-indexed.js';
import { tileKernel } from './tile-kernel.js';
import { colourCount, decodePredicted, encodePredicted, maxSample, type PlaneUse } from './tile-predicted.js';

const modes = { flat: 0, predicted: 1, indexed: 2, lattice: 3 } as const;
/** Colours of tiles that are tried as a pattern though neighbours differ. */
const patternColours = 16;
/** Most bytes of a tile's code before its mode: shape, width, height. */
const maxHeadBytes = 1 + 3 + 3 + 1;

/** The code of a tile, or undefined where it would not be shorter than its samples (a flat tile always has one). `content` is canonical, of depth 1 to 16. */
export function codeTile(content: Uint8Array): Uint8Array | undefined {
  const shape = shapeOf(content);
  const samples = samplesOf(content);
  checkDepth(shape, samples);
  const { run, bytes, samplesAt } = tileKernel();
  run.begin(shape.width, shape.height, shape.channels, shape.depth);
  bytes.set(samples, samplesAt);
  if (run.isFlat() === 1) return flatCode(shape, samples);
  const best = smallerCode(shape, samples);
  return best !== undefined && best.length < samples.length ? best : undefined;
}

/** The canonical content of a code. Throws DiceError `recipe-invalid` for anything that is none. */
export function decodeTile(code: Uint8Array): Uint8Array<ArrayBuffer> {
  const { shape, mode, colour, at } = readHead(code);
  const content = newTile(shape);
  const samples = samplesOf(content);
  if (mode === modes.flat) {
    readFlat(code.subarray(at), shape, samples);
    return content;
  }
  if (mode === modes.indexed) readIndexed(code, at, shape, samples);
  else readPredicted(code, at, { shape, colour, isLattice: mode === modes.lattice }, samples);
  return content;
}

function flatCode(shape: TileShape, samples: Uint8Array): Uint8Array {
  const pixel = samples.subarray(0, shape.channels * sampleBytes(shape.depth));
  const code = new Uint8Array(maxHeadBytes + pixel.length);
  const at = writeHead(code, shape, modes.flat);
  code.set(pixel, at);
  return code.subarray(0, at + pixel.length);
}

function readFlat(pixel: Uint8Array, shape: TileShape, samples: Uint8Array): void {
  const size = sampleBytes(shape.depth);
  if (pixel.length !== shape.channels * size) throw fault('recipe-invalid', 'A flat tile has not one pixel.');
  for (let i = 0; i < pixel.length; i += size) {
    const value = size === 1 ? pixel[i]! : (pixel[i]! << 8) | pixel[i + 1]!;
    if (value > maxSample(shape)) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
  }
  for (let at = 0; at < samples.length; at += pixel.length) samples.set(pixel, at);
}

/** The shorter of the two codes; indexed is tried only where it may be the shorter one, and wins a tie. Undefined where neither is short. */
function smallerCode(shape: TileShape, samples: Uint8Array): Uint8Array | undefined {
  const predicted = predictedCode(shape, samples.length);
  const limit = predicted?.length ?? samples.length;
  const tile = indexTile(shape, samples, limit);
  return (tile === undefined ? undefined : indexedCode(shape, tile, limit)) ?? predicted;
}

/** The code of the indexed mode, or undefined where it is longer than `limit`. */
function indexedCode(shape: TileShape, tile: IndexedTile, limit: number): Uint8Array | undefined {
  const bytes = new Uint8Array(limit + maxHeadBytes + 8);
  const encoder = newEncoder(bytes);
  encoder.at = writeHead(bytes, shape, modes.indexed);
  const start = encoder.at;
  encodeIndexed(encoder, shape, tile, limit);
  // What was given up is incomplete, however short its last bytes make it.
  if (encoder.at > limit) return undefined;
  const length = Math.max(start, finish(encoder));
  return length > limit ? undefined : bytes.subarray(0, length);
}

function predictedCode(shape: TileShape, limit: number): Uint8Array | undefined {
  return encodePredicted(shape, limit, (code, { colour, isLattice }) => writeHead(code, shape, (isLattice ? modes.lattice : modes.predicted) | (colour << 2)));
}

/** Throws DiceError `recipe-invalid` where a sample has more bits than the depth says. */
export function checkDepth(shape: TileShape, samples: Uint8Array): void {
  if (shape.depth === 8 || shape.depth >= 16) return;
  const isWide = shape.depth > 8;
  const max = 2 ** (isWide ? shape.depth - 8 : shape.depth) - 1;
  let all = 0;
  for (let i = 0; i < samples.length; i += isWide ? 2 : 1) all |= samples[i]!;
  if (all > max) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
}

function readPredicted(code: Uint8Array, at: number, use: PlaneUse, samples: Uint8Array): void {
  const { run, bytes, samplesAt } = tileKernel();
  const { width, height, channels, depth } = use.shape;
  run.begin(width, height, channels, depth);
  decodePredicted(code, at, use);
  samples.set(bytes.subarray(samplesAt, samplesAt + samples.length));
}

/** The tile as colours, or undefined where it has more than `mostColours` allows. */
function indexTile(shape: TileShape, samples: Uint8Array, codeBytes: number): IndexedTile | undefined {
  const pixelBytes = shape.channels * sampleBytes(shape.depth);
  const most = mostColours(shape, codeBytes);
  const indices = new Uint8Array(shape.width * shape.height);
  const starts = new Int32Array(most);
  let count = 0;
  colourPlaces.fill(0);
  for (let i = 0, start = 0; i < indices.length; i++, start += pixelBytes) {
    let place = placeOfPixel(samples, start, pixelBytes);
    // A place holds an index and one; the next is tried where it is another colour's.
    while (colourPlaces[place]! !== 0 && !isSamePixel(samples, starts[colourPlaces[place]! - 1]!, start, pixelBytes)) place = (place + 1) & placeMask;
    if (colourPlaces[place] === 0) {
      if (count === most) return undefined;
      starts[count++] = start;
      colourPlaces[place] = count;
    }
    indices[i] = colourPlaces[place]! - 1;
  }
  return sorted(shape, samples, starts.subarray(0, count), indices);
}

const placeMask = 1023;
const colourPlaces = new Uint16Array(placeMask + 1);

function placeOfPixel(samples: Uint8Array, start: number, pixelBytes: number): number {
  let hash = 0;
  for (let k = start; k < start + pixelBytes; k++) hash = Math.imul(hash ^ samples[k]!, 0x2c1b3c6d);
  return (hash >>> 15) & placeMask;
}

/**
 * 256 colours where there are few pixels, or a third of them equal the one before and the others take at least 6 bits each in the code of
 * `codeBytes` that there is; else only patterns are worth a trial.
 */
function mostColours({ width, height }: TileShape, codeBytes: number): number {
  const pixels = width * height;
  const equal = tileKernel().run.equalPixels();
  const isDrawn = 3 * equal >= pixels && 8 * codeBytes >= 6 * (pixels - equal);
  return isDrawn || pixels <= 64 ? maxColours : patternColours;
}

function isSamePixel(samples: Uint8Array, one: number, other: number, pixelBytes: number): boolean {
  for (let k = 0; k < pixelBytes; k++) if (samples[one + k] !== samples[other + k]) return false;
  return true;
}

/** Colours, of which `starts` says where they were first met, in ascending order of their samples. */
function sorted(shape: TileShape, samples: Uint8Array, starts: Int32Array, indices: Uint8Array): IndexedTile {
  const size = sampleBytes(shape.depth);
  const pixelBytes = shape.channels * size;
  const order = Array.from(starts.keys()).sort((a, b) => comparePixels(samples, starts[a]!, starts[b]!, pixelBytes));
  const ranks = new Uint8Array(maxColours);
  const colours = new Int32Array(starts.length * shape.channels);
  let at = 0;
  order.forEach((index, rank) => {
    ranks[index] = rank;
    const start = starts[index]!;
    for (let k = start; k < start + pixelBytes; k += size) colours[at++] = size === 1 ? samples[k]! : (samples[k]! << 8) | samples[k + 1]!;
  });
  for (let i = 0; i < indices.length; i++) indices[i] = ranks[indices[i]!]!;
  return { colours, count: starts.length, indices };
}

function comparePixels(samples: Uint8Array, one: number, other: number, pixelBytes: number): number {
  let k = 0;
  while (k < pixelBytes - 1 && samples[one + k] === samples[other + k]) k++;
  return samples[one + k]! - samples[other + k]!;
}

function readIndexed(code: Uint8Array, start: number, shape: TileShape, samples: Uint8Array): void {
  const decoder = newDecoder(code, start);
  const { colours, indices } = decodeIndexed(decoder, shape, maxSample(shape));
  expectEnd(decoder);
  const isWide = sampleBytes(shape.depth) === 2;
  let at = 0;
  for (const index of indices) {
    for (let c = 0, i = index * shape.channels; c < shape.channels; c++, i++) {
      if (isWide) samples[at++] = colours[i]! >>> 8;
      samples[at++] = colours[i]!;
    }
  }
}

/** Head: channels and depth, then width and height unless both are the default tile's, then mode and colour transform. */
function writeHead(code: Uint8Array, shape: TileShape, mode: number): number {
  const isDefault = shape.width === defaultSide && shape.height === defaultSide;
  let at = 0;
  code[at++] = (shape.channels - 1) | ((shape.depth - 1) << 3) | (isDefault ? 0 : 128);
  if (!isDefault) {
    for (const side of [shape.width - 1, shape.height - 1]) {
      let rest = side;
      for (; rest > 127; rest >>>= 7) code[at++] = (rest & 127) | 128;
      code[at++] = rest;
    }
  }
  code[at++] = mode;
  return at;
}

/** Side of the tiles whose size is not written. Fixed by the format, whatever the default becomes. */
const defaultSide = 64;

interface Head {
  readonly shape: TileShape;
  readonly mode: number;
  readonly colour: number;
  readonly at: number;
}

function readHead(code: Uint8Array): Head {
  const first = code[0] ?? 0;
  const side = { at: 1 };
  const isDefault = first < 128;
  const width = isDefault ? defaultSide : readSide(code, side);
  const height = isDefault ? defaultSide : readSide(code, side);
  if (!isDefault && width === defaultSide && height === defaultSide) throw malformed();
  const shape = { width, height, channels: (first & 7) + 1, depth: ((first >>> 3) & 15) + 1 };
  checkShape(shape);
  const last = code[side.at++];
  if (last === undefined) throw malformed();
  const mode = last & 3;
  const colour = last >>> 2;
  const mayTransform = (mode === modes.predicted || mode === modes.lattice) && shape.channels >= 3 && colour < colourCount;
  if (colour > 0 && !mayTransform) throw malformed();
  return { shape, mode, colour, at: side.at };
}

function readSide(code: Uint8Array, cursor: { at: number }): number {
  let side = 0;
  for (let shift = 0; shift < 21; shift += 7) {
    const byte = code[cursor.at++];
    if (byte === undefined) throw malformed();
    side |= (byte & 127) << shift;
    if (byte > 127) continue;
    if (side > 65534 || (byte === 0 && shift > 0)) throw malformed();
    return side + 1;
  }
  throw malformed();
}

function malformed(): Error {
  return fault('recipe-invalid', 'A tile has a malformed head.');
}
