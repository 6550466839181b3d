/**
 * The predicted mode of the tile coder: plane after plane, each sample predicted linearly, corrected by what went wrong
 * in like places, and its error written under the errors around it. SPEC.md sections 5.6 and 5.7.
 */
import { fault } from '../errors.js';
import { type Contexts, decodeDecision, encodeDecisions, newContexts } from './tile-contexts.js';
import {
  classes, energies, escapes, firstEscape, firstLowNode, maxUnary, nodes, secondEscape, secondLowNode,
} from './tile-contexts-layout.js';
import { boundsOf, closeRow, openPlane, originOf, type Planes } from './tile-planes.js';
import {
  type Coefficients, decodeCoefficients, encodeCoefficients, fitPlane, sumKnown,
} from './tile-prediction.js';
import { decodeRaw, encodeRaw, fold, type RangeDecoder, type RangeEncoder, unfold } from './range-coder.js';

const biasRate = 6;
const biasBits = 12;
const biasContexts = 64;
const maxShift = 16;
const maxEscape = 18;
const opsPerSample = 2 * (maxUnary + maxEscape + 1 + 6);

/** What the rows of one plane share. */
interface PlaneModel {
  readonly planes: Planes;
  readonly c: number;
  readonly low: number;
  readonly high: number;
  /** Bits that errors are coarser by than those of 8-bit samples. */
  readonly coarse: number;
  readonly coefficients: Coefficients;
  readonly bias: Int32Array;
  readonly contexts: Contexts;
  /** Per sample of a row: known parts of prediction, energy, and of the two errors of the second context. */
  readonly sums: Int32Array;
  readonly energy: Int32Array;
  readonly near: Int32Array;
  readonly far: Int32Array;
}

/** How the planes are read: a colour transform, and samples of 0 .. `max`. */
export interface PlaneUse {
  readonly colour: number;
  readonly max: number;
}

/** Writes all planes. Stops early once more than `limit` bytes are written; the caller compares. */
export function encodePlanes(encoder: RangeEncoder, planes: Planes, use: PlaneUse, limit: number): void {
  const contexts = newContexts();
  const decisions = new Int32Array(planes.shape.width * opsPerSample);
  for (let c = 0; c < planes.shape.channels; c++) {
    const constant = constantOf(planes, c);
    encodeRaw(encoder, constant === undefined ? 0 : 1, 1);
    if (constant !== undefined) {
      const value = constant - boundsOf(planes, c, use.colour, use.max).low;
      encodeRaw(encoder, value >>> 8, 9);
      encodeRaw(encoder, value & 255, 8);
      fillPlane(planes, c, constant);
      continue;
    }
    closeBorders(planes, c);
    const coefficients = fitPlane(planes, c);
    encodeCoefficients(encoder, c, coefficients);
    const model = newModel(planes, c, use, coefficients, contexts);
    for (let y = 0; y < planes.shape.height && encoder.at <= limit; y++) {
      prepareRow(model, y);
      const count = decide(model, y, decisions);
      encodeDecisions(encoder, contexts, decisions, count);
      closeRow(planes, c, y);
    }
  }
}

/** Reads all planes. Throws DiceError `recipe-invalid` for what no writer writes. */
export function decodePlanes(decoder: RangeDecoder, planes: Planes, use: PlaneUse): void {
  const contexts = newContexts();
  for (let c = 0; c < planes.shape.channels; c++) {
    if (decodeRaw(decoder, 1) === 1) {
      const { low, high } = boundsOf(planes, c, use.colour, use.max);
      const value = (decodeRaw(decoder, 9) << 8) + decodeRaw(decoder, 8) + low;
      if (value > high) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
      fillPlane(planes, c, value);
      continue;
    }
    const model = newModel(planes, c, use, decodeCoefficients(decoder, c), contexts);
    for (let y = 0; y < planes.shape.height; y++) {
      prepareRow(model, y);
      decodeRow(decoder, model, y);
      closeRow(planes, c, y);
    }
  }
}

function newModel(planes: Planes, c: number, use: PlaneUse, coefficients: Coefficients, contexts: Contexts): PlaneModel {
  const { width } = planes.shape;
  const { low, high } = boundsOf(planes, c, use.colour, use.max);
  openPlane(planes, c, low < 0 ? 0 : (high + 1) >> 1);
  const row = (): Int32Array => new Int32Array(width);
  return {
    planes, c, low, high, coarse: Math.max(0, 24 - Math.clz32(use.max)), coefficients, contexts,
    bias: new Int32Array(biasContexts), sums: row(), energy: row(), near: row(), far: row(),
  };
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

function fillPlane(planes: Planes, c: number, value: number): void {
  planes.values.fill(value, c * planes.size, (c + 1) * planes.size);
}

/** The fit looks at the right border too. */
function closeBorders(planes: Planes, c: number): void {
  const { shape, stride, values } = planes;
  let end = originOf(planes, c) + shape.width;
  for (let y = 0; y < shape.height; y++, end += stride) values.fill(values[end - 1]!, end, end + 2);
}

/** What is known before a row is coded: its predictions but for two terms, and the energy above and in the plane before. */
function prepareRow(model: PlaneModel, y: number): void {
  const { planes, c, energy, near, far } = model;
  const { stride, size, errors, shape } = planes;
  if (y > 0) sumKnown(planes, c, y, model.coefficients, model.sums);
  let i = originOf(planes, c) + y * stride;
  for (let x = 0; x < shape.width; x++, i++) {
    const n = i - stride;
    const north = errors[n]!;
    const above = 2 * north + errors[n - 1]! + errors[n + 1]! + errors[n - stride]!;
    if (c === 0) {
      energy[x] = above;
      near[x] = errors[n + 1]!;
      far[x] = level((north + errors[n - 1]!) >> model.coarse);
    } else {
      const j = i - size;
      energy[x] = above + 3 * errors[j]! + errors[j + 1]! + errors[j + stride]!;
      near[x] = north;
      far[x] = level(errors[j]! >> model.coarse);
    }
  }
}

/** Logarithm to base 2, rounded down, of a number and one, at most 7. */
function level(value: number): number {
  return levels[Math.clz32(value + 1)]!;
}

/** By leading zeros: a logarithm, held within a bound. */
const levels = Uint8Array.from({ length: 33 }, (_, zeros) => Math.max(0, Math.min(7, 31 - zeros)));
const roughness = Uint8Array.from({ length: 33 }, (_, zeros) => Math.max(0, Math.min(3, 31 - zeros)));
/** By logarithm of the energy: the bits of an error below its unary part. */
const shifts = Uint8Array.from({ length: 32 }, (_, log) => Math.max(0, Math.min(maxShift, log - 3)));

/** The decisions that row `y` takes, and the errors it leaves. Answers how many entries it wrote. */
function decide(model: PlaneModel, y: number, decisions: Int32Array): number {
  const { planes, c, low, high, coarse, coefficients, bias, sums, energy, near, far } = model;
  const { stride, values, errors, shape } = planes;
  const k0 = coefficients[0]!;
  const k3 = coefficients[3]!;
  const own = coefficients[1]! + coefficients[2]! + k3 + coefficients[4]! + coefficients[5]!;
  const kind = Math.min(c, classes - 1);
  let at = 0;
  let i = originOf(planes, c) + y * stride;
  let westError = errors[i - 1]!;
  let farError = errors[i - 2]!;
  for (let x = 0; x < shape.width; x++, i++) {
    const west = values[i - 1]!;
    const north = values[i - stride]!;
    const mean = (west + north) >> 1;
    const predicted = y === 0 ? west : mean + ((sums[x]! + k0 * west + k3 * values[i - 2]! - own * mean) >> 6);
    let e = energy[x]! + 2 * westError + farError;
    if (c > 0) e = (e * 5) >> 3;
    // Bias: what like places missed by so far.
    // One bit for each neighbour above the prediction, without branches that nothing predicts.
    const higher = (((predicted - north) >>> 31) << 2) | (((predicted - west) >>> 31) << 3)
      | (((predicted - values[i - stride - 1]!) >>> 31) << 4) | (((predicted - values[i - stride + 1]!) >>> 31) << 5);
    const place = higher | roughness[Math.clz32((e >> (3 + coarse)) + 1)]!;
    const drift = bias[place]!;
    const step = (drift + (1 << (biasBits - 1))) >> biasBits;
    const turned = (drift - (step << biasBits)) >> 31;
    let guess = predicted + step;
    if (guess < low) guess = low;
    else if (guess > high) guess = high;
    const value = values[i]!;
    bias[place] = drift + ((((value - predicted) << biasBits) - drift) >> biasRate);
    const error = value - guess;
    farError = westError;
    const log = 31 - Math.clz32(e + 2);
    const k = shifts[log]!;
    const grade = ((log - 1) << 1) + ((e + 2) >>> (log - 1)) - 2;
    const a = (kind * energies + (grade > 31 ? 31 : grade)) * nodes;
    const b = (((kind << 3) + (k > 7 ? 7 : k)) * 64 + level((near[x]! + westError) >> coarse) * 8 + far[x]!) * nodes;
    westError = (error ^ (error >> 31)) - (error >> 31);
    errors[i] = westError;
    at = binarise(decisions, at, fold((error ^ turned) - turned), k, a, b);
  }
  return at;
}

function binarise(decisions: Int32Array, start: number, folded: number, k: number, a: number, b: number): number {
  let at = start;
  const high = folded >>> k;
  const ones = high < maxUnary ? high : maxUnary;
  for (let n = 0; n < ones; n++) {
    decisions[at++] = ((a + n) << 1) | 1;
    decisions[at++] = b + n;
  }
  if (ones < maxUnary) {
    decisions[at++] = (a + ones) << 1;
    decisions[at++] = b + ones;
  } else at = escape(decisions, at, high - maxUnary + 1, Math.floor(a / (energies * nodes)));
  if (k === 0) return at;
  const stop = high > 2 ? 2 : high;
  const bit = (folded >>> (k - 1)) & 1;
  decisions[at++] = ((a + firstLowNode + stop) << 1) | bit;
  decisions[at++] = b + firstLowNode + stop;
  if (k === 1) return at;
  const node = secondLowNode + 2 * stop + bit;
  decisions[at++] = ((a + node) << 1) | ((folded >>> (k - 2)) & 1);
  decisions[at++] = b + node;
  if (k === 2) return at;
  decisions[at] = ~(((folded & ((1 << (k - 2)) - 1)) << 5) | (k - 2));
  return at + 2;
}

/** Exponent of `value` (at least 1) in unary, then the bits below its first one, at most 9 at a time. */
function escape(decisions: Int32Array, start: number, value: number, kind: number): number {
  let at = start;
  const exponent = 31 - Math.clz32(value);
  for (let n = 0; n <= exponent; n++) {
    decisions[at++] = ((firstEscape + kind * escapes + n) << 1) | (n < exponent ? 1 : 0);
    decisions[at++] = secondEscape + kind * escapes + n;
  }
  const mantissa = value - (1 << exponent);
  const lower = Math.min(9, exponent);
  decisions[at] = ~(((mantissa >>> lower) << 5) | (exponent - lower));
  decisions[at + 2] = ~(((mantissa & ((1 << lower) - 1)) << 5) | lower);
  return at + 4;
}

function decodeEscape(decoder: RangeDecoder, contexts: Contexts, kind: number): number {
  let exponent = 0;
  while (decodeDecision(decoder, contexts, firstEscape + kind * escapes + exponent, secondEscape + kind * escapes + exponent) === 1) {
    if (++exponent > maxEscape) throw fault('recipe-invalid', 'A tile is coded wrongly.');
  }
  const lower = Math.min(9, exponent);
  const upper = decodeRaw(decoder, exponent - lower);
  return (1 << exponent) + (upper << lower) + decodeRaw(decoder, lower) - 1;
}

function decodeFolded(decoder: RangeDecoder, contexts: Contexts, k: number, a: number, b: number): number {
  let high = 0;
  while (high < maxUnary && decodeDecision(decoder, contexts, a + high, b + high) === 1) high++;
  if (high === maxUnary) high += decodeEscape(decoder, contexts, Math.floor(a / (energies * nodes)));
  if (k === 0) return high;
  const stop = high > 2 ? 2 : high;
  const bit = decodeDecision(decoder, contexts, a + firstLowNode + stop, b + firstLowNode + stop);
  if (k === 1) return (high << 1) | bit;
  const node = secondLowNode + 2 * stop + bit;
  const folded = (high << 2) | (bit << 1) | decodeDecision(decoder, contexts, a + node, b + node);
  return k === 2 ? folded : (folded << (k - 2)) | decodeRaw(decoder, k - 2);
}

/** Reads row `y`: the mirror of `decide`. */
function decodeRow(decoder: RangeDecoder, model: PlaneModel, y: number): void {
  const { planes, c, low, high, coarse, coefficients, bias, contexts, sums, energy, near, far } = model;
  const { stride, values, errors, shape } = planes;
  const k0 = coefficients[0]!;
  const k3 = coefficients[3]!;
  const own = coefficients[1]! + coefficients[2]! + k3 + coefficients[4]! + coefficients[5]!;
  const kind = Math.min(c, classes - 1);
  let i = originOf(planes, c) + y * stride;
  let westError = errors[i - 1]!;
  let farError = errors[i - 2]!;
  let west = values[i - 1]!;
  let westWest = values[i - 2]!;
  for (let x = 0; x < shape.width; x++, i++) {
    const north = values[i - stride]!;
    const mean = (west + north) >> 1;
    const predicted = y === 0 ? west : mean + ((sums[x]! + k0 * west + k3 * westWest - own * mean) >> 6);
    let e = energy[x]! + 2 * westError + farError;
    if (c > 0) e = (e * 5) >> 3;
    // One bit for each neighbour above the prediction, without branches that nothing predicts.
    const higher = (((predicted - north) >>> 31) << 2) | (((predicted - west) >>> 31) << 3)
      | (((predicted - values[i - stride - 1]!) >>> 31) << 4) | (((predicted - values[i - stride + 1]!) >>> 31) << 5);
    const place = higher | roughness[Math.clz32((e >> (3 + coarse)) + 1)]!;
    const drift = bias[place]!;
    const step = (drift + (1 << (biasBits - 1))) >> biasBits;
    const turned = (drift - (step << biasBits)) >> 31;
    let guess = predicted + step;
    if (guess < low) guess = low;
    else if (guess > high) guess = high;
    const log = 31 - Math.clz32(e + 2);
    const k = shifts[log]!;
    const grade = ((log - 1) << 1) + ((e + 2) >>> (log - 1)) - 2;
    const a = (kind * energies + (grade > 31 ? 31 : grade)) * nodes;
    const b = (((kind << 3) + (k > 7 ? 7 : k)) * 64 + level((near[x]! + westError) >> coarse) * 8 + far[x]!) * nodes;
    const error = unfold(decodeFolded(decoder, contexts, k, a, b));
    const value = guess + ((error ^ turned) - turned);
    if (value < low || value > high) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
    bias[place] = drift + ((((value - predicted) << biasBits) - drift) >> biasRate);
    values[i] = value;
    westWest = west;
    west = value;
    farError = westError;
    westError = (error ^ (error >> 31)) - (error >> 31);
    errors[i] = westError;
  }
}

