/**
 * First estimate of the levels of an equalised picture: a fixpoint between levels and the maps of their histograms, in real
 * numbers, on every second pixel of every second row, fewer of large pictures. It comes out smooth, near the true levels but not
 * at whole numbers: that is the business of the phase. SPEC.md section 5.11.
 */
import { mirrored, type Cells } from './equalised-cells.js';
import { greyLevels } from './equalised-picture.js';

const { ceil, floor, min } = Math;

/** A picture's sampled levels: one per `step` pixels in both directions, `across` in a row. */
interface SampledLevels {
  readonly step: number;
  readonly across: number;
  readonly down: number;
  readonly levels: Float32Array;
}

const rounds = 20;
const mostSamples = 131_072;
/** Part of a cell on both sides of a pixel over which errors are smoothed. */
const smoothing = 0.3;

/** The nearest whole levels of all pixels. */
export function estimateLevels(cells: Cells, values: Uint8Array, clip: number): Uint8Array {
  const { step, across, levels } = estimateSampled(cells, values, clip);
  const whole = new Uint8Array(values.length);
  for (let y = 0, at = 0; y < cells.height; y++) {
    const row = floor(y / step) * across;
    for (let x = 0; x < cells.width; x++, at++) whole[at] = floor(levels[row + floor(x / step)]! + 0.5);
  }
  return whole;
}

function estimateSampled(cells: Cells, values: Uint8Array, clip: number): SampledLevels {
  let step = cells.step > 1 ? 1 : 2;
  while (cells.width * cells.height > step * step * mostSamples) step++;
  const across = ceil(cells.width / step);
  const down = ceil(cells.height / step);
  const levels = new Float32Array(across * down);
  for (let y = 0, at = 0; y < down; y++) {
    for (let x = 0; x < across; x++, at++) levels[at] = values[y * step * cells.width + x * step]! * 0.75 + 20;
  }
  const sampled = { step, across, down, levels };
  const errors = new Float32Array(levels.length);
  const slopes = new Float32Array(levels.length);
  for (let round = 0; round < rounds; round++) {
    const maps = softMaps(cells, sampled, clip);
    measureErrors({ cells, values, sampled, maps, errors, slopes });
    moveLevels(sampled, { errors, slopes }, floor((cells.cellWidth * smoothing) / (step * cells.step)));
  }
  return sampled;
}

/** Maps of the histograms of real levels: each counts for the two whole ones around it. */
function softMaps(cells: Cells, sampled: SampledLevels, clip: number): Float32Array {
  const maps = softCounts(cells, sampled);
  for (let base = 0; base < maps.length; base += greyLevels) accumulate(maps.subarray(base, base + greyLevels), clip);
  return maps;
}

function softCounts(cells: Cells, sampled: SampledLevels): Float32Array {
  const { across, levels } = sampled;
  const step = sampled.step * cells.step;
  const counts = new Float32Array(cells.across * cells.down * greyLevels);
  for (let y = 0; y < cells.down * cells.cellHeight; y += step) {
    const row = floor(mirrored(y, cells.height * cells.step) / step) * across;
    const first = floor(y / cells.cellHeight) * cells.across;
    for (let i = 0, x = 0; i < cells.across; i++) {
      const base = (first + i) * greyLevels;
      const end = (i + 1) * cells.cellWidth;
      for (; x < end; x += step) {
        const level = levels[row + floor(mirrored(x, cells.width * cells.step) / step)]!;
        const low = min(floor(level), 254);
        counts[base + low]! += 1 - (level - low);
        counts[base + low + 1]! += level - low;
      }
    }
  }
  return counts;
}

/** Turns counts into a map in place. */
function accumulate(counts: Float32Array, clip: number): void {
  let total = 0;
  for (let level = 0; level < greyLevels; level++) total += counts[level]!;
  const limit = (clip * total) / greyLevels;
  let kept = 0;
  for (let level = 0; level < greyLevels; level++) kept += min(counts[level]!, limit);
  const each = (total - kept) / greyLevels;
  let sum = 0;
  for (let level = 0; level < greyLevels; level++) {
    sum += min(counts[level]!, limit) + each;
    counts[level] = (sum * 255) / total;
  }
}

interface Errors {
  readonly errors: Float32Array;
  readonly slopes: Float32Array;
}

interface Measuring extends Errors {
  readonly cells: Cells;
  readonly values: Uint8Array;
  readonly sampled: SampledLevels;
  readonly maps: Float32Array;
}

function measureErrors({ cells, values, sampled, maps, errors, slopes }: Measuring): void {
  const { step, across, down, levels } = sampled;
  const { columns, rows } = cells;
  const perWidth = 1 / (2 * cells.cellWidth);
  for (let j = 0, at = 0; j < down; j++) {
    const y = j * step;
    const top = rows.before[y]! * cells.across;
    const bottom = rows.after[y]! * cells.across;
    const wy = rows.weight[y]! / (2 * cells.cellHeight);
    const row = y * cells.width;
    for (let i = 0; i < across; i++, at++) {
      const x = i * step;
      const wx = columns.weight[x]! * perWidth;
      const left = columns.before[x]!;
      const right = columns.after[x]!;
      const level = levels[at]!;
      const low = min(level | 0, 254);
      const a = (top + left) * greyLevels + low;
      const b = (top + right) * greyLevels + low;
      const c = (bottom + left) * greyLevels + low;
      const d = (bottom + right) * greyLevels + low;
      const lower = (maps[a]! * (1 - wx) + maps[b]! * wx) * (1 - wy) + (maps[c]! * (1 - wx) + maps[d]! * wx) * wy;
      const upper = (maps[a + 1]! * (1 - wx) + maps[b + 1]! * wx) * (1 - wy) + (maps[c + 1]! * (1 - wx) + maps[d + 1]! * wx) * wy;
      const slope = upper - lower;
      errors[at] = values[row + x]! - lower - slope * (level - low);
      slopes[at] = slope < 0.5 ? 0.5 : slope;
    }
  }
}

function moveLevels({ across, down, levels }: SampledLevels, { errors, slopes }: Errors, radius: number): void {
  const smooth = errors.slice();
  const line = new Float32Array(across);
  // With one pass alone the levels of stronger equalisations do not settle.
  for (let pass = 0; pass < 2; pass++) {
    for (let y = 0; y < down; y++) blurLine(smooth.subarray(y * across, (y + 1) * across), line, radius);
    blurColumns(smooth, across, down, radius);
  }
  for (let at = 0; at < levels.length; at++) {
    const low = smooth[at]!;
    const level = levels[at]! + low * 0.7 + ((errors[at]! - low) / slopes[at]!) * 0.8;
    levels[at] = level < 0 ? 0 : level > 255 ? 255 : level;
  }
}

/** Mean over 2 radius + 1 samples of a line; fewer at its ends. `line` is scratch. */
function blurLine(samples: Float32Array, line: Float32Array, radius: number): void {
  const { length } = samples;
  let sum = 0;
  let count = min(radius, length);
  line.set(samples);
  for (let i = 0; i < count; i++) sum += line[i]!;
  for (let i = 0; i < length; i++) {
    if (i + radius < length) {
      sum += line[i + radius]!;
      count++;
    }
    samples[i] = sum / count;
    if (i < radius) continue;
    sum -= line[i - radius]!;
    count--;
  }
}

/** The same of all columns side by side. */
function blurColumns(samples: Float32Array, across: number, down: number, radius: number): void {
  const lines = samples.slice();
  const sums = new Float64Array(across);
  let count = min(radius, down);
  for (let at = 0, y = 0; y < count; y++) for (let x = 0; x < across; x++) sums[x]! += lines[at++]!;
  for (let y = 0; y < down; y++) {
    const next = (y + radius) * across;
    if (y + radius < down) {
      for (let x = 0; x < across; x++) sums[x]! += lines[next + x]!;
      count++;
    }
    const share = 1 / count;
    for (let x = 0, at = y * across; x < across; x++) samples[at++] = sums[x]! * share;
    if (y < radius) continue;
    for (let x = 0, at = (y - radius) * across; x < across; x++) sums[x]! -= lines[at++]!;
    count--;
  }
}
