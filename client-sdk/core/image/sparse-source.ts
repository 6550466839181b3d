/**
 * A file of which some ranges are missing: what is left of a TIFF when its pixels are taken out. At the join it
 * stands in for the file while the directories are read again. SPEC.md section 6.5.
 */
import { fault } from '../errors.js';
import { maxPieces } from './image-limits.js';
import { Unsplittable } from './raster-container.js';
import type { Source } from './splitter.js';
import { ByteReader, ByteWriter } from './varint.js';

/** A range of a file. */
export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

/** A source that refuses (Unsplittable) to read what is missing. */
export class SparseSource implements Source {
  /** Where each kept range begins in `kept`. */
  readonly #starts: readonly number[];

  constructor(
    readonly size: number,
    readonly ranges: readonly FileRange[],
    readonly kept: Uint8Array,
  ) {
    let at = 0;
    this.#starts = ranges.map(({ length }) => (at += length) - length);
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    const index = this.#rangeAt(offset);
    const range = this.ranges[index];
    if (range === undefined || offset + length > range.offset + range.length) {
      return Promise.reject(new Unsplittable('a directory stands among the pixels'));
    }
    const start = this.#starts[index]! + offset - range.offset;
    return Promise.resolve(this.kept.subarray(start, start + length));
  }

  #rangeAt(offset: number): number {
    let low = -1;
    let high = this.ranges.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.ranges[middle]!.offset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** What remains of a file of `size` bytes between `taken`, which are sorted and do not overlap; empty ranges are left out. */
export function rangesBetween(taken: readonly FileRange[], size: number): readonly FileRange[] {
  const kept: FileRange[] = [];
  let at = 0;
  for (const { offset, length } of [...taken, { offset: size, length: 0 }]) {
    if (offset < at || offset + length > size) throw new Unsplittable('segments overlap or leave the file');
    if (offset > at) kept.push({ offset: at, length: offset - at });
    at = offset + length;
  }
  return kept;
}

/** All bytes of `ranges`. */
export async function readRanges(source: Source, ranges: readonly FileRange[]): Promise<Uint8Array> {
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  const kept = new Uint8Array(total);
  let at = 0;
  for (const { offset, length } of ranges) {
    kept.set(await source.read(offset, length), at);
    at += length;
  }
  return kept;
}

/** Ranges as a section: distance from the end of the one before, and length, as varints. */
export function encodeRanges(ranges: readonly FileRange[]): Uint8Array {
  const writer = new ByteWriter();
  let end = 0;
  for (const { offset, length } of ranges) {
    writer.varint(offset - end);
    writer.varint(length);
    end = offset + length;
  }
  return writer.take();
}

/** The ranges of a section: ascending, within `size`, covering `keptBytes` in all. Throws DiceError `recipe-invalid`. */
export function decodeRanges(section: Uint8Array, size: number, keptBytes: number): readonly FileRange[] {
  const reader = new ByteReader(section);
  const ranges: FileRange[] = [];
  let end = 0;
  let total = 0;
  while (reader.remaining > 0) {
    const offset = end + reader.varint(size - end);
    const length = reader.varint(size - offset);
    const isApart = length > 0 && (offset > end || ranges.length === 0);
    if (!isApart || ranges.length > maxPieces) throw fault('recipe-invalid', 'The ranges of a skeleton are malformed.');
    ranges.push({ offset, length });
    end = offset + length;
    total += length;
  }
  if (total !== keptBytes) throw fault('recipe-invalid', 'The ranges of a skeleton do not cover it.');
  return ranges;
}
