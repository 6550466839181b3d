/**
 * Pictures that unpack to very much more than they are: a PNG of one colour, written row by row, and a WebP of any size in 28 bytes. What comes after their
 * end lets a file be as large as it has to be for what it unfolds to.
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { createDeflate } from 'node:zlib';
import { concat, u32, utf8 } from '../../client-sdk/protocol/bytes.js';
import { pngChunk } from './png-writer.js';

/** A picture of one colour. */
export interface Bomb {
  readonly width: number;
  readonly height: number;
  readonly isInterlaced?: boolean;
  /** Bytes after its end. */
  readonly restBytes?: number;
}

/** Writes a PNG with 3 channels of 8 bits. */
export async function writePngBomb(file: string, { width, height, isInterlaced = false, restBytes = 0 }: Bomb): Promise<void> {
  const out = createWriteStream(file);
  out.write(concat(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), pngChunk('IHDR', concat(u32(width), u32(height), Uint8Array.of(8, 2, 0, 0, isInterlaced ? 1 : 0)))));
  const passes = isInterlaced ? adam7 : whole;
  await pipeline(rowsOf({ width, height }, passes), createDeflate({ level: 9 }), async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) out.write(pngChunk('IDAT', piece));
  });
  out.write(pngChunk('IEND', new Uint8Array()));
  out.end(new Uint8Array(restBytes));
  await once(out, 'close');
}

/** First column and row of a pass, and the steps between two of them. */
type Pass = readonly [x: number, y: number, stepX: number, stepY: number];
const whole: readonly Pass[] = [[0, 0, 1, 1]];
const adam7: readonly Pass[] = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

function* rowsOf({ width, height }: Bomb, passes: readonly Pass[]): Generator<Uint8Array> {
  for (const [x, y, stepX, stepY] of passes) {
    const row = new Uint8Array(1 + 3 * Math.ceil((width - x) / stepX));
    for (let at = y; at < height; at += stepY) yield row;
  }
}

/** A lossless WebP without a bit for its pixels: each of its five codes has one symbol. RFC 9649 section 3. */
export function webpBomb({ width, height }: Bomb): Uint8Array {
  const bits = [...bitsOf(0x2f, 8), ...bitsOf(width - 1, 14), ...bitsOf(height - 1, 14), ...bitsOf(0, 4), 0, 0, 0];
  // Simple, of one symbol, of one bit: zero.
  for (let code = 0; code < 5; code++) bits.push(1, 0, 0, 0);
  const bytes = Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((sum, bit, at) => sum + (bit << at), 0));
  const even = concat(bytes, new Uint8Array(bytes.length % 2));
  const body = concat(utf8('WEBPVP8L'), u32(bytes.length).reverse(), even);
  return concat(utf8('RIFF'), u32(body.length).reverse(), body);
}

function bitsOf(value: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => (value >> i) & 1);
}
