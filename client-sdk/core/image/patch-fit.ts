/**
 * How a writer of patches finds the maps of a picture's values: for each value what it became most often, and the
 * simplest straight line through these. A reader needs none of it. SPEC.md section 5.9.
 */
import { identity, isLine, isSame, maxShift, onLine, type Channel, type Line, type ValueMap } from './patch-map.js';

/** What the values of a channel became most often. */
interface Points {
  /** The values that occur, ascending. */
  readonly values: Int32Array;
  /** For each of `values`. */
  readonly targets: Int32Array;
  /** Samples that became what their value became most often. */
  readonly held: number;
}

const { abs, floor, ceil, min, max } = Math;
const one = 2 ** maxShift;
/** Rounds in which the line is drawn anew through points that it missed, and how many join each time. */
const maxRounds = 12;
const joining = 16;
/** A line may miss one in so many points, by so little, where none goes through all: roundings by floats. */
const missedShare = 8;
const missedBy = one / 16;
/** One colour for so many values, and for this share of them, is no line but a box. */
const leastCovered = 8;
const coveredShare = 16;
/** Deep samples, of which few are equal, are judged by one in so many first: by how often they cross their range. */
const probeStep = 16;
const roughWays = 8;
/** Where less than this share of a channel is what its values became most often, there was no change of values. */
const heldShare = 4;

/**
 * Maps of all channels of `prediction` to those of `target`, best guess first: with tables where lines do not say
 * all, and with lines alone. None where the two are no change of values.
 */
export function fitMaps(
  target: Int32Array,
  prediction: Int32Array,
  kind: { readonly channels: number; readonly depth: number },
): readonly (readonly ValueMap[])[] {
  const top = 2 ** kind.depth - 1;
  const probe = { samples: prediction, start: 0, step: kind.channels * probeStep };
  if (kind.depth > 8 && isRough(commonestBySort(probe, target), top)) return [];
  const points: Points[] = [];
  for (let c = 0; c < kind.channels; c++) {
    const own = commonest({ samples: prediction, start: c, step: kind.channels }, target, kind.depth);
    if (own.held * heldShare * kind.channels < prediction.length) return [];
    points.push(own);
  }
  const lines = fitLines(points, top);
  const straight = lines.map((line): ValueMap => ({ line, table: undefined }));
  const bent = lines.map((line, c): ValueMap => ({ line, table: tableOf(line, points[c]!, top) }));
  const isBent = bent.some(({ table }) => table !== undefined);
  const isIdle = lines.every((line) => isSame(line, identity));
  return [...(isBent ? [bent] : []), ...(isIdle ? [] : [straight])];
}

/** Neighbouring values became values so far apart that there was no change of values. */
function isRough(points: Points, top: number): boolean {
  const { targets } = free(points, top);
  let [least, most, way] = [top, 0, 0];
  for (let i = 0; i < targets.length; i++) {
    least = min(least, targets[i]!);
    most = max(most, targets[i]!);
    if (i > 0) way += abs(targets[i]! - targets[i - 1]!);
  }
  return way > roughWays * max(most - least, 1);
}

/** For each value of a channel the commonest of the samples of `target` in its places, the smallest of equals. */
function commonest(channel: Channel, target: Int32Array, depth: number): Points {
  return depth <= 8 ? commonestByCount(channel, target, depth) : commonestBySort(channel, target);
}

function commonestByCount({ samples, start, step }: Channel, target: Int32Array, depth: number): Points {
  const counts = new Int32Array(2 ** (2 * depth));
  const totals = new Int32Array(2 ** depth);
  for (let i = start; i < samples.length; i += step) {
    const pair = (samples[i]! << depth) | target[i]!;
    counts[pair] = counts[pair]! + 1;
    totals[samples[i]!] = 1;
  }
  const values: number[] = [];
  const targets: number[] = [];
  let held = 0;
  for (let v = 0; v < totals.length; v++) {
    if (totals[v] === 0) continue;
    let best = v << depth;
    for (let pair = best; pair < (v + 1) << depth; pair++) if (counts[pair]! > counts[best]!) best = pair;
    values.push(v);
    targets.push(best - (v << depth));
    held += counts[best]!;
  }
  return { values: Int32Array.from(values), targets: Int32Array.from(targets), held };
}

function commonestBySort({ samples, start, step }: Channel, target: Int32Array): Points {
  const pairs = new Uint32Array(ceil((samples.length - start) / step));
  for (let i = start, k = 0; k < pairs.length; i += step, k++) pairs[k] = (samples[i]! << 16) | target[i]!;
  pairs.sort();
  const values: number[] = [];
  const targets: number[] = [];
  let held = 0;
  for (let at = 0; at < pairs.length; ) {
    const value = pairs[at]! >>> 16;
    let best = 0;
    let bestCount = 0;
    while (at < pairs.length && pairs[at]! >>> 16 === value) {
      const pair = pairs[at]!;
      const from = at;
      while (pairs[at] === pair) at++;
      if (at - from > bestCount) {
        best = pair & 0xffff;
        bestCount = at - from;
      }
    }
    values.push(value);
    targets.push(best);
    held += bestCount;
  }
  return { values: Int32Array.from(values), targets: Int32Array.from(targets), held };
}

/** One line for all channels where there is one, else one for each. */
function fitLines(points: readonly Points[], top: number): readonly Line[] {
  const joint = lineThrough(joined(points), top);
  return points.map((own) => {
    if (joint !== undefined && isNear(joint, own, top)) return joint;
    const line = lineThrough(own, top);
    return line !== undefined && isNear(line, own, top) ? line : shifted(own);
  });
}

function joined(points: readonly Points[]): Points {
  const [first] = points;
  if (first !== undefined && points.length === 1) return first;
  const byValue = new Map<number, number>();
  for (const { values, targets } of points) for (let i = 0; i < values.length; i++) byValue.set(values[i]!, targets[i]!);
  const values = Int32Array.from(byValue.keys()).sort();
  return { values, targets: values.map((value) => byValue.get(value)!), held: 0 };
}

function isThrough(line: Line, { values, targets }: Points, top: number): boolean {
  return values.every((value, i) => onLine(line, value, top) === targets[i]);
}

/** The line can be written and goes through most of the points. */
function isNear(line: Line, { values, targets }: Points, top: number): boolean {
  if (!isLine(line)) return false;
  let missed = 0;
  values.forEach((value, i) => (missed += onLine(line, value, top) === targets[i] ? 0 : 1));
  return 2 * missed <= values.length;
}

/** The line of slope 1 that most values follow: the commonest difference, the first of equals. */
function shifted({ values, targets }: Points): Line {
  const counts = new Map<number, number>();
  values.forEach((value, i) => counts.set(targets[i]! - value, (counts.get(targets[i]! - value) ?? 0) + 1));
  let best = 0;
  for (const [offset, count] of counts) if (count > (counts.get(best) ?? 0)) best = offset;
  return best === 0 ? identity : { shift: 0, slope: 1, offset: best };
}

function tableOf(line: Line, points: Points, top: number): Int32Array | undefined {
  if (isThrough(line, points, top)) return undefined;
  const table = new Int32Array(top + 1);
  points.values.forEach((value, i) => (table[value] = points.targets[i]!));
  return table;
}

/** The line with the shortest fractions through the points between black and white, or undefined. */
function lineThrough(all: Points, top: number): Line | undefined {
  const points = free(all, top);
  if (points.values.length < 2) return undefined;
  return drawn(points, 0) ?? drawn(points, missedBy);
}

/** A line through a few points, then through those too that it missed. `slack` is how far it may pass by, in 1/2^20. */
function drawn(points: Points, slack: number): Line | undefined {
  const { values } = points;
  const allowed = slack === 0 ? 0 : values.length / missedShare;
  const chosen = new Set([0, values.length >> 1, values.length - 1]);
  for (let round = 0; round < maxRounds; round++) {
    const line = through(points, [...chosen], slack);
    if (line === undefined) return undefined;
    const missed = missedOf(line, points);
    if (missed.length <= allowed) return line;
    for (let k = 0; k < joining; k++) chosen.add(missed[floor((k * missed.length) / joining)]!);
  }
  return undefined;
}

/** The points without those that are held at black or white, and those under something of one colour. */
function free({ values, targets, held }: Points, top: number): Points {
  const counts = new Int32Array(top + 1);
  for (const target of targets) counts[target] = counts[target]! + 1;
  const most = max(leastCovered, values.length / coveredShare);
  const freeValues = new Int32Array(values.length);
  const freeTargets = new Int32Array(values.length);
  let length = 0;
  for (let i = 0; i < values.length; i++) {
    const target = targets[i]!;
    if (target === 0 || target === top || counts[target]! >= most) continue;
    freeValues[length] = values[i]!;
    freeTargets[length++] = target;
  }
  return { values: freeValues.subarray(0, length), targets: freeTargets.subarray(0, length), held };
}

function missedOf(line: Line, { values, targets }: Points): readonly number[] {
  const missed: number[] = [];
  values.forEach((value, i) => {
    if (floor((line.slope * value + line.offset) / 2 ** line.shift) !== targets[i]) missed.push(i);
  });
  return missed;
}

/** The line with the shortest fractions that passes the points `chosen` by at most `slack`. */
function through(points: Points, chosen: readonly number[], slack: number): Line | undefined {
  const { values, targets } = points;
  let lowest = -32 * one;
  let highest = 32 * one;
  for (const i of chosen) {
    for (const j of chosen) {
      const run = values[j]! - values[i]!;
      if (run <= 0) continue;
      const rise = (targets[j]! - targets[i]!) * one;
      lowest = max(lowest, floor((rise - one - 2 * slack) / run) + 1);
      highest = min(highest, ceil((rise + one + 2 * slack) / run) - 1);
    }
  }
  for (let shift = 0; shift <= maxShift && lowest <= highest; shift++) {
    const unit = 2 ** (maxShift - shift);
    const slope = floor((lowest + highest) / 2 / unit + 0.5) * unit;
    if (slope < lowest || slope > highest) continue;
    const offset = offsetOf(slope, unit, points, { chosen, slack });
    if (offset !== undefined) return { shift, slope: slope / unit, offset: offset / unit };
  }
  return undefined;
}

interface Passing {
  readonly chosen: readonly number[];
  readonly slack: number;
}

/** A multiple of `unit` with which the line passes the points `chosen` by at most `slack`. */
function offsetOf(slope: number, unit: number, { values, targets }: Points, { chosen, slack }: Passing): number | undefined {
  let lowest = -Infinity;
  let highest = Infinity;
  for (const i of chosen) {
    lowest = max(lowest, targets[i]! * one - slope * values[i]! - slack);
    highest = min(highest, (targets[i]! + 1) * one - slope * values[i]! - 1 + slack);
  }
  const offset = floor((lowest + highest) / 2 / unit + 0.5) * unit;
  if (offset >= lowest && offset <= highest) return offset;
  const least = ceil(lowest / unit) * unit;
  return least <= highest ? least : undefined;
}
