/**
 * The kernel of the tile coder as its build writes it (kernel/build.mjs): WebAssembly that works in memory of its own. What its
 * functions promise stands beside them in kernel/. SPEC.md sections 5.4 to 5.7, 5.10 and 5.12.
 */

/** What the kernel exports. Booleans are 0 or 1. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  place(area: number): number;
  begin(width: number, height: number, channels: number, depth: number): void;
  isFlat(): number;
  equalPixels(): number;
  readSamples(): void;
  markValues(channel: number, step: number, max: number, isFirst: number): void;
  mapValues(channel: number): void;
  isWithin(channel: number, max: number): number;
  chooseColour(): number;
  addFirst(plane: number, sign: number): void;
  analysePlane(plane: number, depth: number): void;
  writeSymbols(limit: number): number;
  evenWords(): number;
  oddWordsEnd(): number;
  readSymbols(from: number, length: number): number;
  isLattice(): number;
  writeLattice(limit: number): number;
  readLattice(from: number, length: number): number;
  writeSamples(max: number): number;
  firstDistributions(): number;
  writeCoefficients(across: number, down: number, limit: number): number;
  beginCorrections(contexts: number, bytes: number, reads: boolean): void;
  correctionBit(index: number, wanted: number): number;
  correctionBits(wanted: number, count: number): number;
  correctionTrouble(): number;
  endCorrections(): number;
  countUsed(blocks: number): number;
  findLargest(blocks: number): void;
  expectBlocks(blocks: number): number;
  surveyPatch(across: number, blocks: number, hasGains: boolean): void;
  codePatch(context: number, across: number, blocks: number, hasGains: boolean, left: number, top: number, right: number, bottom: number): number;
  readCoefficients(across: number, down: number, length: number): number;
}

/** A kernel of one's own. Synchronous: the code is small. */
export function newKernel(): Kernel;
