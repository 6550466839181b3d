/**
 * All the scans of a JPEG file to coefficients, and each scan back to its very bytes. What a scan does otherwise than
 * predicted is in its traits; the rewriting is compared while the file is read. SPEC.md section 6.
 */
import { compareArithmetic, readArithmetic, writeArithmetic } from './arithmetic-scan.js';
import { fillPadding, findPlaces, paddingOf, zeroPlanes, type Coefficients } from './coefficients.js';
import { mcusOf, type Frame } from './jpeg-frame.js';
import type { ParsedJpeg, ScanPiece } from './jpeg-markers.js';
import { BandReader, BandWriter } from './progressive-scan.js';
import { ScanReader } from './scan-reader.js';
import type { ScanPadding, ScanTraits } from './scan-traits.js';
import { ScanWriter } from './scan-writer.js';
import { BlocksReader, BlocksWriter, hasCodes, type RowReader, type RowWriter } from './sequential-scan.js';

/** The scans of a file, taken apart. */
export interface ReadScans {
  /** Per component. The padding blocks are as they were read. */
  readonly planes: readonly Coefficients[];
  /** Per component what `paddingOf` returns. */
  readonly padding: readonly Int16Array[];
  /** Per scan, in the order of the file. */
  readonly traits: readonly ScanTraits[];
}

const nothing = new Uint8Array(0);
/** Bytes that a step of writing returns, or more. */
const stepBytes = 65_536;

/**
 * @param bytes the whole file, `parsed` its pieces.
 * @returns coefficients and traits, of which `writeScan` makes the same scans; undefined if most of the bytes of the
 * scans would be in their tails.
 */
export function readScans(bytes: Uint8Array, { frame, pieces }: ParsedJpeg): ReadScans | undefined {
  const scans = pieces.filter((piece) => piece.kind === 'scan');
  const planes = zeroPlanes(frame);
  const read = scans.map((scan) => readScan(bytes, { frame, scan, planes }));
  // A scan that breaks off within a block leaves coefficients whose places are not noted.
  if (!frame.arithmetic && scans.some(({ header }, index) => read[index]!.rows < mcusOf(frame, header).down)) planes.forEach(findPlaces);
  const traits = scans.map((scan, index) => compare(bytes, { frame, scan, planes }, read[index]!));
  const tails = traits.reduce((sum, { tail }) => sum + tail.length, 0);
  const whole = scans.reduce((sum, { start, end }) => sum + end - start, 0);
  if (2 * tails > whole) return undefined;
  clearTails(frame, scans, { planes, traits });
  return { planes, padding: frame.components.map((component, index) => paddingOf(component, planes[index]!)), traits };
}

/**
 * Makes planes whose real blocks are in place ready for `writeScan`: fills the padding blocks, and finds the places.
 * @param padding per component what `paddingOf` returned.
 */
export function completePlanes(frame: Frame, planes: readonly Coefficients[], padding: readonly Int16Array[]): void {
  frame.components.forEach((component, index) => {
    fillPadding(component, planes[index]!, padding[index] ?? new Int16Array(0));
    findPlaces(planes[index]!);
  });
}

/** A scan with its frame and all the coefficients. */
export interface ScanPlace {
  readonly frame: Frame;
  readonly scan: ScanPiece;
  readonly planes: readonly Coefficients[];
}

/** The bytes of one scan, in steps of some rows of MCUs; a step's array is valid until the next is asked for. */
export function* writeScan({ frame, scan, planes }: ScanPlace, traits: ScanTraits): Generator<Uint8Array, void, undefined> {
  if (frame.arithmetic) {
    yield* writeArithmetic({ frame, scan, planes }, traits);
    return;
  }
  const writer = new ScanWriter(traits.padding);
  const { down } = mcusOf(frame, scan.header);
  if (traits.goodRows > 0) {
    const rows = rowWriter({ frame, scan, planes }, writer);
    for (let row = 0; row < Math.min(down, traits.goodRows); row++) {
      rows.writeRow(row);
      if (writer.length >= stepBytes) yield writer.take();
    }
    if (traits.goodRows > down) {
      rows.end();
      writer.finish();
    }
  }
  yield writer.take();
  yield traits.tail;
}

/** What was read of a scan. */
interface ReadRows {
  readonly rows: number;
  readonly padding: ScanPadding;
}

function readScan(bytes: Uint8Array, { frame, scan, planes }: ScanPlace): ReadRows {
  if (frame.arithmetic) return ended(readArithmetic(bytes, { frame, scan, planes }));
  if (!hasCodes(frame, scan.header)) return { rows: 0, padding: { bit: 1, exceptions: nothing, numbers: nothing } };
  const { across, down } = mcusOf(frame, scan.header);
  const { restart } = scan.header;
  const reader = new ScanReader(bytes.subarray(scan.start, scan.end), restart > 0 ? Math.ceil((across * down) / restart) - 1 : 0);
  const rows = rowReader({ frame, scan, planes }, reader);
  let row = 0;
  while (row < down && rows.readRow(row)) row++;
  if (row === down) reader.passEnd();
  return { rows: row, padding: paddingRead(reader) };
}

/** @returns what a generator returns in the end. */
function ended<T>(steps: Generator<undefined, T, undefined>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

function rowReader({ frame, scan, planes }: ScanPlace, reader: ScanReader): RowReader {
  const { header } = scan;
  const Reader = frame.progressive && header.from > 0 ? BandReader : BlocksReader;
  return new Reader(frame, header, planes, reader);
}

function rowWriter({ frame, scan, planes }: ScanPlace, writer: ScanWriter): RowWriter {
  const { header } = scan;
  const Writer = frame.progressive && header.from > 0 ? BandWriter : BlocksWriter;
  return new Writer(frame, header, planes, writer);
}

function paddingRead(reader: ScanReader): ScanPadding {
  const { padding, paddingBits, events } = reader;
  let ones = true;
  let zeros = true;
  for (let event = 0; event < events; event++) {
    const all = (1 << paddingBits[event]!) - 1;
    ones &&= padding[event] === all;
    zeros &&= padding[event] === 0;
  }
  const read = reader.numbers();
  const numbers = read.every((number, index) => number === (index & 7)) ? nothing : read;
  return { bit: ones ? 1 : 0, exceptions: ones || zeros ? nothing : padding.slice(0, events), numbers };
}

/** Writes a scan again, row by row, as far as the bytes are the same. */
function compare(bytes: Uint8Array, place: ScanPlace, { rows: readRows, padding }: ReadRows): ScanTraits {
  const { frame, scan } = place;
  if (frame.arithmetic) return ended(compareArithmetic(bytes, place, { rows: readRows, padding }));
  const { down } = mcusOf(frame, scan.header);
  const raw = bytes.subarray(scan.start, scan.end);
  const writer = new ScanWriter(padding);
  let at = 0;
  let good = 0;
  if (readRows > 0) {
    const rows = rowWriter(place, writer);
    for (const steps = readRows === down ? down + 1 : readRows; good < steps; good++) {
      if (good < down) {
        rows.writeRow(good);
      } else {
        rows.end();
        writer.finish();
      }
      const written = writer.take();
      if (!isAt(raw, at, written)) break;
      at += written.length;
    }
  }
  return { padding, goodRows: good, tail: raw.slice(at) };
}

function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  if (at + part.length > bytes.length) return false;
  for (let index = 0; index < part.length; index++) if (part[index] !== bytes[at + index]) return false;
  return true;
}

/** Clears the coefficients of rows that are in a tail anyway, if no other scan needs them. */
function clearTails(
  frame: Frame,
  scans: readonly ScanPiece[],
  { planes, traits }: { readonly planes: readonly Coefficients[]; readonly traits: readonly ScanTraits[] },
): void {
  const uses = frame.components.map((_, index) => scans.filter(({ header }) => header.components.some((part) => part.index === index)).length);
  if (frame.progressive || uses.some((count) => count > 1)) return;
  scans.forEach(({ header }, place) => {
    for (const { index } of header.components) {
      const { values, stride } = planes[index]!;
      const rows = traits[place]!.goodRows * (header.components.length === 1 ? 1 : frame.components[index]!.vertical);
      values.fill(0, Math.min(values.length, 64 * stride * rows));
    }
  });
}
