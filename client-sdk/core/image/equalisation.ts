/**
 * Looks for the levels that a grey picture had before contrast-limited adaptive histogram equalisation in a grid of cells, and
 * for the maps of its nodes: the levels are smoother and fewer, and give back the values exactly. Only what OpenCV makes is looked
 * for. Source of the method: Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994. SPEC.md section 5.11.
 */
import { cellsUnder, countLevels, gridOf, levelCount, mapsOf, type Cells } from './equalised-cells.js';
import { estimateLevels } from './equalisation-fixpoint.js';
import { exactShare, invert, moveToNearest, newSearch, smoothExact, type RealLevels, type Search } from './equalisation-inverse.js';
import { measurePhase, roundLevels } from './equalisation-phase.js';
import { polish } from './equalisation-polish.js';
import { mayBeEqualised } from './equalisation-trial.js';
import { unwrap } from './equalisation-unwrap.js';
import type { Equalisation, GreyPicture } from './equalised-picture.js';
import { fillValues } from './equalised-values.js';
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
/** Part of the best share below which a round counts as gone astray: the next starts from the best again. */
const fallen = 0.7;
const repairRounds = 6;
/** Rounds that look for a shift of all levels, how far, and on which rows. */
const shiftRounds = 3;
const widestShift = 3;
const rowStep = 4;

/**
 * Levels and maps of `picture`; undefined where it was not equalised so, or not enough of it comes out exactly. Those of an earlier
 * state of it, where they are `known`, are kept but for the pixels that changed, so that unchanged parts have the same again.
 */
export function findEqualisation(picture: GreyPicture, known: readonly Equalisation[] = []): Equalisation | undefined {
  const { values, width, height } = picture;
  if (width * height > maxPlanePixels || min(width, height) < minEqualisedSide) return undefined;
  if (!mayBeEqualised(values, width, height)) return undefined;
  const cells = cellsUnder(gridOf(width, height, nodesPerSide, nodesPerSide), { x: 0, y: 0, width, height });
  for (const earlier of known) {
    const kept = keptEqualisation(cells, values, earlier);
    if (kept !== undefined) return kept;
  }
  for (const clip of clipLimits) {
    const found = equalisationUnder(cells, values, clip);
    if (found !== undefined) return found;
  }
  return undefined;
}

function equalisationUnder(cells: Cells, values: Uint8Array, clip: number): Equalisation | undefined {
  const size = values.length;
  const real = { levels: new Float32Array(size), slopes: new Float32Array(size) };
  const levels = solveByHistograms(cells, values, clip, real);
  if (levels === undefined) return undefined;
  const search = newSearch(cells, values, levels, mapsOf(cells, countLevels(cells, levels), clip));
  moveToNearest(search, 3);
  const best = repairAll(search, clip, real);
  if (best.exact < leastExact * size) return undefined;
  const found = newSearch(cells, values, best.levels, best.maps);
  moveToNearest(found, levelCount);
  smoothExact(found);
  return equalisationOf(found);
}

function equalisationOf({ cells, maps, levels }: Search): Equalisation {
  const { cellWidth, cellHeight, across, down } = cells;
  return { cellWidth, cellHeight, across, down, maps, width: cells.width, levels };
}

function keptEqualisation(cells: Cells, values: Uint8Array, known: Equalisation): Equalisation | undefined {
  const sameGrid = known.cellWidth === cells.cellWidth && known.cellHeight === cells.cellHeight;
  if (!sameGrid || known.levels.length !== values.length || known.maps.length !== cells.across * cells.down * levelCount) return undefined;
  const search = newSearch(cells, values, known.levels.slice(), known.maps);
  if (exactShare(search, 0, rowStep) < leastExact) return undefined;
  moveToNearest(search, levelCount);
  return equalisationOf(search);
}

interface Found {
  readonly exact: number;
  readonly levels: Uint8Array;
  readonly maps: Uint8Array;
}

/** Fits the maps, starts again where cells stay bad, and keeps what made most pixels exact. */
function repairAll(search: Search, clip: number, real: RealLevels): Found {
  let best: Found = { exact: 0, levels: search.levels, maps: search.maps };
  let exact = polish(search, 3);
  for (let round = 0; ; round++) {
    if (exact > best.exact) best = { exact, levels: search.levels.slice(), maps: search.maps.slice() };
    const bad = badCells(search);
    if (round === repairRounds || !bad.includes(1)) return best;
    resetMaps(search, clip, bad);
    followPhase(search, real, true);
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
    const maps = mapsOf(cells, countLevels(cells, levels), clip);
    followPhase(newSearch(cells, values, levels, maps), real, trust || round >= shiftRounds);
    const share = shiftToBest(cells, values, levels, clip, round < shiftRounds ? widestShift : 0);
    if (max(share, bestShare) < leastShares[min(round, leastShares.length - 1)]!) return undefined;
    if (share < fallen * bestShare) {
      levels.set(best);
      trust = true;
    }
    if (share <= bestShare) continue;
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
    const maps = mapsOf(cells, shiftedCounts(counts, shift), clip);
    const share = exactShare(newSearch(cells, values, levels, maps), shift, rowStep);
    if (share <= best) continue;
    best = share;
    bestShift = shift;
  }
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

/** Rounds the real levels of a search to its whole ones. */
function followPhase(search: Search, real: RealLevels, trustSettled: boolean): void {
  invert(search, real);
  const phase = measurePhase(search.cells, real);
  unwrap(phase, trustSettled);
  roundLevels(search.cells, real, phase, search.levels);
}

/** Puts the maps of the histograms in the place of those of bad cells. */
function resetMaps({ cells, levels, maps }: Search, clip: number, bad: Uint8Array): void {
  const fresh = mapsOf(cells, countLevels(cells, levels), clip);
  bad.forEach((isBad, node) => {
    if (isBad === 1) maps.set(fresh.subarray(node * levelCount, (node + 1) * levelCount), node * levelCount);
  });
}

/** 1 for each cell of which more than a thirtieth is not exact. */
function badCells({ cells, values, levels, maps }: Search): Uint8Array {
  const { width, cellWidth, cellHeight, across, down } = cells;
  const made = new Uint8Array(levels.length);
  fillValues(cells, maps, levels, made);
  const pixels = new Int32Array(across * down);
  const wrong = new Int32Array(across * down);
  for (let at = 0; at < made.length; at++) {
    const x = at % width;
    const cell = floor((at - x) / width / cellHeight) * across + floor(x / cellWidth);
    pixels[cell]!++;
    if (made[at] !== values[at]) wrong[cell]!++;
  }
  return Uint8Array.from(wrong, (count, cell) => (30 * count > pixels[cell]! ? 1 : 0));
}
