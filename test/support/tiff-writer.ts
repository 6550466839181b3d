/**
 * Writes TIFF files of many kinds, by its own code: both byte orders, BigTIFF, strips and tiles, planar or not,
 * several pages, gaps and trailing bytes; compressed by a function of the caller.
 */
import { concat } from '../../client-sdk/protocol/bytes.js';
import { sampleAt, type TestPicture } from './test-picture.js';

/** How a file is to be written. */
export interface TiffForm {
  readonly isLittleEndian?: boolean;
  readonly isBig?: boolean;
  readonly isPlanar?: boolean;
  readonly rowsPerStrip?: number;
  /** Width and height of tiles; strips without it. */
  readonly tile?: readonly [width: number, height: number];
  /** Bytes between segments. */
  readonly gapBytes?: number;
  readonly trailing?: Uint8Array;
  /** Value of padding bits and pixels. */
  readonly padding?: 0 | 1;
  /** Of all pages, or of each. */
  readonly compression?: number | readonly number[];
  /** Compresses one segment. */
  readonly compress?: (packed: Uint8Array, rowBytes: number) => Uint8Array;
  /** Fields in the place of those of the same tag: [tag, values]; without values the field is left out. */
  readonly fields?: readonly (readonly [tag: number, ...values: readonly number[]])[];
  /** Changes the places of the segments as the directory tells them. */
  readonly moveOffset?: (offset: number, index: number) => number;
}

interface Field {
  readonly tag: number;
  readonly type: 3 | 4 | 16;
  readonly values: readonly number[];
}

/** The bytes of a TIFF file with one page per picture. */
export function writeTiff(pictures: TestPicture | readonly TestPicture[], form: TiffForm = {}): Uint8Array {
  const pages = 'width' in pictures ? [pictures] : pictures;
  const writer = new TiffBytes(form.isLittleEndian ?? true, form.isBig ?? false);
  for (const [index, picture] of pages.entries()) {
    const compression = typeof form.compression === 'number' ? form.compression : (form.compression?.[index] ?? 1);
    writer.directory(fieldsOf(picture, { ...form, compression }, writer));
  }
  writer.bytes(form.trailing ?? new Uint8Array());
  return writer.file();
}

function fieldsOf(picture: TestPicture, form: TiffForm & { readonly compression: number }, writer: TiffBytes): readonly Field[] {
  const segments = segmentsOf(picture, form);
  const offsets: number[] = [];
  const lengths: number[] = [];
  for (const { packed, rowBytes } of segments) {
    const bytes = form.compress?.(packed, rowBytes) ?? packed;
    const offset = writer.bytes(bytes);
    offsets.push(form.moveOffset?.(offset, offsets.length) ?? offset);
    lengths.push(bytes.length);
    writer.bytes(new Uint8Array(form.gapBytes ?? 0).fill(0xee));
  }
  const wide = form.isBig === true ? 16 : 4;
  const shape: readonly Field[] = [
    { tag: 256, type: 4, values: [picture.width] },
    { tag: 257, type: 4, values: [picture.height] },
    { tag: 258, type: 3, values: Array.from({ length: picture.channels }, () => picture.depth) },
    { tag: 259, type: 3, values: [form.compression] },
    { tag: 262, type: 3, values: [picture.channels < 3 ? 1 : 2] },
    { tag: 277, type: 3, values: [picture.channels] },
    { tag: 284, type: 3, values: [form.isPlanar === true ? 2 : 1] },
  ];
  const layout: readonly Field[] =
    form.tile === undefined
      ? [
          { tag: 273, type: wide, values: offsets },
          { tag: 278, type: 4, values: [form.rowsPerStrip ?? picture.height] },
          { tag: 279, type: wide, values: lengths },
        ]
      : [
          { tag: 322, type: 4, values: [form.tile[0]] },
          { tag: 323, type: 4, values: [form.tile[1]] },
          { tag: 324, type: wide, values: offsets },
          { tag: 325, type: wide, values: lengths },
        ];
  const changed = form.fields ?? [];
  const kept = [...shape, ...layout].filter(({ tag }) => !changed.some(([other]) => other === tag));
  const added = changed.filter(([, ...values]) => values.length > 0).map(([tag, ...values]) => ({ tag, type: wide, values }) as const);
  return [...kept, ...added].sort((a, b) => a.tag - b.tag);
}

interface PackedSegment {
  readonly packed: Uint8Array;
  readonly rowBytes: number;
}

function segmentsOf(picture: TestPicture, form: TiffForm): readonly PackedSegment[] {
  const [width, height] = form.tile ?? [picture.width, Math.min(form.rowsPerStrip ?? picture.height, picture.height)];
  const channelList = [...Array(picture.channels).keys()];
  const planes = form.isPlanar === true ? channelList.map((channel) => [channel]) : [channelList];
  const segments: PackedSegment[] = [];
  for (const channels of planes) {
    for (let y = 0; y < picture.height; y += height) {
      const rows = form.tile === undefined ? Math.min(height, picture.height - y) : height;
      for (let x = 0; x < picture.width; x += width) {
        const lines = Array.from({ length: rows }, (_, row) => packedRow(picture, form, { x, y: y + row, width, channels }));
        segments.push({ packed: concat(...lines), rowBytes: lines[0]?.length ?? 0 });
      }
    }
  }
  return segments;
}

interface RowPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly channels: readonly number[];
}

function packedRow(picture: TestPicture, form: TiffForm, { x, y, width, channels }: RowPlace): Uint8Array {
  const bits: string[] = [];
  const fill = String(form.padding ?? 0);
  for (let column = x; column < x + width; column++) {
    for (const channel of channels) {
      const isInside = column < picture.width && y < picture.height;
      const value = sampleAt(picture, (y * picture.width + column) * picture.channels + channel);
      bits.push(isInside ? value.toString(2).padStart(picture.depth, '0') : fill.repeat(picture.depth));
    }
  }
  const text = bits.join('');
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, fill);
  const row = Uint8Array.from({ length: padded.length / 8 }, (_, i) => Number.parseInt(padded.slice(8 * i, 8 * i + 8), 2));
  const isSwapped = picture.depth === 16 && (form.isLittleEndian ?? true);
  return isSwapped ? row.map((_, i) => row[i ^ 1] ?? 0) : row;
}

/** A file that grows, with the link that the next directory fills. */
class TiffBytes {
  #file: number[] = [];
  #link: number;

  constructor(
    private readonly isLittleEndian: boolean,
    private readonly isBig: boolean,
  ) {
    this.#file.push(...(isLittleEndian ? [0x49, 0x49] : [0x4d, 0x4d]));
    this.#put(isBig ? 43 : 42, 2);
    if (isBig) this.#put(8, 2);
    if (isBig) this.#put(0, 2);
    this.#link = this.#file.length;
    this.#put(0, this.#wide);
  }

  /** Appends bytes and answers where they stand. */
  bytes(bytes: Uint8Array): number {
    const at = this.#file.length;
    for (const byte of bytes) this.#file.push(byte);
    return at;
  }

  directory(fields: readonly Field[]): void {
    const places = fields.map(({ type, values }) => (values.length * sizes[type] > this.#wide ? this.#values(type, values) : undefined));
    this.#patch(this.#link, this.#file.length);
    this.#put(fields.length, this.isBig ? 8 : 2);
    for (const [i, { tag, type, values }] of fields.entries()) {
      this.#put(tag, 2);
      this.#put(type, 2);
      this.#put(values.length, this.#wide);
      const end = this.#file.length + this.#wide;
      const place = places[i];
      if (place === undefined) this.#values(type, values);
      else this.#put(place, this.#wide);
      while (this.#file.length < end) this.#file.push(0);
    }
    this.#link = this.#file.length;
    this.#put(0, this.#wide);
  }

  file(): Uint8Array {
    return Uint8Array.from(this.#file);
  }

  get #wide(): number {
    return this.isBig ? 8 : 4;
  }

  #values(type: 3 | 4 | 16, values: readonly number[]): number {
    const at = this.#file.length;
    for (const value of values) this.#put(value, sizes[type]);
    return at;
  }

  #put(value: number, size: number): void {
    for (let k = 0; k < size; k++) this.#file.push(this.#byte(value, k, size));
  }

  #patch(at: number, value: number): void {
    for (let k = 0; k < this.#wide; k++) this.#file[at + k] = this.#byte(value, k, this.#wide);
  }

  #byte(value: number, k: number, size: number): number {
    return Math.floor(value / 256 ** (this.isLittleEndian ? k : size - 1 - k)) % 256;
  }
}

const sizes = { 3: 2, 4: 4, 16: 8 } as const;
