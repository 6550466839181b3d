/**
 * The files of the vectors of SPEC.md sections 6.3 to 6.6 and 6.8: small ones, each with one thing that a recipe must hold.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import pako from 'pako';
import { encodeLzw } from '../../client-sdk/core/image/tiff-lzw.js';
import { encodePackBits } from '../../client-sdk/core/image/tiff-packbits.js';
import { concat, utf8 } from '../../client-sdk/protocol/bytes.js';
import { segment, writeJpeg } from '../support/jpeg-writer.js';
import { pngChunk, writePng } from '../support/png-writer.js';
import { rechannelled, shaded, type TestPicture } from '../support/test-picture.js';
import { writeTiff } from '../support/tiff-writer.js';

type Files = Readonly<Record<string, readonly [why: string, file: Uint8Array]>>;

const rgb = shaded(9, 7);
const grey = shaded(9, 7, { channels: 1 });
const narrow: TestPicture = { ...grey, depth: 16, samples: Uint8Array.from({ length: 126 }, (_, i) => grey.samples[i >> 1] ?? 0) };
const flat: TestPicture = { ...grey, samples: new Uint8Array(63).fill(200) };
const lzw = { isOld: false, full: 4_094, isWatched: true, hasEnd: true, doesCountLast: true };
const libtiffLzw = (packed: Uint8Array): Uint8Array => encodeLzw(packed, lzw);
const deflate = (packed: Uint8Array): Uint8Array => pako.deflate(packed);

/** By name. */
export function splitFiles(): Files {
  return { ...pngFiles(), ...tiffFiles(), ...jpegFiles(), bytes: ['Any other file is cut into blocks of bytes.', utf8('no picture at all')] };
}

function pngFiles(): Files {
  const palette = (shades: readonly number[]): Uint8Array => pngChunk('PLTE', Uint8Array.from(shades.flatMap((shade) => [shade, shade, shade])));
  const indices = shaded(9, 7, { channels: 1, depth: 2 });
  const colours = writePng(indices, { colourType: 3 });
  const other = (stream: Uint8Array): Uint8Array => new Uint8Array(deflateSync(inflateSync(stream), { level: 2, memLevel: 5 }));
  return {
    'png-rgb': ['Filters of all types, zlib level 6.', writePng(rgb, { filter: (row) => row % 5 })],
    'png-grey-1': ['One bit, spread over eight; spare bits that are ones.', writePng(shaded(9, 7, { channels: 1, depth: 1 }), { hasSpareOnes: true })],
    'png-grey-4': ['Four bits, spread over eight.', writePng(shaded(9, 7, { channels: 1, depth: 4 }))],
    'png-grey-16': ['Sixteen bits.', writePng(shaded(9, 7, { channels: 1, depth: 16 }))],
    'png-grey-16-narrow': ['Sixteen bits of two equal bytes: a narrow content.', writePng(narrow)],
    'png-palette': ['A palette of colours: indices.', colours],
    'png-palette-shades': ['A palette of shades in any order: a table, with free shades for what it lacks.', concat(colours.subarray(0, 33), palette([200, 10, 90]), colours.subarray(33 + 24))],
    'png-opaque': ['A constant channel and an equal one are left out.', writePng(rechannelled(rgb, [0, 1, 0, { value: 255 }]))],
    'png-flat': ['A flat tile lives in the recipe.', writePng(flat)],
    'png-adam7': ['Seven passes.', writePng(rgb, { isInterlaced: true, filter: () => 2 })],
    'png-stored': ['Stored blocks.', writePng(grey, { level: 0 })],
    'png-tokens': ['An encoder without known parameters.', writePng(grey, { changeStream: other })],
    'png-chunks': ['IDAT of several sizes, a wrong checksum, other chunks, bytes after the end.', writePng(rgb, { idatBytes: 50, wrongCrc: 1, before: pngChunk('tEXt', utf8('a\0b')), after: utf8('after') })],
    'png-no-adler': ['A wrong Adler-32 and strays in the stream.', writePng(grey, { changeStream: (stream) => concat(stream.subarray(0, -1), utf8('?stray')) })],
  };
}

function tiffFiles(): Files {
  const parts = shaded(9, 7, { channels: 4 });
  const held: Uint8Array[] = [];
  const leftover = (packed: Uint8Array): Uint8Array => {
    const buffer = held.at(-1)?.slice() ?? new Uint8Array(packed.length);
    const columns = held.length % 2 === 1 ? 4 : 16;
    const rows = held.length < 2 ? 16 : 2;
    for (let row = 0; row < rows; row++) buffer.set(packed.subarray(row * 16, row * 16 + columns), row * 16);
    held.push(buffer);
    return buffer;
  };
  return {
    'tiff-strips': ['Little-endian, strips, gaps and bytes at the end.', writeTiff(rgb, { rowsPerStrip: 3, gapBytes: 2, trailing: utf8('end') })],
    'tiff-big-endian': ['Big-endian, 16 bits.', writeTiff(shaded(9, 7, { channels: 1, depth: 16 }), { isLittleEndian: false })],
    'tiff-bigtiff-planar': ['BigTIFF, one plane for each channel.', writeTiff(rgb, { isBig: true, isPlanar: true })],
    'tiff-tiles-leftover': ['Tiles whose edges hold what the buffer held before.', writeTiff(shaded(20, 18, { channels: 1 }), { tile: [16, 16], compress: leftover })],
    'tiff-tiles-padding': ['Tiles whose edges hold ones.', writeTiff(grey, { tile: [16, 16], padding: 1 })],
    'tiff-12-bits': ['Packed samples of 12 bits.', writeTiff(shaded(9, 7, { channels: 1, depth: 12 }))],
    'tiff-24-bits': ['Samples of 24 bits in 32.', writeTiff(rgb, { fields: [[258, 24], [277, 1]] })],
    'tiff-float': ['Samples of 32 bits, predictor 3, Deflate.', writeTiff(parts, { compression: 8, compress: deflate, fields: [[258, 32], [277, 1], [317, 3], [339, 3]] })],
    'tiff-64-bits': ['Samples of 64 bits are two channels.', writeTiff(shaded(9, 7, { channels: 8 }), { fields: [[258, 64], [277, 1]] })],
    'tiff-white-is-zero': ['White as zero is turned around.', writeTiff(grey, { fields: [[262, 0]] })],
    'tiff-turned-bits': ['FillOrder 2.', writeTiff(shaded(9, 7, { channels: 1, depth: 1 }), { fields: [[266, 2]] })],
    'tiff-ycbcr': ['Colour for four pixels at a time.', writeTiff(shaded(5, 4, { channels: 6 }), { fields: [[256, 9], [257, 7], [258, 8, 8, 8], [262, 6], [277, 3], [278, 8]] })],
    'tiff-lzw': ['LZW of libtiff.', writeTiff(rgb, { compression: 5, compress: libtiffLzw })],
    'tiff-lzw-predictor': ['LZW with predictor 2.', writeTiff(rgb, { compression: 5, compress: libtiffLzw, fields: [[317, 2]] })],
    'tiff-lzw-old': ['LZW as before TIFF 6.0.', writeTiff(rgb, { compression: 5, compress: (packed) => encodeLzw(packed, { ...lzw, isOld: true }) })],
    'tiff-lzw-listed': ['LZW whose table is cleared at will.', writeTiff(rgb, { compression: 5, compress: (packed) => encodeLzw(packed, { ...lzw, full: 0 }, [20, 5]) })],
    'tiff-packbits': ['PackBits.', writeTiff(grey, { compression: 32_773, compress: encodePackBits })],
    'tiff-deflate': ['Deflate by parameters.', writeTiff(rgb, { compression: 8, compress: deflate, rowsPerStrip: 4 })],
    'tiff-sparse': ['A tile without a place.', writeTiff(shaded(20, 7, { channels: 1 }), { tile: [16, 16], moveOffset: (offset, index) => (index === 1 ? 0 : offset), fields: [[325, 256, 0]] })],
    'tiff-shared': ['Strips that share their bytes.', writeTiff({ ...grey, samples: grey.samples.map((_, i) => grey.samples[i % 9] ?? 0) }, { rowsPerStrip: 1, moveOffset: () => 8 })],
    'tiff-pages': ['Two pages, one of which is not understood.', writeTiff([grey, grey, rgb], { compression: [1, 99, 1] })],
  };
}

function jpegFiles(): Files {
  const sampling = [[2, 2], [1, 1], [1, 1]] as const;
  const padded = writeJpeg({ width: 32, height: 16, sampling });
  padded.set([0, 7, 0, 20], padded.findIndex((byte, at) => byte === 0xff && padded[at + 1] === 0xc0) + 5);
  const misnumbered = writeJpeg({ width: 24, height: 8, restart: 1 });
  const marker = misnumbered.findIndex((byte, at) => byte === 0xff && misnumbered[at + 1] === 0xd1);
  misnumbered[marker + 1] = 0xd5;
  const filled = writeJpeg({ width: 8, height: 8, value: (_component, _block, place) => (place === 0 ? 1 : 0) });
  filled[filled.length - 3] = (filled.at(-3) ?? 0) & 0xfe;
  return {
    'jpeg-grey': ['One component, one scan.', writeJpeg({ width: 20, height: 12 })],
    'jpeg-halved': ['Halved chroma: tiles component by component, predicted padding.', writeJpeg({ width: 40, height: 20, sampling })],
    'jpeg-padding': ['Blocks of padding that are not as predicted are contents.', padded],
    'jpeg-progressive': ['First and further scans of bands, two components.', writeJpeg({ width: 12, height: 20, sampling: [[2, 1], [1, 1]], isProgressive: true })],
    'jpeg-restarts': ['Restart markers, one of them wrongly numbered.', misnumbered],
    'jpeg-apart': ['Twelve bits, a scan for each component.', writeJpeg({ width: 9, height: 9, sampling: [[1, 1], [1, 1]], precision: 12, isApart: true })],
    'jpeg-filled': ['The last byte of the scan is filled up with a zero among ones.', filled],
    'jpeg-broken': ['A scan that breaks off: the last row is kept as it is.', writeJpeg({ width: 16, height: 33 }).subarray(0, -12)],
    'jpeg-segments': ['Other segments, bytes after the end.', writeJpeg({ width: 8, height: 8, before: segment(0xfe, utf8('a comment')), after: utf8('after') })],
  };
}
