/**
 * All the scans of a JPEG file to coefficients, and each scan back to its very bytes. What a scan does otherwise than
 * predicted is in its traits; the rewriting is compared while the file is read. SPEC.md section 6.8.
 */
import { compareArithmetic, readArithmetic, writeArithmetic } from './arithmetic-scan.js';
import { fillPadding, paddingOf, releasePlanes, zeroPlanes, type Planes } from './coefficients.js';
import { readHuffman, writeHuffman } from './huffman-scan.js';
import { mcusOf, type Frame } from './jpeg-frame.js';
import type { ParsedJpeg, ScanPiece } from './jpeg-markers.js';
import { findPlaces, placeDcs } from './scan-kernel.js';
import type { ReadRows, ScanPlace } from './scan-steps.js';
import type { ScanTraits } from './scan-traits.js';

/** The scans of a file, taken apart. */
export interface ReadScans {
  /** The padding blocks are as they were read. */
  readonly planes: Planes;
  /** Per component what `paddingOf` returns. */
  readonly padding: readonly Int16Array[];
  /** Per scan, in the order of the file. */
  readonly traits: readonly ScanTraits[];
}

/**
 * @param bytes the whole file, `parsed` its pieces.
 * @returns coefficients and traits, of which `writeScan` makes the same scans; undefined if most of the bytes of the
 * scans would be in their tails.
 */
export function readScans(bytes: Uint8Array, parsed: ParsedJpeg): ReadScans | undefined {
  const steps = readScansInSteps(bytes, parsed);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** `readScans` in steps of some milliseconds, so that other work can be done between them. */
export function* readScansInSteps(bytes: Uint8Array, { frame, pieces }: ParsedJpeg): Generator<undefined, ReadScans | undefined, undefined> {
  const scans = pieces.filter((piece) => piece.kind === 'scan');
  const planes = zeroPlanes(frame);
  const read: ReadRows[] = [];
  for (const scan of scans) read.push(yield* readScan(bytes, { frame, scan, planes }));
  if (!frame.arithmetic) placeDcs(planes.kernel);
  // A scan that breaks off within a block leaves coefficients whose places are not noted.
  if (!frame.arithmetic && scans.some(({ header }, index) => read[index]!.rows < mcusOf(frame, header).down)) findPlaces(planes.kernel);
  const traits: ScanTraits[] = [];
  for (const [index, scan] of scans.entries()) traits.push(yield* compare(bytes, { frame, scan, planes }, read[index]!));
  const tails = traits.reduce((sum, { tail }) => sum + tail.length, 0);
  const whole = scans.reduce((sum, { start, end }) => sum + end - start, 0);
  if (2 * tails > whole) {
    releasePlanes(planes);
    return undefined;
  }
  clearTails(frame, scans, { planes, traits });
  return { planes, padding: frame.components.map((component, index) => paddingOf(component, planes.list[index]!)), traits };
}

/**
 * Makes planes whose real blocks are in place ready for `writeScan`: fills the padding blocks, and finds the places.
 * @param padding per component what `paddingOf` returned.
 */
export function completePlanes(frame: Frame, planes: Planes, padding: readonly Int16Array[]): void {
  frame.components.forEach((component, index) => {
    fillPadding(component, planes.list[index]!, padding[index] ?? new Int16Array(0));
  });
  findPlaces(planes.kernel);
}

/**
 * The bytes of one scan, in steps of some milliseconds; a step's array is valid until the next is asked for, and may be
 * empty. Of the scans of the same planes, one can be written at a time.
 */
export function* writeScan(place: ScanPlace, { padding, goodRows, tail }: ScanTraits): Generator<Uint8Array, void, undefined> {
  const { frame, planes } = place;
  if (frame.arithmetic) {
    yield* writeArithmetic({ ...place, planes: planes.list }, { padding, goodRows, tail });
    return;
  }
  if (goodRows > 0) for (const { bytes } of writeHuffman(place, padding, goodRows)) yield bytes;
  yield tail;
}

function readScan(bytes: Uint8Array, place: ScanPlace): Generator<undefined, ReadRows, undefined> {
  return place.frame.arithmetic ? readArithmetic(bytes, { ...place, planes: place.planes.list }) : readHuffman(bytes, place);
}

/** Writes a scan again as far as the bytes are the same. */
function* compare(bytes: Uint8Array, place: ScanPlace, { rows, padding }: ReadRows): Generator<undefined, ScanTraits, undefined> {
  const { frame, scan: { header, start, end } } = place;
  if (frame.arithmetic) return yield* compareArithmetic(bytes, { ...place, planes: place.planes.list }, { rows, padding });
  const raw = bytes.subarray(start, end);
  let at = 0;
  let good = 0;
  let goodAt = 0;
  if (rows > 0) {
    for (const step of writeHuffman(place, padding, rows === mcusOf(frame, header).down ? rows + 1 : rows)) {
      const same = step.sameAs(raw.subarray(at));
      const ends = step.rowEnds.filter((size) => size <= same);
      good += ends.length;
      if (ends.length > 0) goodAt = at + ends.at(-1)!;
      at += same;
      if (same < step.bytes.length) break;
      yield;
    }
  }
  return { padding, goodRows: good, tail: raw.slice(goodAt) };
}

/** Clears the coefficients of rows that are in a tail anyway, if no other scan needs them. */
function clearTails(
  frame: Frame,
  scans: readonly ScanPiece[],
  { planes, traits }: { readonly planes: Planes; readonly traits: readonly ScanTraits[] },
): void {
  const uses = frame.components.map((_, index) => scans.filter(({ header }) => header.components.some((part) => part.index === index)).length);
  if (frame.progressive || uses.some((count) => count > 1)) return;
  scans.forEach(({ header }, place) => {
    for (const { index } of header.components) {
      const { values, stride } = planes.list[index]!;
      const rows = traits[place]!.goodRows * (header.components.length === 1 ? 1 : frame.components[index]!.vertical);
      values.fill(0, Math.min(values.length, 64 * stride * rows));
    }
  });
}
