/**
 * Arithmetic-coded scans to coefficients and back, in steps. What they do otherwise than predicted is in their traits:
 * each interval is predicted to end as libjpeg ends it, and as short as can be. ITU-T T.81 sections F.1.4, F.2.4 and G.1.3; SPEC.md section 6.8.
 */
import { fault } from '../../errors.js';
import { ArithmeticBandReader, ArithmeticBandWriter } from './arithmetic-bands.js';
import { ArithmeticBlocksReader, ArithmeticBlocksWriter } from './arithmetic-blocks.js';
import { ArithmeticReader, decisionsOfBlock, decisionsOfByte } from './arithmetic-reader.js';
import { ArithmeticWriter } from './arithmetic-writer.js';
import type { Coefficients } from './coefficients.js';
import { mcusOf, type Frame } from './jpeg-frame.js';
import type { ScanPiece } from './jpeg-markers.js';
import type { ScanPadding, ScanTraits } from './scan-traits.js';

/** A scan with its frame and all the coefficients. */
export interface ArithmeticPlace {
  readonly frame: Frame;
  readonly scan: ScanPiece;
  readonly planes: readonly Coefficients[];
}

/** What was read of a scan. */
export interface ArithmeticRows {
  readonly rows: number;
  /** Nothing is padded: of this only the numbers of restart markers count. */
  readonly padding: ScanPadding;
}

/** Blocks that one step reads or writes, or a few more: some milliseconds. */
const stepBlocks = 4_096;
/** Bytes that wait count as written up to so many. */
const spareBytes = 4_096;

/** Reads a scan of the file `bytes` into its planes, as far as it makes sense, in steps. */
export function* readArithmetic(bytes: Uint8Array, place: ArithmeticPlace): Generator<undefined, ArithmeticRows, undefined> {
  const { frame, scan: { header, start, end }, planes } = place;
  const { across, down } = mcusOf(frame, header);
  const blocks = blocksOf(place);
  const restarts = header.restart > 0 ? Math.ceil((across * down) / header.restart) - 1 : 0;
  const reader = new ArithmeticReader(bytes.subarray(start, end), { blocks, restarts });
  const Reader = frame.progressive && header.from > 0 ? ArithmeticBandReader : ArithmeticBlocksReader;
  const rows = new Reader(frame, header, planes, reader);
  const stepRows = Math.ceil((stepBlocks * down) / blocks);
  let row = 0;
  while (row < down && rows.readRow(row)) if (++row % stepRows === 0) yield;
  const read = reader.numbers();
  const numbers = read.every((number, index) => number === (index & 7)) ? nothing : read;
  return { rows: row, padding: { bit: 1, exceptions: nothing, numbers } };
}

/**
 * Writes a scan again as far as the bytes are the same as those of the file, in steps.
 * @param rows what `readArithmetic` returned for it, all other scans read as well.
 * @returns traits of which `writeArithmetic` makes the same scan.
 */
export function* compareArithmetic(bytes: Uint8Array, place: ArithmeticPlace, { rows, padding }: ArithmeticRows): Generator<undefined, ScanTraits, undefined> {
  const { frame, scan: { header, start, end } } = place;
  const raw = bytes.subarray(start, end);
  let at = 0;
  let goodRows = 0;
  for (const step of stepsOf(place, padding, rows === mcusOf(frame, header).down ? rows + 1 : rows)) {
    let from = 0;
    for (const rowEnd of step.rowEnds) {
      if (!isAt(raw, at, step.bytes.subarray(from, rowEnd))) return { padding, goodRows, tail: raw.slice(at) };
      at += rowEnd - from;
      from = rowEnd;
      goodRows++;
    }
    yield;
  }
  return { padding, goodRows, tail: raw.slice(at) };
}

/**
 * The bytes of a scan, in steps of some milliseconds; a step's array is valid until the next is asked for, and may be empty. Throws
 * DiceError `recipe-invalid` for a scan of more decisions than its bytes pay for, which no reader takes.
 */
export function* writeArithmetic(place: ArithmeticPlace, { padding, goodRows, tail }: ScanTraits): Generator<Uint8Array, void, undefined> {
  const free = decisionsOfBlock * blocksOf(place) + decisionsOfByte * spareBytes;
  let written = 0;
  for (const { bytes, decisions, waitingBytes } of stepsOf(place, padding, goodRows)) {
    written += bytes.length;
    if (decisions > free + decisionsOfByte * (written + Math.min(waitingBytes, spareBytes))) throw fault('recipe-invalid', 'An arithmetic-coded scan has more decisions than its bytes pay for.');
    yield bytes;
  }
  yield tail;
}

/** A step of writing, and how many of its bytes there are where rows of MCUs end in it; the end of the scan counts as one more row. */
interface Step extends Pick<ArithmeticWriter, 'decisions' | 'waitingBytes'> {
  readonly bytes: Uint8Array;
  readonly rowEnds: Int32Array;
}

function* stepsOf(place: ArithmeticPlace, padding: ScanPadding, count: number): Generator<Step, void, undefined> {
  const { frame, scan: { header }, planes } = place;
  const { down } = mcusOf(frame, header);
  const writer = new ArithmeticWriter(padding);
  const Writer = frame.progressive && header.from > 0 ? ArithmeticBandWriter : ArithmeticBlocksWriter;
  const rows = new Writer(frame, header, planes, writer);
  const stepRows = Math.ceil((stepBlocks * down) / blocksOf(place));
  for (let row = 0; row < count; ) {
    const rowEnds = new Int32Array(Math.min(stepRows, count - row));
    for (let index = 0; index < rowEnds.length; index++, row++) {
      if (row < down) rows.writeRow(row);
      else writer.finish();
      rowEnds[index] = writer.size();
    }
    yield { bytes: writer.take(), rowEnds, decisions: writer.decisions, waitingBytes: writer.waitingBytes };
  }
}

const nothing = new Uint8Array(0);

function blocksOf({ frame, scan }: ArithmeticPlace): number {
  return scan.header.components.reduce((sum, { index }) => sum + frame.components[index]!.stride * frame.components[index]!.rows, 0);
}

function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  if (at + part.length > bytes.length) return false;
  for (let index = 0; index < part.length; index++) if (part[index] !== bytes[at + index]) return false;
  return true;
}
