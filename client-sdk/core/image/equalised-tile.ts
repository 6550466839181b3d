/**
 * A tile of a picture that was equalised place by place: levels, and maps at the nodes of a grid from levels to values, between
 * which values are interpolated. It neither finds them (equalisation.ts) nor codes them (equalised-code.ts). SPEC.md section 5.11.
 */
import type { TileShape } from './content.js';
import { type Equalisation, greyLevels } from './equalised-picture.js';
import type { Region } from './splitter.js';

/** The grid over one tile. Sides in pixels; a phase is twice the distance of the tile's first sample from the node before it, below 2 sides. */
export interface NodeGrid {
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly phaseX: number;
  readonly phaseY: number;
}

/** What a tile's values are made of. */
export interface TileEqualisation {
  readonly grid: NodeGrid;
  /** Rows of nodes, each of 256 values: that of each level. */
  readonly maps: Uint8Array;
  /** Level of each sample, row by row. */
  readonly levels: Uint8Array;
}

/** What makes the values of one region of a picture. */
export function equalisationIn(picture: Equalisation, region: Region): TileEqualisation {
  const [columns, rows] = [lineOf(region.x, picture.cellWidth), lineOf(region.y, picture.cellHeight)];
  const grid = { cellWidth: picture.cellWidth, cellHeight: picture.cellHeight, phaseX: columns.phase, phaseY: rows.phase };
  const { across, down } = nodesOf(grid, region);
  const maps = new Uint8Array(across * down * greyLevels);
  for (let node = 0; node < across * down; node++) {
    // Beyond the border the last node goes on.
    const column = within(columns.first + (node % across), picture.across);
    const from = (within(rows.first + Math.floor(node / across), picture.down) * picture.across + column) * greyLevels;
    maps.set(picture.maps.subarray(from, from + greyLevels), node * greyLevels);
  }
  return { grid, maps, levels: levelsIn(picture, region) };
}

/** Nodes lie in the middle of cells. */
function lineOf(at: number, side: number): { readonly first: number; readonly phase: number } {
  const first = Math.floor((2 * at - side) / (2 * side));
  return { first, phase: 2 * at - side - 2 * side * first };
}

function within(node: number, count: number): number {
  return Math.max(0, Math.min(count - 1, node));
}

function levelsIn({ levels, width }: Equalisation, region: Region): Uint8Array {
  const own = new Uint8Array(region.width * region.height);
  for (let row = 0; row < region.height; row++) {
    const from = (region.y + row) * width + region.x;
    own.set(levels.subarray(from, from + region.width), row * region.width);
  }
  return own;
}

/** How many nodes a tile lies between, across and down. */
export function nodesOf(grid: NodeGrid, { width, height }: Pick<TileShape, 'width' | 'height'>): { readonly across: number; readonly down: number } {
  return { across: lineNodes(grid.phaseX, grid.cellWidth, width), down: lineNodes(grid.phaseY, grid.cellHeight, height) };
}

function lineNodes(phase: number, side: number, samples: number): number {
  return Math.floor((phase + 2 * (samples - 1)) / (2 * side)) + 2;
}

/** Which levels lie in the cells around each node: 1 where one does, in the order of the maps. */
export function usedLevels(grid: NodeGrid, shape: TileShape, levels: Uint8Array): Uint8Array {
  const { across, down } = nodesOf(grid, shape);
  const used = new Uint8Array(across * down * greyLevels);
  const columns = Int32Array.from({ length: shape.width }, (_, x) => greyLevels * Math.floor((grid.phaseX + 2 * x) / (2 * grid.cellWidth)));
  for (let y = 0, i = 0; y < shape.height; y++) {
    const row = Math.floor((grid.phaseY + 2 * y) / (2 * grid.cellHeight)) * across * greyLevels;
    for (let x = 0; x < columns.length; x++) used[row + columns[x]! + levels[i++]!] = 1;
  }
  // So far each cell's levels are marked at its first node: they belong to all four.
  for (let node = across * down - 1; node >= 0; node--) spread(used, node, across);
  return used;
}

/** Takes over the marks of the nodes to the left, above, and above to the left. */
function spread(used: Uint8Array, node: number, across: number): void {
  const steps = [...(node % across > 0 ? [1] : []), ...(node >= across ? [across] : []), ...(node % across > 0 && node >= across ? [across + 1] : [])];
  for (const step of steps) {
    const from = (node - step) * greyLevels;
    for (let level = 0; level < greyLevels; level++) used[node * greyLevels + level]! |= used[from + level]!;
  }
}

/** The values, row by row: rounded to the nearest, halves to the even one. */
export function equalisedValues({ grid, maps, levels }: TileEqualisation, shape: Pick<TileShape, 'width' | 'height'>): Uint8Array {
  const values = new Uint8Array(shape.width * shape.height);
  const { across } = nodesOf(grid, shape);
  const rows = new MixedRows(across, levels);
  const side = 2 * grid.cellHeight;
  for (let y = 0; y < shape.height; y++) {
    const at = grid.phaseY + 2 * y;
    const down = at % side;
    rows.mix(maps.subarray(((at - down) / side) * across * greyLevels), side - down, down);
    const start = y * shape.width;
    fillRow(values.subarray(start, start + shape.width), rows.sums, { grid, levels: levels.subarray(start, start + shape.width) });
  }
  return values;
}

/** The maps between two rows of nodes, as far as they are used. */
class MixedRows {
  readonly sums: Float64Array;
  #least = greyLevels - 1;
  #greatest = 0;

  constructor(
    private readonly across: number,
    levels: Uint8Array,
  ) {
    this.sums = new Float64Array(across * greyLevels);
    for (const level of levels) {
      if (level < this.#least) this.#least = level;
      if (level > this.#greatest) this.#greatest = level;
    }
  }

  /** Each row times its weight; `maps` begins with the upper one. */
  mix(maps: Uint8Array, upper: number, lower: number): void {
    const { sums, across } = this;
    for (let from = 0; from < sums.length; from += greyLevels) {
      const end = from + this.#greatest;
      for (let i = from + this.#least; i <= end; i++) sums[i] = maps[i]! * upper + maps[i + across * greyLevels]! * lower;
    }
  }
}

/** One row of samples; sums are below 2^41, so all of this is exact but for the first quotient. */
function fillRow(values: Uint8Array, sums: Float64Array, { grid, levels }: Pick<TileEqualisation, 'grid' | 'levels'>): void {
  const step = 2 * grid.cellWidth;
  const whole = step * 2 * grid.cellHeight;
  const inverse = 1 / whole;
  let right = grid.phaseX % step;
  let node = ((grid.phaseX - right) / step) * greyLevels;
  for (let x = 0; x < levels.length; x++, right += 2) {
    if (right >= step) {
      right -= step;
      node += greyLevels;
    }
    const at = node + levels[x]!;
    const sum = sums[at]! * (step - right) + sums[at + greyLevels]! * right + whole / 2;
    // At most one off.
    let quotient = (sum * inverse) | 0;
    let rest = sum - quotient * whole;
    if (rest < 0 || rest >= whole) {
      quotient += rest < 0 ? -1 : 1;
      rest = sum - quotient * whole;
    }
    values[x] = rest === 0 ? quotient & ~1 : quotient;
  }
}
