/**
 * The segments of a JPEG file in two parts: what cameras and editors write about the picture (APPn, COM, bytes after the last
 * scan), and what decoders need. So a file with other codes and scans keeps the first part, byte for byte. Here bytes are only
 * moved; what they mean is jpeg-markers.ts. SPEC.md section 6.8.
 */
import { concat } from '../../../protocol/bytes.js';
import { fault } from '../../errors.js';
import { ByteReader, ByteWriter } from '../varint.js';

/** The parts. `tables` begins with where `kept` is taken from. */
export interface SegmentParts {
  readonly kept: Uint8Array;
  readonly tables: Uint8Array;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Shorter ones are left where they are. */
const minKeptBytes = 32;
const maxRanges = 4_096;

/** The parts of `segments`, the file without its scans. */
export function partSegments(segments: Uint8Array): SegmentParts {
  const ranges = keptRanges(segments).filter(({ start, end }) => end - start >= minKeptBytes);
  const writer = new ByteWriter();
  writer.varint(ranges.length);
  const rest: Uint8Array[] = [];
  let at = 0;
  for (const { start, end } of ranges) {
    writer.varint(start - at);
    writer.varint(end - start);
    rest.push(segments.subarray(at, start));
    at = end;
  }
  const kept = concat(...ranges.map(({ start, end }) => segments.subarray(start, end)));
  return { kept, tables: concat(writer.take(), ...rest, segments.subarray(at)) };
}

/** What `partSegments` took apart. Throws DiceError `recipe-invalid` where the parts do not fit. */
export function joinSegments({ kept, tables }: SegmentParts): Uint8Array {
  const reader = new ByteReader(tables);
  const ranges = Array.from({ length: reader.varint(maxRanges) }, () => [reader.varint(tables.length), reader.varint(kept.length)] as const);
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const [gap, length] of ranges) {
    pieces.push(reader.bytes(gap), kept.subarray(at, at + length));
    at += length;
  }
  if (at !== kept.length) throw fault('recipe-invalid', 'The segments that it keeps are more or fewer than it says.');
  return concat(...pieces, reader.bytes(reader.remaining));
}

function keptRanges(segments: Uint8Array): readonly Range[] {
  const ranges: Range[] = [];
  let at = 2;
  while (ranges.length < maxRanges) {
    const start = at;
    while (segments[at] === 0xff) at++;
    const marker = segments[at++] ?? 0;
    const length = ((segments[at] ?? 0) << 8) | (segments[at + 1] ?? 0);
    // As the walk along the markers, this one ends where they make no sense.
    const isSegment = at - start > 1 && marker >= 0xc0 && (marker < 0xd0 || marker > 0xd9) && length >= 2 && at + length <= segments.length;
    if (!isSegment) {
      ranges.push({ start, end: segments.length });
      break;
    }
    at += length;
    if ((marker >= 0xe0 && marker <= 0xef) || marker === 0xfe) ranges.push({ start, end: at });
  }
  return ranges;
}
