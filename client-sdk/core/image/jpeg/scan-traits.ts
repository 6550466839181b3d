/**
 * What a scan does otherwise than predicted: padding bits, numbers of restart markers, and bytes that are kept as they
 * are; and these as bytes of a skeleton. It reads and writes no scan. SPEC.md section 6.8.
 */
import { fault } from '../../errors.js';
import type { ByteReader, ByteWriter } from '../varint.js';

/** How the bytes before markers are filled up, and the markers numbered. */
export interface ScanPadding {
  /** The bit that fills them. */
  readonly bit: 0 | 1;
  /** If they are not all filled so: per restart marker, and at the end, the bits as a number; else empty. */
  readonly exceptions: Uint8Array;
  /** If they do not count from 0 to 7 and again: the number of each restart marker; else empty. */
  readonly numbers: Uint8Array;
}

/** The traits of one scan. */
export interface ScanTraits {
  readonly padding: ScanPadding;
  /**
   * Rows of MCUs that are written from the coefficients, plus one if the padding at the end is, too. The whole bytes
   * of these are followed by `tail`.
   */
  readonly goodRows: number;
  readonly tail: Uint8Array;
}

/** The bit that fills bytes, and what is there beyond it. */
const onesFlag = 1;
const exceptionsFlag = 2;
const numbersFlag = 4;
const tailFlag = 8;

/** Writes the traits of a scan of `down` rows of MCUs: one byte if all is as predicted. */
export function writeTraits(writer: ByteWriter, { padding, goodRows, tail }: ScanTraits, down: number): void {
  const isWhole = goodRows === down + 1 && tail.length === 0;
  const { bit, exceptions, numbers } = padding;
  writer.byte(bit * onesFlag + (exceptions.length > 0 ? exceptionsFlag : 0) + (numbers.length > 0 ? numbersFlag : 0) + (isWhole ? 0 : tailFlag));
  for (const list of [exceptions, numbers]) {
    if (list.length === 0) continue;
    writer.varint(list.length);
    writer.bytes(list);
  }
  if (isWhole) return;
  writer.varint(goodRows);
  writer.varint(tail.length);
  writer.bytes(tail);
}

/** Reads what `writeTraits` wrote. Throws DiceError `recipe-invalid` for anything else. The arrays are views of the reader's bytes. */
export function readTraits(reader: ByteReader, down: number): ScanTraits {
  const flags = reader.byte();
  if (flags > 15) throw fault('recipe-invalid', 'The traits of a scan have an unknown flag.');
  const exceptions = (flags & exceptionsFlag) > 0 ? readList(reader) : new Uint8Array(0);
  const numbers = (flags & numbersFlag) > 0 ? readList(reader) : new Uint8Array(0);
  const padding: ScanPadding = { bit: (flags & onesFlag) > 0 ? 1 : 0, exceptions, numbers };
  if ((flags & tailFlag) === 0) return { padding, goodRows: down + 1, tail: new Uint8Array(0) };
  const goodRows = reader.varint(down + 1);
  const tail = reader.bytes(reader.varint(reader.remaining));
  if (goodRows > down && tail.length === 0) throw fault('recipe-invalid', 'The traits of a whole scan name its rows.');
  return { padding, goodRows, tail };
}

function readList(reader: ByteReader): Uint8Array {
  const length = reader.varint(reader.remaining);
  if (length === 0) throw fault('recipe-invalid', 'The traits of a scan have an empty list.');
  return reader.bytes(length);
}
