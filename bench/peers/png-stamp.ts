/**
 * A stamp of 64 x 64 pixels on a PNG, losslessly and in the file's own form: same colour type, same filters, same other chunks;
 * deflated again by vanilla zlib at level 6. For 8-bit samples without interlacing; no general PNG writer.
 */
import { crc32 } from 'node:zlib';
import { deflate, inflate } from 'pako';

const stampPixels = 64;
const squarePixels = 8;
/** Bytes of a pixel by colour type. */
const pixelBytes: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** The stamped file; undefined where it is no PNG of the kind above. `seed` places the stamp. */
export function stampedPng(file: Buffer, seed: number): Buffer | undefined {
  const chunks = chunksOf(file);
  const header = chunks?.[0]?.body;
  if (chunks === undefined || header?.length !== 13 || header[8] !== 8 || header[12] !== 0) return undefined;
  const [width, height, step] = [header.readUInt32BE(0), header.readUInt32BE(4), pixelBytes[header[9] ?? 0]];
  if (step === undefined) return undefined;
  const samples = inflate(Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ body }) => body)));
  const grid = { width, height, step, stride: width * step };
  if (samples.length !== height * (grid.stride + 1)) return undefined;
  const filters = unfilter(samples, grid);
  stamp(samples, grid, seed);
  refilter(samples, grid, filters);
  return rejoined(file, chunks, deflate(samples, { level: 6, memLevel: 8, windowBits: 15 }));
}

interface Chunk {
  readonly type: string;
  readonly body: Buffer;
  /** The chunk as it stands in the file. */
  readonly whole: Buffer;
}

/** Undefined where the file is no PNG, or a broken one. */
function chunksOf(file: Buffer): readonly Chunk[] | undefined {
  if (file.subarray(0, 8).toString('hex') !== '89504e470d0a1a0a') return undefined;
  const chunks: Chunk[] = [];
  for (let at = 8; at < file.length;) {
    if (at + 12 > file.length) return undefined;
    const end = at + 12 + file.readUInt32BE(at);
    if (end > file.length) return undefined;
    chunks.push({ type: file.toString('latin1', at + 4, at + 8), body: file.subarray(at + 8, end - 4), whole: file.subarray(at, end) });
    at = end;
  }
  return chunks;
}

/** One IDAT chunk in the place of the first, all others as they were. */
function rejoined(file: Buffer, chunks: readonly Chunk[], stream: Uint8Array): Buffer {
  const first = chunks.findIndex(({ type }) => type === 'IDAT');
  const pieces = chunks.flatMap(({ type, whole }, index) => (index === first ? [chunk('IDAT', stream)] : type === 'IDAT' ? [] : [whole]));
  return Buffer.concat([file.subarray(0, 8), ...pieces]);
}

function chunk(type: string, body: Uint8Array): Buffer {
  const framed = Buffer.alloc(body.length + 12);
  framed.writeUInt32BE(body.length, 0);
  framed.write(type, 4, 'latin1');
  framed.set(body, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, body.length + 8)) >>> 0, body.length + 8);
  return framed;
}

interface Grid {
  readonly width: number;
  readonly height: number;
  readonly step: number;
  readonly stride: number;
}

/** Squares of black and white, or of a palette's first colour and what was there. */
function stamp(samples: Uint8Array, { width, height, step, stride }: Grid, seed: number): void {
  const left = (seed * 37) % Math.max(1, width - stampPixels);
  const top = (seed * 53) % Math.max(1, height - stampPixels);
  // Alpha stays as it is.
  const painted = step - (step === 2 || step === 4 ? 1 : 0);
  for (let y = top; y < Math.min(height, top + stampPixels); y++) {
    for (let x = left; x < Math.min(width, left + stampPixels); x++) {
      const isDark = (Math.floor((x - left) / squarePixels) + Math.floor((y - top) / squarePixels)) % 2 === 0;
      const at = y * (stride + 1) + 1 + x * step;
      if (isDark) samples.fill(0, at, at + painted);
      else if (painted > 1) samples.fill(255, at, at + painted);
    }
  }
}

/** Puts samples in the place of filtered bytes, from the top; answers the filters that the rows had. */
function unfilter(samples: Uint8Array, { height, step, stride }: Grid): Uint8Array {
  const filters = new Uint8Array(height);
  const blank = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const row = rowOf(samples, stride, y);
    const above = y === 0 ? blank : rowOf(samples, stride, y - 1);
    const type = (filters[y] = samples[y * (stride + 1)] ?? 0);
    for (let i = 0; type !== 0 && i < stride; i++) row[i] = (row[i] ?? 0) + predicted(type, { row, above, i, step });
  }
  return filters;
}

/** The reverse, from the bottom right. */
function refilter(samples: Uint8Array, { height, step, stride }: Grid, filters: Uint8Array): void {
  const blank = new Uint8Array(stride);
  for (let y = height - 1; y >= 0; y--) {
    const row = rowOf(samples, stride, y);
    const above = y === 0 ? blank : rowOf(samples, stride, y - 1);
    const type = filters[y] ?? 0;
    for (let i = stride - 1; type !== 0 && i >= 0; i--) row[i] = (row[i] ?? 0) - predicted(type, { row, above, i, step });
  }
}

function rowOf(samples: Uint8Array, stride: number, y: number): Uint8Array {
  return samples.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
}

interface Neighbours {
  readonly row: Uint8Array;
  readonly above: Uint8Array;
  readonly i: number;
  readonly step: number;
}

/** The predictions of PNG (section 9.2), from samples alone. */
function predicted(type: number, { row, above, i, step }: Neighbours): number {
  const left = i < step ? 0 : (row[i - step] ?? 0);
  const up = above[i] ?? 0;
  if (type === 1) return left;
  if (type === 2) return up;
  if (type === 3) return (left + up) >> 1;
  const corner = i < step ? 0 : (above[i - step] ?? 0);
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
