/**
 * The kernel of Huffman-coded JPEG scans as its build writes it (../kernel/build.mjs): WebAssembly that works in memory of its own.
 * What its functions promise stands beside them in kernel/. SPEC.md section 6.8.
 */

/** What the kernel exports. Booleans are 0 or 1. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  place(area: number): number;
  beginScan(kind: number, parts: number, mcusAcross: number, mcusDown: number, interval: number, lowBits: number): void;
  beginReading(from: number, to: number, markers: number): void;
  addRaw(length: number, isEnd: number): void;
  rawLeft(): number;
  read(budget: number): number;
  rowsRead(): number;
  eventsRead(): number;
  clearEvents(): void;
  beginWriting(from: number, to: number): void;
  addEvents(count: number): void;
  eventsUsed(): number;
  write(rows: number, budget: number): number;
  writeEnd(): void;
  bytesWritten(): number;
  sameBytes(length: number): number;
  rowsEnded(): number;
  findPlaces(values: number, places: number, dcs: number, blocks: number): void;
  placeDcs(values: number, dcs: number, blocks: number): void;
  packBlocks(from: number, blocks: number, to: number): number;
  unpackBlocks(from: number, blocks: number, to: number): void;
}

/** A kernel of one's own. Synchronous: the code is small. */
export function newScanKernel(): Kernel;
