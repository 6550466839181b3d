/**
 * Rank mapping: where the samples of a channel take few of the values between its lowest and highest (stretched or scaled
 * pictures), the values are listed once and the samples become their ranks. SPEC.md section 5.5.
 */
import { fault } from '../errors.js';
import { originOf, type Planes } from './tile-planes.js';
import { valueScratch as values } from './tile-scratch.js';
import type { BitReader, BitWriter } from './bit-stream.js';

/** The values of a channel in ascending order; undefined where samples stand for themselves. */
export type ValueList = Int32Array | undefined;

const minSamplesPerValue = 16;
let isPresent = new Uint8Array(0);
let ranks = new Int32Array(0);

/**
 * The list of values of channel `c` if it is worth its place: at most 3/4 of the range, each used 16 times on average. Where the
 * rows 0, 4, 8 ... alone have more, the others are not looked at.
 */
export function listValues(planes: Planes, c: number, max: number): ValueList {
  const { shape } = planes;
  if (isPresent.length <= max) {
    isPresent = new Uint8Array(max + 1);
    ranks = new Int32Array(max + 1);
  }
  isPresent.fill(0, 0, max + 1);
  const { stride } = planes;
  const origin = originOf(planes, c);
  for (let y = 0; y < shape.height; y += 4) markRow(origin + y * stride, origin + y * stride + shape.width);
  if (worthList(max, shape) === undefined) return undefined;
  eachSample(planes, c, markRow);
  return worthList(max, shape);
}

/** The values that are present in ascending order, or undefined where they are too many. */
function worthList(max: number, shape: { readonly width: number; readonly height: number }): ValueList {
  const first = isPresent.indexOf(1);
  const last = isPresent.lastIndexOf(1, max);
  let count = 0;
  for (let value = first; value <= last; value++) count += isPresent[value]!;
  if (4 * count > 3 * (last - first + 1) || minSamplesPerValue * count > shape.width * shape.height) return undefined;
  const list = new Int32Array(count);
  for (let value = first, rank = 0; value <= last; value++) if (isPresent[value] !== 0) list[rank++] = value;
  return list;
}

function eachSample(planes: Planes, c: number, visit: (start: number, end: number) => void): void {
  const { shape, stride } = planes;
  for (let y = 0, row = originOf(planes, c); y < shape.height; y++, row += stride) visit(row, row + shape.width);
}

function markRow(start: number, end: number): void {
  for (let i = start; i < end; i++) isPresent[values[i]!] = 1;
}

/** Replaces the samples of channel `c` by their ranks in `list`, which comes from `listValues`. */
export function toRanks(planes: Planes, c: number, list: Int32Array): void {
  for (let rank = 0; rank < list.length; rank++) ranks[list[rank]!] = rank;
  eachSample(planes, c, (start, end) => {
    for (let i = start; i < end; i++) values[i] = ranks[values[i]!]!;
  });
}

/** The inverse of `toRanks`. Throws DiceError `recipe-invalid` for a rank that is not in the list. */
export function toValues(planes: Planes, c: number, list: Int32Array): void {
  eachSample(planes, c, (start, end) => {
    for (let i = start; i < end; i++) {
      const value = list[values[i]!];
      if (value === undefined) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
      values[i] = value;
    }
  });
}

/** Writes one list: a bit, the number of values less one, the first, then each step: a bit for the step before, or another. */
export function encodeList(writer: BitWriter, list: ValueList): void {
  writer.write(list === undefined ? 0 : 1, 1);
  if (list === undefined) return;
  writer.writeNumber(list.length - 1);
  writer.writeNumber(list[0]!);
  let before = 1;
  for (let i = 1; i < list.length; i++) {
    const step = list[i]! - list[i - 1]!;
    writer.write(step === before ? 0 : 1, 1);
    if (step !== before) writer.writeNumber(step - 1);
    before = step;
  }
}

/** Reads one list of values up to `max`. Throws DiceError `recipe-invalid` where it leaves them. */
export function decodeList(bits: BitReader, max: number): ValueList {
  if (bits.read(1) === 0) return undefined;
  const count = bits.readNumber() + 1;
  if (count > max + 1) throw fault('recipe-invalid', 'A tile has too many values.');
  const list = new Int32Array(count);
  let value = bits.readNumber();
  let step = 1;
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      if (bits.read(1) === 1) step = bits.readNumber() + 1;
      value += step;
    }
    if (value > max) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
    list[i] = value;
  }
  return list;
}
