/**
 * Looks for the levels that a grey picture had before contrast-limited adaptive histogram equalisation in a grid of cells, and
 * for the maps of its nodes: the levels are smoother and fewer, and give back the values exactly. Only what OpenCV makes is looked
 * for. Source of the method: Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994. SPEC.md section 5.11.
 */
import { cellsUnder, countLevels, gridOf, mapsOf, type Cells } from './equalised-cells.js';
import { estimateLevels } from './equalisation-fixpoint.js';
import { exactShare, invert, moveToNearest, newSearch, quartersAround, smoothExact, type RealLevels, type Search } from './equalisation-inverse.js';
import { measurePhase, roundLevels } from './equalisation-phase.js';
import { polish } from './equalisation-polish.js';
import { mayBeEqualised } from './equalisation-trial.js';
import { unwrap } from './equalisation-unwrap.js';
import { type Equalisation, greyLevels, type GreyPicture } from './equalised-picture.js';
import { maxPlanePixels, minEqualisedSide } from './image-limits.js';

const { floor, max, min } = Math;

const nodesPerSide = 8;
/** The commonest first; lower ones change too little to be worth it, higher ones are told apart in too few pixels. */
const clipLimits = [2, 3, 4];
/** Share of exact pixels that is enough. */
const leastExact = 0.9;
/** Share of exact pixels after each round without which a search ends. */
const leastShares = [0.28, 0.43, 0.5];
const histogramRounds = 7;
/** Share of exact pixels after which no further round is needed. */
const clearShare = 0.95;
/** Part of the best share below which a round counts as gone astray: the next starts from the best again. */
const fallen = 0.7;
const repairRounds = 6;
const polishRounds = 3;
/** Pixels that a search looks at, about, and pixels of the smaller side of a cell that it needs. */
const searchedPixels = 1_200_000;
const leastCellSide = 16;
/** Rounds in vain that end the repairs: those that make less than this share of the pixels exact. */
const vainRounds = 1;
const leastGain = 0.0005;
/** Rounds that look for a shift of all levels, how far, and on which rows. */
const shiftRounds = 3;
const widestShift = 3;
const rowStep = 8;

/** Levels and maps of `picture`; undefined where it was not equalised so, or not enough of it comes out exactly. Depends on the picture alone. */
export function findEqualisation(picture: GreyPicture): Equalisation | undefined {
  const { values, width, height } = picture;
  if (width * height > maxPlanePixels || min(width, height) < minEqualisedSide) return undefined;
  if (!mayBeEqualised(values, width, height)) return undefined;
  const cells = cellsUnder(gridOf(width, height, nodesPerSide, nodesPerSide), { width, height }, 1);
  // Too large to be searched pixel by pixel, and too thin for every second one.
  if (width * height > searchedPixels && stepOf(cells) === 1) return undefined;
  for (const clip of clipLimits) {
    const found = equalisationUnder(cells, values, clip);
    if (found !== undefined) return found;
  }
  return undefined;
}

function equalisationUnder(cells: Cells, values: Uint8Array, clip: number): Equalisation | undefined {
  const step = stepOf(cells);
  const found = step === 1 ? searched(cells, values, clip) : searchedByParts(cells, values, { clip, step });
  if (found === undefined || found.exact < leastExact * values.length) return undefined;
  const last = newSearch(cells, values, found.levels, found.maps);
  moveToNearest(last, greyLevels);
  smoothExact(last);
  return equalisationOf(last);
}

/** Every how many columns and rows are enough for a search. */
function stepOf({ width, height, cellWidth, cellHeight }: Cells): number {
  let step = 1;
  while (width * height > step * step * searchedPixels && min(cellWidth, cellHeight) >= (step + 1) * leastCellSide) step++;
  return step;
}

function searched(cells: Cells, values: Uint8Array, clip: number): Found | undefined {
  const size = values.length;
  const real = { levels: new Float32Array(size), slopes: new Float32Array(size) };
  const levels = solveByHistograms(cells, values, clip, real);
  if (levels === undefined) return undefined;
  const search = newSearch(cells, values, levels, mapsOf(countLevels(cells, levels), clip));
  moveToNearest(search, 3);
  return repairAll(search, clip, real);
}

/** Searches in every `step`-th column and row, and fits what that finds to all pixels. */
function searchedByParts(cells: Cells, values: Uint8Array, { clip, step }: { readonly clip: number; readonly step: number }): Found | undefined {
  const few = cellsUnder(cells, cells, step);
  const found = searched(few, sampledOf(cells, values, few), clip);
  if (found === undefined || found.exact < leastExact * found.levels.length) return undefined;
  const search = newSearch(cells, values, spreadLevels(cells, few, found.levels), found.maps);
  moveToNearest(search, greyLevels);
  smoothExact(search);
  const exact = polish(search, polishRounds);
  return { exact, levels: search.levels, maps: search.maps };
}

function sampledOf(cells: Cells, values: Uint8Array, { step, width, height }: Cells): Uint8Array {
  const few = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0, from = y * step * cells.width; x < width; x++, from += step) few[at++] = values[from]!;
  }
  return few;
}

/** Gives each pixel the level of that one which was searched and is next to it, to the left and above. */
function spreadLevels(cells: Cells, { step, width }: Cells, few: Uint8Array): Uint8Array {
  const levels = new Uint8Array(cells.width * cells.height);
  for (let y = 0, at = 0; y < cells.height; y++) {
    const row = floor(y / step) * width;
    for (let x = 0; x < cells.width; x++) levels[at++] = few[row + floor(x / step)]!;
  }
  return levels;
}

function equalisationOf({ cells, maps, levels }: Search): Equalisation {
  const { cellWidth, cellHeight, across, down } = cells;
  return { cellWidth, cellHeight, across, down, maps, width: cells.width, levels };
}

interface Found {
  readonly exact: number;
  readonly levels: Uint8Array;
  readonly maps: Uint8Array;
}

/** Fits the maps, starts again where cells stay bad, and keeps what made most pixels exact. */
function repairAll(search: Search, clip: number, real: RealLevels): Found {
  let best: Found = { exact: 0, levels: search.levels, maps: search.maps };
  let exact = polish(search, polishRounds);
  let vain = 0;
  for (let round = 0; ; round++) {
    if (exact < best.exact + leastGain * search.levels.length) vain++;
    if (exact > best.exact) best = { exact, levels: search.levels.slice(), maps: search.maps.slice() };
    const bad = badCells(search);
    if (round === repairRounds || vain > vainRounds || !bad.includes(1)) return best;
    const active = quartersAround(search.cells, bad);
    resetMaps(search, clip, bad);
    followPhase(search, real, { trustSettled: true, active });
    for (let node = 0; node < bad.length; node++) search.moved[node]! |= bad[node]!;
    exact = polish(search, 2);
  }
}

/** Whole levels from the histograms they make themselves: those, of several rounds, that give most values exactly. */
function solveByHistograms(cells: Cells, values: Uint8Array, clip: number, real: RealLevels): Uint8Array | undefined {
  const levels = estimateLevels(cells, values, clip);
  let best = levels.slice();
  let bestShare = 0;
  let trust = false;
  for (let round = 0; round < histogramRounds; round++) {
    const maps = mapsOf(countLevels(cells, levels), clip);
    followPhase(newSearch(cells, values, levels, maps), real, { trustSettled: trust || round >= shiftRounds });
    const share = shiftToBest(cells, values, levels, clip, round < shiftRounds ? widestShift : 0);
    if (max(share, bestShare) < leastShares[min(round, leastShares.length - 1)]!) return undefined;
    if (share < fallen * bestShare) {
      levels.set(best);
      trust = true;
    }
    if (share <= bestShare) continue;
    if (share >= clearShare) return levels;
    bestShare = share;
    best = levels.slice();
  }
  return best;
}

/** Adds to all levels what makes most values exact: the excess of the histograms goes to all levels alike, so that it matters. */
function shiftToBest(cells: Cells, values: Uint8Array, levels: Uint8Array, clip: number, widest: number): number {
  const counts = countLevels(cells, levels);
  let best = 0;
  let bestShift = 0;
  for (let shift = -widest; shift <= widest; shift++) {
    const maps = mapsOf(shiftedCounts(counts, shift), clip);
    const share = exactShare(newSearch(cells, values, levels, maps), shift, rowStep);
    if (share <= best) continue;
    best = share;
    bestShift = shift;
  }
  if (bestShift === 0) return best;
  for (let at = 0; at < levels.length; at++) levels[at] = min(max(levels[at]! + bestShift, 0), 255);
  return best;
}

function shiftedCounts(counts: Int32Array, shift: number): Int32Array {
  const shifted = new Int32Array(counts.length);
  for (let i = 0; i < counts.length; i++) {
    const level = min(max((i & 255) + shift, 0), 255);
    shifted[i - (i & 255) + level]! += counts[i]!;
  }
  return shifted;
}

interface Following {
  readonly trustSettled: boolean;
  /** The quarters of cells to look at; all where there are none. */
  readonly active?: Uint8Array;
}

/** Rounds the real levels of a search to its whole ones. */
function followPhase(search: Search, real: RealLevels, { trustSettled, active }: Following): void {
  invert(search, real, active);
  const phase = measurePhase(search.cells, real, active);
  unwrap(phase, trustSettled);
  roundLevels(search.cells, real, phase, search.levels);
}

/** Puts the maps of the histograms in the place of those of bad cells. */
function resetMaps({ cells, levels, maps }: Search, clip: number, bad: Uint8Array): void {
  const fresh = mapsOf(countLevels(cells, levels), clip);
  bad.forEach((isBad, node) => {
    if (isBad === 1) maps.set(fresh.subarray(node * greyLevels, (node + 1) * greyLevels), node * greyLevels);
  });
}

/** 1 for each cell of which more than a thirtieth is not exact. */
function badCells({ cells, wrong }: Search): Uint8Array {
  const { across, down, columns, rows } = cells;
  const bad = new Uint8Array(across * down);
  for (let cell = 0; cell < bad.length; cell++) {
    const i = 2 * (cell % across);
    const j = 2 * floor(cell / across);
    const first = j * 2 * across + i;
    const count = wrong[first]! + wrong[first + 1]! + wrong[first + 2 * across]! + wrong[first + 2 * across + 1]!;
    const pixels = (columns.halves[i + 2]! - columns.halves[i]!) * (rows.halves[j + 2]! - rows.halves[j]!);
    if (30 * count > pixels) bad[cell] = 1;
  }
  return bad;
}
