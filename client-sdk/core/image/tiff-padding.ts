/**
 * Bits of a TIFF segment that belong to no sample of the page: the rest of a row's last byte, and what a tile holds beyond the
 * right and the lower edge. They are kept beside the tiles, less what a writer's buffer still held. SPEC.md section 6.5.
 */
import type { TiffPage, TiffSegment } from './tiff-page.js';
import type { SegmentReader } from './tiff-segments.js';

/** The part of a packed row that is padding. */
export interface RowPadding {
  /** First byte that holds some. */
  readonly start: number;
  /** The bits of that byte that are padding. */
  readonly mask: number;
  /** Bytes from `start` to the end of the row. */
  readonly length: number;
}

/** Padding of row `row` of a segment. */
function paddingOf(page: TiffPage, segment: TiffSegment, row: number): RowPadding {
  const { shape, segmentWidth, segmentBits, rowBytes } = page;
  const pixels = segment.y + row >= shape.height ? 0 : Math.min(segmentWidth, shape.width - segment.x);
  const bits = pixels * segmentBits;
  const start = Math.floor(bits / 8);
  return { start, mask: 0xff >>> bits % 8, length: rowBytes - start };
}

/** Bytes of padding of a segment. */
export function segmentPaddingBytes(page: TiffPage, segment: TiffSegment): number {
  if (segment.length === 0) return 0;
  const inside = Math.min(segment.rows, page.shape.height - segment.y);
  return inside * paddingOf(page, segment, 0).length + (segment.rows - inside) * page.rowBytes;
}

/** Bytes of padding of a page. */
export function pagePaddingBytes(page: TiffPage): number {
  return page.segments.reduce((sum, segment) => sum + segmentPaddingBytes(page, segment), 0);
}

/** Copies the padding of `rows` (packed, from row `first` of the segment) to `target`; answers how many bytes. */
export function takePadding(page: TiffPage, segment: TiffSegment, first: number, rows: Uint8Array, target: Uint8Array): number {
  let at = 0;
  for (let row = 0; row * page.rowBytes < rows.length; row++) {
    const { start, mask, length } = paddingOf(page, segment, first + row);
    if (length === 0) continue;
    target.set(rows.subarray(row * page.rowBytes + start, (row + 1) * page.rowBytes), at);
    target[at]! &= mask;
    at += length;
  }
  return at;
}

/** Adds (exclusive or) padding to that of packed rows; answers how many bytes of `padding` it used. */
export function putPadding(page: TiffPage, segment: TiffSegment, first: number, rows: Uint8Array, padding: Uint8Array): number {
  let at = 0;
  for (let row = 0; row * page.rowBytes < rows.length; row++) {
    const { start, mask, length } = paddingOf(page, segment, first + row);
    const end = row * page.rowBytes + start + length;
    for (let i = end - length; i < end; i++) rows[i]! ^= padding[at++]! & (i === end - length ? mask : 0xff);
  }
  return at;
}

/**
 * What stands in a writer's one buffer before tile `index` is put there, in rows `first` to before `end`: of each earlier tile what lies
 * within the page. Zero for strips.
 */
export async function leftoverRows(
  page: TiffPage,
  index: number,
  [first, end]: readonly [first: number, end: number],
  read: SegmentReader,
): Promise<Uint8Array> {
  const rows = new Uint8Array((end - first) * page.rowBytes);
  if (!page.isTiled) return rows;
  const rowStart = index - (index % page.across);
  for (const before of [rowStart - 2, rowStart - 1, Math.max(rowStart - 1, index - 1)]) {
    const segment = page.segments[before];
    if (segment === undefined || segment.length === 0) continue;
    const inside = Math.min(end, page.shape.height - segment.y);
    if (inside <= first) continue;
    const own = await read(segment, first, inside);
    const { start } = paddingOf(page, segment, 0);
    for (let at = 0; at < (inside - first) * page.rowBytes; at += page.rowBytes) rows.set(own.subarray(at, at + start), at);
  }
  return rows;
}

/** Adds (exclusive or) the padding of `rows` to that of `others`, both packed and from row `first` of the segment. */
export function addPadding(page: TiffPage, segment: TiffSegment, first: number, rows: Uint8Array, others: Uint8Array): void {
  for (let row = 0; row * page.rowBytes < rows.length; row++) {
    const { start, mask, length } = paddingOf(page, segment, first + row);
    const end = row * page.rowBytes + start + length;
    for (let i = end - length; i < end; i++) others[i]! ^= rows[i]! & (i === end - length ? mask : 0xff);
  }
}
