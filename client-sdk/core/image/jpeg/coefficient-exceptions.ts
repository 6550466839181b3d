/**
 * The blocks that are not as expected, and what in them is not. A block is written by what its coefficients differ from, or, where it
 * shows something else altogether, anew. One function writes and reads. SPEC.md section 5.13.
 */
import { fault } from '../../errors.js';
import { codeNumber, numberContexts, type CorrectionCoder, type FlagRun } from '../correction-coder.js';
import type { CoefficientShape } from '../content.js';
import { codeBelow, type Bounds } from '../patch-exceptions.js';
import { naturalOrder } from './coefficients.js';
import { blockValues, pairsOf } from './coefficient-prediction.js';

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
const blockPairs = blockValues / 2;

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

/** The most that neighbours come to. */
const mostNear = 6 * blockValues;
/** The class of neighbours, of the base's block; of a coefficient of the base, by its magnitude; of each place in a block. */
const neighbourClass = Uint8Array.from({ length: mostNear + 1 }, (_, sum) => classOf(sum, neighbourSteps));
const densityClass = Uint8Array.from({ length: mostNear + 1 }, (_, sum) => classOf(sum, densitySteps));
const fillClass = Uint8Array.from({ length: blockValues + 1 }, (_, count) => classOf(count, fillSteps));
const sizeClass = Uint8Array.of(0, 1, 2, 3, 3, 3, 4);
const orderClass = Uint8Array.from({ length: blockValues }, (_, z) => classOf(z, orderSteps));
/** Where the contexts of places under a share begin, by its upper eight bits. */
const shareContext = Uint16Array.from({ length: 256 }, (_, share) => placeContext + placeContexts * classOf(share, shareSteps));

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
  const [wanted, made] = [pairsOf(values), pairsOf(expected)];
  let [left, top, right, bottom, exceptions] = [shape.across, shape.down, -1, -1, 0];
  for (let block = 0, j = 0; j < wanted.length; block++) {
    let count = 0;
    for (const end = j + blockPairs; j < end; j++) {
      const difference = wanted[j]! ^ made[j]!;
      if (difference !== 0) count += (difference << 16 === 0 ? 0 : 1) + (difference >> 16 === 0 ? 0 : 1);
    }
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
  /** Which coefficients of a block are exceptions, in its order, and the share of each. */
  readonly #run: FlagRun = { contexts: new Uint16Array(blockValues), flags: new Uint8Array(blockValues), end: blockValues };
  readonly #shareOf = new Uint16Array(blockValues);
  /** What the constant coefficient of a block that is written anew is compared with. */
  #fresh = 0;
  /** Those of the tile, as pairs. */
  readonly #base: Int32Array;
  readonly #expected: Int32Array;
  readonly #values: Int32Array;

  constructor(
    private readonly coder: CorrectionCoder,
    private readonly first: number,
    private readonly tile: PatchedBlocks,
  ) {
    const blocks = tile.shape.across * tile.shape.down;
    this.#counts = new Uint8Array(blocks);
    this.#isNew = new Uint8Array(blocks);
    this.#base = pairsOf(tile.base);
    this.#expected = pairsOf(tile.expected);
    this.#values = pairsOf(tile.values);
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
    const fill = fillClass[this.#fill(block)]!;
    const context = first + blockContext + around.blockClass * fillClasses + fill;
    // A reader's never does: it is not asked further what it will read.
    const differs = this.#differs(block);
    if (coder.bit(context, differs ? 1 : 0) === 0) return false;
    this.#prepareFresh(x, block);
    const isNew = coder.bit(first + newContext + around.newBlocks, differs && this.#isCheaperNew(block) ? 1 : 0) === 1;
    if (isNew) {
      this.#isNew[block] = 1;
      this.#codeNew(at, around.density);
      if (!this.#differs(block)) throw malformed();
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
    const blockClass = near === 0 ? neighbourClass[sum]! : neighbourSteps.length + near;
    return { blockClass, newBlocks, density: densityClass[sum]! };
  }

  /** Coefficients of the base's block that are not zero. */
  #fill(block: number): number {
    const pairs = this.#base;
    let count = 0;
    for (let j = block * blockPairs, end = j + blockPairs; j < end; j++) {
      const pair = pairs[j]!;
      if (pair !== 0) count += (pair << 16 === 0 ? 0 : 1) + (pair >> 16 === 0 ? 0 : 1);
    }
    return count;
  }

  #differs(block: number): boolean {
    const values = this.#values;
    const expected = this.#expected;
    for (let j = block * blockPairs, end = j + blockPairs; j < end; j++) if (values[j] !== expected[j]) return true;
    return false;
  }

  /** A block that is written anew is compared with zeros, its constant coefficient with that to the left, else above. */
  #prepareFresh(x: number, block: number): void {
    const { values, shape } = this.tile;
    const before = x > 0 ? block - 1 : block - shape.across;
    this.#fresh = before < 0 ? 0 : values[blockValues * before]!;
  }

  /** Asked of a writer: a reader's answer is ignored. */
  #isCheaperNew(block: number): boolean {
    const { values, expected } = this.tile;
    const fresh = this.#fresh;
    let saved = 0;
    for (let j = 0; j < blockPairs; j++) {
      if (j > 0 && this.#expected[block * blockPairs + j] === 0) continue;
      for (let k = 2 * j; k < 2 * j + 2; k++) {
        const i = block * blockValues + k;
        const old = expected[i]!;
        const compared = k === 0 ? fresh : 0;
        if (old !== compared) saved += costOf(values[i]! - old) - costOf(values[i]! - compared);
      }
    }
    return saved > 0;
  }

  /** Codes a block by what differs from the expected one; answers how many coefficients do. */
  #codeOld(at: number, density: number): number {
    const { base, expected, values } = this.tile;
    this.#prepareOld(at, density);
    // The last of a block that has exceptions is one if no other is.
    const first = this.#firstException(blockValues - 1);
    let count = 0;
    for (let z = first; z < blockValues; z = this.coder.untilSet(this.#run, z + 1)) {
      const i = at + naturalOrder[z]!;
      values[i] = inRange(expected[i]! + this.#codeDifference(z, sizeOf(base[i]!), i, values[i]! - expected[i]!));
      count++;
    }
    this.#learn(first < blockValues - 1 ? blockValues : blockValues - 1);
    return count;
  }

  /** Codes a block anew. */
  #codeNew(at: number, density: number): void {
    const { values } = this.tile;
    const run = this.#run;
    this.#prepareNew(at, density);
    for (let z = this.#firstException(blockValues); z < blockValues; z = this.coder.untilSet(run, z + 1)) {
      const i = at + naturalOrder[z]!;
      const old = z === 0 ? this.#fresh : 0;
      values[i] = inRange(old + this.#codeDifference(z, newClass, i, values[i]! - old));
    }
    // A writer that is stopped in the middle must leave its tile as it was.
    for (let z = 0; z < blockValues; z++) if (run.flags[z] === 0) values[at + naturalOrder[z]!] = z === 0 ? this.#fresh : 0;
    this.#learn(blockValues);
  }

  #prepareOld(at: number, density: number): void {
    const { base, expected, leanings, values } = this.tile;
    const { contexts, flags } = this.#run;
    const shareOf = this.#shareOf;
    const shares = this.#shares;
    const start = this.first + 2 * density;
    for (let z = 0; z < blockValues; z++) {
      const k = naturalOrder[z]!;
      const i = at + k;
      const value = base[i]!;
      const share = value === 0 ? k : sizeOf(value) * blockValues + k;
      const leaning = leanings.length === 0 ? 0 : abs(leanings[i]!);
      shareOf[z] = share;
      contexts[z] = start + shareContext[shares[share]! >>> 8]! + 2 * densityClasses * leaning;
      flags[z] = values[i] === expected[i] ? 0 : 1;
    }
  }

  #prepareNew(at: number, density: number): void {
    const { values } = this.tile;
    const { contexts, flags } = this.#run;
    const start = this.first + 2 * ((leaningClasses - 1) * densityClasses + density);
    for (let z = 0; z < blockValues; z++) {
      const k = naturalOrder[z]!;
      const share = newClass * blockValues + k;
      this.#shareOf[z] = share;
      contexts[z] = start + shareContext[this.#shares[share]! >>> 8]!;
      flags[z] = values[at + k] === (z === 0 ? this.#fresh : 0) ? 0 : 1;
    }
  }

  /** The first exception of a prepared block, of which those up to `end` are coded; the contexts after it are those of coefficients that have one before them. */
  #firstException(end: number): number {
    const run = this.#run;
    run.end = end;
    const first = this.coder.untilSet(run, 0);
    for (let z = first + 1; z < blockValues; z++) run.contexts[z] = run.contexts[z]! + 1;
    run.end = blockValues;
    return first;
  }

  /** The shares of the first `count` coefficients of a block whose flags are known: none of them is that of two. */
  #learn(count: number): void {
    const shares = this.#shares;
    const seen = this.#seen;
    const shareOf = this.#shareOf;
    const { flags } = this.#run;
    for (let z = 0; z < count; z++) {
      const at = shareOf[z]!;
      const share = shares[at]!;
      const times = seen[at]!;
      const rest = flags[z] === 0 ? share : 0xffff - share;
      const step = times < slowest ? (rest / (times + 2)) | 0 : rest >>> 8;
      shares[at] = flags[z] === 0 ? share - step : share + step;
      if (times < slowest) seen[at] = times + 1;
    }
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

/** The class of a coefficient of the base. */
function sizeOf(value: number): number {
  return sizeClass[min(abs(value), 6)]!;
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
