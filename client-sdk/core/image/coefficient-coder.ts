/**
 * The coder of coefficient tiles: a lossless, deterministic code for the quantised coefficients of a JPEG's blocks. The kernel does the
 * work; here are the code's head and what a reader must refuse. It knows nothing of JPEG files or coder ids. SPEC.md section 5.12.
 */
import { fault } from '../errors.js';
import { blocksOf, checkCoefficientShape, coefficientBlockBytes, coefficientHeaderBytes, type CoefficientShape, coefficientShapeOf, newCoefficients, withCoefficientHeader } from './content.js';
import { tileKernel } from './tile-kernel.js';

/** Bits of the head: all blocks are equal and only one is coded; sizes follow. */
const flatBit = 1;
const sizeBit = 128;
/** Blocks in a row and rows of the tiles whose size is not written. Fixed by the format, whatever the default becomes. */
const defaultSide = 64;
const maxHeadBytes = 1 + 2 + 2;

/** The code of a tile of coefficients, or undefined where it would not be shorter than its blocks. Throws DiceError `recipe-invalid` for other contents. */
export function codeCoefficients(content: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const shape = coefficientShapeOf(content);
  const blocks = blocksOf(content);
  const isFlat = isRepeated(blocks);
  const head = headOf(shape, isFlat);
  const { run, bytes, samplesAt } = tileKernel();
  const own = isFlat ? { across: 1, down: 1 } : shape;
  bytes.set(isFlat ? blocks.subarray(0, coefficientBlockBytes) : blocks, samplesAt + coefficientHeaderBytes);
  const length = run.writeCoefficients(own.across, own.down, blocks.length - head.length - 1);
  if (length < 0) return undefined;
  const code = new Uint8Array(head.length + length);
  code.set(head);
  code.set(bytes.subarray(samplesAt, samplesAt + length), head.length);
  return code;
}

/** The canonical content of a code. Throws DiceError `recipe-invalid` for anything that `codeCoefficients` does not write. */
export function decodeCoefficients(code: Uint8Array): Uint8Array<ArrayBuffer> {
  const { shape, isFlat, at } = readHead(code);
  const length = coefficientBlockBytes * shape.across * shape.down;
  if (code.length >= length) throw malformed('it is longer than its blocks');
  const { run, bytes, samplesAt } = tileKernel();
  const own = isFlat ? { across: 1, down: 1 } : shape;
  bytes.set(code.subarray(at), samplesAt);
  if (run.readCoefficients(own.across, own.down, code.length - at) !== 1) throw malformed('its code is none');
  if (isFlat) return repeated(bytes.subarray(samplesAt + coefficientHeaderBytes, samplesAt + coefficientHeaderBytes + coefficientBlockBytes), shape);
  // A slice costs less than an array of zeros that is filled.
  const content = withCoefficientHeader(bytes.slice(samplesAt, samplesAt + coefficientHeaderBytes + length), shape);
  if (isRepeated(blocksOf(content))) throw malformed('its blocks are equal');
  return content;
}

function repeated(block: Uint8Array, shape: CoefficientShape): Uint8Array<ArrayBuffer> {
  const content = newCoefficients(shape);
  const blocks = blocksOf(content);
  for (let to = 0; to < blocks.length; to += coefficientBlockBytes) blocks.set(block, to);
  return content;
}

/** Whether all blocks equal the first one. */
function isRepeated(blocks: Uint8Array): boolean {
  for (let i = coefficientBlockBytes; i < blocks.length; i++) if (blocks[i] !== blocks[i - coefficientBlockBytes]) return false;
  return true;
}

function headOf({ across, down }: CoefficientShape, isFlat: boolean): Uint8Array {
  const isDefault = across === defaultSide && down === defaultSide;
  const head = new Uint8Array(maxHeadBytes);
  head[0] = (isFlat ? flatBit : 0) | (isDefault ? 0 : sizeBit);
  let at = 1;
  if (!isDefault) {
    for (const side of [across - 1, down - 1]) {
      if (side > 127) head[at++] = (side & 127) | 128;
      head[at++] = side > 127 ? side >>> 7 : side;
    }
  }
  return head.subarray(0, at);
}

function readHead(code: Uint8Array): { readonly shape: CoefficientShape; readonly isFlat: boolean; readonly at: number } {
  const first = code[0] ?? 2;
  if ((first & ~(flatBit | sizeBit)) !== 0) throw malformed('its head is unknown');
  const cursor = { at: 1 };
  const isDefault = (first & sizeBit) === 0;
  const across = isDefault ? defaultSide : readSide(code, cursor);
  const down = isDefault ? defaultSide : readSide(code, cursor);
  if (!isDefault && across === defaultSide && down === defaultSide) throw malformed('its size is written in vain');
  const shape = { across, down };
  checkCoefficientShape(shape);
  return { shape, isFlat: (first & flatBit) !== 0, at: cursor.at };
}

/** A side, less one, as LEB128 of at most two bytes: none is above 8,191. */
function readSide(code: Uint8Array, cursor: { at: number }): number {
  const low = code[cursor.at++];
  if (low === undefined) throw malformed('its head ends early');
  if (low < 128) return low + 1;
  const high = code[cursor.at++];
  if (high === undefined || high === 0 || high > 127) throw malformed('its size is malformed');
  return ((low & 127) | (high << 7)) + 1;
}

function malformed(why: string): Error {
  return fault('recipe-invalid', `A tile of coefficients is refused: ${why}.`);
}
