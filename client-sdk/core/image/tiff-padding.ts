/**
 * Bits of a TIFF segment that belong to no sample of the page: the rest of a row's last byte, and what a tile
 * holds beyond the right and the lower edge. They are kept beside the tiles. SPEC.md section 6.5.
 */
import type { TiffPage, TiffSegment } from './tiff-page.js';

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
  const { shape, segmentWidth, segmentChannels, rowBytes } = page;
  const pixels = segment.y + row >= shape.height ? 0 : Math.min(segmentWidth, shape.width - segment.x);
  const bits = pixels * segmentChannels * shape.depth;
  const start = Math.floor(bits / 8);
  return { start, mask: 0xff >>> bits % 8, length: rowBytes - start };
}

/** Bytes of padding of a segment. */
export function segmentPaddingBytes(page: TiffPage, segment: TiffSegment): number {
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

/** Puts padding back into packed rows whose padding is zero; answers how many bytes of `padding` it used. */
export function putPadding(page: TiffPage, segment: TiffSegment, first: number, rows: Uint8Array, padding: Uint8Array): number {
  let at = 0;
  for (let row = 0; row * page.rowBytes < rows.length; row++) {
    const { start, mask, length } = paddingOf(page, segment, first + row);
    const end = row * page.rowBytes + start + length;
    for (let i = end - length; i < end; i++) rows[i]! |= padding[at++]! & (i === end - length ? mask : 0xff);
  }
  return at;
}
