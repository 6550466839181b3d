/**
 * Makes a PNG file again from its picture and its recipe, band by band: filters, deflates, cuts into IDAT
 * chunks. The recipe may come from a stranger. SPEC.md section 6.4.
 */
import { fault } from '../errors.js';
import { isEqual, u32 } from '../../protocol/bytes.js';
import { adler32, crc32 } from './checksum.js';
import { sampleBytes, type TileShape } from './content.js';
import { encoderOf, methodOf, type DeflateMethod } from './deflate-encoder.js';
import { maxPieces, maxUnfoldedBytes, maxWholeBytes } from './image-limits.js';
import { packRow } from './packed-samples.js';
import { filterRow, maxFilterType } from './png-filter.js';
import { pngHeaderOf, spareBits, type Pass, type PngHeader } from './png-header.js';
import { chunkFrameBytes, idatCrcStart, idatType } from './png-layout.js';
import type { ContainerRecipe } from './raster-container.js';
import { mapOf } from './recipe-members.js';
import type { TilePicture } from './tile-picture.js';
import { ByteReader, ByteWriter, decodeRuns, type Runs } from './varint.js';
import { zlibHeaderBytes } from './zlib-reader.js';

/** A recipe that has been checked. */
interface PngParts {
  readonly header: PngHeader;
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
  readonly tail: Uint8Array;
  readonly filterTypes: Uint8Array;
  readonly spare: Uint8Array;
  readonly zlibHeader: Uint8Array;
  readonly isAdlerRight: boolean;
  readonly method: DeflateMethod;
  readonly wrongCrcs: ReadonlyMap<number, number>;
  readonly idatLengths: Runs;
}

const sectionCount = 9;

/** The file's bytes. Throws DiceError `recipe-invalid` where the recipe does not fit itself or the picture. */
export async function* joinPng(
  container: ContainerRecipe,
  pictures: readonly TilePicture[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const parts = partsOf(container);
  const [picture] = pictures;
  if (picture === undefined || pictures.length !== 1 || !isShape(picture.shape, parts.header.shape)) {
    throw invalid('its picture has another shape');
  }
  yield parts.prefix;
  const writer = new IdatWriter(parts.idatLengths, parts.wrongCrcs);
  writer.push(parts.zlibHeader);
  const encoder = encoderOf(parts.method, (bytes) => {
    writer.push(bytes);
  });
  let adler = 1;
  try {
    for await (const rows of filteredRows(parts, picture)) {
      adler = adler32(rows, adler);
      encoder.push(rows);
      yield* writer.take();
    }
    encoder.finish();
  } finally {
    encoder.close?.();
  }
  if (parts.isAdlerRight) writer.push(u32(adler));
  writer.push(parts.tail);
  writer.end();
  yield* writer.take();
  yield parts.suffix;
}

function partsOf({ params, sections }: ContainerRecipe): PngParts {
  if (sections.length !== sectionCount) throw invalid('it has other sections than a PNG file');
  const { adler, method, zlib } = mapOf(params, ['adler', 'method', 'zlib']);
  const [prefix, suffix, tail, filterTypes, spare, stored, crcs, idat, corrections] = sections;
  const header = pngHeaderOf(prefix!);
  if (header === undefined) throw invalid('its header is malformed');
  const rowCount = header.passes.reduce((sum, pass) => sum + pass.height, 0);
  const areFilters = filterTypes!.length === rowCount && filterTypes!.every((type) => type <= maxFilterType);
  if (!areFilters || (spare!.length !== 0 && spare!.length !== rowCount)) throw invalid('its rows are not those of its header');
  const idatLengths = decodeRuns(idat!, 0xffffffff, maxPieces);
  checkSize(header, prefix!.length + suffix!.length, idatLengths);
  if (!(zlib instanceof Uint8Array) || zlib.length !== zlibHeaderBytes || typeof adler !== 'boolean') {
    throw invalid('its zlib frame is malformed');
  }
  return {
    header,
    prefix: prefix!,
    suffix: suffix!,
    tail: tail!,
    filterTypes: filterTypes!,
    spare: spare!,
    zlibHeader: zlib,
    isAdlerRight: adler,
    idatLengths,
    method: methodOf({ value: method, stored: stored!, corrections: corrections! }),
    wrongCrcs: wrongCrcsOf(crcs!, idatLengths),
  };
}

/** The same bounds as at the split. */
function checkSize(header: PngHeader, otherBytes: number, idatLengths: Runs): void {
  const chunks = idatLengths.reduce((sum, [, count]) => sum + count, 0);
  const payload = idatLengths.reduce((sum, [length, count]) => sum + length * count, 0);
  const fileBytes = otherBytes + payload + chunkFrameBytes * chunks;
  const { width, height, channels, depth } = header.shape;
  const isWhole = !header.isInterlaced || width * height * channels * sampleBytes(depth) <= maxWholeBytes;
  if (!isWhole || header.rawBytes > maxUnfoldedBytes(fileBytes)) throw invalid('it unfolds too far');
}

function wrongCrcsOf(bytes: Uint8Array, idatLengths: Runs): ReadonlyMap<number, number> {
  const reader = new ByteReader(bytes);
  const chunks = idatLengths.reduce((sum, [, count]) => sum + count, 0);
  const wrong = new Map<number, number>();
  let next = 0;
  while (reader.remaining > 0) {
    const index = next + reader.varint(maxPieces);
    if (index >= chunks) throw invalid('a checksum belongs to no chunk');
    wrong.set(index, reader.fixed(4));
    next = index + 1;
  }
  return wrong;
}

/** Plain bytes of the stream, in pieces of about a band. */
async function* filteredRows(parts: PngParts, picture: TilePicture): AsyncGenerator<Uint8Array, void, undefined> {
  const { header } = parts;
  if (header.isInterlaced) {
    yield* lacedRows(parts, await picture.readRows(0, header.shape.height));
    return;
  }
  const lines = new PassFilter(header.passes[0]!, parts, 0);
  for (let band = 1; band < picture.rows.length; band++) {
    const [start, end] = [picture.rows[band - 1]!, picture.rows[band]!];
    yield lines.next(await picture.readRows(start, end), start, end);
  }
}

function* lacedRows(parts: PngParts, picture: Uint8Array): Generator<Uint8Array, void, undefined> {
  let firstRow = 0;
  for (const pass of parts.header.passes) {
    const lines = new PassFilter(pass, parts, firstRow);
    firstRow += pass.height;
    for (let y = 0; y < pass.height; y += 64) yield lines.next(picture, y, Math.min(pass.height, y + 64));
  }
}

/** Filters the rows of one pass in order. */
class PassFilter {
  #above: Uint8Array;

  constructor(
    private readonly pass: Pass,
    private readonly parts: PngParts,
    private readonly firstRow: number,
  ) {
    this.#above = new Uint8Array(pass.rowBytes);
  }

  /** Rows `y` to before `end` of the pass; `samples` begin at row `y`, or are the whole picture where it is laced. */
  next(samples: Uint8Array, y: number, end: number): Uint8Array {
    const { pass, parts } = this;
    const { depth } = parts.header.shape;
    const { isInterlaced } = parts.header;
    const lineBytes = 1 + pass.rowBytes;
    const plain = new Uint8Array((end - y) * lineBytes);
    for (let line = y; line < end; line++) {
      const row = packRow(isInterlaced ? this.#laced(samples, line) : this.#straight(samples, line - y), { depth, isLittleEndian: false });
      const index = this.firstRow + line;
      if (parts.spare.length > 0) row[row.length - 1]! |= parts.spare[index]! & ((1 << spareBits(pass, parts.header.shape)) - 1);
      const at = (line - y) * lineBytes;
      const type = parts.filterTypes[index]!;
      plain[at] = type;
      filterRow(type, { row, above: this.#above, step: parts.header.filterStep }, plain.subarray(at + 1, at + lineBytes));
      this.#above = row;
    }
    return plain;
  }

  #straight(samples: Uint8Array, line: number): Uint8Array {
    const { channels, depth } = this.parts.header.shape;
    const rowBytes = this.pass.width * channels * sampleBytes(depth);
    return samples.subarray(line * rowBytes, (line + 1) * rowBytes);
  }

  #laced(picture: Uint8Array, y: number): Uint8Array {
    const { pass } = this;
    const { width, channels, depth } = this.parts.header.shape;
    const size = channels * sampleBytes(depth);
    const row = new Uint8Array(pass.width * size);
    let at = ((pass.y0 + y * pass.dy) * width + pass.x0) * size;
    for (let x = 0; x < pass.width; x++, at += pass.dx * size) {
      for (let k = 0; k < size; k++) row[x * size + k] = picture[at + k]!;
    }
    return row;
  }
}

/** Cuts a stream into IDAT chunks of given lengths. */
class IdatWriter {
  readonly #out = new ByteWriter();
  #run = 0;
  #used = 0;
  #index = -1;
  #left = 0;
  #crc = 0;

  constructor(
    private readonly lengths: Runs,
    private readonly wrongCrcs: ReadonlyMap<number, number>,
  ) {}

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      while (this.#left === 0) this.#begin();
      const piece = bytes.subarray(at, at + this.#left);
      this.#crc = crc32(piece, this.#crc);
      this.#out.bytes(piece);
      this.#left -= piece.length;
      at += piece.length;
      if (this.#left === 0) this.#endChunk();
    }
  }

  /** What can be given out so far. */
  take(): readonly Uint8Array[] {
    return this.#out.length === 0 ? [] : [this.#out.drain()];
  }

  /** After the last byte. */
  end(): void {
    while (this.#left === 0 && this.#run < this.lengths.length) this.#begin();
    if (this.#left > 0) throw invalid('its chunks are longer than the stream');
  }

  #begin(): void {
    const run = this.lengths[this.#run];
    if (run === undefined) throw invalid('its chunks are shorter than the stream');
    const [length, count] = run;
    this.#used++;
    if (this.#used === count) {
      this.#run++;
      this.#used = 0;
    }
    this.#index++;
    this.#left = length;
    this.#crc = idatCrcStart;
    this.#out.bytes(u32(length));
    this.#out.bytes(idatType);
    if (length === 0) this.#endChunk();
  }

  #endChunk(): void {
    this.#out.bytes(u32(this.wrongCrcs.get(this.#index) ?? this.#crc));
  }
}

function isShape(a: TileShape, b: TileShape): boolean {
  return isEqual(Uint8Array.of(a.channels, a.depth), Uint8Array.of(b.channels, b.depth)) && a.width === b.width && a.height === b.height;
}

function invalid(what: string): Error {
  return fault('recipe-invalid', `PNG: ${what}.`);
}
