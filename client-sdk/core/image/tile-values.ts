/**
 * Rank mapping: where the samples of a channel take few of the values between its lowest and highest (stretched or scaled
 * pictures), the values are listed once and the samples become their ranks. SPEC.md section 5.5.
 */
import type { BitReader, BitWriter } from './bit-stream.js';
import type { TileShape } from './content.js';
import { fault } from '../errors.js';
import { tileKernel } from './tile-kernel.js';

/** The values of a channel in ascending order; undefined where samples stand for themselves. */
export type ValueList = Int32Array | undefined;

const minSamplesPerValue = 16;

/**
 * The list of values of channel `c` if it is worth its place: at most 3/4 of the range, each used 16 times on average. Where the
 * rows 0, 4, 8 ... alone have more, the others are not looked at.
 */
export function listValues(shape: TileShape, c: number, max: number): ValueList {
  const { run } = tileKernel();
  run.markValues(c, 4, max, 1);
  if (worthList(max, shape) === undefined) return undefined;
  run.markValues(c, 1, max, 0);
  return worthList(max, shape);
}

/** The values that are present in ascending order, or undefined where they are too many. */
function worthList(max: number, shape: TileShape): ValueList {
  const { present } = tileKernel();
  const first = present.indexOf(1);
  const last = present.lastIndexOf(1, max);
  const most = Math.min(Math.floor((3 * (last - first + 1)) / 4), Math.floor((shape.width * shape.height) / minSamplesPerValue));
  let count = 0;
  for (let value = first; value <= last; value++) count += present[value]!;
  if (count > most) return undefined;
  const list = new Int32Array(count);
  for (let value = first, rank = 0; value <= last; value++) if (present[value] !== 0) list[rank++] = value;
  return list;
}

/** Replaces the samples of channel `c` by their ranks in `list`, which comes from `listValues`. */
export function toRanks(c: number, list: Int32Array): void {
  const { ranks, run } = tileKernel();
  list.forEach((value, rank) => {
    ranks[value] = rank;
  });
  run.mapValues(c);
}

/** The inverse of `toRanks`. Throws DiceError `recipe-invalid` for a rank that is not in the list. */
export function toValues(c: number, list: Int32Array): void {
  const { ranks, run } = tileKernel();
  if (run.isWithin(c, list.length - 1) === 0) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
  ranks.set(list);
  run.mapValues(c);
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
