/**
 * Tiles of coefficients in a fraction of their memory, while a file waits for its tiles to be read again (kernel/packed.ts). Neither a
 * format nor a code: it never leaves the splitter.
 */
import { blocksOf, coefficientBlockBytes, coefficientShapeOf, type CoefficientShape, newCoefficients } from '../content.js';
import { type Kernel, newScanKernel } from './scan-kernel-code.js';
import { areaOf, outBytes } from './scan-kernel.js';

/** A tile that `unpackTile` makes again. */
export interface PackedTile {
  readonly shape: CoefficientShape;
  /** Of some rows of blocks each, as many as fit: kernel/packed.ts. */
  readonly pieces: readonly Uint8Array[];
}

/** Where the blocks of a tile lie in the memory of a kernel, in bytes. */
export interface TilePlace {
  readonly at: number;
  readonly rowBytes: number;
}

/** Of a block, at most. */
const packedBlockBytes = 200;
/** For unpacking: it holds nothing between two calls. */
let unpacker: Kernel | undefined;

/** Packs the tile out of the kernel's memory; undefined where a row of it is too long for that. */
export function packTile(run: Kernel, { at, rowBytes }: TilePlace, shape: CoefficientShape): PackedTile | undefined {
  const rows = rowsOfPiece(shape);
  if (rows === 0) return undefined;
  const out = areaOf(run, 'out');
  const pieces: Uint8Array[] = [];
  for (let row = 0; row < shape.down; row += rows) {
    let to = out;
    for (let next = row; next < Math.min(shape.down, row + rows); next++) to += run.packBlocks(at + next * rowBytes, shape.across, to);
    pieces.push(new Uint8Array(run.memory.buffer, out, to - out).slice());
  }
  return { shape, pieces };
}

/** The tile's content, in `room` where that is one of this shape. */
export function unpackTile({ shape, pieces }: PackedTile, room?: Uint8Array): Uint8Array {
  const content = room !== undefined && hasShape(room, shape) ? room : newCoefficients(shape);
  const blocks = blocksOf(content);
  const run = (unpacker ??= newScanKernel());
  const [raw, out] = [areaOf(run, 'raw'), areaOf(run, 'out')];
  const memory = new Uint8Array(run.memory.buffer);
  const rows = rowsOfPiece(shape);
  for (const [i, piece] of pieces.entries()) {
    const count = shape.across * Math.min(rows, shape.down - i * rows);
    memory.set(piece, raw);
    run.unpackBlocks(raw, count, out);
    blocks.set(memory.subarray(out, out + coefficientBlockBytes * count), coefficientBlockBytes * shape.across * rows * i);
  }
  return content;
}

function rowsOfPiece({ across }: CoefficientShape): number {
  return Math.floor(outBytes / (packedBlockBytes * across));
}

function hasShape(room: Uint8Array, { across, down }: CoefficientShape): boolean {
  const shape = coefficientShapeOf(room);
  return shape.across === across && shape.down === down;
}
