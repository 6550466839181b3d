/**
 * What is looked at around a pixel that may become an anchor: a window of 9 by 9 samples, read as comparisons of
 * neighbours along square rings. Comparisons do not change with brightness, and the innermost ring says how the
 * window lies, so that all others are read in one order whichever way the picture is turned. A hint of one client:
 * nothing of it is written into formats.
 */

// Taken once: looking them up costs where globals are not plain objects.
const { imul } = Math;
/** Samples on each side of the centre. */
export const windowRadius = 4;
/** Samples of the ring 2, and of the rings 2 to 4; so many comparisons. */
const innerSamples = 16;
const ringSamples = 72;
/** Neighbouring comparisons on the rings 3 and 4 that must differ: below, the window shows a smooth blob, and many look alike. */
const minTurns = 12;
/** Rank of a ring that says nothing of how it lies: it equals itself turned or mirrored. */
export const noRank = 0xffff;

/** The innermost ring, clockwise from the top left. */
const innerRing = ringOf(1);
const innerCodes = 3 ** 8;

/** Ranks and orientations of all codes of the innermost ring. */
export interface RingClasses {
  /** Equal for all eight orientations of a ring; rings without equal neighbours first, in no order otherwise. */
  readonly ranks: Uint16Array;
  /** The orientation (alignment.ts) in which the ring has the lowest code of the eight. */
  readonly orientations: Uint8Array;
}

/** The sides of a plane of samples. */
export interface PlaneShape {
  readonly width: number;
  readonly height: number;
}

let ringClasses: RingClasses | undefined;

/** The classes, made once. */
export function classesOfRings(): RingClasses {
  ringClasses ??= newRingClasses();
  return ringClasses;
}

/**
 * The code of the eight samples around `at`: eight digits to base 3, first neighbour before second: 0 where it is
 * less, 1 equal, 2 more.
 */
export function ringCode(plane: Uint16Array, at: number, stride: number): number {
  const a = plane[at - stride - 1]!;
  const b = plane[at - stride]!;
  const c = plane[at - stride + 1]!;
  const d = plane[at + 1]!;
  const e = plane[at + stride + 1]!;
  const f = plane[at + stride]!;
  const g = plane[at + stride - 1]!;
  const h = plane[at - 1]!;
  let code = digit(a, b) * 3 + digit(b, c);
  code = code * 9 + digit(c, d) * 3 + digit(d, e);
  code = code * 9 + digit(e, f) * 3 + digit(f, g);
  return code * 9 + digit(g, h) * 3 + digit(h, a);
}

/** Most peaks that a plane of so many samples can have: no two of them touch. */
export function maxPeaks(samples: number): number {
  return (samples >>> 1) + 1;
}

/**
 * Writes into `peaks` the places of all samples that are above their eight neighbours, have a whole window around them,
 * and a ring of at most `maxRank`, row by row; answers their number. Most of the time of a search is spent here.
 */
export function peaksIn(plane: Uint16Array, { width, height }: PlaneShape, maxRank: number, peaks: Int32Array): number {
  const { ranks } = classesOfRings();
  let count = 0;
  for (let y = windowRadius; y < height - windowRadius; y++) {
    const end = (y + 1) * width - windowRadius;
    let at = y * width + windowRadius;
    let left = plane[at - 1]!;
    let here = plane[at]!;
    for (; at < end; at++) {
      const right = plane[at + 1]!;
      // Negative only where all four differences are.
      if (((left - here) & (right - here) & (plane[at - width]! - here) & (plane[at + width]! - here)) < 0) {
        if (isAboveDiagonals(plane, at, width) && ranks[ringCode(plane, at, width)]! <= maxRank) peaks[count++] = at;
      }
      left = here;
      here = right;
    }
  }
  return count;
}

/** Where the samples of the rings 2 to 4 lie, in each orientation, as steps across and down. */
const ringX = new Int8Array(8 * ringSamples);
const ringY = new Int8Array(8 * ringSamples);
placeRings();

/** 16 bits that stand for the comparisons along the second ring of the window around `at`, read in `orientation`. */
export function innerBits(plane: Uint16Array, at: number, stride: number, orientation: number): number {
  const start = orientation * ringSamples;
  const end = start + innerSamples;
  let before = plane[at + ringX[end - 1]! + ringY[end - 1]! * stride]!;
  let word = 0;
  for (let place = start; place < end; place++) {
    const sample = plane[at + ringX[place]! + ringY[place]! * stride]!;
    word = (word << 2) | digit(before, sample);
    before = sample;
  }
  return scrambled(word) >>> 16;
}

/**
 * 32 bits that stand for the comparisons along the third and fourth ring of the same window, or -1 where these have too
 * little texture to be told from others.
 */
export function outerBits(plane: Uint16Array, at: number, stride: number, orientation: number): number {
  let bits = 0;
  let turns = 0;
  let place = orientation * ringSamples + innerSamples;
  for (let radius = 3; radius <= windowRadius; radius++) {
    const end = place + 8 * radius;
    let before = plane[at + ringX[end - 1]! + ringY[end - 1]! * stride]!;
    let last = digit(plane[at + ringX[end - 2]! + ringY[end - 2]! * stride]!, before);
    while (place < end) {
      let word = 0;
      for (let i = 0; i < 8; i++, place++) {
        const sample = plane[at + ringX[place]! + ringY[place]! * stride]!;
        const step = digit(before, sample);
        if (step !== last) turns++;
        word = (word << 2) | step;
        before = sample;
        last = step;
      }
      bits = scrambled(imul(bits, 0x9e3779b1) + word);
    }
  }
  return turns < minTurns ? -1 : bits;
}

function isAboveDiagonals(plane: Uint16Array, at: number, stride: number): boolean {
  const here = plane[at]!;
  const above = at - stride;
  const below = at + stride;
  return ((plane[above - 1]! - here) & (plane[above + 1]! - here) & (plane[below - 1]! - here) & (plane[below + 1]! - here)) < 0;
}

/** Less, equal, more, of the second: 0, 1, 2. */
function digit(first: number, second: number): number {
  return ((first - second) >>> 31) - ((second - first) >>> 31) + 1;
}

/** The pixels at `radius` around the centre, clockwise from the top left. */
function ringOf(radius: number): readonly (readonly [x: number, y: number])[] {
  const side = Array.from({ length: 2 * radius }, (_, i) => i - radius);
  return [
    ...side.map((i) => [i, -radius] as const),
    ...side.map((i) => [radius, i] as const),
    ...side.map((i) => [-i, radius] as const),
    ...side.map((i) => [-radius, -i] as const),
  ];
}

/** Where a pixel of the window turned into `orientation` lies in the window itself. */
function placeIn(orientation: number, [x, y]: readonly [number, number]): readonly [x: number, y: number] {
  const across = (orientation & 1) !== 0 ? -x : x;
  const down = (orientation & 2) !== 0 ? -y : y;
  return (orientation & 4) !== 0 ? [down, across] : [across, down];
}

function placeRings(): void {
  let at = 0;
  for (let orientation = 0; orientation < 8; orientation++) {
    for (let radius = 2; radius <= windowRadius; radius++) {
      for (const pixel of ringOf(radius)) {
        [ringX[at], ringY[at]] = placeIn(orientation, pixel);
        at++;
      }
    }
  }
}

function newRingClasses(): RingClasses {
  const lowest = new Uint16Array(innerCodes);
  const orientations = new Uint8Array(innerCodes);
  const turns = Array.from({ length: 8 }, (_, orientation) => turnOf(orientation));
  for (let code = 0; code < innerCodes; code++) {
    const digits = digitsOf(code);
    const codes = turns.map((turn) => codeOf(turn(digits)));
    lowest[code] = Math.min(...codes);
    orientations[code] = codes.indexOf(lowest[code]!);
    if (new Set(codes).size < 8) lowest[code] = noRank;
  }
  return { ranks: rankedFrom(lowest), orientations };
}

function rankedFrom(lowest: Uint16Array): Uint16Array {
  const equals = (code: number): number => digitsOf(code).filter((step) => step === 1).length;
  const classes = [...new Set(lowest)].filter((code) => code !== noRank);
  classes.sort((a, b) => equals(a) - equals(b) || scrambled(a) - scrambled(b));
  const rankOf = new Map(classes.map((code, rank) => [code, rank]));
  return lowest.map((code) => rankOf.get(code) ?? noRank);
}

/** What the digits of a ring become when the window is turned. */
function turnOf(orientation: number): (digits: readonly number[]) => readonly number[] {
  const from = innerRing.map((pixel) => {
    const [x, y] = placeIn(orientation, pixel);
    return innerRing.findIndex((other) => other[0] === x && other[1] === y);
  });
  const isMirrored = (from[0]! + 1) % 8 !== from[1];
  return (digits) => from.map((place, i) => (isMirrored ? 2 - digits[from[(i + 1) % 8]!]! : digits[place]!));
}

function digitsOf(code: number): readonly number[] {
  return Array.from({ length: 8 }, (_, i) => Math.floor(code / 3 ** (7 - i)) % 3);
}

function codeOf(digits: readonly number[]): number {
  return digits.reduce((code, step) => code * 3 + step, 0);
}

/** A number of 32 bits that stands for `value` in no visible order; different for different values. */
function scrambled(value: number): number {
  let mixed = imul(value ^ (value >>> 16), 0x7feb352d);
  mixed = imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
