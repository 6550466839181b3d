/**
 * The code that zlib gives to a block of its own, and the bits of such a code's header. RFC 1951 section 3.2.7, SPEC.md sections 5.2 and 6.7.
 */
import { usedOf, usualStep } from './code-steps.js';
import type { CodeStep, DynamicCode } from './deflate-block.js';
import { codeWords, maxCodeBits, maxPrecodeBits, precodeOrder, precodeSymbols } from './deflate-code.js';
import { heapLengths } from './huffman-lengths.js';

const leastLiterals = 257;
const leastDistances = 1;
const leastPrecodes = 4;
/** Bits of the three counts, and of a length of the precode. */
const countBits = 14;
const precodeLengthBits = 3;
/** Of the steps 16, 17 and 18: extra bits, and the first count that they mean. */
const repeatBits = [2, 3, 7] as const;
const repeatFirst = [3, 3, 11] as const;

/** The code of a block whose symbols occur so often. */
export function usualCode(literalCounts: Uint32Array, distanceCounts: Uint32Array): DynamicCode {
  const literals = heapLengths(literalCounts, maxCodeBits);
  const distances = heapLengths(distanceCounts, maxCodeBits);
  const literalCount = usedOf(literals, leastLiterals);
  const distanceCount = usedOf(distances, leastDistances);
  const steps = [...stepsOf(literals.subarray(0, literalCount)), ...stepsOf(distances.subarray(0, distanceCount))];
  const counts = new Uint32Array(precodeSymbols);
  for (const { symbol } of steps) counts[symbol]!++;
  const precode = heapLengths(counts, maxPrecodeBits);
  return { literals, distances, literalCount, distanceCount, steps, precode, precodeCount: usedOf(precodeOrder.map((symbol) => precode[symbol]!), leastPrecodes) };
}

/** Hands out the header of a dynamic block after its type: values, and how many bits each has. */
export function putHeader(code: DynamicCode, put: (value: number, bits: number) => void): void {
  put(code.literalCount - leastLiterals, 5);
  put(code.distanceCount - leastDistances, 5);
  put(code.precodeCount - leastPrecodes, 4);
  for (let i = 0; i < code.precodeCount; i++) put(code.precode[precodeOrder[i]!]!, 3);
  const words = codeWords(code.precode);
  for (const { symbol, count } of code.steps) {
    put(words[symbol]!, code.precode[symbol]!);
    if (symbol >= 16) put(count - repeatFirst[symbol - 16]!, repeatBits[symbol - 16]!);
  }
}

/** Bits of that header. */
export function headerBits({ precode, precodeCount, steps }: DynamicCode): number {
  return steps.reduce((sum, { symbol }) => sum + precode[symbol]! + (repeatBits[symbol - 16] ?? 0), countBits + precodeLengthBits * precodeCount);
}

function stepsOf(lengths: Uint8Array): readonly CodeStep[] {
  const steps: CodeStep[] = [];
  for (let at = 0; at < lengths.length; at += steps[steps.length - 1]!.count) {
    steps.push(usualStep(lengths, at, { end: lengths.length, isAfter: at > 0 && lengths[at - 1] === lengths[at] }));
  }
  return steps;
}
