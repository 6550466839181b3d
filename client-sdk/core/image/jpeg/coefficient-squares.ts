/**
 * Squares of three by three blocks, told apart by the signs of the three lowest frequencies of each. These are large where there
 * is something to see, so that their signs stay when a picture is saved anew, by coarser tables too. A hint of one client:
 * nothing of it is written into formats.
 */

/** The lowest frequencies across, down, and of both. */
const acrossByte = 2;
const downByte = 2 * 8;
const bothByte = 2 * 9;
/** Signs of a block as a number: 4 for a negative across, 2 down, 1 of both; or that there is a zero. */
export const hasZero = 8;
const acrossBit = 4;
const downBit = 2;

/** The square in its lowest orientation. */
export interface Square {
  /** 27 bits, the same in all orientations. */
  readonly word: number;
  /** Which one is the lowest (alignment.ts). */
  readonly orientation: number;
}

/** The signs of the block at byte `at`. */
export function lowestSigns(bytes: Uint8Array, at: number): number {
  const across = bytes[at + acrossByte + 1]!;
  const down = bytes[at + downByte + 1]!;
  const both = bytes[at + bothByte + 1]!;
  if ((bytes[at + acrossByte]! | across) === 0 || (bytes[at + downByte]! | down) === 0 || (bytes[at + bothByte]! | both) === 0) return hasZero;
  return ((across >> 7) << 2) | ((down >> 7) << 1) | (both >> 7);
}

/** Whether no block of the square around `at` has a zero. */
export function isSquare(signs: Uint8Array, stride: number, at: number): boolean {
  const above = at - stride;
  const below = at + stride;
  const all = signs[above - 1]! | signs[above]! | signs[above + 1]! | signs[at - 1]! | signs[at]! | signs[at + 1]!;
  return (all | signs[below - 1]! | signs[below]! | signs[below + 1]!) < hasZero;
}

/** The square around `at`, or undefined where it is the same in two orientations. */
export function squareOf(signs: Uint8Array, stride: number, at: number): Square | undefined {
  // Mirrored until the signs of its centre are positive, it can only be transposed.
  const across = (signs[at]! & acrossBit) === 0 ? 0 : 1;
  const down = (signs[at]! & downBit) === 0 ? 0 : 1;
  const upright = wordOf(signs, stride, at, across | (down << 1));
  const transposed = wordOf(signs, stride, at, 4 | down | (across << 1));
  if (upright === transposed) return undefined;
  return upright < transposed ? { word: upright, orientation: across | (down << 1) } : { word: transposed, orientation: 4 | down | (across << 1) };
}

const blocks = 9;
/** Where the blocks of a square lie that are next in each orientation. */
const acrossOf = new Int8Array(8 * blocks);
const downOf = new Int8Array(8 * blocks);
/** What the signs of a block become in each orientation. */
const turnedSigns = new Uint8Array(8 * hasZero);
fillTables();

function wordOf(signs: Uint8Array, stride: number, at: number, orientation: number): number {
  let word = 0;
  const end = (orientation + 1) * blocks;
  for (let i = orientation * blocks; i < end; i++) {
    word = (word << 3) | turnedSigns[orientation * hasZero + signs[at + downOf[i]! * stride + acrossOf[i]!]!]!;
  }
  return word;
}

function fillTables(): void {
  for (let orientation = 0; orientation < 8; orientation++) {
    const [isMirrored, isFlipped, isTransposed] = [orientation & 1, (orientation >> 1) & 1, orientation >> 2];
    for (let i = 0; i < blocks; i++) {
      const x = ((i % 3) - 1) * (1 - 2 * isMirrored);
      const y = (Math.floor(i / 3) - 1) * (1 - 2 * isFlipped);
      acrossOf[orientation * blocks + i] = isTransposed === 1 ? y : x;
      downOf[orientation * blocks + i] = isTransposed === 1 ? x : y;
    }
    for (let signs = 0; signs < hasZero; signs++) {
      const [one, other] = [(signs >> 2) & 1, (signs >> 1) & 1];
      const across = (isTransposed === 1 ? other : one) ^ isMirrored;
      const down = (isTransposed === 1 ? one : other) ^ isFlipped;
      turnedSigns[orientation * hasZero + signs] = (across << 2) | (down << 1) | ((signs & 1) ^ isMirrored ^ isFlipped);
    }
  }
}
