/**
 * Huffman-coded JPEG files of the tests, coded arithmetically: the same coefficients, scans and segments, with other
 * restarts and conditioning. The scans are written by the coder under test; files of another coder are in the tests.
 */
import { parseJpeg, type ParsedJpeg } from '../../client-sdk/core/image/jpeg/jpeg-markers.js';
import { mcusOf } from '../../client-sdk/core/image/jpeg/jpeg-frame.js';
import { writeScan, type ReadScans } from '../../client-sdk/core/image/jpeg/jpeg-scans.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { openJpeg } from './jpeg-rejoin.js';

/** What `recoded` adds. */
export interface ArithmeticForm {
  /** MCUs of a restart interval. */
  readonly restart?: number;
  /** The numbers of restart markers, if they do not count from 0 to 7 and again. */
  readonly numbers?: Uint8Array;
  /** What a DAC segment holds: pairs of a table and its conditioning. */
  readonly conditioning?: readonly number[];
}

/** @returns a Huffman-coded file as an arithmetic-coded one. */
export function recoded(file: Uint8Array, form: ArithmeticForm = {}): Uint8Array {
  const open = openJpeg(file);
  if (open === undefined) throw new Error('It is no JPEG file that is understood.');
  const segments = concat(...open.pieces.filter(({ kind }) => kind === 'bytes').map(({ start, end }) => file.subarray(start, end)));
  return arithmeticFile(segments, open.planes, form);
}

/** @returns a file of these planes; `segments` is a Huffman-coded file without its scans. */
export function arithmeticFile(segments: Uint8Array, planes: ReadScans['planes'], form: ArithmeticForm): Uint8Array {
  const { restart = 0, conditioning = [] } = form;
  const interval = Uint8Array.of(0xff, 0xdd, 0, 4, restart >> 8, restart & 255);
  const bounds = conditioning.length > 0 ? Uint8Array.of(0xff, 0xcc, 0, 2 + conditioning.length, ...conditioning) : new Uint8Array(0);
  const skeleton = concat(Uint8Array.of(0xff, 0xd8), interval, bounds, arithmeticSegments(segments));
  const parsed = parseJpeg(skeleton, 100_000_000);
  if (parsed === undefined) throw new Error('The segments are no JPEG file.');
  return withScans(skeleton, parsed, { planes, numbers: form.numbers ?? new Uint8Array(0) });
}

function withScans(skeleton: Uint8Array, { frame, pieces }: ParsedJpeg, { planes, numbers }: Pick<ReadScans, 'planes'> & { readonly numbers: Uint8Array }): Uint8Array {
  return concat(...pieces.flatMap((piece) => {
    if (piece.kind === 'bytes') return [skeleton.subarray(piece.start, piece.end)];
    const traits = { padding: { bit: 1, exceptions: new Uint8Array(0), numbers }, goodRows: mcusOf(frame, piece.header).down + 1, tail: new Uint8Array(0) } as const;
    return Array.from(writeScan({ frame, scan: piece, planes }, traits), (step) => step.slice());
  }));
}

/** Segments with the frame's marker changed, and without those of codes and restarts, and without SOI. */
function arithmeticSegments(segments: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = 2;
  while (at + 4 <= segments.length && segments[at + 1] !== 0xd9) {
    const end = at + 2 + (segments[at + 2] ?? 0) * 256 + (segments[at + 3] ?? 0);
    const marker = segments[at + 1] ?? 0;
    const segment = segments.slice(at, end);
    if (marker >= 0xc0 && marker <= 0xc2) segment[1] = marker === 0xc2 ? 0xca : 0xc9;
    if (marker !== 0xc4 && marker !== 0xdd) kept.push(segment);
    at = end;
  }
  return concat(...kept, segments.subarray(at));
}
