/**
 * Contents in canonical form: what fingerprints are taken of. One label, one geometry, then samples,
 * coefficients or bytes, so that equal pictures give equal contents whatever container held them.
 * SPEC.md section 5.1.
 *
 *   bytes    "DCby" bytes (at least 1)
 *   segment  "DCsg" bytes (at least 1): a piece of a skeleton or of a block list
 *   tile     "DCti" width u16, height u16, channels u8, depth u8, samples
 *   coefficients  "DCco" blocks across u16, blocks down u16, 64 coefficients i16 of each
 *
 * A content is at most 1 MiB, its label and geometry included, so that it can always be stored as it is.
 * Samples are row by row, channels interleaved; depth 1 to 8: one byte each, value below 2^depth; 9 to 16: two
 * bytes each, big-endian; 32: four raw bytes each (floats), big-endian. Blocks are row by row; the coefficients of one in
 * natural order (row by row of the 8 by 8), little-endian, as the kernels have them in memory.
 */
import { utf8 } from '../../protocol/bytes.js';
import { maxPayloadBytes } from '../../protocol/limits.js';
import { fault } from '../errors.js';
import { maxChannels } from './image-limits.js';

/** Kinds of content, as their labels name them. */
export type ContentKind = 'bytes' | 'segment' | 'tile' | 'coefficients';

/** What a tile's samples are. `depth` is in bits per sample. */
export interface TileShape {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: number;
}

/** The blocks of a tile of coefficients: how many a row has, and how many rows. */
export interface CoefficientShape {
  readonly across: number;
  readonly down: number;
}

const labels: Readonly<Record<ContentKind, Uint8Array>> = {
  bytes: utf8('DCby'),
  segment: utf8('DCsg'),
  tile: utf8('DCti'),
  coefficients: utf8('DCco'),
};
const labelBytes = 4;
/** Bytes of a tile's content before its samples. */
export const tileHeaderBytes = labelBytes + 6;
/** Bytes of a tile of coefficients before its blocks, and of one block. */
export const coefficientHeaderBytes = labelBytes + 4;
export const coefficientBlockBytes = 128;
/** Most blocks of a tile of coefficients. */
export const maxCoefficientBlocks = Math.floor((maxPayloadBytes - coefficientHeaderBytes) / coefficientBlockBytes);
/** Most bytes that the samples of a tile may take. */
export const maxSamplesBytes = maxPayloadBytes - tileHeaderBytes;

/** Bytes that one sample of `depth` bits takes in canonical form. */
export function sampleBytes(depth: number): 1 | 2 | 4 {
  if (depth <= 8) return 1;
  return depth <= 16 ? 2 : 4;
}

/** Bytes of all samples of a tile. */
export function samplesBytes(shape: TileShape): number {
  return shape.width * shape.height * shape.channels * sampleBytes(shape.depth);
}

/** The content of a piece of a file (`bytes`) or of a skeleton or block list (`segment`). */
export function plainContent(kind: Exclude<ContentKind, 'tile'>, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(labelBytes + bytes.length);
  content.set(labels[kind]);
  content.set(bytes, labelBytes);
  return content;
}

/** A tile's content with room for its samples: fill it from `tileHeaderBytes` on. */
export function newTile(shape: TileShape): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(tileHeaderBytes + samplesBytes(shape));
  const view = new DataView(content.buffer);
  content.set(labels.tile);
  view.setUint16(4, shape.width);
  view.setUint16(6, shape.height);
  view.setUint8(8, shape.channels);
  view.setUint8(9, shape.depth);
  return content;
}

/** The kind of a content. Throws DiceError `recipe-invalid` for an unknown label. */
export function kindOf(content: Uint8Array): ContentKind {
  for (const kind of ['tile', 'coefficients', 'bytes', 'segment'] as const) {
    if (labels[kind].every((byte, i) => content[i] === byte)) return kind;
  }
  throw fault('recipe-invalid', 'A content has an unknown label.');
}

/** The bytes of a `bytes` or `segment` content, as a view. */
export function plainBytes(content: Uint8Array): Uint8Array {
  return content.subarray(labelBytes);
}

/** A tile's shape. Throws DiceError `recipe-invalid` where it is none or its samples have another length. */
export function shapeOf(content: Uint8Array): TileShape {
  if (kindOf(content) !== 'tile' || content.length < tileHeaderBytes) throw fault('recipe-invalid', 'A content is not a tile.');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const shape = { width: view.getUint16(4), height: view.getUint16(6), channels: view.getUint8(8), depth: view.getUint8(9) };
  checkShape(shape);
  if (content.length !== tileHeaderBytes + samplesBytes(shape)) throw fault('recipe-invalid', 'A tile has too few or too many samples.');
  return shape;
}

/** Throws DiceError `recipe-invalid` unless a tile may have this shape. */
export function checkShape(shape: TileShape): void {
  const isDepth = (shape.depth >= 1 && shape.depth <= 16) || shape.depth === 32;
  const isShape = shape.width > 0 && shape.height > 0 && shape.channels > 0 && shape.channels <= maxChannels && isDepth;
  if (!isShape || samplesBytes(shape) > maxSamplesBytes) throw fault('recipe-invalid', 'A tile has a shape that no tile may have.');
}

/** A tile's samples, as a view. */
export function samplesOf(content: Uint8Array): Uint8Array {
  return content.subarray(tileHeaderBytes);
}

/** The content of a tile of coefficients with room for its blocks, all zero: fill it from `coefficientHeaderBytes` on. */
export function newCoefficients({ across, down }: CoefficientShape): Uint8Array<ArrayBuffer> {
  return withCoefficientHeader(new Uint8Array(coefficientHeaderBytes + coefficientBlockBytes * across * down), { across, down });
}

/** `content`, whose blocks are in place, with what stands before them. */
export function withCoefficientHeader(content: Uint8Array<ArrayBuffer>, { across, down }: CoefficientShape): Uint8Array<ArrayBuffer> {
  const view = new DataView(content.buffer, content.byteOffset, coefficientHeaderBytes);
  content.set(labels.coefficients);
  view.setUint16(4, across);
  view.setUint16(6, down);
  return content;
}

/** The blocks of a tile of coefficients. Throws DiceError `recipe-invalid` where it is none or its blocks have another length. */
export function coefficientShapeOf(content: Uint8Array): CoefficientShape {
  if (kindOf(content) !== 'coefficients' || content.length < coefficientHeaderBytes) throw fault('recipe-invalid', 'A content is no tile of coefficients.');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const shape = { across: view.getUint16(4), down: view.getUint16(6) };
  checkCoefficientShape(shape);
  if (content.length !== coefficientHeaderBytes + coefficientBlockBytes * shape.across * shape.down) throw fault('recipe-invalid', 'A tile has too few or too many coefficients.');
  return shape;
}

/** Throws DiceError `recipe-invalid` unless a tile of coefficients may have this shape. */
export function checkCoefficientShape({ across, down }: CoefficientShape): void {
  if (across < 1 || down < 1 || across * down > maxCoefficientBlocks) throw fault('recipe-invalid', 'A tile of coefficients has a shape that none may have.');
}

/** The blocks of a tile of coefficients, as a view. */
export function blocksOf(content: Uint8Array): Uint8Array {
  return content.subarray(coefficientHeaderBytes);
}
