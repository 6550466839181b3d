/**
 * The IHDR of a PNG file and what follows from it: shape of the samples, passes (one, or the seven of Adam7),
 * bytes of rows. PNG third edition, sections 7 and 11.2.1. SPEC.md section 6.4.
 */
import type { TileShape } from './content.js';
import { isPageShape } from './geometry.js';

/** A PNG header that can become tiles. */
export interface PngHeader {
  readonly shape: TileShape;
  readonly isInterlaced: boolean;
  readonly colourType: number;
  /** Bytes between a byte and its left neighbour in the filters. */
  readonly filterStep: number;
  /** Passes that have pixels, in file order. */
  readonly passes: readonly Pass[];
  /** Filter types and rows of all passes. */
  readonly rawBytes: number;
}

/** A pass: pixel (column, row) of it stands at (x0 + column * dx, y0 + row * dy). */
export interface Pass {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
  readonly width: number;
  readonly height: number;
  readonly rowBytes: number;
}

/** The eight bytes that a PNG file begins with. */
export const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Signature and the whole IHDR chunk. */
export const pngHeadBytes = 33;

const depths: Readonly<Record<number, readonly number[]>> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const adam7 = [
  [0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2],
] as const;

/** The header of a file that begins with `head`, or undefined where it is none that PNG allows. */
export function pngHeaderOf(head: Uint8Array): PngHeader | undefined {
  if (head.length < pngHeadBytes || !pngSignature.every((byte, i) => head[i] === byte)) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452) return undefined;
  const depth = head[24]!;
  const colourType = head[25]!;
  const isKnown = depths[colourType]?.includes(depth) === true && head[26] === 0 && head[27] === 0 && head[28]! <= 1;
  const shape = { width: view.getUint32(16), height: view.getUint32(20), channels: channelsOf[colourType] ?? 0, depth };
  if (!isKnown || !isPageShape(shape)) return undefined;
  const isInterlaced = head[28] === 1;
  const passes = passesOf(shape, isInterlaced);
  const rawBytes = passes.reduce((sum, pass) => sum + pass.height * (1 + pass.rowBytes), 0);
  return { shape, isInterlaced, colourType, filterStep: Math.max(1, (shape.channels * depth) >>> 3), passes, rawBytes };
}

/** Bits of the last byte of a row that belong to no sample. */
export function spareBits(pass: Pass, shape: TileShape): number {
  return pass.rowBytes * 8 - pass.width * shape.channels * shape.depth;
}

function passesOf(shape: TileShape, isInterlaced: boolean): readonly Pass[] {
  const grids = isInterlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  const passes = grids.map(([x0, y0, dx, dy]) => {
    const width = Math.max(0, Math.ceil((shape.width - x0) / dx));
    const height = Math.max(0, Math.ceil((shape.height - y0) / dy));
    return { x0, y0, dx, dy, width, height, rowBytes: Math.ceil((width * shape.channels * shape.depth) / 8) };
  });
  return passes.filter((pass) => pass.width > 0 && pass.height > 0);
}
