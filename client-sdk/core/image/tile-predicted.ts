/**
 * The predicted mode of the tile coder: plane after plane, each sample predicted from its neighbours, and its error coded
 * under a level that follows from the errors above it and in the plane before. SPEC.md sections 5.6 and 5.7.
 */
import { fault } from '../errors.js';
import { type BitReader, type BitWriter, fold, unfold } from './bit-stream.js';
import {
  distributionOf, escapeBitsOf, escapeSymbol, levelCount, levelFor, levelTables, lowBitsOf, precisionBits,
} from './residual-levels.js';
import { decodeRow, type SymbolReader } from './symbol-coder.js';
import { boundsOf, closeRow, fillPlane, openRow, originOf, type Planes } from './tile-planes.js';

/** Classes of samples by the energy of the errors around them. */
const classCount = 12;
const classStarts = [0, 1, 2, 4, 8, 14, 24, 41, 71, 121, 206, 352];
const maxError = 127;
/** By energy, at most 8 errors of at most 127. */
const classOf = Uint8Array.from({ length: 8 * maxError + 1 }, (_, energy) => classStarts.findLastIndex((start) => start <= energy));
/** Levels of the classes where nothing is said. */
const usualLevels = [3, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 28];
const maxCoarse = 15;
/** Ones in a row after which an escape goes on as a number. */
const longestRun = 16;

/** Predictors: median, then linear ones with sixteenths of W, N, NW, NE, WW. */
const medianPredictor = 0;
const linear = [[], [8, 4, 0, 4, 0], [5, 4, 2, 3, 2], [10, 9, -6, 3, 0]];
const predictorBits = 2;

/** How the planes are read: a colour transform, and samples of 0 .. `max`. */
export interface PlaneUse {
  readonly colour: number;
  readonly max: number;
}

/** The levels of a plane's classes, as tables for the hot loops. */
interface Levels {
  /** What a sample's code is before its symbol is added. */
  readonly codes: Int32Array;
  /** First slot. */
  readonly offsets: Int32Array;
  readonly lowBits: Int32Array;
  readonly hasLowBits: boolean;
  /** Largest error that is a symbol, and raw bits in the code of those above. */
  readonly reaches: Int32Array;
  readonly escapeBits: Int32Array;
}

let codeScratch = new Uint16Array(0);
let errorScratch = new Int32Array(0);
let classScratch = new Uint8Array(0);

/** Codes of symbols, `count` of them in rows of a tile's width. */
export interface SymbolCodes {
  readonly codes: Uint16Array;
  readonly count: number;
}

/** Writes what planes need besides symbols, and gathers the codes of these. Valid until the next call. */
export function encodePlanes(writer: BitWriter, planes: Planes, use: PlaneUse): SymbolCodes {
  const { width, height, channels } = planes.shape;
  const size = width * height;
  if (codeScratch.length < size * channels) codeScratch = new Uint16Array(size * channels);
  if (errorScratch.length < size) {
    errorScratch = new Int32Array(size);
    classScratch = new Uint8Array(size);
  }
  let count = 0;
  for (let c = 0; c < channels; c++) {
    const { low, high } = boundsOf(planes, c, use.colour, use.max);
    const constant = constantOf(planes, c);
    writer.write(constant === undefined ? 0 : 1, 1);
    if (constant !== undefined) {
      writer.write((constant - low) >>> 8, 9);
      writer.write(constant - low, 8);
      fillPlane(planes, c, constant);
      continue;
    }
    encodePlane(writer, planes, c, startOf(low, high), codeScratch.subarray(count, count + size));
    count += size;
  }
  return { codes: codeScratch, count };
}

/** Reads all planes. Throws DiceError `recipe-invalid` for what no writer writes. */
export function decodePlanes(bits: BitReader, symbols: SymbolReader, planes: Planes, use: PlaneUse): void {
  const { width, height } = planes.shape;
  const offsets = new Int32Array(width);
  const errors = new Int32Array(width);
  const { slots } = levelTables();
  for (let c = 0; c < planes.shape.channels; c++) {
    const { low, high } = boundsOf(planes, c, use.colour, use.max);
    if (bits.read(1) === 1) {
      const value = (bits.read(9) << 8) + bits.read(8) + low;
      if (value > high) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
      fillPlane(planes, c, value);
      continue;
    }
    const predictor = bits.read(predictorBits);
    const coarse = bits.read(4);
    const family = bits.read(1);
    const levels = tablesOf(readLevels(bits), family);
    const start = startOf(low, high);
    for (let y = 0; y < height; y++) {
      openRow(planes, c, y, start);
      findOffsets(planes, c, y, levels.offsets, offsets);
      const escape = decodeRow(symbols, slots, offsets, errors, width);
      if (levels.hasLowBits || escape < 0) completeErrors(bits, planes, c, y, levels, errors);
      if (predictor === medianPredictor || y === 0) restoreMedian(planes, c, y, coarse, errors);
      else restoreLinear(planes, c, y, coarse, errors, linear[predictor]!);
      closeRow(planes, c, y);
    }
  }
}

function startOf(low: number, high: number): number {
  return low < 0 ? 0 : (high + 1) >> 1;
}

/** The one value of a plane, or undefined where it has several. */
function constantOf(planes: Planes, c: number): number | undefined {
  const { shape, stride, values } = planes;
  const origin = originOf(planes, c);
  const value = values[origin]!;
  for (let y = 0; y < shape.height; y++) {
    const row = origin + y * stride;
    for (let i = row; i < row + shape.width; i++) if (values[i] !== value) return undefined;
  }
  return value;
}

function encodePlane(writer: BitWriter, planes: Planes, c: number, start: number, codes: Uint16Array): void {
  const { width, height } = planes.shape;
  const { predictor, coarse } = choosePredictor(planes, c);
  const counts = new Int32Array(classCount);
  const sums = new Float64Array(classCount);
  const errors = errorScratch;
  const found = classScratch;
  for (let y = 0, at = 0; y < height; y++, at += width) {
    openRow(planes, c, y, start);
    if (predictor === medianPredictor || y === 0) missMedian(planes, c, y, coarse, errors, at);
    else missLinear(planes, c, y, coarse, errors, at, linear[predictor]!);
    closeRow(planes, c, y);
    findClasses(planes, c, y, found, at);
    for (let i = at; i < at + width; i++) {
      const k = found[i]!;
      const error = errors[i]!;
      counts[k] = counts[k]! + 1;
      sums[k] = sums[k]! + ((error ^ (error >> 31)) - (error >> 31));
    }
  }
  writer.write(predictor, predictorBits);
  writer.write(coarse, 4);
  const levels = chooseLevels(counts, sums);
  const size = width * height;
  const family = chooseFamily(levels, size);
  writer.write(family, 1);
  writeLevels(writer, levels);
  codeErrors(writer, tablesOf(levels, family), codes, size);
}

/** The predictor with the smallest errors on some rows, and by how many bits errors are then above those of clean 8-bit samples. */
function choosePredictor(planes: Planes, c: number): { readonly predictor: number; readonly coarse: number } {
  const { width, height } = planes.shape;
  const step = height > 4 ? 4 : 1;
  const sums = new Float64Array(linear.length);
  let count = 1;
  for (let y = height > 1 ? 1 : 0; y < height; y += step) {
    addMisses(planes, c, y, sums);
    count += width;
  }
  const predictor = sums.indexOf(Math.min(...sums));
  const mean = Math.floor(sums[predictor]! / count);
  return { predictor, coarse: Math.min(maxCoarse, Math.max(0, 28 - Math.clz32(mean))) };
}

function addMisses({ values, stride, shape, size }: Planes, c: number, y: number, sums: Float64Array): void {
  const row = originOf({ size, stride }, c) + y * stride;
  let median = 0;
  let first = 0;
  let second = 0;
  let third = 0;
  let west = values[row]!;
  let westWest = west;
  let northWest = values[row - stride]!;
  let north = northWest;
  for (let i = row; i < row + shape.width; i++) {
    const northEast = values[i - stride + 1]!;
    const value = values[i]!;
    median += sizeOf(value - medianOf(west, north, northWest));
    first += sizeOf(value - ((8 * west + 4 * north + 4 * northEast + 8) >> 4));
    second += sizeOf(value - ((5 * west + 4 * north + 2 * northWest + 3 * northEast + 2 * westWest + 8) >> 4));
    third += sizeOf(value - ((10 * west + 9 * north - 6 * northWest + 3 * northEast + 8) >> 4));
    westWest = west;
    west = value;
    northWest = north;
    north = northEast;
  }
  sums[0] = sums[0]! + median;
  sums[1] = sums[1]! + first;
  sums[2] = sums[2]! + second;
  sums[3] = sums[3]! + third;
}

function sizeOf(value: number): number {
  return (value ^ (value >> 31)) - (value >> 31);
}

/** W + N - NW, held between W and N: NW + max(a, b, 0) + min(a, b, 0) with a = N - NW, b = W - NW, without branches. */
function medianOf(west: number, north: number, northWest: number): number {
  const a = north - northWest;
  const below = a & (a >> 31);
  const above = a - below;
  const b = west - northWest;
  const over = b - above;
  const under = b - below;
  return northWest + above + (over & ~(over >> 31)) + below + (under & (under >> 31));
}

function missMedian(planes: Planes, c: number, y: number, coarse: number, errors: Int32Array, start: number): void {
  const { stride, values, magnitudes, shape } = planes;
  const row = originOf(planes, c) + y * stride;
  let west = values[row - 1]!;
  let northWest = values[row - stride - 1]!;
  for (let i = row, at = start; i < row + shape.width; i++, at++) {
    const north = values[i - stride]!;
    const value = values[i]!;
    const error = value - medianOf(west, north, northWest);
    errors[at] = error;
    const magnitude = sizeOf(error) >> coarse;
    const room = maxError - magnitude;
    magnitudes[i] = magnitude + (room & (room >> 31));
    west = value;
    northWest = north;
  }
}

function missLinear(planes: Planes, c: number, y: number, coarse: number, errors: Int32Array, start: number, weights: readonly number[]): void {
  const { stride, values, magnitudes, shape } = planes;
  const [ofWest, ofNorth, ofNorthWest, ofNorthEast, ofWestWest] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!, weights[4]!];
  const row = originOf(planes, c) + y * stride;
  for (let i = row, at = start; i < row + shape.width; i++, at++) {
    const sum = Math.imul(ofWest, values[i - 1]!) + Math.imul(ofNorth, values[i - stride]!) + Math.imul(ofNorthWest, values[i - stride - 1]!)
      + Math.imul(ofNorthEast, values[i - stride + 1]!) + Math.imul(ofWestWest, values[i - 2]!) + 8;
    const error = values[i]! - (sum >> 4);
    errors[at] = error;
    const magnitude = sizeOf(error) >> coarse;
    const room = maxError - magnitude;
    magnitudes[i] = magnitude + (room & (room >> 31));
  }
}

function restoreMedian(planes: Planes, c: number, y: number, coarse: number, errors: Int32Array): void {
  const { stride, values, magnitudes, shape } = planes;
  const row = originOf(planes, c) + y * stride;
  let west = values[row - 1]!;
  let northWest = values[row - stride - 1]!;
  for (let i = row, x = 0; x < shape.width; i++, x++) {
    const north = values[i - stride]!;
    const error = errors[x]!;
    west = (medianOf(west, north, northWest) + error) | 0;
    values[i] = west;
    const magnitude = sizeOf(error) >>> coarse;
    const room = maxError - magnitude;
    magnitudes[i] = magnitude + (room & (room >> 31));
    northWest = north;
  }
}

function restoreLinear(planes: Planes, c: number, y: number, coarse: number, errors: Int32Array, weights: readonly number[]): void {
  const { stride, values, magnitudes, shape } = planes;
  const [ofWest, ofNorth, ofNorthWest, ofNorthEast, ofWestWest] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!, weights[4]!];
  const row = originOf(planes, c) + y * stride;
  let west = values[row - 1]!;
  let westWest = values[row - 2]!;
  let northWest = values[row - stride - 1]!;
  let north = values[row - stride]!;
  for (let i = row, x = 0; x < shape.width; i++, x++) {
    const northEast = values[i - stride + 1]!;
    const known = Math.imul(ofNorth, north) + Math.imul(ofNorthWest, northWest) + Math.imul(ofNorthEast, northEast) + Math.imul(ofWestWest, westWest) + 8;
    const error = errors[x]!;
    const value = (((known + Math.imul(ofWest, west)) >> 4) + error) | 0;
    values[i] = value;
    const magnitude = sizeOf(error) >>> coarse;
    const room = maxError - magnitude;
    magnitudes[i] = magnitude + (room & (room >> 31));
    westWest = west;
    west = value;
    northWest = north;
    north = northEast;
  }
}

/** The classes of row `y`: by the errors above, and around the same place in the plane before. */
function findClasses(planes: Planes, c: number, y: number, found: Uint8Array, start: number): void {
  const { stride, magnitudes: m, shape, size } = planes;
  const row = originOf(planes, c) + y * stride;
  if (c === 0) {
    for (let x = 0, n = row - stride; x < shape.width; x++, n++) {
      found[start + x] = classOf[3 * m[n]! + 2 * m[n - 1]! + 2 * m[n + 1]! + m[n + 2]!]!;
    }
    return;
  }
  for (let x = 0, n = row - stride, f = row - size; x < shape.width; x++, n++, f++) {
    found[start + x] = classOf[2 * m[n]! + m[n - 1]! + m[n + 1]! + 2 * m[f]! + m[f - 1]! + m[f + 1]!]!;
  }
}

/** The same, as first slots. */
function findOffsets(planes: Planes, c: number, y: number, ofClass: Int32Array, offsets: Int32Array): void {
  const { stride, magnitudes: m, shape, size } = planes;
  const row = originOf(planes, c) + y * stride;
  if (c === 0) {
    for (let x = 0, n = row - stride; x < shape.width; x++, n++) {
      offsets[x] = ofClass[classOf[3 * m[n]! + 2 * m[n - 1]! + 2 * m[n + 1]! + m[n + 2]!]!]!;
    }
    return;
  }
  for (let x = 0, n = row - stride, f = row - size; x < shape.width; x++, n++, f++) {
    offsets[x] = ofClass[classOf[2 * m[n]! + m[n - 1]! + m[n + 1]! + 2 * m[f]! + m[f - 1]! + m[f + 1]!]!]!;
  }
}

/** The level of each class; the usual one where it has no samples. */
function chooseLevels(counts: Int32Array, sums: Float64Array): readonly number[] {
  let shift = 0;
  return usualLevels.map((usual, k) => {
    const level = counts[k] === 0 ? usualLevel(k, shift) : levelFor(sums[k]!, counts[k]!);
    shift = level - usual;
    return level;
  });
}

/** The family that takes fewer bits, judged on one sample in four. */
function chooseFamily(levels: readonly number[], count: number): number {
  const first = tablesOf(levels, 0);
  const second = tablesOf(levels, 1);
  const { lowBits } = first;
  const { costs } = levelTables();
  const errors = errorScratch;
  const found = classScratch;
  let difference = 0;
  for (let i = 0; i < count; i += 4) {
    const k = found[i]!;
    const low = lowBits[k]!;
    const rounded = (errors[i]! + ((1 << low) >> 1)) >> low;
    const symbol = rounded < -maxError || rounded > maxError ? escapeSymbol : rounded;
    difference += costs[second.codes[k]! + symbol]! - costs[first.codes[k]! + symbol]!;
  }
  return difference < 0 ? 1 : 0;
}

/** Writes the level of each class as what it is above what the class before makes likely. */
function writeLevels(writer: BitWriter, levels: readonly number[]): void {
  let shift = 0;
  levels.forEach((level, k) => {
    writer.writeNumber(fold(level - usualLevel(k, shift)));
    shift = level - usualLevels[k]!;
  });
}

function readLevels(bits: BitReader): readonly number[] {
  let shift = 0;
  return usualLevels.map((usual, k) => {
    const level = usualLevel(k, shift) + unfold(bits.readNumber());
    if (level < 0 || level >= levelCount) throw fault('recipe-invalid', 'A tile is coded wrongly.');
    shift = level - usual;
    return level;
  });
}

function usualLevel(k: number, shift: number): number {
  return Math.max(0, Math.min(levelCount - 1, usualLevels[k]! + shift));
}

function tablesOf(levels: readonly number[], family: number): Levels {
  const { reaches } = levelTables();
  const distributions = Int32Array.from(levels, (level) => distributionOf(level, family));
  const lowBits = Int32Array.from(levels, lowBitsOf);
  return {
    codes: distributions.map((distribution) => (distribution << 8) + 128),
    offsets: distributions.map((distribution) => distribution << precisionBits),
    lowBits,
    hasLowBits: lowBits.some((count) => count > 0),
    reaches: distributions.map((distribution) => reaches[distribution]!),
    escapeBits: Int32Array.from(levels, escapeBitsOf),
  };
}

/** Turns errors and classes into codes of symbols; low bits and escapes go to `writer`. */
function codeErrors(writer: BitWriter, levels: Levels, codes: Uint16Array, count: number): void {
  const { codes: ofClass, reaches, lowBits, hasLowBits } = levels;
  const errors = errorScratch;
  const found = classScratch;
  for (let i = 0; i < count; i++) {
    const k = found[i]!;
    const error = errors[i]!;
    const base = ofClass[k]!;
    const reach = reaches[k]!;
    if (!hasLowBits && ((error + reach) | (reach - error)) >= 0) {
      codes[i] = base + error;
      continue;
    }
    const low = lowBits[k]!;
    const rounded = error + ((1 << low) >> 1);
    const symbol = rounded >> low;
    if (symbol >= -reach && symbol <= reach) codes[i] = base + symbol;
    else {
      codes[i] = base + escapeSymbol;
      writeEscape(writer, symbol, reach, levels.escapeBits[k]!);
    }
    writer.write(rounded, low);
  }
}

/** Sign; how far above the reach, as Rice code; a number after a longest run of ones. */
function writeEscape(writer: BitWriter, symbol: number, reach: number, rawBits: number): void {
  const excess = sizeOf(symbol) - reach - 1;
  const ones = Math.min(longestRun, excess >> rawBits);
  writer.write(symbol < 0 ? 1 : 0, 1);
  if (ones === longestRun) {
    writer.write(0xffff, longestRun);
    writer.writeNumber(excess - (longestRun << rawBits));
    return;
  }
  writer.write((1 << (ones + 1)) - 2, ones + 1);
  writer.write(excess, rawBits);
}

function readEscape(bits: BitReader, reach: number, rawBits: number): number {
  const isNegative = bits.read(1) === 1;
  let ones = 0;
  while (ones < longestRun && bits.read(1) === 1) ones++;
  const excess = (ones << rawBits) + (ones === longestRun ? bits.readNumber() : bits.read(rawBits));
  return isNegative ? -(reach + 1 + excess) : reach + 1 + excess;
}

/** Puts low bits and escapes into the errors of row `y`. */
function completeErrors(bits: BitReader, planes: Planes, c: number, y: number, levels: Levels, errors: Int32Array): void {
  const { width } = planes.shape;
  const found = new Uint8Array(width);
  findClasses(planes, c, y, found, 0);
  for (let x = 0; x < width; x++) {
    const k = found[x]!;
    const low = levels.lowBits[k]!;
    const symbol = errors[x]! === escapeSymbol ? readEscape(bits, levels.reaches[k]!, levels.escapeBits[k]!) : errors[x]!;
    errors[x] = (symbol << low) + bits.read(low) - ((1 << low) >> 1);
  }
}
