/**
 * The code of what makes an equalised tile's values of its levels: the grid, the maps at its nodes as far as they are used, and
 * the samples that come out otherwise. The levels themselves are coded as a tile of their own. SPEC.md section 5.11.
 */
import { fault } from '../errors.js';
import { fold, unfold } from './bit-stream.js';
import type { TileShape } from './content.js';
import { equalisedValues, type NodeGrid, nodesOf, type TileEqualisation, usedLevels } from './equalised-tile.js';
import { greyLevels } from './equalised-picture.js';
import { decodeBit, decodeNumber, encodeBit, encodeNumber, evenProbability, expectEnd, finish, newDecoder, newEncoder, numberContexts } from './range-coder.js';

/** Sides of a cell, in pixels. */
export const minCellSide = 8;
export const maxCellSide = 32_768;
/** Samples of a tile that is coded so: every number of its code can be written. */
export const maxEqualisedSamples = 262_144;
/** Bytes that the end of a code may take before its zeros are dropped. */
const endBytes = 8;
/** Levels back to the point from which a map is continued in a straight line. */
const reach = 4;
/** Highest residual of the class before the last. */
const classes = [0, 2] as const;

const contexts = { number: 0, first: 1, step: 2, gap: 5, difference: 6, isSame: 7 * numberContexts } as const;

/** Writes the numbers that it is given and answers them, or answers the numbers that it reads, whatever it is given. */
interface Numbers {
  number(context: number, value: number): number;
  bit(value: number): number;
}

/** The code, or undefined where it is longer than `limit` bytes. `values` are the samples that must come out. Throws DiceError `recipe-invalid` for a grid that cannot be. */
export function codeEqualisation(tile: TileEqualisation, shape: TileShape, values: Uint8Array, limit: number): Uint8Array | undefined {
  const bytes = new Uint8Array(limit + endBytes);
  const encoder = newEncoder(bytes);
  const table = newTable();
  const writer: Numbers = {
    number: (context, value) => {
      encodeNumber(encoder, table, context * numberContexts, value);
      return value;
    },
    bit: (value) => {
      encodeBit(encoder, table, contexts.isSame, value);
      return value;
    },
  };
  checkGrid(tile.grid);
  codeGrid(writer, tile.grid);
  codeMaps(writer, tile, shape);
  codeCorrections(writer, equalisedValues(tile, shape), values);
  const length = finish(encoder);
  return length > limit ? undefined : bytes.subarray(0, length);
}

/** The values that `code` makes of `levels`. Throws DiceError `recipe-invalid` for anything that is no code. */
export function decodeEqualisation(code: Uint8Array, shape: TileShape, levels: Uint8Array): Uint8Array {
  const decoder = newDecoder(code, 0);
  const table = newTable();
  const reader: Numbers = {
    number: (context) => decodeNumber(decoder, table, context * numberContexts),
    bit: () => decodeBit(decoder, table, contexts.isSame),
  };
  const grid = codeGrid(reader, { cellWidth: 0, cellHeight: 0, phaseX: 0, phaseY: 0 });
  checkGrid(grid);
  const { across, down } = nodesOf(grid, shape);
  const maps = new Uint8Array(across * down * greyLevels);
  codeMaps(reader, { grid, maps, levels }, shape);
  const values = equalisedValues({ grid, maps, levels }, shape);
  codeCorrections(reader, values, values);
  expectEnd(decoder);
  return values;
}

function newTable(): Uint16Array {
  return new Uint16Array(contexts.isSame + 1).fill(evenProbability);
}

function codeGrid(numbers: Numbers, grid: NodeGrid): NodeGrid {
  const number = (value: number): number => numbers.number(contexts.number, value);
  return {
    cellWidth: number(grid.cellWidth - minCellSide) + minCellSide,
    cellHeight: number(grid.cellHeight - minCellSide) + minCellSide,
    phaseX: number(grid.phaseX),
    phaseY: number(grid.phaseY),
  };
}

function checkGrid({ cellWidth, cellHeight, phaseX, phaseY }: NodeGrid): void {
  const isLine = (side: number, phase: number): boolean => side >= minCellSide && side <= maxCellSide && phase >= 0 && phase < 2 * side;
  if (!isLine(cellWidth, phaseX) || !isLine(cellHeight, phaseY)) throw fault('recipe-invalid', 'A tile lies in a grid that cannot be.');
}

/** A map, and which of its levels are used. */
interface UsedMap {
  readonly values: Uint8Array;
  readonly used: Uint8Array;
}

/** All maps in their order; what is read is put into `tile.maps`. */
function codeMaps(numbers: Numbers, tile: TileEqualisation, shape: TileShape): void {
  const used = usedLevels(tile.grid, shape, tile.levels);
  const { across, down } = nodesOf(tile.grid, shape);
  const mapOf = (node: number): UsedMap => {
    const [from, end] = [node * greyLevels, (node + 1) * greyLevels];
    return { values: tile.maps.subarray(from, end), used: used.subarray(from, end) };
  };
  for (let node = 0; node < across * down; node++) {
    const like = node % across > 0 ? node - 1 : node - across;
    codeMap(numbers, mapOf(node), like < 0 ? undefined : mapOf(like));
  }
}

/** One map, after the one to the left of it or, in the first column, above it. */
function codeMap(numbers: Numbers, map: UsedMap, like: UsedMap | undefined): void {
  const isSame = like !== undefined && numbers.bit(isContinued(map, like) ? 0 : 1) === 0;
  const line = new Line();
  for (let level = 0; level < greyLevels; level++) {
    if (map.used[level] === 0) continue;
    const value = isSame && like.used[level] === 1 ? like.values[level]! : codeEntry(numbers, line, { level, map, like });
    map.values[level] = value;
    line.add(level, value);
  }
}

function isContinued({ values, used }: UsedMap, like: UsedMap): boolean {
  return values.every((value, level) => used[level] === 0 || like.used[level] === 0 || value === like.values[level]);
}

function codeEntry(numbers: Numbers, line: Line, { level, map, like }: { readonly level: number; readonly map: UsedMap; readonly like: UsedMap | undefined }): number {
  const expected = line.expected(level) ?? firstOf(like, level);
  const value = expected + unfold(numbers.number(line.context, fold(map.values[level]! - expected)));
  if (value < 0 || value >= greyLevels) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
  line.missed(Math.abs(value - expected));
  return value;
}

/** What a map begins with: the value of the level in the map before, or of the next lower level there. */
function firstOf(like: UsedMap | undefined, level: number): number {
  for (let lower = level; like !== undefined && lower >= 0; lower--) if (like.used[lower] === 1) return like.values[lower]!;
  return 0;
}

/** A map as far as it is known, continued in a straight line. */
class Line {
  readonly #levels: number[] = [];
  readonly #values: number[] = [];
  #class = 0;

  /** Under which the next value is coded. */
  get context(): number {
    return this.#levels.length === 0 ? contexts.first : contexts.step + this.#class;
  }

  add(level: number, value: number): void {
    this.#levels.push(level);
    this.#values.push(value);
  }

  missed(by: number): void {
    this.#class = by <= classes[0] ? 0 : by <= classes[1] ? 1 : 2;
  }

  /** Undefined for the first level. */
  expected(level: number): number | undefined {
    const last = this.#levels.length - 1;
    if (last < 0) return undefined;
    const start = Math.max(0, last - reach);
    const run = this.#levels[last]! - this.#levels[start]!;
    const rise = run === 0 ? 2 : this.#values[last]! - this.#values[start]!;
    const whole = Math.max(1, run);
    return Math.max(0, Math.min(greyLevels - 1, this.#values[start]! + Math.floor((2 * rise * (level - this.#levels[start]!) + whole) / (2 * whole))));
  }
}

/** The samples in which `values` differs from what comes out; what is read is put into `made`. */
function codeCorrections(numbers: Numbers, made: Uint8Array, values: Uint8Array): void {
  const wrong = made === values ? [] : indicesOf(made, values);
  const count = numbers.number(contexts.number, wrong.length);
  for (let k = 0, before = -1; k < count; k++) {
    const at = before + 1 + numbers.number(contexts.gap, (wrong[k] ?? 0) - before - 1);
    if (at >= made.length) throw fault('recipe-invalid', 'A tile has more samples than it may have.');
    const value = made[at]! + unfold(numbers.number(contexts.difference, fold(values[at]! - made[at]!) - 1) + 1);
    if (value < 0 || value >= greyLevels) throw fault('recipe-invalid', 'A tile has a sample outside its depth.');
    made[at] = value;
    before = at;
  }
}

function indicesOf(made: Uint8Array, values: Uint8Array): readonly number[] {
  const wrong: number[] = [];
  for (let i = 0; i < made.length; i++) if (made[i] !== values[i]) wrong.push(i);
  return wrong;
}
