/**
 * Rounds real levels to whole ones: under maps that are nearly right they are off by a bias that changes slowly over the picture
 * and over the levels, and whose fraction shows, since most levels are more than one value apart. It is measured in a coarse grid
 * over columns, rows and levels as a sum of directions (on a diamond, which needs no sine). SPEC.md section 5.11.
 */
import type { Cells } from './equalised-cells.js';
import type { RealLevels } from './equalisation-inverse.js';

const { abs, ceil, floor, max, min } = Math;

/** Bias of the levels in blocks of 16 x 16 pixels and 8 levels; a layer of a block is one of its places in the arrays. */
export interface Phase {
  readonly across: number;
  readonly down: number;
  /** In levels: from -0.5 to 0.5 as measured. */
  readonly bias: Float32Array;
  /** How sure it is: length of the sum of directions. */
  readonly quality: Float32Array;
  /** 1 where nearly all pixels are exact as they are: there is no bias. */
  readonly settled: Uint8Array;
  /** Per block: 1 where levels stay as they are. */
  readonly isKept: Uint8Array | undefined;
}

const side = 16;
const levelsPerLayer = 8;
/** Layers of a block, whose middles are the levels 0, 8, 16 ... 256. */
export const layers = 33;
/** Values that levels must be apart to show their fraction. */
const leastSlope = 1.4;
const leastSettled = 16;

/** Measures the bias of real levels. */
export function measurePhase(cells: Cells, real: RealLevels, active?: Uint8Array): Phase {
  const across = ceil(cells.width / side);
  const down = ceil(cells.height / side);
  if (active !== undefined) hideInactive(cells, real, active);
  const sums = addDirections(cells, real, across, down);
  for (const plane of [sums.cosines, sums.sines]) {
    blur(plane, { stride: 1, length: layers });
    blur(plane, { stride: layers, length: across });
    blur(plane, { stride: layers * across, length: down });
  }
  const quality = new Float32Array(sums.cosines.length);
  const bias = new Float32Array(quality.length);
  for (let place = 0; place < quality.length; place++) {
    const cosine = sums.cosines[place]!;
    const sine = sums.sines[place]!;
    const length = abs(cosine) + abs(sine);
    if (length === 0) continue;
    const part = sine / length / 4;
    quality[place] = length;
    bias[place] = cosine >= 0 ? part : sine >= 0 ? 0.5 - part : -0.5 - part;
  }
  return { across, down, bias, quality, settled: settledIn(sums), isKept: active === undefined ? undefined : keptBlocks(cells, active, across, down) };
}

/** Leaves pixels of other quarters without a direction. */
function hideInactive({ columns, rows, across, width, height }: Cells, { slopes }: RealLevels, active: Uint8Array): void {
  for (let y = 0, j = 0; y < height; y++) {
    while (rows.halves[j + 1]! <= y) j++;
    for (let i = 0; i < 2 * across; i++) {
      if (active[j * 2 * across + i] === 0) slopes.fill(0, y * width + columns.halves[i]!, y * width + columns.halves[i + 1]!);
    }
  }
}

/** 1 for blocks whose middle lies in no active quarter. */
function keptBlocks(cells: Cells, active: Uint8Array, across: number, down: number): Uint8Array {
  const kept = new Uint8Array(across * down);
  for (let j = 0, place = 0; j < down; j++) {
    const row = quarterAt(min(j * side + side / 2, cells.height - 1), cells.step, cells.cellHeight) * 2 * cells.across;
    for (let i = 0; i < across; i++, place++) {
      const quarter = row + quarterAt(min(i * side + side / 2, cells.width - 1), cells.step, cells.cellWidth);
      if (active[quarter] === 0) kept[place] = 1;
    }
  }
  return kept;
}

function quarterAt(x: number, step: number, cell: number): number {
  return floor((2 * x * step) / cell);
}

interface Directions {
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
  readonly pixels: Int32Array;
  readonly exact: Int32Array;
}

function addDirections(cells: Cells, real: RealLevels, across: number, down: number): Directions {
  const size = across * down * layers;
  const cosines = new Float32Array(size);
  const sines = new Float32Array(size);
  const pixels = new Int32Array(size);
  const exact = new Int32Array(size);
  const { levels, slopes } = real;
  for (let y = 0, at = 0; y < cells.height; y++) {
    const row = floor(y / side) * across;
    for (let x = 0; x < cells.width; x++, at++) {
      const slope = slopes[at]!;
      if (slope < leastSlope) continue;
      const level = levels[at]!;
      const whole = (level + 1.5 | 0) - 1;
      const part = level - whole;
      const size = part < 0 ? -part : part;
      const place = (row + (x >> 4)) * layers + ((whole + levelsPerLayer / 2) >> 3);
      cosines[place]! += 1 - 4 * size;
      sines[place]! += size <= 0.25 ? 4 * part : part < 0 ? -2 - 4 * part : 2 - 4 * part;
      pixels[place]!++;
      if (size * slope <= 0.5) exact[place]!++;
    }
  }
  return { cosines, sines, pixels, exact };
}

function settledIn({ pixels, exact }: Directions): Uint8Array {
  const settled = new Uint8Array(pixels.length);
  for (let i = 0; i < settled.length; i++) if (pixels[i]! >= leastSettled && 100 * exact[i]! >= 97 * pixels[i]!) settled[i] = 1;
  return settled;
}

/** Weights 1, 2, 1 along one axis. */
function blur(plane: Float32Array, { stride, length }: { readonly stride: number; readonly length: number }): void {
  for (let block = 0; block < plane.length; block += stride * length) {
    for (let start = block; start < block + stride; start++) {
      const end = start + stride * length;
      let before = 0;
      for (let place = start; place < end; place += stride) {
        const here = plane[place]!;
        plane[place] = before + 2 * here + (place + stride < end ? plane[place + stride]! : 0);
        before = here;
      }
    }
  }
}

/** Whole levels: the real ones less the bias between the middles of blocks. */
export function roundLevels(cells: Cells, real: RealLevels, phase: Phase, levels: Uint8Array): void {
  const { isKept } = phase;
  const { block, next, part: parts } = betweenBlocks(cells.width, phase.across);
  const row = betweenBlocks(cells.height, phase.down);
  const here = new Float32Array(phase.across * layers);
  for (let y = 0, at = 0; y < cells.height; y++) {
    const top = row.block[y]! * here.length;
    const bottom = row.next[y]! * here.length;
    const part = row.part[y]!;
    for (let i = 0; i < here.length; i++) here[i] = phase.bias[top + i]! * (1 - part) + phase.bias[bottom + i]! * part;
    const blocks = floor(y / side) * phase.across;
    for (let x = 0; x < cells.width; x++, at++) {
      if (isKept !== undefined && isKept[blocks + (x >> 4)] === 1) continue;
      const level = real.levels[at]!;
      const place = level * (1 / levelsPerLayer);
      const layer = level < 0 ? 0 : min(place | 0, layers - 2);
      const upper = place - layer;
      const a = block[x]! * layers + layer;
      const b = next[x]! * layers + layer;
      const left = here[a]! * (1 - upper) + here[a + 1]! * upper;
      const right = here[b]! * (1 - upper) + here[b + 1]! * upper;
      const moved = level - left - (right - left) * parts[x]! + 0.5;
      levels[at] = moved < 0 ? 0 : moved >= 255 ? 255 : moved;
    }
  }
}

interface Between {
  readonly block: Int32Array;
  readonly next: Int32Array;
  readonly part: Float32Array;
}

/** For each pixel the two blocks between whose middles it lies, and how near it is to the second. */
function betweenBlocks(length: number, blocks: number): Between {
  const block = new Int32Array(length);
  const next = new Int32Array(length);
  const part = new Float32Array(length);
  for (let x = 0; x < length; x++) {
    const place = max((x - side / 2 + 0.5) / side, 0);
    block[x] = min(floor(place), blocks - 1);
    next[x] = min(block[x]! + 1, blocks - 1);
    part[x] = place - block[x]!;
  }
  return { block, next, part };
}
