/**
 * Whether two kinds of probes can be told apart by a figure of theirs: the area under the ROC curve (Mann and Whitney; 0.5: not at all) with its
 * interval, of single figures, of figures over what pairs around them took (so that a busy machine blurs nothing), and within pairs.
 */

/** A figure of both kinds, pair by pair: they were measured one right after the other, in random order. */
export interface PairedFigures {
  readonly foreign: readonly number[];
  readonly absent: readonly number[];
}

/** How often the figure of a foreign block is the larger one, and half of how often both are equal. */
export interface Area {
  readonly area: number;
  /** Half the width of its interval of 95 %. */
  readonly margin: number;
}

/** What an attacker may look at, and what it tells. */
export interface Separation {
  /** Figures as they were measured. */
  readonly plain: Area;
  /** Each over the median of the pairs around it. */
  readonly levelled: Area;
  /** Within each pair. */
  readonly paired: Area;
  /** Median of the differences within pairs, each over the mean of its pair: what is left of a delay after very many pairs. */
  readonly shift: number;
  /** Half the width of its interval of 99 %. */
  readonly shiftMargin: number;
  readonly median: number;
}

/** Further from one half an area tells something. */
export const largestArea = 0.05;
/** A larger shift tells something, where it is certain. */
export const largestShift = 0.025;

const neighbours = 8;
const normal95 = 1.96;
const normal99 = 2.576;
/** Of normal figures: how much wider a median spreads than a mean, and the quartiles in standard deviations. */
const medianOverMean = 1.2533;
const quartilesApart = 1.349;

/** All that is made of one figure. */
export function separationOf(figures: PairedFigures): Separation {
  const median = medianOf([...figures.foreign, ...figures.absent]);
  const differences = figures.foreign.map((figure, i) => (2 * (figure - (figures.absent[i] ?? figure))) / (figure + (figures.absent[i] ?? figure)));
  const shifted = { shift: medianOf(differences), shiftMargin: medianMargin(differences) };
  return { plain: areaOf(figures), levelled: areaOf(levelled(figures)), paired: pairedArea(differences), ...shifted, median };
}

/** The kinds are told apart: by one figure, or by the shift that many agree on. `slack` widens both bounds for small samples. */
export function isToldApart(separation: Separation, slack = 0): boolean {
  const { shift, shiftMargin } = separation;
  return Math.abs(furthest(separation) - 0.5) > largestArea + slack || (Math.abs(shift) > largestShift + slack && Math.abs(shift) > shiftMargin);
}

/** Foreign ones take longer for certain, by half to twice as much as was planted, as far as the interval tells: it is the delay that is seen, not noise and not another one. */
export function isDelayFound({ shift, shiftMargin }: Separation, planted: number): boolean {
  return shift > shiftMargin && shift >= planted / 2 && shift - shiftMargin <= 2 * planted;
}

/** The area furthest from one half: what the best of these attackers reaches. */
export function furthest({ plain, levelled: level, paired }: Separation): number {
  return [plain, level, paired].reduce((most, { area }) => (Math.abs(area - 0.5) > Math.abs(most - 0.5) ? area : most), 0.5);
}

/** Mann and Whitney; the interval is DeLong's. */
export function areaOf({ foreign, absent }: PairedFigures): Area {
  const [ofForeign, ofAbsent] = [placements(foreign, absent), placements(absent, foreign)];
  const area = meanOf(ofForeign);
  return { area, margin: normal95 * Math.sqrt(varianceOf(ofForeign) / foreign.length + varianceOf(ofAbsent) / absent.length) };
}

function pairedArea(differences: readonly number[]): Area {
  const wins = differences.map((difference) => (difference > 0 ? 1 : difference < 0 ? 0 : 0.5));
  return { area: meanOf(wins), margin: normal95 * Math.sqrt(varianceOf(wins) / wins.length) };
}

/** Of each figure, the share of `others` below it. */
function placements(figures: readonly number[], others: readonly number[]): readonly number[] {
  const sorted = [...others].sort((a, b) => a - b);
  return figures.map((figure) => (firstAt(sorted, figure) + firstAt(sorted, figure, true)) / (2 * sorted.length));
}

/** Index of the first that is not below `figure`, or that is above it. */
function firstAt(sorted: readonly number[], figure: number, isAbove = false): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const here = sorted[middle] ?? Infinity;
    if (here < figure || (isAbove && here === figure)) from = middle + 1;
    else to = middle;
  }
  return from;
}

function levelled({ foreign, absent }: PairedFigures): PairedFigures {
  const levels = foreign.map((_, i) => {
    const [from, to] = [Math.max(0, i - neighbours), i + neighbours + 1];
    return medianOf([...foreign.slice(from, to), ...absent.slice(from, to)]);
  });
  const over = (figure: number, i: number): number => figure / (levels[i] ?? 1);
  return { foreign: foreign.map(over), absent: absent.map(over) };
}

/** From the quartiles, which no outlier moves. */
function medianMargin(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? 0;
  return (normal99 * medianOverMean * (at(0.75) - at(0.25))) / quartilesApart / Math.sqrt(figures.length);
}

function meanOf(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
}

function varianceOf(figures: readonly number[]): number {
  const mean = meanOf(figures);
  return figures.reduce((sum, figure) => sum + (figure - mean) ** 2, 0) / Math.max(1, figures.length - 1);
}

/** The middle one, or the mean of the two in the middle. */
export function medianOf(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
