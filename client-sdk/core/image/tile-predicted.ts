/**
 * The predicted mode of the tile coder: what is chosen for each plane, what is written of it, and the way from planes to symbols
 * and back. The hot loops are in tile-rows and symbol-coder. SPEC.md sections 5.6 and 5.7.
 */
import { fault } from '../errors.js';
import { type BitReader, type BitWriter, fold, unfold } from './bit-stream.js';
import {
  distributionOf, escapeBitsOf, escapeSymbol, levelCount, levelFor, levelTables, lowBitsOf, precisionBits,
} from './residual-levels.js';
import { decodeRow, encodeRow, type Levels, type Remainders, type SymbolReader, type SymbolWriter, useLevels } from './symbol-coder.js';
import { boundsOf, closeRight, closeRow, fillPlane, openRow, originOf, type Planes } from './tile-planes.js';
import {
  addMisses, classCount, countClasses, findClasses, findErrors, maxMagnitude, measureRow, predictorCount, restoreRow, type RowUse,
} from './tile-rows.js';
import { classScratch, errorScratch, valueScratch } from './tile-scratch.js';

/** Levels of the classes where nothing is said. */
const usualLevels = [3, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 28];
const predictorBits = 2;
const coarseBits = 4;
const maxCoarse = 15;
/** Ones in a row after which an escape goes on as a number. */
const longestRun = 16;

/** How the planes are read: a colour transform, and samples of 0 .. `max`. */
export interface PlaneUse {
  readonly colour: number;
  readonly max: number;
}

/** How a plane is coded. */
interface PlaneModel {
  readonly predictor: number;
  readonly coarse: number;
  readonly levels: Levels;
}

const values = valueScratch;
const errors = errorScratch;
const classes = classScratch;

/** Writes all planes: their models to `bits`, then the errors to `symbols`, and what these do not hold to `bits`. */
export function encodePlanes(bits: BitWriter, symbols: SymbolWriter, planes: Planes, use: PlaneUse): void {
  const { width, height, channels } = planes.shape;
  const size = width * height;
  const models: (PlaneModel | undefined)[] = [];
  for (let c = 0; c < channels; c++) models.push(encodeModel(bits, planes, c, use));
  const rest = new ErrorRemainders();
  for (let c = channels - 1; c >= 0; c--) {
    const levels = models[c]?.levels;
    if (levels === undefined) continue;
    const source = { levels, rest };
    useLevels(levels);
    for (let row = c * size + size - width; row >= c * size; row -= width) encodeRow(symbols, source, row, width);
  }
  rest.writeTo(bits);
}

/** Reads all planes. Throws DiceError `recipe-invalid` for what no writer writes. */
export function decodePlanes(bits: BitReader, symbols: SymbolReader, planes: Planes, use: PlaneUse): void {
  const { channels, width, height } = planes.shape;
  const models: (PlaneModel | undefined)[] = [];
  for (let c = 0; c < channels; c++) models.push(decodeModel(bits, planes, c, use));
  models.forEach((model, c) => {
    if (model === undefined) return;
    const start = startOf(planes, c, use);
    const { levels, predictor, coarse } = model;
    useLevels(levels);
    for (let y = 0; y < height; y++) {
      const row = { planes, c, y, predictor, coarse };
      openRow(planes, c, y, start);
      const seen = findClasses(planes, c, y, 0);
      const isPlain = (seen & levels.lowClasses) === 0;
      const isWhole = decodeRow(symbols, width, originOf(planes, c) + y * planes.stride) >= 0;
      if (!isWhole || !isPlain) completeErrors(bits, levels, width);
      if (!isWhole || !isPlain || coarse > 0) measureRow(row);
      restoreRow(row);
      closeRow(planes, c, y);
    }
  });
}

/** What is known before the first sample of a plane. */
function startOf(planes: Planes, c: number, use: PlaneUse): number {
  const { low, high } = boundsOf(planes, c, use.colour, use.max);
  return low < 0 ? 0 : (high + 1) >> 1;
}

/** Writes how plane `c` is coded, and finds its errors and classes. Answers undefined for a constant plane, which this is all of. */
function encodeModel(bits: BitWriter, planes: Planes, c: number, use: PlaneUse): PlaneModel | undefined {
  const constant = constantOf(planes, c);
  bits.write(constant === undefined ? 0 : 1, 1);
  if (constant !== undefined) {
    const value = constant - boundsOf(planes, c, use.colour, use.max).low;
    bits.write(value >>> 8, 9);
    bits.write(value, 8);
    fillPlane(planes, c, constant);
    return undefined;
  }
  const { predictor, coarse } = choosePredictor(planes, c);
  bits.write(predictor, predictorBits);
  bits.write(coarse, coarseBits);
  const levels = analyse(planes, c, startOf(planes, c, use), { predictor, coarse });
  const family = chooseFamily(levels, c * planes.shape.width * planes.shape.height, planes.shape);
  bits.write(family, 1);
  writeLevels(bits, levels);
  return { predictor, coarse, levels: tablesOf(levels, family) };
}

function decodeModel(bits: BitReader, planes: Planes, c: number, use: PlaneUse): PlaneModel | undefined {
  if (bits.read(1) === 1) {
    const { low, high } = boundsOf(planes, c, use.colour, use.max);
    const value = (bits.read(9) << 8) + bits.read(8) + low;
    if (value > high) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
    fillPlane(planes, c, value);
    return undefined;
  }
  const predictor = bits.read(predictorBits);
  const coarse = bits.read(coarseBits);
  const family = bits.read(1);
  return { predictor, coarse, levels: tablesOf(readLevels(bits), family) };
}

/** The one value of a plane, or undefined where it has several. */
function constantOf(planes: Planes, c: number): number | undefined {
  const { shape, stride } = planes;
  const origin = originOf(planes, c);
  const value = values[origin]!;
  for (let y = 0; y < shape.height; y++) {
    const row = origin + y * stride;
    for (let i = row; i < row + shape.width; i++) if (values[i] !== value) return undefined;
  }
  return value;
}

/** The predictor with the smallest errors on some rows, and by how many bits errors are then above those of clean 8-bit samples. */
function choosePredictor(planes: Planes, c: number): { readonly predictor: number; readonly coarse: number } {
  const { width, height } = planes.shape;
  closeRight(planes, c);
  const step = height > 4 ? 4 : 1;
  const sums = new Float64Array(predictorCount);
  let count = 0;
  for (let y = 1; y < height; y += step) {
    addMisses(planes, c, y, sums);
    count += width;
  }
  const predictor = sums.indexOf(Math.min(...sums));
  const mean = Math.floor(sums[predictor]! / Math.max(1, count));
  return { predictor, coarse: Math.min(maxCoarse, Math.max(0, 28 - Math.clz32(mean))) };
}

/** Errors and classes of plane `c` into their scratch; answers the level of each class, the usual one where little is known. */
function analyse(planes: Planes, c: number, start: number, how: { readonly predictor: number; readonly coarse: number }): readonly number[] {
  const { width, height } = planes.shape;
  const counts = new Int32Array(classCount);
  const sums = new Int32Array(classCount);
  for (let y = 0, at = c * width * height; y < height; y++, at += width) {
    const row: RowUse = { planes, c, y, predictor: how.predictor, coarse: how.coarse };
    openRow(planes, c, y, start);
    findErrors(row, at);
    closeRow(planes, c, y);
    findClasses(planes, c, y, at);
    countClasses(row, at, counts, sums);
  }
  let shift = 0;
  return usualLevels.map((_, k) => {
    const usual = usualLevel(k, shift);
    const count = counts[k]!;
    const found = count === 0 ? usual : levelFor((sums[k]! + (how.coarse > 0 ? count / 2 : 0)) * 2 ** how.coarse, count);
    const level = count * (found - usual) * (found - usual) < minGain ? usual : found;
    shift = level - usualLevels[k]!;
    return level;
  });
}

/** Counted samples times squared levels below which another level than the usual one is not worth its bits. */
const minGain = 64;

/** The family that takes fewer bits, judged on one sample in 16. */
function chooseFamily(levels: readonly number[], start: number, { width, height }: { readonly width: number; readonly height: number }): number {
  const first = tablesOf(levels, 0);
  const { lowBits, codes: firstCodes } = first;
  const { codes: secondCodes } = tablesOf(levels, 1);
  const { costs } = levelTables();
  let difference = 0;
  for (let i = start, end = start + width * height; i < end; i += 16) {
    const k = classes[i]!;
    const low = lowBits[k]!;
    const rounded = (errors[i]! + ((1 << low) >> 1)) >> low;
    const symbol = rounded < -maxMagnitude || rounded > maxMagnitude ? escapeSymbol : rounded;
    difference += costs[secondCodes[k]! + symbol]! - costs[firstCodes[k]! + symbol]!;
  }
  return difference < 0 ? 1 : 0;
}

/** Writes the level of each class as what it is above what the class before makes likely. */
function writeLevels(bits: BitWriter, levels: readonly number[]): void {
  let shift = 0;
  levels.forEach((level, k) => {
    bits.writeNumber(fold(level - usualLevel(k, shift)));
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
  const tables = {
    codes: new Int32Array(classCount),
    offsets: new Int32Array(classCount),
    plainReaches: new Int32Array(classCount),
    reaches: new Int32Array(classCount),
    lowBits: new Int32Array(classCount),
    lowClasses: 0,
    escapeBits: new Int32Array(classCount),
  };
  for (let k = 0; k < classCount; k++) {
    const distribution = distributionOf(levels[k]!, family);
    const lowBits = lowBitsOf(levels[k]!);
    tables.codes[k] = (distribution << 8) + 128;
    tables.offsets[k] = distribution << precisionBits;
    tables.reaches[k] = reaches[distribution]!;
    tables.plainReaches[k] = lowBits > 0 ? -1 : reaches[distribution]!;
    tables.lowBits[k] = lowBits;
    tables.escapeBits[k] = escapeBitsOf(levels[k]!);
    if (lowBits > 0) tables.lowClasses |= 1 << k;
  }
  return tables;
}

/** Puts low bits and escapes into the errors of a row. */
function completeErrors(bits: BitReader, levels: Levels, width: number): void {
  const { reaches, escapeBits, lowBits } = levels;
  for (let x = 0; x < width; x++) {
    const k = classes[x]!;
    const low = lowBits[k]!;
    const symbol = errors[x]!;
    if (low === 0 && symbol !== escapeSymbol) continue;
    const whole = symbol === escapeSymbol ? readEscape(bits, reaches[k]!, escapeBits[k]!) : symbol;
    errors[x] = (whole << low) + bits.read(low) - ((1 << low) >> 1);
  }
}

function readEscape(bits: BitReader, reach: number, rawBits: number): number {
  const isNegative = bits.read(1) === 1;
  let ones = 0;
  while (ones < longestRun && bits.read(1) === 1) ones++;
  const excess = (ones << rawBits) + (ones === longestRun ? bits.readNumber() : bits.read(rawBits));
  return isNegative ? -(reach + 1 + excess) : reach + 1 + excess;
}

/** Sign; how far above the reach, as Rice code; a number after a longest run of ones. */
function writeEscape(bits: BitWriter, symbol: number, reach: number, rawBits: number): void {
  const excess = Math.abs(symbol) - reach - 1;
  bits.write(symbol < 0 ? 1 : 0, 1);
  if (excess >> rawBits >= longestRun) {
    bits.write(0xffff, longestRun);
    bits.writeNumber(excess - (longestRun << rawBits));
    return;
  }
  const ones = excess >> rawBits;
  bits.write((1 << (ones + 1)) - 2, ones + 1);
  bits.write(excess, rawBits);
}

/** What errors need besides their symbols. It is found from the last sample to the first and written from the first to the last. */
class ErrorRemainders implements Remainders {
  readonly #entries: number[] = [];

  take(levels: Levels, k: number, error: number): number {
    const low = levels.lowBits[k]!;
    const reach = levels.reaches[k]!;
    const rounded = error + ((1 << low) >> 1);
    const whole = rounded >> low;
    const isEscape = whole < -reach || whole > reach;
    if (isEscape || low > 0) this.#entries.push(low, rounded, isEscape ? reach : -1, levels.escapeBits[k]!);
    return isEscape ? escapeSymbol : whole;
  }

  writeTo(bits: BitWriter): void {
    const entries = this.#entries;
    for (let at = entries.length - 4; at >= 0; at -= 4) {
      const low = entries[at]!;
      const rounded = entries[at + 1]!;
      const reach = entries[at + 2]!;
      if (reach >= 0) writeEscape(bits, rounded >> low, reach, entries[at + 3]!);
      bits.write(rounded, low);
    }
  }
}
