/**
 * The smallest writers of PNG (vanilla zlib, adaptive filters) and uncompressed TIFF that a bench needs.
 * 8-bit RGB only.
 */
import { crc32 } from 'node:zlib';
import { deflate } from 'pako';

/** 8-bit RGB, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly samples: Uint8Array;
}

/** A PNG as libpng would write it: the filter with the smallest sum of absolute differences, zlib level 6. */
export function pngOf(pixels: Pixels): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels.width, 0);
  header.writeUInt32BE(pixels.height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const body = deflate(filtered(pixels), { level: 6, memLevel: 8, windowBits: 15 });
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', body), chunk('IEND', new Uint8Array())]);
}

function chunk(type: string, body: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(body.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(checksum(typed), typed.length + 4);
  return framed;
}

/** CRC-32 of PNG (ISO 3309); node:zlib has it from Node 20.15 on. */
function checksum(bytes: Uint8Array): number {
  return crc32(bytes) >>> 0;
}

function filtered({ width, height, samples }: Pixels): Uint8Array {
  const stride = 3 * width;
  const rows = new Uint8Array(height * (stride + 1));
  const candidates = Array.from({ length: 5 }, () => new Uint8Array(stride));
  for (let y = 0; y < height; y++) {
    const above = y === 0 ? new Uint8Array(stride) : samples.subarray((y - 1) * stride, y * stride);
    const row = samples.subarray(y * stride, (y + 1) * stride);
    const costs = candidates.map((candidate, type) => filterRow({ row, above, type }, candidate));
    const best = costs.indexOf(Math.min(...costs));
    rows[y * (stride + 1)] = best;
    rows.set(candidates[best] ?? row, y * (stride + 1) + 1);
  }
  return rows;
}

interface FilteredRow {
  readonly row: Uint8Array;
  readonly above: Uint8Array;
  readonly type: number;
}

/** Fills `out` and answers the sum of absolute differences. */
function filterRow({ row, above, type }: FilteredRow, out: Uint8Array): number {
  let cost = 0;
  for (let i = 0; i < row.length; i++) {
    const left = i < 3 ? 0 : (row[i - 3] ?? 0);
    const corner = i < 3 ? 0 : (above[i - 3] ?? 0);
    const value = ((row[i] ?? 0) - predicted(type, { left, up: above[i] ?? 0, corner })) & 255;
    out[i] = value;
    cost += value < 128 ? value : 256 - value;
  }
  return cost;
}

/** The five predictions of PNG (section 9.2). */
function predicted(type: number, { left, up, corner }: { readonly left: number; readonly up: number; readonly corner: number }): number {
  if (type === 0) return 0;
  if (type === 1) return left;
  if (type === 2) return up;
  return type === 3 ? (left + up) >> 1 : paeth(left, up, corner);
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** A little-endian TIFF with one strip. */
export function tiffOf({ width, height, samples }: Pixels): Uint8Array {
  const tags: readonly (readonly [number, number, number, number])[] = [
    [256, 4, 1, width], [257, 4, 1, height], [258, 3, 3, 8 + samples.length], [259, 3, 1, 1], [262, 3, 1, 2],
    [273, 4, 1, 8], [277, 3, 1, 3], [278, 4, 1, height], [279, 4, 1, samples.length],
  ];
  const directory = Buffer.alloc(6 + 2 + 12 * tags.length + 4);
  for (const i of [0, 2, 4]) directory.writeUInt16LE(8, i);
  directory.writeUInt16LE(tags.length, 6);
  for (const [i, [tag, type, count, value]] of tags.entries()) {
    directory.writeUInt16LE(tag, 8 + 12 * i);
    directory.writeUInt16LE(type, 10 + 12 * i);
    directory.writeUInt32LE(count, 12 + 12 * i);
    directory.writeUInt32LE(value, 16 + 12 * i);
  }
  const head = Buffer.alloc(8);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8 + samples.length + 6, 4);
  return Buffer.concat([head, samples, directory]);
}
