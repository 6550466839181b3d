/**
 * The directories of a TIFF or BigTIFF file and the values of their fields. TIFF 6.0 section 2. Reads only what
 * is asked for, and never pixels: at the join it runs on the skeleton alone. SPEC.md section 6.5.
 */
import { maxPages, maxPieces } from './image-limits.js';
import { Unsplittable } from './raster-container.js';
import type { Source } from './splitter.js';

/** Fields of one directory: tag to values' place. */
export type TiffDirectory = ReadonlyMap<number, TiffField>;

interface TiffField {
  readonly type: number;
  readonly count: number;
  /** Where the values stand in the file. */
  readonly offset: number;
}

/** Bytes of a value of the types that hold unsigned integers. */
const typeBytes: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 };
const maxFields = 4_096;

/** Reads directories and fields. Throws Unsplittable where the file ends before, or is no TIFF. */
export class TiffReader {
  /** Values that may still be read: directories may name the same long lists again and again. */
  #valuesLeft = 4 * maxPieces;

  private constructor(
    private readonly source: Source,
    readonly isLittleEndian: boolean,
    readonly isBig: boolean,
    private readonly first: number,
  ) {}

  static async open(source: Source): Promise<TiffReader> {
    const head = await readWithin(source, 0, 8);
    const isLittleEndian = head.getUint8(0) === 0x49;
    const version = head.getUint16(2, isLittleEndian);
    if (version === 42) return new TiffReader(source, isLittleEndian, false, head.getUint32(4, isLittleEndian));
    if (version !== 43 || head.getUint32(4, isLittleEndian) !== (isLittleEndian ? 8 : 0x80000)) throw new Unsplittable('no TIFF header');
    return new TiffReader(source, isLittleEndian, true, wideAt(await readWithin(source, 8, 8), 0, isLittleEndian));
  }

  get size(): number {
    return this.source.size;
  }

  /** The first directories of the chain, at most `limit`; a chain that leaves the file or turns back ends there. */
  async directories(limit = maxPages): Promise<readonly TiffDirectory[]> {
    const found: TiffDirectory[] = [];
    const seen = new Set<number>();
    let at = this.first;
    while (at !== 0 && found.length < limit && !seen.has(at)) {
      seen.add(at);
      const directory = await this.#directory(at);
      if (directory === undefined) break;
      found.push(directory.fields);
      at = directory.next;
    }
    return found;
  }

  /** The values of a field, or undefined where it is absent, of another type, or has not between 1 and `max` values. */
  async values(directory: TiffDirectory, tag: number, max = maxPieces): Promise<readonly number[] | undefined> {
    const field = directory.get(tag);
    const size = typeBytes[field?.type ?? 0];
    if (field === undefined || size === undefined || field.count < 1 || field.count > max) return undefined;
    this.#valuesLeft -= field.count;
    if (this.#valuesLeft < 0) throw new Unsplittable('too many values');
    const view = await readWithin(this.source, field.offset, field.count * size);
    return Array.from({ length: field.count }, (_, i) => this.#integer(view, i * size, size));
  }

  /** The first value of a field, or `absent`. */
  async value<Absent>(directory: TiffDirectory, tag: number, absent: Absent): Promise<number | Absent> {
    const values = await this.values(directory, tag);
    return values?.[0] ?? absent;
  }

  async #directory(at: number): Promise<{ readonly fields: TiffDirectory; readonly next: number } | undefined> {
    const [countBytes, fieldBytes, linkBytes] = this.isBig ? [8, 20, 8] : [2, 12, 4];
    if (at + countBytes > this.size) return undefined;
    const count = this.#integer(await readWithin(this.source, at, countBytes), 0, countBytes);
    const length = count * fieldBytes + linkBytes;
    if (count > maxFields || at + countBytes + length > this.size) return undefined;
    const start = at + countBytes;
    const view = await readWithin(this.source, start, length);
    const fields = new Map<number, TiffField>();
    for (let i = 0; i < count; i++) this.#field(view, start, i * fieldBytes, fields);
    return { fields, next: this.#integer(view, count * fieldBytes, linkBytes) };
  }

  #field(view: DataView, start: number, at: number, fields: Map<number, TiffField>): void {
    const valueBytes = this.isBig ? 8 : 4;
    const type = view.getUint16(at + 2, this.isLittleEndian);
    const count = this.#integer(view, at + 4, valueBytes);
    const place = at + 4 + valueBytes;
    const isInline = count * (typeBytes[type] ?? 1) <= valueBytes;
    const offset = isInline ? start + place : this.#integer(view, place, valueBytes);
    const tag = view.getUint16(at, this.isLittleEndian);
    if (!fields.has(tag)) fields.set(tag, { type, count, offset });
  }

  #integer(view: DataView, at: number, size: number): number {
    if (size === 1) return view.getUint8(at);
    if (size === 2) return view.getUint16(at, this.isLittleEndian);
    return size === 4 ? view.getUint32(at, this.isLittleEndian) : wideAt(view, at, this.isLittleEndian);
  }
}

/** A 64-bit integer; rounded where it is beyond any file: every bound refuses it. */
function wideAt(view: DataView, at: number, isLittleEndian: boolean): number {
  return Number(view.getBigUint64(at, isLittleEndian));
}

async function readWithin(source: Source, offset: number, length: number): Promise<DataView> {
  if (!(offset + length <= source.size)) throw new Unsplittable('a directory leaves the file');
  const bytes = await source.read(offset, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
