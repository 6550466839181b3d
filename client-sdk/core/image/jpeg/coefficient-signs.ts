/**
 * The signs of a block's lowest frequencies, and what becomes of them when the picture is turned or mirrored: an orientation moves
 * them and negates some. Whatever positive factor a frequency is multiplied by, they stay. A hint of one client: nothing of it is
 * written into formats.
 */

/** Sum of the horizontal and the vertical frequency of the highest that are looked at. */
const highestOrder = 4;
const side = 8;

/** Places of these frequencies in a block, without that of the constant one. */
export const signPlaces = placesUpTo(highestOrder);
const bits = signPlaces.length;
/** The lower half of the two that a block's signs are packed in. */
const halfBits = 16;
const half = 0xffff;

const oddAcross = maskOf((place) => place % side);
const oddDown = maskOf((place) => Math.floor(place / side));
let transpositions: Uint16Array | undefined;

/** The signs of the block at byte `at`, packed: which are positive in the upper 16 bits, which negative in the lower. */
export function signsAt(bytes: Uint8Array, at: number): number {
  let positive = 0;
  let negative = 0;
  for (let i = 0; i < bits; i++) {
    const place = at + 2 * signPlaces[i]!;
    const high = bytes[place + 1]! << 24;
    const value = high | (bytes[place]! << 16);
    negative = (negative << 1) | (value >>> 31);
    positive = (positive << 1) | ((-value & ~value) >>> 31);
  }
  return (positive << halfBits) | negative;
}

/** How many signs there are. */
export function countOf(signs: number): number {
  let left = (signs >>> halfBits) | (signs & half);
  left -= (left >>> 1) & 0x5555;
  left = (left & 0x3333) + ((left >>> 2) & 0x3333);
  left = (left + (left >>> 4)) & 0x0f0f;
  return (left + (left >>> 8)) & 31;
}

/** What the signs become in an orientation (alignment.ts). */
export function turnedSigns(signs: number, orientation: number): number {
  let turned = (orientation & 4) === 0 ? signs : transposed(signs);
  if ((orientation & 1) !== 0) turned = negated(turned, oddAcross);
  if ((orientation & 2) !== 0) turned = negated(turned, oddDown);
  return turned;
}

/** The orientation in which the signs are the lowest number, or -1 where there are several. */
export function lowestOrientation(signs: number): number {
  let lowest = Infinity;
  let orientation = -1;
  for (let turn = 0, start = signs; turn < 8; turn += 4, start = transposed(signs)) {
    const mirrored = negated(start, oddAcross);
    for (let flips = 0; flips < 4; flips++) {
      const one = (flips & 1) === 0 ? start : mirrored;
      const turned = ((flips & 2) === 0 ? one : negated(one, oddDown)) >>> 0;
      if (turned > lowest) continue;
      orientation = turned === lowest ? -1 : turn + flips;
      lowest = turned;
    }
  }
  return orientation;
}

/** Exchanges positive and negative where the mask, in both halves, is set. */
function negated(signs: number, mask: number): number {
  const exchanged = (signs >>> halfBits) | (signs << halfBits);
  return (signs & ~mask) | (exchanged & mask);
}

function transposed(signs: number): number {
  transpositions ??= newTranspositions();
  return (transpositions[signs >>> halfBits]! << halfBits) | transpositions[signs & half]!;
}

/** Where the signs at bits come to lie. */
function newTranspositions(): Uint16Array {
  const made = new Uint16Array(2 ** bits);
  const moved = Array.from(signPlaces, (place) => bitOf(signPlaces.indexOf(side * (place % side) + Math.floor(place / side))));
  for (let set = 0; set < made.length; set++) made[set] = moved.reduce((sum, bit, i) => ((set & bitOf(i)) === 0 ? sum : sum | bit), 0);
  return made;
}

function bitOf(index: number): number {
  return 1 << (bits - 1 - index);
}

function maskOf(frequency: (place: number) => number): number {
  const odd = signPlaces.reduce((sum, place, i) => ((frequency(place) & 1) === 0 ? sum : sum | bitOf(i)), 0);
  return (odd << halfBits) | odd;
}

function placesUpTo(order: number): Uint8Array {
  const all = Array.from({ length: side * side }, (_, place) => place);
  return Uint8Array.from(all.filter((place) => place > 0 && (place % side) + Math.floor(place / side) <= order));
}
