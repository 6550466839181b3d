/**
 * Fits the maps of the nodes to the levels, entry by entry: each takes the step that makes most of its pixels exact. It needs no
 * histogram, so that pixels that were changed after equalisation do no harm. Nodes of one parity of columns and rows at a time,
 * since a pixel depends on one of each. SPEC.md section 5.11.
 */
import { levelCount, mixRow, type Axis } from './equalised-cells.js';
import { moveToNearest, type Search } from './equalisation-inverse.js';

const { ceil, floor, max, min } = Math;

/** Largest step of an entry in one round. */
const reach = 4;
/** Differences of the votes for the steps -reach to reach, and one behind them. */
const slots = 2 * reach + 2;
/** How far a pixel may move in a round. */
const levelReach = 3;
/** Of the pixels of a node worth a vote, one of so many is wrong. */
const pixelsPerWrong = 400;

/** Fits maps and levels in turn. Returns how many pixels are exact. */
export function polish(search: Search, rounds: number): number {
  let exact = 0;
  for (let round = 0; round < rounds; round++) {
    for (let parity = 0; parity < 4; parity++) moveMaps(search.maps, countVotes(search, parity & 1, parity >> 1));
    exact = moveToNearest(search, levelReach);
  }
  return exact;
}

/** For each column (row) its node of one parity, -1 (and the weight 0) if it has none, and the weight of that. */
function nodesOfParity(axis: Axis, whole: number, parity: number): { readonly node: Int32Array; readonly weight: Int32Array } {
  const node = new Int32Array(axis.before.length).fill(-1);
  const weight = new Int32Array(node.length);
  for (let x = 0; x < node.length; x++) {
    const before = axis.before[x]!;
    const after = axis.after[x]!;
    if (before % 2 === parity) {
      node[x] = before;
      weight[x] = before === after ? whole : whole - axis.weight[x]!;
    } else if (after % 2 === parity) {
      node[x] = after;
      weight[x] = axis.weight[x]!;
    }
  }
  return { node, weight };
}

function countVotes({ cells, values, levels, maps, wrong }: Search, columnParity: number, rowParity: number): Int32Array {
  const { width, height, cellWidth, columns, unit } = cells;
  const votes = new Int32Array(maps.length * slots);
  const across = nodesOfParity(columns, 2 * cellWidth, columnParity);
  const down = nodesOfParity(cells.rows, 2 * cells.cellHeight, rowParity);
  const mixed = new Int32Array(cells.across * levelCount);
  const leastWrong = unit / pixelsPerWrong;
  for (let y = 0; y < height; y++) {
    if (down.node[y]! < 0) continue;
    mixRow(cells, maps, y, mixed);
    const row = down.node[y]! * cells.across;
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const weight = down.weight[y]! * across.weight[x]!;
      if (8 * weight < unit || wrong[row + across.node[x]!]! < leastWrong) continue;
      const level = levels[at]!;
      const after = columns.weight[x]!;
      const sum =
        mixed[columns.before[x]! * levelCount + level]! * (2 * cellWidth - after) + mixed[columns.after[x]! * levelCount + level]! * after;
      const odd = values[at]! & 1;
      const missing = values[at]! * unit - sum;
      const share = 1 / weight;
      const least = ceil((missing - unit / 2 + odd) * share);
      const most = floor((missing + unit / 2 - odd) * share);
      if (most < least || least > reach || most < -reach) continue;
      const slot = ((row + across.node[x]!) * levelCount + level) * slots + reach;
      votes[slot + (least < -reach ? -reach : least)]!++;
      votes[slot + (most > reach ? reach : most) + 1]!--;
    }
  }
  return votes;
}

function moveMaps(maps: Uint8Array, votes: Int32Array): void {
  const steps = new Int32Array(levelCount);
  for (let base = 0; base < maps.length; base += levelCount) {
    let carried = 0;
    for (let level = 0; level < levelCount; level++) {
      carried = chosenStep(votes, (base + level) * slots + reach) ?? carried;
      steps[level] = carried;
    }
    moveMap(maps.subarray(base, base + levelCount), steps);
  }
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
  for (let level = 0; level < levelCount; level++) {
    if (steps[level]! < 0) map[level] = max(map[level]! + steps[level]!, level === 0 ? 0 : map[level - 1]!);
  }
  for (let level = levelCount - 1; level >= 0; level--) {
    if (steps[level]! > 0) map[level] = min(map[level]! + steps[level]!, level === levelCount - 1 ? 255 : map[level + 1]!);
  }
}
