/**
 * Decisions of an upload and a download, without carrying any of them out: which splitter pays, in what order and in
 * what batches blocks travel, how far to read ahead. Pure. SPEC.md sections 6.1 and 12.
 */
import { compareBytes, concat, hexOf } from '../protocol/bytes.js';
import { frameOverheadBytes, streamOverheadBytes } from '../protocol/frames.js';
import type { Rehash } from '../protocol/ids.js';
import { hashBytes, maxFramesPerBatch, maxTagsPerFetch } from '../protocol/limits.js';
import type { RandomBytes } from './crypto.js';

/** Contents coded to judge whether structure pays. */
export const maxSamples = 64;
/** Bytes of one stream of frames that a client sends. */
export const batchBytes = 4_194_304;
/** Raw bytes of the contents that are handled at once, and their number. */
export const chunkBytes = 4_194_304;
export const chunkContents = 2_048;
/** Blocks of a file that go to the server in one order: ciphers of so many bytes, or so many blocks, and less than a chunk more. */
export const mixBytes = 8_388_608;
export const mixBlocks = 4_096;
/** Bytes of contents that a download reads ahead. */
export const windowBytes = 4_194_304;
/** Bytes that one window may hold before the rest of it is put off. */
export const maxWindowBytes = 33_554_432;
/** Blocks of the first window, when nothing is known of their size. */
export const firstWindowBlocks = 24;
/** A structured file may take its own bytes and one part in so many more. */
const structureToleranceShare = 16;
/** Bytes of tag and key of a block in a list. */
const refBytes = 2 * hashBytes + 2;

/** At most `maxSamples` indices below `count`, evenly spaced, ascending. */
export function sampleIndices(count: number): ReadonlySet<number> {
  const samples = Math.min(count, maxSamples);
  return new Set(Array.from({ length: samples }, (_, i) => Math.floor((i * count) / samples)));
}

/** What is known of a file that a splitter understood. */
export interface StructureEstimate {
  readonly fileBytes: number;
  /** Contents in all, and those that differ. */
  readonly contents: number;
  readonly distinctContents: number;
  readonly skeletonBytes: number;
  /** Coded bytes of the sampled contents. */
  readonly sampledBytes: number;
  readonly samples: number;
}

/**
 * Storing the structure takes at most a sixteenth more than the file: what near copies share repays that. Depends on the
 * file alone.
 */
export function doesStructurePay(estimate: StructureEstimate): boolean {
  const mean = estimate.samples === 0 ? 0 : estimate.sampledBytes / estimate.samples;
  const bytes = mean * estimate.distinctContents + refBytes * estimate.contents + estimate.skeletonBytes;
  return bytes <= estimate.fileBytes + estimate.fileBytes / structureToleranceShare;
}

/** The items in an order that nobody can foresee (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], randomBytes: RandomBytes): T[] {
  const order = [...items];
  const random = new DataView(Uint8Array.from(randomBytes(4 * order.length)).buffer);
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor((random.getUint32(4 * last) / 0x100000000) * (last + 1));
    // Both indices lie within the array.
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** Cuts items into batches of at least `minBytes` each, but for the last, in order. */
export function inBatches<T>(items: readonly T[], bytesOf: (item: T) => number, minBytes: number): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let bytes = minBytes;
  for (const item of items) {
    if (bytes >= minBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(item);
    bytes += bytesOf(item);
  }
  return batches;
}

/** Cuts frames into streams of about `batchBytes`, in order. */
export function framesInBatches<T extends { readonly cipher: Uint8Array }>(frames: readonly T[]): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let bytes = streamOverheadBytes;
  for (const frame of frames) {
    const size = frameOverheadBytes + frame.cipher.length;
    if (batch.length > 0 && (bytes + size > batchBytes || batch.length >= maxFramesPerBatch)) {
      batches.push(batch);
      batch = [];
      bytes = streamOverheadBytes;
    }
    batch.push(frame);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Bytes that frames take on the wire, all batches together. */
export function streamBytes(frames: readonly { readonly cipher: Uint8Array }[]): number {
  const batches = framesInBatches(frames).length;
  return frames.reduce((sum, frame) => sum + frameOverheadBytes + frame.cipher.length, batches * streamOverheadBytes);
}

/** Distinct rehashes sorted by value and packed: the list of a commit. */
export function packedRehashes(rehashes: Iterable<Rehash>): Uint8Array<ArrayBuffer> {
  const distinct = new Map<string, Rehash>();
  for (const rehash of rehashes) distinct.set(hexOf(rehash), rehash);
  return concat(...[...distinct.values()].sort(compareBytes));
}

/** The 32-byte hashes of a packed list. */
export function unpackHashes(packed: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.floor(packed.length / hashBytes) }, (_, i) => packed.subarray(i * hashBytes, (i + 1) * hashBytes));
}

/** Blocks of the next window, after one of `contents` contents with `bytes` bytes. */
export function nextWindowBlocks(contents: number, bytes: number): number {
  const mean = Math.max(1, bytes / Math.max(1, contents));
  return Math.max(1, Math.min(maxTagsPerFetch, Math.floor(windowBytes / mean)));
}
