/**
 * Writes PNG files of every kind, by its own code: any colour type and depth, Adam7, chosen filters, deflate
 * parameters, IDAT sizes, wrong checksums, further chunks.
 */
import { crc32 } from 'node:zlib';
import pako from 'pako';
import { concat, u32, utf8 } from '../../client-sdk/protocol/bytes.js';
import { sampleAt, type TestPicture } from './test-picture.js';

/** How a file is to be written. */
export interface PngForm {
  readonly colourType?: number;
  readonly isInterlaced?: boolean;
  /** Filter type of row `index`, counted over all passes. */
  readonly filter?: (index: number) => number;
  readonly level?: number;
  readonly memLevel?: number;
  readonly strategy?: number;
  readonly windowBits?: number;
  /** Payload bytes of an IDAT chunk. */
  readonly idatBytes?: number;
  /** Whole chunks before the first IDAT. */
  readonly before?: Uint8Array;
  /** Bytes after IEND. */
  readonly after?: Uint8Array;
  /** Spare bits at the end of rows are ones. */
  readonly hasSpareOnes?: boolean;
  /** Changes the zlib stream before it is cut into chunks. */
  readonly changeStream?: (stream: Uint8Array) => Uint8Array;
  /** Index of an IDAT chunk that gets a wrong CRC. */
  readonly wrongCrc?: number;
}

const colourTypes: Readonly<Record<number, number>> = { 1: 0, 2: 4, 3: 2, 4: 6 };

/** The bytes of a PNG file. */
export function writePng(picture: TestPicture, form: PngForm = {}): Uint8Array {
  const colourType = form.colourType ?? colourTypes[picture.channels] ?? 0;
  const kind = Uint8Array.of(picture.depth, colourType, 0, 0, form.isInterlaced === true ? 1 : 0);
  const head = concat(u32(picture.width), u32(picture.height), kind);
  const { level = 6, memLevel = 8, strategy = 0, windowBits = 15 } = form;
  // The tests give values that pako's literal types allow.
  const options = { level: level as 1, memLevel, strategy: strategy as 0, windowBits };
  const deflated = pako.deflate(filteredRows(picture, form), options);
  const stream = form.changeStream?.(deflated) ?? deflated;
  const palette = colourType === 3 ? pngChunk('PLTE', new Uint8Array(3 * 2 ** picture.depth).map((_, i) => i * 7)) : new Uint8Array();
  return concat(
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    pngChunk('IHDR', head),
    palette,
    form.before ?? new Uint8Array(),
    ...idatChunks(stream, form),
    pngChunk('IEND', new Uint8Array()),
    form.after ?? new Uint8Array(),
  );
}

/** One chunk with its CRC, or one that is wrong. */
export function pngChunk(type: string, payload: Uint8Array, isWrong = false): Uint8Array {
  const body = concat(utf8(type), payload);
  return concat(u32(payload.length), body, u32((crc32(body) ^ (isWrong ? 1 : 0)) >>> 0));
}

function idatChunks(stream: Uint8Array, form: PngForm): readonly Uint8Array[] {
  const step = form.idatBytes ?? stream.length;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += step) {
    chunks.push(pngChunk('IDAT', stream.subarray(at, at + step), chunks.length === form.wrongCrc));
  }
  return chunks;
}

function filteredRows(picture: TestPicture, form: PngForm): Uint8Array {
  const rows: Uint8Array[] = [];
  const grids = form.isInterlaced === true ? adam7 : [[0, 0, 1, 1]];
  const step = Math.max(1, (picture.channels * picture.depth) >> 3);
  for (const grid of grids) {
    let above: Uint8Array | undefined;
    for (const row of passRows(picture, grid, form.hasSpareOnes === true)) {
      const type = form.filter?.(rows.length) ?? 0;
      rows.push(concat(Uint8Array.of(type), filtered(type, row, { above: above ?? new Uint8Array(row.length), step })));
      above = row;
    }
  }
  return concat(...rows);
}

const adam7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

function passRows(picture: TestPicture, grid: readonly number[], hasSpareOnes: boolean): readonly Uint8Array[] {
  const [x0 = 0, y0 = 0, dx = 1, dy = 1] = grid;
  const rows: Uint8Array[] = [];
  for (let y = y0; y < picture.height && x0 < picture.width; y += dy) {
    const bits: string[] = [];
    for (let x = x0; x < picture.width; x += dx) {
      for (let channel = 0; channel < picture.channels; channel++) {
        const value = sampleAt(picture, (y * picture.width + x) * picture.channels + channel);
        bits.push(value.toString(2).padStart(picture.depth, '0'));
      }
    }
    const text = bits.join('');
    const padded = text.padEnd(Math.ceil(text.length / 8) * 8, hasSpareOnes ? '1' : '0');
    rows.push(Uint8Array.from({ length: padded.length / 8 }, (_, i) => Number.parseInt(padded.slice(8 * i, 8 * i + 8), 2)));
  }
  return rows;
}

function filtered(type: number, row: Uint8Array, { above, step }: { readonly above: Uint8Array; readonly step: number }): Uint8Array {
  return row.map((value, i) => {
    const [left, up, corner] = [row[i - step] ?? 0, above[i] ?? 0, i < step ? 0 : (above[i - step] ?? 0)];
    const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, corner)];
    return value - (guesses[type] ?? 0);
  });
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
