/**
 * A JPEG file in pieces: the scans, and all the bytes between them. It decodes no scan. The same file without its
 * scans falls into the same pieces, so a file can be put together again. ITU-T T.81 annex B; SPEC.md section 6.8.
 */
import { maxCoefficientBytes, maxUnfoldedBytes, maxWholeBytes } from '../image-limits.js';
import { HuffmanCodes } from './huffman-codes.js';
import { allBlocks, frameOf, frameSize, realBlocks, scanHeaderOf, type CodesInForce, type Frame, type ScanHeader } from './jpeg-frame.js';
import { maxVisits, visitsOf } from './scan-visits.js';
import { standardAc, standardDc } from './standard-codes.js';

/** Bytes that are no scan, from `start` to before `end`. */
export interface BytesPiece {
  readonly kind: 'bytes';
  readonly start: number;
  readonly end: number;
}

/** The entropy-coded bytes of a scan, restart markers among them, from `start` to before `end`. */
export interface ScanPiece {
  readonly kind: 'scan';
  readonly start: number;
  readonly end: number;
  readonly header: ScanHeader;
}

/** A JPEG file in pieces, which cover it without gaps; there may be empty scans, but no empty bytes. */
export interface ParsedJpeg {
  readonly frame: Frame;
  readonly pieces: readonly (BytesPiece | ScanPiece)[];
}

/** Scans of a file that is taken apart. */
export const maxScans = 256;

/**
 * @param bytes the file; or, if `wholeBytes` is given, the file without the bytes of its scans.
 * @param wholeBytes the length of the file with its scans.
 * @returns the pieces, or undefined if the file is no sequential or progressive JPEG, or could not hold the picture that it
 * names.
 */
export function parseJpeg(bytes: Uint8Array, wholeBytes?: number): ParsedJpeg | undefined {
  const size = wholeBytes ?? bytes.length;
  if (size > maxWholeBytes || bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const walk = new MarkerWalk(bytes, wholeBytes === undefined);
  const frame = walk.run();
  if (frame === undefined || walk.scans.length === 0 || walk.scans.length > maxScans) return undefined;
  // A block takes at least one bit, that of its DC coefficient; arithmetic-coded it may take less, but then the file is too small to matter.
  if (realBlocks(frame) > 8 * size || 128 * allBlocks(frame) > Math.min(maxCoefficientBytes, maxUnfoldedBytes(size))) return undefined;
  if (walk.scans.reduce((sum, { header }) => sum + visitsOf(frame, header), 0) > maxVisits(frame, size)) return undefined;
  return { frame, pieces: piecesOf(walk.scans, bytes.length) };
}

function piecesOf(scans: readonly ScanPiece[], size: number): (BytesPiece | ScanPiece)[] {
  const pieces: (BytesPiece | ScanPiece)[] = [];
  let at = 0;
  for (const scan of scans) {
    pieces.push({ kind: 'bytes', start: at, end: scan.start }, scan);
    at = scan.end;
  }
  if (at < size) pieces.push({ kind: 'bytes', start: at, end: size });
  return pieces;
}

/** A walk along the segments. It ends where they make no sense any more; what follows is bytes. */
class MarkerWalk {
  readonly scans: ScanPiece[] = [];
  private readonly dc = [...standardDc];
  private readonly ac = [...standardAc];
  private readonly conditioning = new Uint8Array(32).fill(0x10, 0, 16).fill(5, 16);
  private restart = 0;
  private frame: Frame | undefined;
  private at = 2;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly hasScans: boolean,
  ) {}

  /** @returns the frame, if there is one. */
  run(): Frame | undefined {
    while (this.step()) if (this.scans.length > maxScans) break;
    return this.frame;
  }

  private step(): boolean {
    const { bytes } = this;
    if (bytes[this.at] !== 0xff) return false;
    while (bytes[this.at] === 0xff) this.at++;
    const marker = bytes[this.at++];
    // 0x01 (TEM) and the rest below 0xC0 are of no use in a file; EOI, RST and SOI end the walk.
    if (marker === undefined || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd9)) return false;
    const length = this.at + 2 > bytes.length ? 0 : (bytes[this.at]! << 8) | bytes[this.at + 1]!;
    if (length < 2 || this.at + length > bytes.length) return false;
    const segment = bytes.subarray(this.at + 2, this.at + length);
    this.at += length;
    return this.take(marker, segment);
  }

  private take(marker: number, segment: Uint8Array): boolean {
    if (marker === 0xc4) this.takeCodes(segment);
    else if (marker === 0xcc) this.takeConditioning(segment);
    else if (marker === 0xdd) this.restart = segment.length < 2 ? 0 : (segment[0]! << 8) | segment[1]!;
    else if (marker === 0xda) return this.takeScan(segment);
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) return this.takeFrame(marker, segment);
    return true;
  }

  private takeCodes(segment: Uint8Array): void {
    for (let at = 0; at + 17 <= segment.length; ) {
      const place = segment[at]!;
      const counts = segment.slice(at + 1, at + 17);
      const end = at + 17 + counts.reduce((sum, count) => sum + count, 0);
      if ((place & 0xef) > 3 || end > segment.length || end > at + 17 + 256) return;
      (place < 16 ? this.dc : this.ac)[place & 15] = HuffmanCodes.of(counts, segment.slice(at + 17, end));
      at = end;
    }
  }

  private takeConditioning(segment: Uint8Array): void {
    for (let at = 0; at + 2 <= segment.length && segment[at]! < 32; at += 2) this.conditioning[segment[at]!] = segment[at + 1]!;
  }

  private takeFrame(marker: number, segment: Uint8Array): boolean {
    if (this.frame !== undefined || (marker > 0xc2 && marker !== 0xc9 && marker !== 0xca) || segment.length < 6) return false;
    const { height } = frameSize(segment);
    this.frame = frameOf(marker, segment, height === 0 ? this.heightAhead() : height);
    return this.frame !== undefined;
  }

  /** The height that a DNL segment names after the first scan; 0 if none does. */
  private heightAhead(): number {
    const { bytes } = this;
    let at = this.at;
    while (bytes[at] === 0xff && at + 4 <= bytes.length) {
      while (bytes[at + 1] === 0xff) at++;
      const marker = bytes[at + 1]!;
      at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
      if (marker !== 0xda) continue;
      at = this.scanEnd(at);
      const named = bytes[at] === 0xff && bytes[at + 1] === 0xdc && bytes[at + 3] === 4 && at + 6 <= bytes.length;
      return named ? (bytes[at + 4]! << 8) | bytes[at + 5]! : 0;
    }
    return 0;
  }

  private takeScan(segment: Uint8Array): boolean {
    if (this.frame === undefined) return false;
    const inForce: CodesInForce = { dc: this.dc, ac: this.ac, conditioning: this.conditioning, restart: this.restart };
    const header = scanHeaderOf(this.frame, segment, inForce);
    if (header === undefined) return false;
    const start = this.at;
    this.at = this.scanEnd(start);
    this.scans.push({ kind: 'scan', start, end: this.at, header });
    return true;
  }

  /** Where a scan ends: before the first marker but RST, before a fill byte, or before a last 0xFF of the file. */
  private scanEnd(start: number): number {
    const { bytes } = this;
    if (!this.hasScans) return start;
    let at = bytes.indexOf(0xff, start);
    while (at >= 0) {
      const next = bytes[at + 1];
      if (next === undefined || (next !== 0 && (next < 0xd0 || next > 0xd7))) return at;
      at = bytes.indexOf(0xff, at + 2);
    }
    return bytes.length;
  }
}
