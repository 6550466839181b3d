/**
 * JPEG files through their coefficients and back, as a splitter does it: the joining half sees the bytes between scans,
 * the real blocks, the padding and the traits, and nothing else. It also writes scans anew, with other restarts.
 */
import { zeroPlanes, type Coefficients } from '../../client-sdk/core/image/jpeg/coefficients.js';
import { HuffmanCodes } from '../../client-sdk/core/image/jpeg/huffman-codes.js';
import { parseJpeg, type ParsedJpeg, type ScanPiece } from '../../client-sdk/core/image/jpeg/jpeg-markers.js';
import { completePlanes, readScans, writeScan, type ReadScans } from '../../client-sdk/core/image/jpeg/jpeg-scans.js';
import { readTraits, writeTraits, type ScanTraits } from '../../client-sdk/core/image/jpeg/scan-traits.js';
import { mcusOf } from '../../client-sdk/core/image/jpeg/jpeg-frame.js';
import { ByteReader, ByteWriter } from '../../client-sdk/core/image/varint.js';
import { concat } from '../../client-sdk/protocol/bytes.js';

/** A file that was understood. */
export interface OpenJpeg extends ParsedJpeg, ReadScans {}

/** @returns what is understood of a file, or undefined. */
export function openJpeg(file: Uint8Array): OpenJpeg | undefined {
  const parsed = parseJpeg(file);
  const read = parsed === undefined ? undefined : readScans(file, parsed);
  return parsed === undefined || read === undefined ? undefined : { ...parsed, ...read };
}

/** The real coefficients of a component in raster order. */
export function realValues({ across, down, stride, values }: Coefficients): Int16Array {
  const real = new Int16Array(64 * across * down);
  for (let row = 0; row < down; row++) real.set(values.subarray(64 * row * stride, 64 * (row * stride + across)), 64 * row * across);
  return real;
}

/** @returns the file that is made again of what was understood, or undefined if nothing was. */
export function rejoined(file: Uint8Array): Uint8Array | undefined {
  const open = openJpeg(file);
  if (open === undefined) return undefined;
  const skeleton = concat(...open.pieces.filter(({ kind }) => kind === 'bytes').map(({ start, end }) => file.subarray(start, end)));
  const again = parseJpeg(skeleton, file.length);
  if (again === undefined) throw new Error('The skeleton is no JPEG file.');
  const planes = zeroPlanes(again.frame);
  planes.list.forEach(({ across, down, stride, values }, index) => {
    const from = open.planes.list[index];
    const real = from === undefined ? new Int16Array(0) : realValues(from);
    for (let row = 0; row < down; row++) values.set(real.subarray(64 * row * across, 64 * (row + 1) * across), 64 * row * stride);
  });
  completePlanes(again.frame, planes, open.padding);
  return written(skeleton, again, { planes, traits: traitsThroughBytes(open, again) });
}

/** The traits, written and read. */
function traitsThroughBytes(open: OpenJpeg, again: ParsedJpeg): readonly ScanTraits[] {
  const rows = again.pieces.flatMap((piece) => (piece.kind === 'scan' ? [mcusOf(again.frame, piece.header).down] : []));
  const writer = new ByteWriter();
  open.traits.forEach((traits, index) => {
    writeTraits(writer, traits, rows[index] ?? 0);
  });
  const reader = new ByteReader(writer.take());
  const traits = rows.map((down) => readTraits(reader, down));
  reader.end();
  return traits;
}

type Contents = Pick<ReadScans, 'planes' | 'traits'>;

function written(skeleton: Uint8Array, { frame, pieces }: ParsedJpeg, { planes, traits }: Contents): Uint8Array {
  const scans = traits.values();
  return concat(...pieces.flatMap((piece) => {
    if (piece.kind === 'bytes') return [skeleton.subarray(piece.start, piece.end)];
    const { value } = scans.next();
    return value === undefined ? [] : scanBytes({ frame, planes }, piece, value);
  }));
}

function scanBytes({ frame, planes }: Pick<OpenJpeg, 'frame' | 'planes'>, scan: ScanPiece, traits: ScanTraits): Uint8Array[] {
  return Array.from(writeScan({ frame, scan, planes }, traits), (step) => step.slice());
}

/** What `rewritten` changes. */
export interface RewritingForm {
  /** MCUs of a restart interval. */
  readonly restart: number;
  readonly padding?: Partial<ScanTraits['padding']>;
}

/**
 * The same coefficients with restart markers, all scans written anew. DRI and DHT segments follow SOI; the codes have
 * all symbols, as those of the file need not have what a restart asks for.
 */
export function rewritten(file: Uint8Array, { restart, padding }: RewritingForm): Uint8Array {
  const open = openJpeg(file);
  const codes = HuffmanCodes.of(evenCounts, everySymbol);
  if (open === undefined || codes === undefined) throw new Error('It is no JPEG file that is understood.');
  const scans = open.traits.values();
  const parts = open.pieces.flatMap((piece) => {
    if (piece.kind === 'bytes') return [withoutCodes(file.subarray(piece.start, piece.end))];
    const { value } = scans.next();
    if (value === undefined) return [];
    const components = piece.header.components.map(({ index }) => ({ index, dc: codes, ac: codes }));
    return scanBytes(open, { ...piece, header: { ...piece.header, components, restart } }, { ...value, padding: { ...value.padding, ...padding } });
  });
  const tables = [0, 1, 0x10, 0x11].map((place) => concat(Uint8Array.of(0xff, 0xc4, 1, 19, place), evenCounts, everySymbol));
  const interval = Uint8Array.of(0xff, 0xdd, 0, 4, restart >> 8, restart & 255);
  return concat(Uint8Array.of(0xff, 0xd8), interval, ...tables, ...parts);
}

const everySymbol = Uint8Array.from({ length: 256 }, (_, symbol) => symbol);
const evenCounts = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 240, 16, 0, 0, 0, 0, 0, 0, 0);

/** Segments without those of codes, and without SOI. */
function withoutCodes(segments: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = segments[1] === 0xd8 ? 2 : 0;
  while (at + 4 <= segments.length) {
    const end = at + 2 + (segments[at + 2] ?? 0) * 256 + (segments[at + 3] ?? 0);
    if (segments[at + 1] !== 0xc4) kept.push(segments.subarray(at, end));
    at = end;
  }
  return concat(...kept, segments.subarray(at));
}
