/**
 * Arithmetic-coded scans to coefficients and back, in steps. What a scan writes is what libjpeg writes: the shortest end
 * of each interval. ITU-T T.81 sections F.1.4, F.2.4 and G.1.3; SPEC.md section 6.
 */
import { ArithmeticBandReader, ArithmeticBandWriter } from './arithmetic-bands.js';
import { ArithmeticBlocksReader, ArithmeticBlocksWriter } from './arithmetic-blocks.js';
import { ArithmeticReader } from './arithmetic-reader.js';
import { ArithmeticWriter } from './arithmetic-writer.js';
import type { Coefficients } from './coefficients.js';
import { mcusOf, type Frame } from './jpeg-frame.js';
import type { ScanPiece } from './jpeg-markers.js';
import type { ScanPadding } from './scan-traits.js';

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

/** A step of writing; valid until the next. */
export interface ArithmeticStep {
  readonly bytes: Uint8Array;
  /** How many of its bytes there are where rows of MCUs end in it; the end of the scan counts as one more row. */
  readonly rowEnds: Int32Array;
}

/** Blocks that one step reads or writes, or a few more: some milliseconds. */
const stepBlocks = 4_096;

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
 * Writes the first rows of a scan in steps.
 * @param count how many; one more than the scan has if its end is to be written, too.
 */
export function* writeArithmetic(place: ArithmeticPlace, padding: ScanPadding, count: number): Generator<ArithmeticStep, void, undefined> {
  const { frame, scan: { header }, planes } = place;
  const { down } = mcusOf(frame, header);
  const writer = new ArithmeticWriter(padding);
  const Writer = frame.progressive && header.from > 0 ? ArithmeticBandWriter : ArithmeticBlocksWriter;
  const rows = new Writer(frame, header, planes, writer);
  const stepRows = Math.ceil((stepBlocks * down) / blocksOf(place));
  for (let row = 0; row < count; ) {
    const ends = new Int32Array(Math.min(stepRows, count - row));
    for (let index = 0; index < ends.length; index++, row++) {
      if (row < down) rows.writeRow(row);
      else writer.finish();
      ends[index] = writer.size();
    }
    yield { bytes: writer.take(), rowEnds: ends };
  }
}

const nothing = new Uint8Array(0);

function blocksOf({ frame, scan }: ArithmeticPlace): number {
  return scan.header.components.reduce((sum, { index }) => sum + frame.components[index]!.stride * frame.components[index]!.rows, 0);
}
