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
const shareSteps = Uint16Array.of(450, 1_000, 2_000, 4_000, 6_500, 10_500, 16_500, 23_000, 33_000);
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
const signContext = placeContext + shareClasses * leaningClasses * densityClasses * 2;
const constantSignContext = signContext + orderClasses * 9;
const numberContext = constantSignContext + 27;
/** Contexts that `codeBlocks` needs. */
export const blockContexts = numberContext + orderClasses * sizeClasses * numberContexts;

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
  /** What a block's coefficients are compared with, and where they are expected not to be that. */
  #origin: Int16Array;
  #originAt = 0;
  readonly #fresh = new Int16Array(blockValues);

  constructor(
    private readonly coder: CorrectionCoder,
    private readonly first: number,
    private readonly tile: PatchedBlocks,
  ) {
    const blocks = tile.shape.across * tile.shape.down;
    this.#counts = new Uint8Array(blocks);
    this.#isNew = new Uint8Array(blocks);
    this.#origin = tile.expected;
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
    if (coder.bit(context, this.#differs(at) ? 1 : 0) === 0) return false;
    this.#prepareFresh(x, block);
    const isNew = coder.bit(first + newContext + around.newBlocks, this.#isCheaperNew(at) ? 1 : 0) === 1;
    [this.#origin, this.#originAt] = isNew ? [this.#fresh, 0] : [tile.expected, at];
    const count = this.#codeCoefficients(x, y, { isNew, density: around.density });
    if (isNew) this.#isNew[block] = 1;
    else this.#counts[block] = count;
    if (!this.#differs(at)) throw malformed();
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

  /** Answers how many are exceptions. */
  #codeCoefficients(x: number, y: number, kind: BlockKind): number {
    const { tile } = this;
    const at = blockValues * (y * tile.shape.across + x);
    let count = 0;
    for (let z = 0; z < blockValues; z++) {
      const k = naturalOrder[z]!;
      const old = this.#origin[this.#originAt + k]!;
      const difference = tile.values[at + k]! - old;
      // The last of a block that has exceptions is one if no other is.
      const isCertain = z === blockValues - 1 && count === 0 && !kind.isNew;
      const size = kind.isNew ? newClass : sizeClassOf(tile.base[at + k]!);
      const isException = isCertain || this.#codePlace({ size, k, isAfter: count > 0 }, at + k, kind, difference !== 0);
      if (!isException) {
        tile.values[at + k] = old;
        continue;
      }
      count++;
      const value = old + this.#codeDifference(z, size, at + k, difference);
      if (value < -0x8000 || value > 0x7fff) throw fault('recipe-invalid', 'A coefficient of a patch leaves its 16 bits.');
      tile.values[at + k] = value;
    }
    return count;
  }

  #codePlace({ size, k, isAfter }: Place, i: number, kind: BlockKind, isException: boolean): boolean {
    const shares = this.#shares;
    const at = size * blockValues + k;
    const share = shares[at]!;
    const leaning = kind.isNew ? leaningClasses - 1 : abs(this.tile.leanings[i] ?? 0);
    const context = ((classOf(share, shareSteps) * leaningClasses + leaning) * densityClasses + kind.density) * 2 + (isAfter ? 1 : 0);
    const bit = this.coder.bit(this.first + placeContext + context, isException ? 1 : 0);
    const seen = min(this.#seen[at]! + 1, slowest);
    this.#seen[at] = seen;
    const step = (bit === 0 ? -share : 0xffff - share) / (seen + 1);
    shares[at] = share + (step | 0);
    return bit === 1;
  }

  /** Not zero. */
  #codeDifference(z: number, size: number, i: number, difference: number): number {
    const { coder, first } = this;
    const order = classOf(z, orderSteps);
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

/** How a block is written, and how many exceptions there are around it. */
interface BlockKind {
  readonly isNew: boolean;
  readonly density: number;
}

/** A coefficient: the class of its size, its frequency, whether there are exceptions before it. */
interface Place {
  readonly size: number;
  readonly k: number;
  readonly isAfter: boolean;
}

/** Classes that begin at 0 and at each of `steps`. */
function classOf(value: number, steps: Uint8Array | Uint16Array): number {
  let found = 0;
  while (found < steps.length && value >= steps[found]!) found++;
  return found;
}

function sizeClassOf(value: number): number {
  const magnitude = abs(value);
  return magnitude < 3 ? magnitude : magnitude < 6 ? 3 : 4;
}

/** About what an exception takes, in half bits. */
function costOf(difference: number): number {
  return difference === 0 ? 0 : 4 + 4 * (32 - clz32(abs(difference)));
}

function malformed(): Error {
  return fault('recipe-invalid', 'The exceptions of a patch are malformed.');
}
