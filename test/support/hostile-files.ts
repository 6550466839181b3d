/**
 * Files that attack a reader of images, made in code: pictures that announce what they do not hold, unfold without end,
 * point at themselves or stop early. Each must be kept byte for byte or refused by name.
 */
import { deflateSync } from 'node:zlib';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { concat, u32, utf8 } from '../../client-sdk/protocol/bytes.js';
import { pngChunk } from './png-writer.js';
import { jpegOf, photograph } from './sample-images.js';

const pngMagic = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Name and bytes of every attack. */
export async function hostileFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const picture = photograph(70, 60, 2);
  const [png, tiff, jpeg] = [pngOf(picture), tiffOf(picture), await jpegOf(picture)];
  return new Map<string, Uint8Array>([
    ['cut.png', png.subarray(0, png.length >> 1)],
    ['cut in its header.png', png.subarray(0, 20)],
    ['magic alone.png', pngMagic],
    ['cut.tif', tiff.subarray(0, tiff.length >> 1)],
    ['cut.jpg', jpeg.subarray(0, jpeg.length >> 1)],
    ['magic alone.jpg', Uint8Array.of(0xff, 0xd8, 0xff)],
    ['announces 2^31-1 pixels a side.png', pngWith(ihdr(0x7fffffff, 0x7fffffff), deflateSync(new Uint8Array(100)))],
    ['announces no pixel.png', pngWith(ihdr(0, 0), deflateSync(new Uint8Array(0)))],
    ['unfolds to 100 MB.png', pngWith(ihdr(30_000, 30_000), deflateSync(new Uint8Array(100_000_000), { level: 9 }))],
    ['chunk longer than the file.png', concat(pngMagic, pngChunk('IHDR', ihdr(8, 8)), u32(0xffffffff), utf8('IDAT'), new Uint8Array(50))],
    ['ten thousand empty chunks.png', concat(pngMagic, pngChunk('IHDR', ihdr(8, 8)), ...Array.from({ length: 10_000 }, () => pngChunk('IDAT', new Uint8Array())), pngChunk('IEND', new Uint8Array()))],
    ['directory that follows itself.tif', tiffWith(1, [], 8)],
    ['directory of 65535 fields.tif', tiffWith(65_535, [], 0)],
    ['directory beyond the end.tif', concat(utf8('II*\0'), Uint8Array.of(0xff, 0xff, 0xff, 0xff), new Uint8Array(30))],
    ['strips of 4 GB.tif', tiffWith(6, [[256, 4, 1, 0xffffffff], [257, 4, 1, 0xffffffff], [258, 3, 1, 8], [259, 3, 1, 1], [273, 4, 0xffffffff, 8], [279, 4, 0xffffffff, 8]], 0)],
    ['segment of length 0.jpg', concat(Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 0), new Uint8Array(300).fill(0xff))],
    ['markers without end.jpg', concat(Uint8Array.of(0xff, 0xd8), new Uint8Array(50_000).fill(0xff))],
  ]);
}

function ihdr(width: number, height: number): Uint8Array {
  return concat(u32(width), u32(height), Uint8Array.of(8, 2, 0, 0, 0));
}

function pngWith(head: Uint8Array, stream: Uint8Array): Uint8Array {
  return concat(pngMagic, pngChunk('IHDR', head), pngChunk('IDAT', stream), pngChunk('IEND', new Uint8Array()));
}

type Field = readonly [tag: number, type: number, count: number, value: number];

/** A little-endian file with one directory at 8 that claims `count` fields. */
function tiffWith(count: number, fields: readonly Field[], next: number): Uint8Array {
  const bytes = Buffer.alloc(8 + 2 + 12 * Math.max(1, fields.length) + 4);
  bytes.write('II*\0', 'latin1');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(count, 8);
  for (const [i, [tag, type, values, value]] of fields.entries()) {
    bytes.writeUInt16LE(tag, 10 + 12 * i);
    bytes.writeUInt16LE(type, 12 + 12 * i);
    bytes.writeUInt32LE(values, 14 + 12 * i);
    bytes.writeUInt32LE(value, 18 + 12 * i);
  }
  bytes.writeUInt32LE(next, bytes.length - 4);
  return bytes;
}
