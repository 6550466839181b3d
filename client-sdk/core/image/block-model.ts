/**
 * Codes what a deflate stream has beside its tokens: kinds and sizes of blocks, and their codes, predicted from the
 * histogram of the block as common encoders build them. Writing and reading take the same steps. SPEC.md section 6.7.
 */
import { fault } from '../errors.js';
import { codeNumber, codeTree, numberContexts, type CorrectionCoder } from './correction-coder.js';
import { dynamicBlock, maxPartTokens, storedBlock, type BlockPart, type CodeStep, type DynamicCode } from './deflate-block.js';
import {
  codeSpace, distanceSlot, distanceSymbols, endSymbol, isUsableCode, lengthSlot, literalSymbols, maxCodeBits, maxPrecodeBits, precodeOrder,
  precodeSymbols,
} from './deflate-code.js';
import { usedOf, usualStep } from './code-steps.js';
import { lengthBuilders } from './huffman-lengths.js';
import { maxPieces } from './image-limits.js';
import { tokenContexts } from './token-model.js';

/** A part without its tokens and its code. */
export type PartHead = Pick<BlockPart, 'type' | 'isFinal' | 'isFirst' | 'isLast' | 'storedBytes' | 'padding'> & { readonly count: number };

const typeAt = tokenContexts;
const finalAt = typeAt + 16;
const lastAt = finalAt + 1;
const storedAt = lastAt + 2;
const paddingAt = storedAt + numberContexts;
const sameCountAt = paddingAt + 1;
const countAt = sameCountAt + 2;
const builderAt = countAt + numberContexts;
const equalAt = builderAt + 3 * 4;
const changedAt = equalAt + 3;
const changeAt = changedAt + 6;
const freshAt = changeAt + 256;
const countsAt = freshAt + 256;
const joinedAt = countsAt + 3;
const stepAt = joinedAt + 1;
const stepKindAt = stepAt + 1;
/** Contexts of a stream, those of its tokens included. */
export const streamContexts = stepKindAt + 4;

/** Which of the three codes. */
const literalCode = 0;
const distanceCode = 1;
const precode = 2;

/** Follows the blocks of one stream. */
export class BlockModel {
  #type = dynamicBlock;
  #count = 0;
  #isOpen = false;
  #empty = 0;
  readonly #builders = [0, 0, 0];

  /** What comes before the tokens of a part. Readers give no `actual`. Throws DiceError `recipe-invalid`. */
  codeHead(coder: CorrectionCoder, actual: PartHead | undefined): PartHead {
    const isFirst = !this.#isOpen;
    if (isFirst) {
      this.#type = codeTree(coder, typeAt + 4 * this.#type, actual?.type ?? 0, 2);
      if (this.#type > dynamicBlock) throw invalid('a block has no type');
    }
    const type = this.#type;
    const isFinal = coder.bit(finalAt, actual?.isFinal === true ? 1 : 0) === 1;
    if (type === storedBlock) {
      const storedBytes = codeNumber(coder, storedAt, actual?.storedBytes ?? 0, 65_535);
      const hasPadding = coder.bit(paddingAt, actual === undefined || actual.padding === 0 ? 0 : 1) === 1;
      this.#countEmpty(storedBytes);
      return { type, isFinal, isFirst, isLast: true, storedBytes, padding: hasPadding ? coder.raw(actual?.padding ?? 0, 7) : 0, count: 0 };
    }
    const isLast = coder.bit(lastAt + (isFirst ? 0 : 1), actual?.isLast === true ? 1 : 0) === 1;
    this.#isOpen = !isLast;
    const isSame = coder.bit(sameCountAt + (isLast ? 0 : 1), actual?.count === this.#count ? 1 : 0) === 1;
    if (!isSame) this.#count = codeNumber(coder, countAt, actual?.count ?? 0, maxPartTokens);
    this.#countEmpty(this.#count);
    return { type, isFinal, isFirst, isLast, storedBytes: 0, padding: 0, count: this.#count };
  }

  /** The code of a dynamic block, predicted from its tokens where they are given. */
  codeCode(coder: CorrectionCoder, actual: DynamicCode | undefined, tokens: Int32Array | undefined): DynamicCode {
    const counts = tokens === undefined ? undefined : histogramOf(tokens);
    const literals = this.#codeLengths(coder, literalCode, { actual: actual?.literals, counts: counts?.literals, size: literalSymbols });
    const distances = this.#codeLengths(coder, distanceCode, { actual: actual?.distances, counts: counts?.distances, size: distanceSymbols });
    if (literals[endSymbol] === 0 || !isUsableCode(literals) || !isUsableCode(distances)) throw invalid('a code is none');
    const literalCount = codeUsed(coder, countsAt, actual?.literalCount, { predicted: usedOf(literals, 257), bits: 5, first: 257 });
    const distanceCount = codeUsed(coder, countsAt + 1, actual?.distanceCount, { predicted: usedOf(distances, 1), bits: 5, first: 1 });
    if (literalCount > literalSymbols || distanceCount > distanceSymbols) throw invalid('a code has too many words');
    const lengths = new Uint8Array(literalCount + distanceCount);
    lengths.set(literals.subarray(0, literalCount));
    lengths.set(distances.subarray(0, distanceCount), literalCount);
    const steps = codeSteps(coder, lengths, literalCount, actual?.steps);
    const stepCounts = new Uint32Array(precodeSymbols);
    for (const { symbol } of steps) stepCounts[symbol]!++;
    const used = this.#codeLengths(coder, precode, { actual: actual?.precode, counts: stepCounts, size: precodeSymbols });
    if (codeSpace(used) !== 1 << maxCodeBits || steps.some(({ symbol }) => used[symbol] === 0)) throw invalid('a precode is none');
    const ordered = precodeOrder.map((symbol) => used[symbol]!);
    const precodeCount = codeUsed(coder, countsAt + 2, actual?.precodeCount, { predicted: usedOf(ordered, 4), bits: 4, first: 4 });
    return { literals, distances, literalCount, distanceCount, steps, precode: used, precodeCount };
  }

  #countEmpty(size: number): void {
    if (size === 0 && ++this.#empty > maxPieces) throw invalid('it has too many empty blocks');
  }

  #codeLengths(
    coder: CorrectionCoder,
    which: number,
    { actual, counts, size }: { readonly actual: Uint8Array | undefined; readonly counts: Uint32Array | undefined; readonly size: number },
  ): Uint8Array {
    const maxBits = which === precode ? maxPrecodeBits : maxCodeBits;
    if (counts === undefined) return freshLengths(coder, actual, size);
    const builder = codeTree(coder, builderAt + 4 * which, actual === undefined ? 0 : this.#bestBuilder(which, actual, counts), 2);
    const build = lengthBuilders[builder];
    if (build === undefined) throw invalid('a code is built in an unknown way');
    this.#builders[which] = builder;
    const lengths = build(counts, maxBits);
    const isSame = actual?.every((bits, symbol) => bits === lengths[symbol]) ?? true;
    if (coder.bit(equalAt + which, isSame ? 0 : 1) === 0) return lengths;
    for (let symbol = 0; symbol < size; symbol++) {
      const predicted = lengths[symbol]!;
      const isChanged = coder.bit(changedAt + 2 * which + (predicted === 0 ? 0 : 1), (actual?.[symbol] ?? predicted) === predicted ? 0 : 1);
      if (isChanged === 1) lengths[symbol] = codeTree(coder, changeAt + 16 * predicted, actual?.[symbol] ?? 0, 4);
    }
    if (lengths.some((bits) => bits > maxBits)) throw invalid('a code is none');
    return lengths;
  }

  /** The builder with the fewest lengths to correct, the last one where equal. */
  #bestBuilder(which: number, actual: Uint8Array, counts: Uint32Array): number {
    const maxBits = which === precode ? maxPrecodeBits : maxCodeBits;
    const last = this.#builders[which]!;
    let best = last;
    let fewest = Infinity;
    for (const builder of [last, 0, 1, 2]) {
      const lengths = lengthBuilders[builder]!(counts, maxBits);
      const wrong = lengths.reduce((sum, bits, symbol) => sum + (bits === actual[symbol] ? 0 : 1), 0);
      if (wrong < fewest) [best, fewest] = [builder, wrong];
      if (wrong === 0) break;
    }
    return best;
  }
}

/** Lengths that nothing predicts but the one before. */
function freshLengths(coder: CorrectionCoder, actual: Uint8Array | undefined, size: number): Uint8Array {
  const lengths = new Uint8Array(size);
  let last = 0;
  for (let symbol = 0; symbol < size; symbol++) {
    last = codeTree(coder, freshAt + 16 * last, actual?.[symbol] ?? 0, 4);
    lengths[symbol] = last;
  }
  return lengths;
}

function histogramOf(tokens: Int32Array): { readonly literals: Uint32Array; readonly distances: Uint32Array } {
  const literals = new Uint32Array(literalSymbols);
  const distances = new Uint32Array(distanceSymbols);
  for (const token of tokens) {
    if (token < 256) literals[token]!++;
    else {
      literals[endSymbol + 1 + lengthSlot[token >>> 16]!]!++;
      distances[distanceSlot(token & 0xffff)]!++;
    }
  }
  literals[endSymbol] = 1;
  return { literals, distances };
}

function codeUsed(
  coder: CorrectionCoder,
  context: number,
  actual: number | undefined,
  { predicted, bits, first }: { readonly predicted: number; readonly bits: number; readonly first: number },
): number {
  if (coder.bit(context, actual === undefined || actual === predicted ? 0 : 1) === 0) return predicted;
  const used = first + coder.raw((actual ?? first) - first, bits);
  if (used < predicted) throw invalid('a code is cut off');
  return used;
}

/** The steps that write `lengths`, predicted as zlib and libdeflate take them. */
function codeSteps(coder: CorrectionCoder, lengths: Uint8Array, literalCount: number, actual: readonly CodeStep[] | undefined): readonly CodeStep[] {
  const isJoined = coder.bit(joinedAt, actual !== undefined && doStepsJoin(actual, literalCount) ? 1 : 0) === 1;
  const steps: CodeStep[] = [];
  for (let at = 0; at < lengths.length; ) {
    const end = at < literalCount && !isJoined ? literalCount : lengths.length;
    const isAfter = at > (at < literalCount || isJoined ? 0 : literalCount) && lengths[at - 1] === lengths[at];
    const predicted = usualStep(lengths, at, { end, isAfter });
    const taken = actual?.[steps.length];
    const isWrong = coder.bit(stepAt, taken === undefined || (taken.symbol === predicted.symbol && taken.count === predicted.count) ? 0 : 1) === 1;
    const step = isWrong ? codeStep(coder, lengths[at]!, taken) : predicted;
    checkStep(lengths, at, step);
    steps.push(step);
    at += step.count;
  }
  return steps;
}

/** A step goes from literals to distances. */
function doStepsJoin(steps: readonly CodeStep[], literalCount: number): boolean {
  let at = 0;
  for (const { count } of steps) {
    if (at < literalCount && at + count > literalCount) return true;
    at += count;
  }
  return false;
}

const stepFirst = [1, 3, 3, 11] as const;
const stepBits = [0, 2, 3, 7] as const;

function codeStep(coder: CorrectionCoder, length: number, actual: CodeStep | undefined): CodeStep {
  const kind = codeTree(coder, stepKindAt, actual === undefined || actual.symbol < 16 ? 0 : actual.symbol - 15, 2);
  const first = stepFirst[kind]!;
  const count = first + coder.raw((actual?.count ?? first) - first, stepBits[kind]!);
  return { symbol: kind === 0 ? length : kind + 15, count };
}

function checkStep(lengths: Uint8Array, at: number, { symbol, count }: CodeStep): void {
  if (at + count > lengths.length || (symbol === 16 && at === 0)) throw invalid('a code has other lengths than its steps');
  const length = symbol < 16 ? symbol : symbol === 16 ? lengths[at - 1] : 0;
  for (let i = 0; i < count; i++) if (lengths[at + i] !== length) throw invalid('a code has other lengths than its steps');
}

function invalid(what: string): Error {
  return fault('recipe-invalid', `Deflate: ${what}.`);
}
