/**
 * The kernel of one file's Huffman-coded scans, and the file's coefficients in its memory. It knows where things lie there
 * (kernel/memory.ts), not what scans mean. SPEC.md section 6.8.
 */
import { newScanKernel, type Kernel } from './scan-kernel-code.js';

/** Numbers of areas, as in kernel/memory.ts. */
const areas = { order: 0, parts: 1, tables: 2, events: 3, rowEnds: 4, raw: 5, out: 6, planes: 7 } as const;
const pageBytes = 65_536;
const blockBytes = 128;
/** Of a block of a progressive file: two words with a bit for each coefficient; and the DC coefficient. */
const placesBytes = 8;
const dcBytes = 2;
/** Blocks that one call looks at: a few milliseconds. */
const callBlocks = 65_536;

/** Sizes of areas, as in kernel/memory.ts. */
export const rawBytes = 262_144;
export const outBytes = 131_072;
export const maxEvents = 4_096;
export const tableBytes = 0x1800;
export const partBytes = 32;

/** Of the memory that is kept for the next file: pages that were used before cost a third of those that were not. */
const maxIdleBytes = 100_663_296;
/** Of several memories together, for small files that are joined at once. */
const maxIdleTogether = 16_777_216;
/** The last one was used last. */
let idle: readonly Kernel[] = [];

/** The kernel and its memory, which does not grow any more. */
export interface ScanKernel {
  readonly run: Kernel;
  /** All of the memory. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Where an area begins, in bytes. */
  readonly at: Readonly<Record<keyof typeof areas, number>>;
  /** Per component, blocks, and where its coefficients begin; for progressive scans, also their places, and DC coefficients alone. */
  readonly blocks: readonly number[];
  readonly valuesAt: readonly number[];
  readonly placesAt: readonly number[];
  readonly dcsAt: readonly number[];
  /** Scans that were begun: only the last of them may go on. Negative after `releaseKernel`. */
  scans: number;
}

/** What a kernel is made for. */
export interface ScanKernelShape {
  /** Blocks per component. */
  readonly blocks: readonly number[];
  /** Places of the coefficients in a block, in the order of scans. */
  readonly order: Uint8Array;
  /** Whether its coefficients begin as zeros; else all of them must be put in place. */
  readonly isZero: boolean;
  /** Whether its scans are progressive: then it notes which coefficients are not zero, and keeps DC coefficients apart. */
  readonly isProgressive: boolean;
}

/** A kernel whose memory has room for the blocks. */
export function scanKernel({ blocks, order, isZero, isProgressive }: ScanKernelShape): ScanKernel {
  const all = blocks.reduce((sum, count) => sum + count, 0);
  const needed = all * (blockBytes + (isProgressive ? placesBytes + dcBytes : 0));
  const run = takeIdle(needed) ?? newScanKernel();
  const planesAt = run.place(areas.planes);
  const end = planesAt + needed;
  const missing = Math.ceil((end - run.memory.buffer.byteLength) / pageBytes);
  const used = Math.min(end, run.memory.buffer.byteLength);
  if (missing > 0) run.memory.grow(missing);
  const starts = blocks.map((_, index) => blocks.slice(0, index).reduce((sum, count) => sum + count, 0));
  const { buffer } = run.memory;
  const bytes = new Uint8Array(buffer);
  if (isZero) bytes.fill(0, planesAt, used);
  const at = placesOfAreas(run);
  bytes.set(order.map((place) => 2 * place), at.order);
  return {
    run, bytes, at, blocks,
    words: new Int32Array(buffer),
    valuesAt: starts.map((start) => planesAt + start * blockBytes),
    placesAt: isProgressive ? starts.map((start) => planesAt + all * blockBytes + start * placesBytes) : [],
    dcsAt: isProgressive ? starts.map((start) => planesAt + all * (blockBytes + placesBytes) + start * dcBytes) : [],
    scans: 0,
  };
}

/**
 * Gives the memory to the next file: neither the kernel nor any view of its memory may be used any more. Much memory is kept only
 * if the next file is known to need it.
 */
export function releaseKernel(kernel: ScanKernel, next: 'any' | 'as large' = 'any'): void {
  if (kernel.scans < 0) return;
  kernel.scans = -1;
  if (next !== 'as large' && kernel.bytes.length > maxIdleBytes) return;
  const together = [...idle, kernel.run];
  idle = bytesOf(together) <= maxIdleTogether ? together : [kernel.run];
}

/** Frees the memory that waits, if it is much. */
export function dropIdleMemory(): void {
  if (bytesOf(idle) > maxIdleBytes) idle = [];
}

/** A kernel that waits, unless its memory is much more than what is needed. */
function takeIdle(neededBytes: number): Kernel | undefined {
  const last = idle.at(-1);
  idle = idle.slice(0, -1);
  const bytes = last === undefined ? 0 : bytesOf([last]);
  return bytes > maxIdleBytes && bytes > 2 * neededBytes ? undefined : last;
}

function bytesOf(kernels: readonly Kernel[]): number {
  return kernels.reduce((sum, { memory }) => sum + memory.buffer.byteLength, 0);
}

/** Where an area of any kernel begins, in bytes. */
export function areaOf(run: Kernel, area: keyof typeof areas): number {
  return run.place(areas[area]);
}

function placesOfAreas(run: Kernel): ScanKernel['at'] {
  const at = (area: keyof typeof areas): number => areaOf(run, area);
  return {
    order: at('order'), parts: at('parts'), tables: at('tables'), events: at('events'),
    rowEnds: at('rowEnds'), raw: at('raw'), out: at('out'), planes: at('planes'),
  };
}

/** Makes coefficients that are all in place ready for progressive scans, if the file has such. */
export function findPlaces({ run, blocks, valuesAt, placesAt, dcsAt }: ScanKernel): void {
  placesAt.forEach((places, index) => {
    const [values, dcs] = [valuesAt[index]!, dcsAt[index]!];
    for (const { from, count } of callsOf(blocks[index]!)) {
      run.findPlaces(values + from * blockBytes, places + from * placesBytes, dcs + from * dcBytes, count);
    }
  });
}

/** Puts the DC coefficients in place, once all progressive scans are read, if the file has such. */
export function placeDcs({ run, blocks, valuesAt, dcsAt }: ScanKernel): void {
  dcsAt.forEach((dcs, index) => {
    for (const { from, count } of callsOf(blocks[index]!)) run.placeDcs(valuesAt[index]! + from * blockBytes, dcs + from * dcBytes, count);
  });
}

function* callsOf(blocks: number): Generator<{ readonly from: number; readonly count: number }, void, undefined> {
  for (let from = 0; from < blocks; from += callBlocks) yield { from, count: Math.min(callBlocks, blocks - from) };
}
