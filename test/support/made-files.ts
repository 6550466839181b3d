/**
 * Small PNG, TIFF and JPEG files of every kind that the splitters know, made in code: what the fuzz run starts from.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import pako from 'pako';
import { encodeLzw } from '../../client-sdk/core/image/tiff-lzw.js';
import { encodePackBits } from '../../client-sdk/core/image/tiff-packbits.js';
import { segment, writeJpeg } from './jpeg-writer.js';
import { writePng } from './png-writer.js';
import { shaded } from './test-picture.js';
import { writeTiff } from './tiff-writer.js';

const lzw = { isOld: false, full: 4_094, isWatched: true, hasEnd: true, doesCountLast: true };

/** All of them. */
export function madeFiles(): readonly Uint8Array[] {
  return [...pngFiles(), ...tiffFiles(), ...jpegFiles()];
}

function pngFiles(): readonly Uint8Array[] {
  const kinds = [[1, 1, 0], [1, 2, 3], [1, 4, 0], [1, 8, 3], [1, 16, 0], [2, 8, 4], [3, 8, 2], [3, 16, 2], [4, 8, 6]] as const;
  const straight = kinds.map(([channels, depth, colourType], i) =>
    writePng(shaded(40 + i, 30 - i, { channels, depth, seed: i + 1 }), { colourType, isInterlaced: i % 3 === 1, filter: (row) => (row * (i + 1)) % 5, level: i, idatBytes: 100 + 50 * i }),
  );
  const other = (stream: Uint8Array): Uint8Array => new Uint8Array(deflateSync(inflateSync(stream), { level: 3 }));
  const flushed = (stream: Uint8Array): Uint8Array => {
    const deflate = new pako.Deflate({});
    deflate.push(inflateSync(stream).subarray(0, 1_000), pako.constants.Z_SYNC_FLUSH);
    deflate.push(inflateSync(stream).subarray(1_000), true);
    return deflate.result;
  };
  return [
    ...straight,
    writePng(shaded(70, 50), { changeStream: other, filter: () => 4 }),
    writePng(shaded(50, 20), { changeStream: flushed, hasSpareOnes: true }),
    writePng({ ...shaded(64, 48, { channels: 4 }), samples: new Uint8Array(64 * 48 * 4).fill(77) }),
  ];
}

function tiffFiles(): readonly Uint8Array[] {
  const rgb = shaded(50, 37);
  const deflate = (packed: Uint8Array): Uint8Array => pako.deflate(packed);
  const unknown = (packed: Uint8Array): Uint8Array => new Uint8Array(deflateSync(packed, { level: 2 }));
  return [
    writeTiff(rgb, { rowsPerStrip: 7, gapBytes: 3 }),
    writeTiff(shaded(50, 37, { depth: 16 }), { isLittleEndian: false, tile: [16, 32], padding: 1 }),
    writeTiff(rgb, { isPlanar: true, rowsPerStrip: 9, isBig: true }),
    writeTiff([rgb, shaded(21, 9, { channels: 1, depth: 4 }), shaded(20, 20, { channels: 1, depth: 1 })], { rowsPerStrip: 8, padding: 1 }),
    writeTiff(rgb, { compression: 5, compress: (packed) => encodeLzw(packed, lzw), rowsPerStrip: 10 }),
    writeTiff(rgb, { compression: 5, compress: (packed) => encodeLzw(packed, { ...lzw, full: 0, isOld: true }, [300, 9]), tile: [32, 32] }),
    writeTiff(rgb, { compression: 32_773, compress: encodePackBits }),
    writeTiff(rgb, { compression: 8, compress: deflate, isPlanar: true, fields: [[317, 2]] }),
    writeTiff(rgb, { compression: 8, compress: unknown, rowsPerStrip: 12 }),
    writeTiff(shaded(20, 20, { channels: 4 }), { compression: 32_946, compress: deflate, fields: [[258, 32], [277, 1], [317, 3]] }),
    writeTiff(shaded(25, 19, { channels: 6 }), { fields: [[256, 50], [257, 37], [258, 8, 8, 8], [262, 6], [277, 3], [278, 38]] }),
    writeTiff(shaded(33, 17, { channels: 1, depth: 12 }), { fields: [[266, 2]] }),
  ];
}

/** Sequential and progressive ones; of one to four components; with padding that is not as predicted. */
export function jpegFiles(): readonly Uint8Array[] {
  const halved = [[2, 2], [1, 1], [1, 1]] as const;
  const wider = writeJpeg({ width: 64, height: 32, sampling: halved });
  wider.set([0, 19, 0, 35], wider.findIndex((byte, at) => byte === 0xff && wider[at + 1] === 0xc0) + 5);
  return [
    writeJpeg({ width: 50, height: 37 }),
    writeJpeg({ width: 70, height: 45, sampling: halved, restart: 3, before: segment(0xe1, Uint8Array.from({ length: 90 }, (_, i) => i)) }),
    writeJpeg({ width: 45, height: 70, sampling: [[2, 1], [1, 1], [1, 1]], isProgressive: true, after: Uint8Array.of(1, 2, 3) }),
    writeJpeg({ width: 33, height: 33, sampling: [[1, 1], [1, 1], [1, 1], [1, 1]], isApart: true, precision: 12 }),
    writeJpeg({ width: 90, height: 20, isProgressive: true, restart: 2 }),
    wider,
  ];
}
