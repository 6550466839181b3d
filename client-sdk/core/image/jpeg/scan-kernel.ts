/**
 * The kernel of one file's Huffman-coded scans, and the file's coefficients in its memory. It knows where things lie there
 * (kernel/memory.ts), not what scans mean. SPEC.md section 6.
 */
import { newScanKernel, type Kernel } from './scan-kernel-code.js';

/** Numbers of areas, as in kernel/memory.ts. */
const areas = { order: 0, parts: 1, tables: 2, events: 3, rowEnds: 4, raw: 5, out: 6, planes: 7 } as const;
const pageBytes = 65_536;
const blockBytes = 128;
/** Two words: a bit for each coefficient. */
const placesBytes = 8;
/** Blocks that one call looks at: a few milliseconds. */
const callBlocks = 65_536;

/** Sizes of areas, as in kernel/memory.ts. */
export const rawBytes = 262_144;
export const maxEvents = 4_096;
export const tableBytes = 0x1800;
export const partBytes = 32;

/** Of the memory that is kept for the next file: pages that were used before cost a third of those that were not. */
const maxIdleBytes = 100_663_296;
let idle: Kernel | undefined;

/** The kernel and its memory, which does not grow any more. */
export interface ScanKernel {
  readonly run: Kernel;
  /** All of the memory. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Where an area begins, in bytes. */
  readonly at: Readonly<Record<keyof typeof areas, number>>;
  /** Per component, blocks, and where its coefficients and their places begin. `placesAt` is empty if the file needs none. */
  readonly blocks: readonly number[];
  readonly valuesAt: readonly number[];
  readonly placesAt: readonly number[];
  /** Scans that were begun: only the last of them may go on. Negative after `releaseKernel`. */
  scans: number;
}

/** What a kernel is made for. */
export interface ScanKernelShape {
  /** Blocks per component. */
  readonly blocks: readonly number[];
  /** Places of the coefficients in a block, in the order of scans. */
  readonly order: Uint8Array;
  /** Whether it notes which coefficients are not zero: progressive scans need that. */
  readonly hasPlaces: boolean;
}

/** A kernel whose memory has room for the blocks, all of them zero. */
export function scanKernel({ blocks, order, hasPlaces }: ScanKernelShape): ScanKernel {
  const run = idle ?? newScanKernel();
  idle = undefined;
  const planesAt = run.place(areas.planes);
  const all = blocks.reduce((sum, count) => sum + count, 0);
  const end = planesAt + all * (blockBytes + (hasPlaces ? placesBytes : 0));
  const missing = Math.ceil((end - run.memory.buffer.byteLength) / pageBytes);
  const used = Math.min(end, run.memory.buffer.byteLength);
  if (missing > 0) run.memory.grow(missing);
  const starts = blocks.map((_, index) => blocks.slice(0, index).reduce((sum, count) => sum + count, 0));
  const { buffer } = run.memory;
  const bytes = new Uint8Array(buffer);
  bytes.fill(0, planesAt, used);
  const at = placesOfAreas(run);
  bytes.set(order.map((place) => 2 * place), at.order);
  return {
    run, bytes, at, blocks,
    words: new Int32Array(buffer),
    valuesAt: starts.map((start) => planesAt + start * blockBytes),
    placesAt: hasPlaces ? starts.map((start) => planesAt + all * blockBytes + start * placesBytes) : [],
    scans: 0,
  };
}

/** Gives the memory to the next file: neither the kernel nor any view of its memory may be used any more. */
export function releaseKernel(kernel: ScanKernel): void {
  if (kernel.scans < 0) return;
  kernel.scans = -1;
  if (kernel.bytes.length <= maxIdleBytes) idle = kernel.run;
}

function placesOfAreas(run: Kernel): ScanKernel['at'] {
  const { order, parts, tables, events, rowEnds, raw, out, planes } = areas;
  return {
    order: run.place(order), parts: run.place(parts), tables: run.place(tables), events: run.place(events),
    rowEnds: run.place(rowEnds), raw: run.place(raw), out: run.place(out), planes: run.place(planes),
  };
}

/** Notes which coefficients are not zero, once all of them are in place, if scans of the file need that. */
export function findPlaces({ run, blocks, valuesAt, placesAt }: ScanKernel): void {
  placesAt.forEach((places, index) => {
    const values = valuesAt[index]!;
    for (let block = 0; block < blocks[index]!; block += callBlocks) {
      run.findPlaces(values + block * blockBytes, places + block * placesBytes, Math.min(callBlocks, blocks[index]! - block));
    }
  });
}
