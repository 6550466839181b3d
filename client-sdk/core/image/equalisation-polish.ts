/**
 * Fits the maps of the nodes to the levels, entry by entry: each takes the step that makes most of its pixels exact. It needs no
 * histogram, so that pixels that were changed after equalisation do no harm. Nodes of one parity of columns and rows at a time,
 * since a pixel depends on one of each. SPEC.md section 5.11.
 */
import { mixRow, type Axis } from './equalised-cells.js';
import { greyLevels } from './equalised-picture.js';
import { moveToNearest, quartersAround, wrongAround, type Search } from './equalisation-inverse.js';

const { ceil, floor, max, min, sqrt } = Math;

/** Largest step of an entry in one round. */
const reach = 4;
/** Differences of the votes for the steps -reach to reach, and one behind them. */
const slots = 2 * reach + 2;
/** How far a pixel may move in a round. */
const levelReach = 3;
/** Of the pixels of a node worth a vote, one of so many is wrong. */
const pixelsPerWrong = 400;
/** Pixels around a node that are enough to vote; of many more only some rows do. */
const enoughPixels = 20_000;
/** Share of all pixels that a round must make exact for another to follow. */
const leastGain = 0.0003;

/** Fits maps and levels in turn, until that gains little. Returns how many pixels are exact. */
export function polish(search: Search, rounds: number): number {
  const { cells, values, maps, moved } = search;
  let exact = 0;
  for (let round = 0; round < rounds; round++) {
    const asked = nodesAround(search);
    // At first also the levels around nodes that were moved before are to be looked at again.
    if (round > 0) moved.fill(0);
    for (let parity = 0; parity < 4; parity++) {
      const nodes = wrongNodes(search, asked, parity);
      const votes = countVotes(search, nodes);
      nodes.forEach((node, i) => {
        if (moveNode(maps.subarray(node * greyLevels, (node + 1) * greyLevels), votes, i)) moved[node] = 1;
      });
    }
    const before = exact;
    exact = moveToNearest(search, levelReach, quartersAround(cells, moved));
    if (round > 0 && exact - before < leastGain * values.length) break;
  }
  return exact;
}

/** 1 for moved nodes and those next to them: others would vote as they did. */
function nodesAround({ cells, moved }: Search): Uint8Array {
  const { across } = cells;
  return moved.map((_, node) => {
    const x = node % across;
    for (let row = node - x - across; row <= node - x + across; row += across) {
      for (let i = max(x - 1, 0); i <= min(x + 1, across - 1); i++) if (moved[row + i] === 1) return 1;
    }
    return 0;
  });
}

/** Nodes of one of four parities, of those `asked`, that are worth a vote. */
function wrongNodes(search: Search, asked: Uint8Array, parity: number): number[] {
  const { across, unit, step } = search.cells;
  const nodes: number[] = [];
  wrongAround(search).forEach((count, node) => {
    const own = ((node % across) & 1) + 2 * (floor(node / across) & 1);
    if (own === parity && asked[node] === 1 && count * pixelsPerWrong * step * step >= unit) nodes.push(node);
  });
  return nodes;
}

/** Votes of the nodes, in their order. */
function countVotes(search: Search, nodes: readonly number[]): Int32Array {
  const { cells, maps } = search;
  const { across, down, rows } = cells;
  const votes = new Int32Array(nodes.length * greyLevels * slots);
  const mixed = new Int32Array(across * greyLevels);
  const rowStep = max(floor(sqrt(cells.unit / (cells.step * cells.step * enoughPixels))), 1);
  for (let row = 0; row < down; row++) {
    const inRow = nodes.filter((node) => floor(node / across) === row);
    if (inRow.length === 0) continue;
    for (let y = rows.halves[max(2 * row - 1, 0)]!; y < rows.halves[min(2 * row + 3, 2 * down)]!; y += rowStep) {
      const weight = nodeWeight(rows, 2 * cells.cellHeight, y, row);
      if (16 * weight < cells.unit / cells.cellWidth) continue;
      mixRow(cells, maps, y, mixed);
      for (const node of inRow) voteInRow(search, { node, y, weight, mixed }, votes.subarray(nodes.indexOf(node) * greyLevels * slots));
    }
  }
  return votes;
}

/** Weight of a node in a column (row). */
function nodeWeight({ before, after, weight }: Axis, whole: number, x: number, node: number): number {
  if (before[x] !== node) return weight[x]!;
  return after[x] === node ? whole : whole - weight[x]!;
}

interface VotingRow {
  readonly node: number;
  readonly y: number;
  readonly weight: number;
  readonly mixed: Int32Array;
}

function voteInRow({ cells, values, levels }: Search, { node, y, weight: down, mixed }: VotingRow, votes: Int32Array): void {
  const { width, columns, unit, across } = cells;
  const whole = 2 * cells.cellWidth;
  const { before: firsts, after: seconds, weight: weights } = columns;
  const column = node % across;
  const end = columns.halves[min(2 * column + 3, 2 * across)]!;
  for (let x = columns.halves[max(2 * column - 1, 0)]!, at = y * width + x; x < end; x++, at++) {
    const after = weights[x]!;
    const own = firsts[x] !== column ? after : seconds[x] === column ? whole : whole - after;
    const weight = down * own;
    if (8 * weight < unit) continue;
    const level = levels[at]!;
    const value = values[at]!;
    const sum = mixed[firsts[x]! * greyLevels + level]! * (whole - after) + mixed[seconds[x]! * greyLevels + level]! * after;
    const odd = value & 1;
    const missing = value * unit - sum;
    const share = 1 / weight;
    const least = ceil((missing - unit / 2 + odd) * share);
    const most = floor((missing + unit / 2 - odd) * share);
    if (most < least || least > reach || most < -reach) continue;
    const slot = level * slots + reach;
    votes[slot + (least < -reach ? -reach : least)]!++;
    votes[slot + (most > reach ? reach : most) + 1]!--;
  }
}

/** Moves the map of a node as its votes, the `index`-th ones, say; whether that changes it. */
function moveNode(map: Uint8Array, votes: Int32Array, index: number): boolean {
  const base = index * greyLevels;
  const steps = new Int32Array(greyLevels);
  let carried = 0;
  for (let level = 0; level < greyLevels; level++) {
    carried = chosenStep(votes, (base + level) * slots + reach) ?? carried;
    steps[level] = carried;
  }
  if (steps.every((step) => step === 0)) return false;
  moveMap(map, steps);
  return true;
}

/** The step with most votes, the shortest of several; undefined where nobody voted. */
function chosenStep(votes: Int32Array, slot: number): number | undefined {
  let best = 0;
  let bestStep = 0;
  let staying = 0;
  for (let step = -reach, sum = 0; step <= reach; step++) {
    sum += votes[slot + step]!;
    if (step === 0) staying = sum;
    if (sum < best || (sum === best && step * step >= bestStep * bestStep)) continue;
    best = sum;
    bestStep = step;
  }
  if (best === 0) return undefined;
  return best > staying ? bestStep : 0;
}

/** Steps down from below and steps up from above, none past its neighbour: the map stays nondecreasing. */
function moveMap(map: Uint8Array, steps: Int32Array): void {
  for (let level = 0; level < greyLevels; level++) {
    if (steps[level]! < 0) map[level] = max(map[level]! + steps[level]!, level === 0 ? 0 : map[level - 1]!);
  }
  for (let level = greyLevels - 1; level >= 0; level--) {
    if (steps[level]! > 0) map[level] = min(map[level]! + steps[level]!, level === greyLevels - 1 ? 255 : map[level + 1]!);
  }
}
