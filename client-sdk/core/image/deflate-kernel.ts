/**
 * Kernels of deflate, and views of their memory: each serves one stream at a time, and waits for the next one when it is given back. They know
 * where things lie there (deflate-kernel/memory.ts). SPEC.md sections 5.2 and 6.7.
 */
import { codeWords, distanceSymbols, literalSymbols } from './deflate-code.js';
import { newDeflateKernel, type Kernel } from './deflate-kernel-code.js';

/** Numbers of areas, as in deflate-kernel/memory.ts. */
const areas = { in: 0, out: 1, counts: 2, words: 3, plain: 4, deflated: 5, zlibWindow: 6, tokens: 7 } as const;
/** Where a word's entry has its number of bits. */
const wordBits = 16;
/** Kernels that wait: 3 MiB each. */
const maxIdle = 4;

/** A kernel and its memory, which does not grow. */
export interface DeflateKernel {
  readonly run: Kernel;
  /** All of the memory, as bytes and as words of 32 bits. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Where an area begins, in bytes. */
  readonly at: Readonly<Record<keyof typeof areas, number>>;
}

const idle: DeflateKernel[] = [];

/** A kernel that nobody else uses until `releaseKernel`. */
export function takeKernel(): DeflateKernel {
  return idle.pop() ?? make();
}

/** Gives a kernel back; its memory is not looked at any more. */
export function releaseKernel(kernel: DeflateKernel): void {
  if (idle.length < maxIdle) idle.push(kernel);
}

/** How often each symbol occurs in the block that is to be written: views of the kernel's memory. */
export function countsOf({ words, at }: DeflateKernel): { readonly literals: Uint32Array; readonly distances: Uint32Array } {
  const from = at.counts / 4;
  return { literals: words.subarray(from, from + literalSymbols), distances: words.subarray(from + literalSymbols, from + literalSymbols + distanceSymbols) };
}

/** Puts down the words of a code, under which the next tokens are written. */
export function setWords({ words, at }: DeflateKernel, code: { readonly literals: Uint8Array; readonly distances: Uint8Array }): void {
  const from = at.words / 4;
  for (const [lengths, first, symbols] of [[code.literals, 0, literalSymbols], [code.distances, literalSymbols, distanceSymbols]] as const) {
    const own = codeWords(lengths);
    for (let symbol = 0; symbol < symbols; symbol++) words[from + first + symbol] = own[symbol]! | (lengths[symbol]! << wordBits);
  }
}

function make(): DeflateKernel {
  const run = newDeflateKernel();
  const { buffer } = run.memory;
  const placeOf = (area: keyof typeof areas): number => run.place(areas[area]);
  const at = {
    in: placeOf('in'), out: placeOf('out'), counts: placeOf('counts'), words: placeOf('words'),
    plain: placeOf('plain'), deflated: placeOf('deflated'), zlibWindow: placeOf('zlibWindow'), tokens: placeOf('tokens'),
  };
  return { run, bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), at };
}
