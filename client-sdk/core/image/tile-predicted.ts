/**
 * The predicted mode of the tile coder: what is written of a tile's planes besides their symbols, and the way there and back
 * through the kernel, which does everything that is done for each sample. SPEC.md sections 5.5 to 5.7 and 5.10.
 */
import { fault } from '../errors.js';
import { BitReader, BitWriter, fold, unfold } from './bit-stream.js';
import type { TileShape } from './content.js';
import { levelCount, usualLevels } from './residual-levels.js';
import { classCount, fields, modelOf, tileKernel, weightCount } from './tile-kernel.js';
import { decodeList, encodeList, listValues, toRanks, toValues, type ValueList } from './tile-values.js';

/** Bit 0: plane 1 is less plane 0. Bit 1: plane 2 is. */
export const colourCount = 4;

const maxCoarse = 15;
const maxWeight = 127;
/** Weights of which each plane has its own: of plane 0, of plane 1, of planes above. */
const places = [
  [0, 1, 2, 3, 4, 5, 6],
  [0, 1, 2, 3, 4, 7, 8, 9, 10],
  [0, 1, 2, 3, 4, 7, 8, 9, 10, 11],
] as const;
/** Usual weights, two sets for each of them: of photographs and of noise. */
const usualWeights = [
  [[48, -11, 4, -7, -4, 4, 3], [15, 6, 9, 6, 4, 7, 3]],
  [[36, -6, 16, 3, 0, -1, 1, 0, 0], [20, 4, 10, 6, 4, 0, 0, 0, 0]],
  [[35, -9, 13, 2, 3, 21, -17, 11, -1, -1], [20, 4, 10, 6, 4, 0, 0, 0, 0, 0]],
] as const;
/** Raw bits in the code of each. */
const weightBits = [
  [3, 3, 3, 2, 2, 1, 2],
  [3, 3, 2, 2, 2, 1, 0, 0, 0],
  [3, 3, 1, 2, 2, 3, 2, 2, 1, 0],
] as const;

/** How a tile is read as planes. */
export interface PlaneUse {
  readonly shape: TileShape;
  readonly colour: number;
  readonly isLattice: boolean;
}

/** What is written of a tile's planes before their samples. */
interface Plan {
  readonly use: Omit<PlaneUse, 'isLattice'>;
  readonly lists: readonly ValueList[];
  readonly highest: number;
}

/** Writes the head of a code and answers its length. */
export type OpenCode = (code: Uint8Array, use: Omit<PlaneUse, 'shape'>) => number;

/**
 * Writes the tile whose samples the kernel has, predicted or as a lattice, but for its head: `open` writes that. Answers the code, or undefined
 * where it is longer than `limit`.
 */
export function encodePredicted(shape: TileShape, limit: number, open: OpenCode): Uint8Array | undefined {
  const plan = planOf(shape);
  const predicted = symbolCode(plan, limit, open);
  if (tileKernel().run.isLattice() === 0) return predicted;
  // It is slower to read: worth it only where it is much shorter.
  return latticeCode(plan, Math.floor((15 * (predicted?.length ?? limit)) / 16), open) ?? predicted;
}

function planOf(shape: TileShape): Plan {
  const { run } = tileKernel();
  run.readSamples();
  const max = maxSample(shape);
  const lists: ValueList[] = [];
  for (let c = 0; c < shape.channels; c++) {
    const list = listValues(shape, c, max);
    if (list !== undefined) toRanks(c, list);
    lists.push(list);
  }
  const use = { shape, colour: run.chooseColour() };
  for (const c of differences(use)) run.addFirst(c, -1);
  const highest = maxOf(lists, shape);
  for (let c = 0; c < shape.channels; c++) run.analysePlane(c, shape.depth);
  return { use, lists, highest };
}

/** Writes all but the samples. Answers the length. */
function openPlan({ use, lists, highest }: Plan, code: Uint8Array, isLattice: boolean, open: OpenCode): number {
  const writer = new BitWriter(code, open(code, { colour: use.colour, isLattice }));
  for (const list of lists) encodeList(writer, list);
  for (let c = 0; c < use.shape.channels; c++) encodeModel(writer, c, { ...use, isLattice }, highest);
  return writer.end();
}

function symbolCode(plan: Plan, limit: number, open: OpenCode): Uint8Array | undefined {
  const code = new Uint8Array(limit + maxModelBytes);
  return appendSymbols(code, openPlan(plan, code, false, open), limit);
}

function latticeCode(plan: Plan, limit: number, open: OpenCode): Uint8Array | undefined {
  const { run, bytes, latticeAt } = tileKernel();
  const code = new Uint8Array(limit + maxModelBytes);
  const at = openPlan(plan, code, true, open);
  const length = at > limit ? -1 : run.writeLattice(limit - at);
  if (length < 0) return undefined;
  code.set(bytes.subarray(latticeAt, latticeAt + length), at);
  return code.subarray(0, at + length);
}

/** Room for what is written before the symbols of a code that may be too long. */
const maxModelBytes = 4096;

function appendSymbols(code: Uint8Array, at: number, limit: number): Uint8Array | undefined {
  const { run, bytes, evenWordsEnd } = tileKernel();
  const length = at > limit ? -1 : run.writeSymbols(limit - at);
  if (length < 0) return undefined;
  const begin = run.evenWords();
  const evenBytes = evenWordsEnd - begin;
  code.set(bytes.subarray(begin, evenWordsEnd), at);
  const end = run.oddWordsEnd();
  code.set(bytes.subarray(end - length + evenBytes, end), at + evenBytes);
  return code.subarray(0, at + length);
}

/** Reads the planes of `code` from `at` into the kernel, and leaves their samples there. Throws DiceError `recipe-invalid` for what no writer writes. */
export function decodePredicted(code: Uint8Array, at: number, use: PlaneUse): void {
  const { run, bytes, samplesAt } = tileKernel();
  const { shape } = use;
  const bits = new BitReader(code, at);
  const lists: ValueList[] = [];
  for (let c = 0; c < shape.channels; c++) lists.push(decodeList(bits, maxSample(shape)));
  const highest = maxOf(lists, shape);
  for (let c = 0; c < shape.channels; c++) decodeModel(bits, c, use, highest);
  bytes.set(code, samplesAt);
  const isRead = use.isLattice ? run.readLattice(bits.end(), code.length) : run.readSymbols(bits.end(), code.length);
  if (isRead === 0) throw fault('recipe-invalid', 'A tile is coded wrongly.');
  for (const c of differences(use)) run.addFirst(c, 1);
  lists.forEach((list, c) => {
    if (list !== undefined) toValues(c, list);
  });
  if (run.writeSamples(maxSample(shape)) === 0) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
}

/** Planes that are less plane 0. */
function differences({ colour }: Pick<PlaneUse, 'colour'>): readonly number[] {
  return [1, 2].filter((c) => (colour & c) !== 0);
}

/** Highest value that any channel can have after ranks took the place of samples. */
function maxOf(lists: readonly ValueList[], shape: TileShape): number {
  return Math.max(...lists.map((list) => (list === undefined ? maxSample(shape) : list.length - 1)));
}

export function maxSample(shape: TileShape): number {
  return 2 ** shape.depth - 1;
}

function isDifference(c: number, { colour }: PlaneUse): boolean {
  return c > 0 && c < 3 && (colour & c) !== 0;
}

/** Bits of a value less the lowest one of its plane. */
function valueBits(c: number, use: PlaneUse, highest: number): number {
  return 32 - Math.clz32(highest) + (isDifference(c, use) ? 1 : 0);
}

function lowestOf(c: number, use: PlaneUse, highest: number): number {
  return isDifference(c, use) ? -highest : 0;
}

/** Writes how plane `c` is coded. */
function encodeModel(bits: BitWriter, c: number, use: PlaneUse, highest: number): void {
  const { models } = tileKernel();
  const at = modelOf(c);
  const isConstant = models[at + fields.constant]!;
  bits.write(isConstant, 1);
  const value = models[at + fields.value]! - lowestOf(c, use, highest);
  const width = valueBits(c, use, highest);
  bits.write(value >>> 8, Math.max(0, width - 8));
  bits.write(value, Math.min(8, width));
  if (isConstant === 1) return;
  bits.writeNumber(models[at + fields.coarse]!);
  if (!use.isLattice) bits.write(models[at + fields.family]!, 1);
  bits.write(models[at + fields.linear]!, 1);
  if (models[at + fields.linear] === 1) encodeWeights(bits, c);
  if (!use.isLattice) encodeLevels(bits, at);
}

/** Writes the levels of the classes of the model at `at`. */
function encodeLevels(bits: BitWriter, at: number): void {
  const { models } = tileKernel();
  let above = 0;
  for (let k = 0; k < classCount; k++) {
    const level = models[at + fields.levels + k]!;
    bits.writeNumber(fold(level - usualLevel(k, above)));
    above = level - usualLevels[k]!;
  }
}

function decodeModel(bits: BitReader, c: number, use: PlaneUse, highest: number): void {
  const { models } = tileKernel();
  const at = modelOf(c);
  const isConstant = bits.read(1);
  models[at + fields.constant] = isConstant;
  const width = valueBits(c, use, highest);
  const high = bits.read(Math.max(0, width - 8)) << 8;
  const value = high + bits.read(Math.min(8, width)) + lowestOf(c, use, highest);
  if (value > highest) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
  models[at + fields.value] = value;
  if (isConstant === 1) return;
  const coarse = bits.readNumber();
  if (coarse > maxCoarse) throw fault('recipe-invalid', 'A tile is coded wrongly.');
  models[at + fields.coarse] = coarse;
  models[at + fields.family] = use.isLattice ? 0 : bits.read(1);
  models[at + fields.linear] = bits.read(1);
  models.fill(0, at + fields.weights, at + fields.weights + weightCount);
  if (models[at + fields.linear] === 1) decodeWeights(bits, c);
  if (!use.isLattice) decodeLevels(bits, at);
}

function decodeLevels(bits: BitReader, at: number): void {
  const { models } = tileKernel();
  let above = 0;
  for (let k = 0; k < classCount; k++) {
    const level = usualLevel(k, above) + unfold(bits.readNumber());
    if (level < 0 || level >= levelCount) throw fault('recipe-invalid', 'A tile is coded wrongly.');
    models[at + fields.levels + k] = level;
    above = level - usualLevels[k]!;
  }
}

function usualLevel(k: number, above: number): number {
  return Math.max(0, Math.min(levelCount - 1, usualLevels[k]! + above));
}

/** Writes the weights as what they are above the usual ones of the set that makes them shorter. */
function encodeWeights(bits: BitWriter, c: number): void {
  const { models } = tileKernel();
  const kind = Math.min(c, 2);
  const at = modelOf(c) + fields.weights;
  const weights = places[kind]!.map((place) => models[at + place]!);
  const lengths = usualWeights[kind]!.map((usual) => weights.reduce((sum, weight, k) => sum + lengthOf(fold(weight - usual[k]!), weightBits[kind]![k]!), 0));
  const set = lengths[1]! < lengths[0]! ? 1 : 0;
  bits.write(set, 1);
  weights.forEach((weight, k) => {
    const above = fold(weight - usualWeights[kind]![set][k]!);
    const raw = weightBits[kind]![k]!;
    bits.writeNumber(above >> raw);
    bits.write(above, raw);
  });
}

function lengthOf(number: number, raw: number): number {
  return raw + 2 * (31 - Math.clz32((number >> raw) + 1)) + 1;
}

function decodeWeights(bits: BitReader, c: number): void {
  const { models } = tileKernel();
  const kind = Math.min(c, 2);
  const at = modelOf(c) + fields.weights;
  const usual = usualWeights[kind]![bits.read(1)]!;
  places[kind]!.forEach((place, k) => {
    const raw = weightBits[kind]![k]!;
    const number = bits.readNumber();
    const weight = usual[k]! + unfold((number << raw) | bits.read(raw));
    if (number > 4 * maxWeight || Math.abs(weight) > maxWeight) throw fault('recipe-invalid', 'A tile is coded wrongly.');
    models[at + place] = weight;
  });
}
