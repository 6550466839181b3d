/**
 * Opens a PNG file for the raster splitter: one pass over the stream finds out whether and how the file can be
 * given back, a later one gives its pixels. SPEC.md section 6.4.
 */
import { adler32 } from './checksum.js';
import { describeMethod, methodValue, type DeflateMethod } from './deflate-encoder.js';
import { findParameters } from './deflate-search.js';
import { predictedTokens, type DeflateStreams } from './deflate-prediction.js';
import { sampleBytes } from './content.js';
import { maxContainerBytes, maxWholeBytes } from './image-limits.js';
import { unpackRow } from './packed-samples.js';
import { spareBits, type PngHeader } from './png-header.js';
import { chunkIn, idatPieces, paletteType, pngLayoutOf, type PngLayout } from './png-layout.js';
import { PngRows, type PngRow } from './png-rows.js';
import { type ContainerRecipe, type RasterFile, Unsplittable } from './raster-container.js';
import { mapOfLight, mapOfPalette, type SampleMap } from './sample-map.js';
import type { Source, SplitEffort } from './splitter.js';
import { StoredBlockReader } from './stored-blocks.js';
import { ByteWriter, encodeRuns, RunList } from './varint.js';
import { ZlibReader, zlibHeaderBytes } from './zlib-reader.js';

/** Plain bytes on which the deflate parameters are verified; of a smaller file, all of them. */
const verifiedBytes = 8_388_608;

/** What the first pass over the stream finds. */
interface Survey {
  readonly filterTypes: Uint8Array;
  /** Spare bits of each row, or empty where all are zero. */
  readonly spare: Uint8Array;
  readonly zlibHeader: Uint8Array;
  readonly method: DeflateMethod;
  readonly isAdlerRight: boolean;
  /** What follows the stream, without a right checksum. */
  readonly tail: Uint8Array;
  readonly wrongCrcs: Uint8Array;
}

/** The file's pixels and the rest. Throws Unsplittable where it cannot be given back. */
export async function openPng(source: Source, effort: SplitEffort): Promise<RasterFile> {
  const layout = await pngLayoutOf(source);
  const { header } = layout;
  const { shape } = header;
  const canonicalBytes = shape.width * shape.height * shape.channels * sampleBytes(shape.depth);
  if (header.isInterlaced && canonicalBytes > maxWholeBytes) throw new Unsplittable('an interlaced picture that is too large');
  const survey = await surveyOf(source, layout, effort);
  const container = containerOf(layout, survey);
  if (container.sections.reduce((sum, section) => sum + section.length, 0) > maxContainerBytes) throw new Unsplittable('skeleton');
  return {
    format: 'png',
    description: describe(header, survey.method),
    pages: [{ shape, map: mapOf(layout) }],
    container,
    bands: (_page, edges) => bandsOf(source, layout, edges),
  };
}

/** Grey of few bits, and palettes of shades, meet grey of 8 bits. */
function mapOf({ header, prefix }: PngLayout): SampleMap {
  const { depth } = header.shape;
  if (header.colourType === 0) return mapOfLight(depth);
  const palette = header.colourType === 3 ? chunkIn(prefix, paletteType) : undefined;
  if (palette === undefined) return 'plain';
  const shades = Array.from({ length: Math.floor(palette.length / 3) }, (_, i) => {
    const [red, green, blue] = palette.subarray(3 * i, 3 * i + 3);
    return red === green && green === blue ? red : undefined;
  });
  return mapOfPalette(depth, shades);
}

function describe(header: PngHeader, method: DeflateMethod): string {
  const colours: Readonly<Record<number, string>> = { 0: 'grey', 2: 'RGB', 3: 'palette', 4: 'grey and alpha', 6: 'RGBA' };
  const lacing = header.isInterlaced ? ' interlaced' : '';
  return `PNG ${header.shape.depth}-bit ${colours[header.colourType] ?? ''}${lacing}, ${describeMethod(method)}`;
}

function containerOf(layout: PngLayout, survey: Survey): ContainerRecipe {
  const method = methodValue(survey.method);
  const lengths = new RunList();
  for (const length of layout.idatLengths) lengths.add(length);
  return {
    params: { adler: survey.isAdlerRight, method: method.value, zlib: survey.zlibHeader },
    sections: [
      layout.prefix,
      layout.suffix,
      survey.tail,
      survey.filterTypes,
      survey.spare,
      method.stored,
      survey.wrongCrcs,
      encodeRuns(lengths.runs),
      // Last, for its length differs between near copies.
      method.corrections,
    ],
  };
}

async function surveyOf(source: Source, layout: PngLayout, effort: SplitEffort): Promise<Survey> {
  const rows = new RowSurvey(layout.header);
  const stream = new StreamSurvey(layout.header.rawBytes);
  const reader = new ZlibReader({
    onPlain: (bytes) => {
      rows.push(bytes);
      stream.plain(bytes);
    },
    onStream: (bytes) => {
      stream.stream(bytes);
    },
  });
  const wrongCrcs = new ByteWriter();
  let last = -1;
  const onChunk = (index: number, computed: number, found: number): void => {
    if (computed === found) return;
    wrongCrcs.varint(index - last - 1);
    wrongCrcs.fixed(found, 4);
    last = index;
  };
  for await (const piece of idatPieces(source, layout, onChunk)) reader.push(piece);
  const tail = reader.end();
  if (!rows.isComplete) throw new Unsplittable('too little data');
  const method = stream.method(reader.header, effort) ?? (await predictedTokens(streamsOf(source, layout, stream.streamBytes)));
  if (method === undefined) throw new Unsplittable('an encoder that no model predicts');
  const isAdlerRight = tail.length >= 4 && new DataView(tail.buffer).getUint32(0) === stream.adler;
  return {
    filterTypes: rows.filterTypes,
    spare: rows.spare(),
    zlibHeader: reader.header,
    method,
    isAdlerRight,
    tail: isAdlerRight ? tail.subarray(4) : tail,
    wrongCrcs: wrongCrcs.take(),
  };
}

/** The one deflate stream of the file. */
function streamsOf(source: Source, layout: PngLayout, streamBytes: number): DeflateStreams {
  return {
    streamBytes,
    async *streams() {
      yield await Promise.resolve(streamPieces(source, layout, streamBytes));
    },
  };
}

async function* streamPieces(source: Source, layout: PngLayout, streamBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = zlibHeaderBytes;
  let left = streamBytes;
  for await (const piece of idatPieces(source, layout)) {
    const own = piece.subarray(skip, skip + left);
    skip -= Math.min(skip, piece.length);
    left -= own.length;
    if (own.length > 0) yield own;
  }
}

/** Filter types and spare bits. */
class RowSurvey {
  readonly filterTypes: Uint8Array;
  readonly #spare: Uint8Array;
  readonly #rows: PngRows;
  #count = 0;

  constructor(header: PngHeader) {
    const rowCount = header.passes.reduce((sum, pass) => sum + pass.height, 0);
    const hasSpare = header.shape.depth < 8;
    this.filterTypes = new Uint8Array(rowCount);
    this.#spare = new Uint8Array(hasSpare ? rowCount : 0);
    const onRow = ({ pass, filterType, bytes }: PngRow): void => {
      if (hasSpare) this.#spare[this.#count] = bytes[bytes.length - 1]! & ((1 << spareBits(pass, header.shape)) - 1);
      this.filterTypes[this.#count++] = filterType;
    };
    this.#rows = new PngRows(header, onRow, !hasSpare);
  }

  push(bytes: Uint8Array): void {
    this.#rows.push(bytes);
  }

  get isComplete(): boolean {
    return this.#rows.isComplete;
  }

  spare(): Uint8Array {
    return this.#spare.some((bits) => bits !== 0) ? this.#spare : new Uint8Array(0);
  }
}

/** Checksum, and the first part of the stream, plain and deflated. */
class StreamSurvey {
  adler = 1;
  streamBytes = 0;
  readonly #plain: Uint8Array;
  readonly #stored = new StoredBlockReader();
  readonly #deflated = new ByteWriter();
  #plainBytes = 0;
  #isWhole = true;

  constructor(rawBytes: number) {
    this.#plain = new Uint8Array(Math.min(rawBytes, verifiedBytes));
  }

  plain(bytes: Uint8Array): void {
    this.adler = adler32(bytes, this.adler);
    if (this.#plainBytes < this.#plain.length) {
      this.#plain.set(bytes.subarray(0, this.#plain.length - this.#plainBytes), this.#plainBytes);
    }
    this.#plainBytes += bytes.length;
  }

  stream(bytes: Uint8Array): void {
    this.#stored.push(bytes);
    this.streamBytes += bytes.length;
    // What comes after the kept plain bytes is beyond any candidate's output.
    if (this.#plainBytes <= this.#plain.length) this.#deflated.bytes(bytes);
    else this.#isWhole = false;
  }

  method(header: Uint8Array, effort: SplitEffort): DeflateMethod | undefined {
    const stored = this.#stored.method();
    if (stored !== undefined) return stored;
    const isWhole = this.#isWhole && this.#plainBytes === this.#plain.length;
    return findParameters([{ plain: this.#plain, stream: this.#deflated.take(), isWhole, header }], effort);
  }
}

async function* bandsOf(source: Source, layout: PngLayout, edges: readonly number[]): AsyncGenerator<Uint8Array, void, undefined> {
  const { header } = layout;
  const collector = header.isInterlaced ? new LacedBands(header, edges) : new PlainBands(header, edges);
  const rows = new PngRows(header, (row) => {
    collector.add(row);
  });
  const reader = new ZlibReader({
    onPlain: (bytes) => {
      rows.push(bytes);
    },
  });
  for await (const piece of idatPieces(source, layout)) {
    // Deflate may unfold a piece to a thousand times its size: bands are given out in between.
    for (let at = 0; at < piece.length; at += 4_096) {
      reader.push(piece.subarray(at, at + 4_096));
      yield* collector.take();
    }
  }
}

/** Bands of a picture whose rows come in order. */
class PlainBands {
  readonly #ready: Uint8Array[] = [];
  readonly #rowBytes: number;
  #index = 0;
  #band: Uint8Array;

  constructor(
    private readonly header: PngHeader,
    private readonly edges: readonly number[],
  ) {
    const { width, channels, depth } = header.shape;
    this.#rowBytes = width * channels * sampleBytes(depth);
    this.#band = this.#next();
  }

  add({ y, bytes }: PngRow): void {
    const { width, channels, depth } = this.header.shape;
    const start = this.edges[this.#index]!;
    this.#band.set(unpackRow(bytes, width * channels, { depth, isLittleEndian: false }), (y - start) * this.#rowBytes);
    if (y + 1 < this.edges[this.#index + 1]!) return;
    this.#ready.push(this.#band);
    this.#index++;
    this.#band = this.#next();
  }

  take(): readonly Uint8Array[] {
    return this.#ready.splice(0);
  }

  #next(): Uint8Array {
    const end = this.edges[this.#index + 1];
    return new Uint8Array(end === undefined ? 0 : (end - this.edges[this.#index]!) * this.#rowBytes);
  }
}

/** Bands of an interlaced picture: all of them at its end. */
class LacedBands {
  readonly #picture: Uint8Array;
  readonly #pixelBytes: number;
  #left: number;

  constructor(
    private readonly header: PngHeader,
    private readonly edges: readonly number[],
  ) {
    const { width, height, channels, depth } = header.shape;
    this.#pixelBytes = channels * sampleBytes(depth);
    this.#picture = new Uint8Array(width * height * this.#pixelBytes);
    this.#left = header.passes.reduce((sum, pass) => sum + pass.height, 0);
  }

  add({ pass, y, bytes }: PngRow): void {
    const { width, channels, depth } = this.header.shape;
    const size = this.#pixelBytes;
    const row = unpackRow(bytes, pass.width * channels, { depth, isLittleEndian: false });
    let at = ((pass.y0 + y * pass.dy) * width + pass.x0) * size;
    for (let x = 0; x < pass.width; x++, at += pass.dx * size) {
      for (let k = 0; k < size; k++) this.#picture[at + k] = row[x * size + k]!;
    }
    this.#left--;
  }

  *take(): Generator<Uint8Array, void, undefined> {
    if (this.#left !== 0) return;
    this.#left = -1;
    const rowBytes = this.header.shape.width * this.#pixelBytes;
    for (let i = 1; i < this.edges.length; i++) yield this.#picture.subarray(this.edges[i - 1]! * rowBytes, this.edges[i]! * rowBytes);
  }
}
