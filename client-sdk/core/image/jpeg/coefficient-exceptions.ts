/**
 * The blocks that are not as expected, and what in them is not. A block is written by what its coefficients differ from, or, where it
 * shows something else altogether, anew. One function writes and reads. SPEC.md section 5.13.
 */
import { fault } from '../../errors.js';
import { codeNumber, numberContexts, type CorrectionCoder } from '../correction-coder.js';
import type { CoefficientShape } from '../content.js';
import { codeBelow, type Bounds } from '../patch-exceptions.js';
import { naturalOrder } from './coefficients.js';
import { blockValues } from './coefficient-prediction.js';

/** A tile on its way: `values` of a reader begin as a copy of the expected ones. */
export interface PatchedBlocks {
  readonly shape: CoefficientShape;
  /** The coefficients of the base, turned. */
  readonly base: Int16Array;
  readonly expected: Int16Array;
  /** As Expectation has them; may be empty. */
  readonly leanings: Int8Array;
  readonly values: Int16Array;
}

const { abs, clz32, max, min, sign } = Math;

/** Where the classes of what neighbours, the base's block and a frequency's share of exceptions begin. */
const neighbourSteps = Uint8Array.of(1, 2, 3, 5, 8, 13, 21, 34, 55);
const fillSteps = Uint8Array.of(1, 2, 4, 7, 12, 20, 30, 42);
const densitySteps = Uint8Array.of(3, 10, 26);
/** In 256ths. */
const shareSteps = Uint8Array.of(2, 4, 8, 16, 26, 41, 64, 90, 129);
const orderSteps = Uint8Array.of(1, 3, 10, 28);
const neighbourClasses = neighbourSteps.length + 4;
const fillClasses = fillSteps.length + 1;
const densityClasses = densitySteps.length + 1;
const shareClasses = shareSteps.length + 1;
const orderClasses = orderSteps.length + 1;
/** Classes of the base's coefficient: 0, 1, 2, 3 to 5, more; and one for blocks that are written anew. */
const sizeClasses = 6;
const newClass = 5;
/** Distances from an integer, in eighths, and blocks that are written anew. */
const leaningClasses = 6;

const blockContext = 0;
const newContext = blockContext + neighbourClasses * fillClasses;
const placeContext = newContext + 16;
const placeContexts = leaningClasses * densityClasses * 2;
const signContext = placeContext + shareClasses * placeContexts;
const constantSignContext = signContext + orderClasses * 9;
const numberContext = constantSignContext + 27;
/** Contexts that `codeBlocks` needs. */
export const blockContexts = numberContext + orderClasses * sizeClasses * numberContexts;

/** The class of each share, by its upper eight bits; of a coefficient of the base, by its magnitude; of each place in a block. */
const shareClass = Uint8Array.from({ length: 256 }, (_, share) => classOf(share, shareSteps));
const sizeClass = Uint8Array.of(0, 1, 2, 3, 3, 3, 4);
const orderClass = Uint8Array.from({ length: blockValues }, (_, z) => classOf(z, orderSteps));

/** Share of exceptions, in 1/65536, that a frequency begins with, and how slowly it is learnt in the end. */
const firstShare = 4_096;
const slowest = 255;

/** The blocks with exceptions, and how many coefficients are. */
export interface BlockSurvey {
  readonly bounds: Bounds;
  readonly exceptions: number;
}

/** Where `values` are not as expected. */
export function surveyBlocks({ shape, expected, values }: PatchedBlocks): BlockSurvey {
  let [left, top, right, bottom, exceptions] = [shape.across, shape.down, -1, -1, 0];
  for (let block = 0, at = 0; at < values.length; block++) {
    let count = 0;
    for (const end = at + blockValues; at < end; at++) if (values[at] !== expected[at]) count++;
    if (count === 0) continue;
    const x = block % shape.across;
    left = min(left, x);
    right = max(right, x);
    bottom = (block - x) / shape.across;
    top = min(top, bottom);
    exceptions += count;
  }
  return { bounds: { left, top, right, bottom }, exceptions };
}

/** Codes the exceptional blocks of a tile; a reader's are filled in. `bounds` are a writer's. Throws DiceError `recipe-invalid`. */
export function codeBlocks(coder: CorrectionCoder, firstContext: number, tile: PatchedBlocks, bounds: Bounds): void {
  const { across, down } = tile.shape;
  const left = codeBelow(coder, bounds.left, across);
  const right = left + codeBelow(coder, bounds.right - left, across - left);
  const top = codeBelow(coder, bounds.top, down);
  const bottom = top + codeBelow(coder, bounds.bottom - top, down - top);
  new BlockCoder(coder, firstContext, tile).code({ left, top, right, bottom });
}

class BlockCoder {
  /** Exceptions of each block, of which those of blocks that are written anew count as none; and which are written so. */
  readonly #counts: Uint8Array;
  readonly #isNew: Uint8Array;
  /** Share of exceptions of each frequency and class of size, and how often it was seen. */
  readonly #shares = new Uint16Array(sizeClasses * blockValues).fill(firstShare);
  readonly #seen = new Uint8Array(sizeClasses * blockValues);
  /** What the coefficients of a block that is written anew are compared with. */
  readonly #fresh = new Int16Array(blockValues);

  constructor(
    private readonly coder: CorrectionCoder,
    private readonly first: number,
    private readonly tile: PatchedBlocks,
  ) {
    const blocks = tile.shape.across * tile.shape.down;
    this.#counts = new Uint8Array(blocks);
    this.#isNew = new Uint8Array(blocks);
  }

  code({ left, top, right, bottom }: Bounds): void {
    const met = { left: right + 1, top: bottom + 1, right: -1, bottom: -1 };
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        if (!this.#codeBlock(x, y)) continue;
        met.left = min(met.left, x);
        met.top = min(met.top, y);
        met.right = max(met.right, x);
        met.bottom = y;
      }
    }
    if (met.left !== left || met.top !== top || met.right !== right || met.bottom !== bottom) throw malformed();
  }

  /** Answers whether it is an exception. */
  #codeBlock(x: number, y: number): boolean {
    const { coder, first, tile } = this;
    const { across } = tile.shape;
    const block = y * across + x;
    const at = blockValues * block;
    const around = this.#around(x, y);
    const fill = classOf(this.#fill(at), fillSteps);
    const context = first + blockContext + around.blockClass * fillClasses + fill;
    // A reader's never does: it is not asked further what it will read.
    const differs = this.#differs(at);
    if (coder.bit(context, differs ? 1 : 0) === 0) return false;
    this.#prepareFresh(x, block);
    const isNew = coder.bit(first + newContext + around.newBlocks, differs && this.#isCheaperNew(at) ? 1 : 0) === 1;
    if (isNew) {
      this.#isNew[block] = 1;
      this.#codeNew(at, around.density);
      if (!this.#differs(at)) throw malformed();
    } else this.#counts[block] = this.#codeOld(at, around.density);
    return true;
  }

  #around(x: number, y: number): { readonly blockClass: number; readonly newBlocks: number; readonly density: number } {
    const { across } = this.tile.shape;
    const counts = this.#counts;
    const isNew = this.#isNew;
    const block = y * across + x;
    let sum = 0;
    let newBlocks = 0;
    if (x > 0) {
      sum += 2 * counts[block - 1]!;
      newBlocks |= isNew[block - 1]!;
    }
    if (y > 0) {
      const above = block - across;
      sum += 2 * counts[above]!;
      newBlocks |= isNew[above]! << 1;
      if (x > 0) {
        sum += counts[above - 1]!;
        newBlocks |= isNew[above - 1]! << 2;
      }
      if (x < across - 1) {
        sum += counts[above + 1]!;
        newBlocks |= isNew[above + 1]! << 3;
      }
    }
    const near = newBlocks & 3;
    const blockClass = near === 0 ? classOf(sum, neighbourSteps) : neighbourSteps.length + near;
    return { blockClass, newBlocks, density: classOf(sum, densitySteps) };
  }

  /** Coefficients of the base's block that are not zero. */
  #fill(at: number): number {
    const { base } = this.tile;
    let count = 0;
    for (let i = at; i < at + blockValues; i++) if (base[i] !== 0) count++;
    return count;
  }

  #differs(at: number): boolean {
    const { values, expected } = this.tile;
    for (let i = at; i < at + blockValues; i++) if (values[i] !== expected[i]) return true;
    return false;
  }

  /** A block that is written anew is compared with zeros, its constant coefficient with that to the left, else above. */
  #prepareFresh(x: number, block: number): void {
    const { values, shape } = this.tile;
    const before = x > 0 ? block - 1 : block - shape.across;
    this.#fresh[0] = before < 0 ? 0 : values[blockValues * before]!;
  }

  /** Asked of a writer: a reader's answer is ignored. */
  #isCheaperNew(at: number): boolean {
    const { values, expected } = this.tile;
    let saved = 0;
    for (let k = 0; k < blockValues; k++) {
      const value = values[at + k]!;
      const [old, fresh] = [expected[at + k]!, this.#fresh[k]!];
      if (old !== fresh) saved += costOf(value - old) - costOf(value - fresh);
    }
    return saved > 0;
  }

  /** Codes a block by what differs from the expected one; answers how many coefficients do. */
  #codeOld(at: number, density: number): number {
    const { base, expected, leanings, values } = this.tile;
    let count = 0;
    for (let z = 0; z < blockValues; z++) {
      const i = at + naturalOrder[z]!;
      const magnitude = base[i]! < 0 ? -base[i]! : base[i]!;
      const size = sizeClass[magnitude < 6 ? magnitude : 6]!;
      const difference = values[i]! - expected[i]!;
      // The last of a block that has exceptions is one if no other is.
      if (count > 0 || z < blockValues - 1) {
        const leaning = leanings[i] ?? 0;
        const context = ((leaning < 0 ? -leaning : leaning) * densityClasses + density) * 2 + (count > 0 ? 1 : 0);
        if (this.#codePlace(size * blockValues + (i & 63), context, difference === 0 ? 0 : 1) === 0) continue;
      }
      count++;
      values[i] = inRange(expected[i]! + this.#codeDifference(z, size, i, difference));
    }
    return count;
  }

  /** Codes a block anew. */
  #codeNew(at: number, density: number): void {
    const { values } = this.tile;
    let isAfter = 0;
    for (let z = 0; z < blockValues; z++) {
      const k = naturalOrder[z]!;
      const old = this.#fresh[k]!;
      const difference = values[at + k]! - old;
      const context = ((leaningClasses - 1) * densityClasses + density) * 2 + isAfter;
      const isException = this.#codePlace(newClass * blockValues + k, context, difference === 0 ? 0 : 1) === 1;
      // A writer that is stopped in the middle must leave its tile as it was.
      values[at + k] = isException ? inRange(old + this.#codeDifference(z, newClass, at + k, difference)) : old;
      if (isException) isAfter = 1;
    }
  }

  /** Codes whether a coefficient is an exception, under its share and a context of other things. */
  #codePlace(at: number, context: number, bit: number): number {
    const shares = this.#shares;
    const share = shares[at]!;
    const coded = this.coder.bit(this.first + placeContext + shareClass[share >>> 8]! * placeContexts + context, bit);
    const seen = this.#seen[at]!;
    if (seen < slowest) this.#seen[at] = seen + 1;
    const divisor = (seen < slowest ? seen : slowest - 1) + 2;
    shares[at] = coded === 0 ? share - ((share / divisor) | 0) : share + (((0xffff - share) / divisor) | 0);
    return coded;
  }

  /** Not zero. */
  #codeDifference(z: number, size: number, i: number, difference: number): number {
    const { coder, first } = this;
    const order = orderClass[z]!;
    const isNegative = coder.bit(first + this.#signContext(order, size, i), difference < 0 ? 1 : 0) === 1;
    const context = first + numberContext + (order * sizeClasses + size) * numberContexts;
    const magnitude = 1 + codeNumber(coder, context, max(abs(difference), 1) - 1, 0xfffe);
    return isNegative ? -magnitude : magnitude;
  }

  #signContext(order: number, size: number, i: number): number {
    const { leanings, base } = this.tile;
    if (size === newClass) return order === 0 ? constantSignContext + 13 : signContext + 9 * order + 4;
    const leaning = 1 + sign(leanings[i] ?? 0);
    if (order > 0) return signContext + 9 * order + 3 * (1 + sign(base[i]!)) + leaning;
    const { across } = this.tile.shape;
    const block = i / blockValues;
    const west = block % across === 0 ? 0 : this.#change(block - 1);
    const north = block < across ? 0 : this.#change(block - across);
    return constantSignContext + 9 * leaning + 3 * (1 + west) + 1 + north;
  }

  /** Whether the constant coefficient of a block is less (-1) or more (1) than expected. */
  #change(block: number): number {
    const i = blockValues * block;
    return sign(this.tile.values[i]! - this.tile.expected[i]!);
  }
}

/** Classes that begin at 0 and at each of `steps`. */
function classOf(value: number, steps: Uint8Array): number {
  let found = 0;
  while (found < steps.length && value >= steps[found]!) found++;
  return found;
}

/** A coefficient. Throws DiceError `recipe-invalid` where it leaves 16 bits. */
function inRange(value: number): number {
  if (value < -0x8000 || value > 0x7fff) throw fault('recipe-invalid', 'A coefficient of a patch leaves its 16 bits.');
  return value;
}

/** About what an exception takes, in half bits. */
function costOf(difference: number): number {
  return difference === 0 ? 0 : 4 + 4 * (32 - clz32(abs(difference)));
}

function malformed(): Error {
  return fault('recipe-invalid', 'The exceptions of a patch are malformed.');
}
