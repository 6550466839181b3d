/**
 * Anchors of a JPEG picture: places that are found again in copies of it, cropped, turned, mirrored, changed elsewhere or saved
 * anew. What is looked at are signs of coefficients: squares of blocks that are full of them, and where there are few of these, any
 * blocks that have enough with their neighbours. A hint of one client, as anchors.ts says; coordinates are blocks of the first
 * component. How two pictures lie to each other: alignment.ts.
 */
import { AnchorList } from '../anchor-list.js';
import { defaultAnchors, type Anchor } from '../anchors.js';
import { blocksOf, coefficientBlockBytes, coefficientShapeOf, type CoefficientShape } from '../content.js';
import { isSquare, lowestSigns, squareOf } from './coefficient-squares.js';
import { countOf, lowestOrientation, signsAt, turnedSigns } from './coefficient-signs.js';

// Taken once: looking them up costs where globals are not plain objects.
const { imul } = Math;
/** Signs that a block must have to be the centre of an anchor, and that it must have with its neighbours. */
const minCentreSigns = 6;
const minSigns = 24;
/** The upper half of a hash begins with these bits: those of pixels begin with a zero. */
const squareMark = 0x80000000;
const crossMark = 0xc0000000;
const markBits = 0xc0000000;
/** What hashes of crosses start from. */
const crossSeed = 0x4a504547;

/** A place of a tile. */
interface Place {
  readonly x: number;
  readonly y: number;
}

/** The signs of all blocks of a tile, row by row. */
interface TileSigns<Signs> {
  readonly signs: Signs;
  readonly stride: number;
}

/** Finds the anchors of one picture while the tiles of its first component pass by, in any order. */
export class CoefficientAnchorFinder {
  readonly #squares: AnchorList;
  readonly #crosses: AnchorList;
  #squareSigns = new Uint8Array(0);
  #crossSigns = new Int32Array(0);

  /** `count`: most anchors to keep, at least 1. */
  constructor(private readonly count = defaultAnchors) {
    this.#squares = new AnchorList(count);
    this.#crosses = new AnchorList(count);
  }

  /**
   * Looks through a tile of the first component, whose top left block is (x0, y0) of the component. Throws DiceError `recipe-invalid`
   * where it is no tile of coefficients.
   */
  add(content: Uint8Array, x0: number, y0: number): void {
    const shape = coefficientShapeOf(content);
    if (shape.across < 3 || shape.down < 3) return;
    this.#addSquares(content, shape, { x: x0, y: y0 });
    // Crosses only fill up what squares leave free.
    if (!this.#squares.isFull) this.#addCrosses(content, shape, { x: x0, y: y0 });
  }

  /** The anchors: squares by ascending hash, then others. */
  anchors(): readonly Anchor[] {
    const squares = this.#squares.anchors();
    return this.#squares.isFull ? squares : [...squares, ...this.#crosses.anchors()].slice(0, this.count);
  }

  #addSquares(content: Uint8Array, { across, down }: CoefficientShape, origin: Place): void {
    const count = across * down;
    if (this.#squareSigns.length < count) this.#squareSigns = new Uint8Array(count);
    const signs = this.#squareSigns;
    const bytes = blocksOf(content);
    for (let block = 0, at = 0; block < count; block++, at += coefficientBlockBytes) signs[block] = lowestSigns(bytes, at);
    for (let y = 1; y < down - 1; y++) {
      for (let x = 1, at = y * across + 1; x < across - 1; x++, at++) {
        if (isSquare(signs, across, at)) this.#meetSquare({ signs, stride: across }, at, { x: origin.x + x, y: origin.y + y });
      }
    }
  }

  #meetSquare({ signs, stride }: TileSigns<Uint8Array>, at: number, place: Place): void {
    const square = squareOf(signs, stride, at);
    if (square === undefined) return;
    const high = marked(scrambled(square.word), squareMark);
    if (high > this.#squares.maxHigh) return;
    this.#squares.keep({ high, low: scrambled(imul(square.word, 0x9e3779b1)), ...place, orientation: square.orientation });
  }

  #addCrosses(content: Uint8Array, { across, down }: CoefficientShape, origin: Place): void {
    const count = across * down;
    if (this.#crossSigns.length < count) this.#crossSigns = new Int32Array(count);
    const signs = this.#crossSigns;
    const bytes = blocksOf(content);
    for (let block = 0, at = 0; block < count; block++, at += coefficientBlockBytes) signs[block] = signsAt(bytes, at);
    for (let y = 1; y < down - 1; y++) {
      for (let x = 1, at = y * across + 1; x < across - 1; x++, at++) {
        if (countOf(signs[at]!) >= minCentreSigns) this.#meetCross({ signs, stride: across }, at, { x: origin.x + x, y: origin.y + y });
      }
    }
  }

  #meetCross({ signs, stride }: TileSigns<Int32Array>, at: number, place: Place): void {
    const centre = signs[at]!;
    const orientation = lowestOrientation(centre);
    if (orientation < 0) return;
    const high = marked(scrambled(turnedSigns(centre, orientation)), crossMark);
    if (high > this.#crosses.maxHigh) return;
    let count = countOf(centre);
    let low = crossSeed;
    for (const [x, y] of around[orientation]!) {
      const neighbour = signs[at + y * stride + x]!;
      count += countOf(neighbour);
      low = scrambled(imul(low, 0x9e3779b1) + turnedSigns(neighbour, orientation));
    }
    if (count >= minSigns) this.#crosses.keep({ high, low, ...place, orientation });
  }
}

/** Where the neighbours of a block that is turned in each orientation lie: left, above, right, below, once they are turned. */
const around = Array.from({ length: 8 }, (_, orientation) => ([[-1, 0], [0, -1], [1, 0], [0, 1]] as const).map(([x, y]) => placeIn(orientation, x, y)));

/** Where a place of the window turned into `orientation` lies in the window itself. */
function placeIn(orientation: number, x: number, y: number): readonly [x: number, y: number] {
  const across = (orientation & 1) !== 0 ? -x : x;
  const down = (orientation & 2) !== 0 ? -y : y;
  return (orientation & 4) !== 0 ? [down, across] : [across, down];
}

/** A number of 32 bits with other first bits. */
function marked(value: number, mark: number): number {
  return ((value & ~markBits) | mark) >>> 0;
}

/** A number of 32 bits that stands for `value` in no visible order; different for different values. */
function scrambled(value: number): number {
  let mixed = imul(value ^ (value >>> 16), 0x7feb352d);
  mixed = imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
