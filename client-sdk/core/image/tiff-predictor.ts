/**
 * The predictors of TIFF, both ways, in place: differences to the left neighbour of the same channel (2, TIFF 6.0 section 14), and
 * for floating point the bytes of a row sorted by their weight and then differenced (3, Technical Note 3). SPEC.md section 6.5.
 */
import type { TiffPage } from './tiff-page.js';

/** Undoes the predictor of a page on packed rows. */
export function undoPredictor(page: TiffPage, rows: Uint8Array): void {
  if (page.predictor === 2) for (let at = 0; at < rows.length; at += page.rowBytes) difference(page, rows.subarray(at, at + page.rowBytes), 1);
  if (page.predictor === 3) for (let at = 0; at < rows.length; at += page.rowBytes) sortBack(page, rows.subarray(at, at + page.rowBytes));
}

/** Applies the predictor of a page to packed rows. */
export function applyPredictor(page: TiffPage, rows: Uint8Array): void {
  if (page.predictor === 2) for (let at = 0; at < rows.length; at += page.rowBytes) difference(page, rows.subarray(at, at + page.rowBytes), -1);
  if (page.predictor === 3) for (let at = 0; at < rows.length; at += page.rowBytes) sortByWeight(page, rows.subarray(at, at + page.rowBytes));
}

function difference(page: TiffPage, row: Uint8Array, sign: 1 | -1): void {
  const size = page.packing.depth >> 3;
  const step = page.segmentBits >> 3;
  if (size === 1) {
    if (sign > 0) for (let at = step; at < row.length; at++) row[at]! += row[at - step]!;
    else for (let at = row.length - 1; at >= step; at--) row[at]! -= row[at - step]!;
    return;
  }
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const count = row.length - step;
  for (let i = 0; i < count; i += size) addLeft(view, sign > 0 ? step + i : row.length - size - i, { size, step: sign * step, isLittle: page.packing.isLittleEndian });
}

/** Adds to the sample at `at`, or with a negative step takes from it, the one |step| bytes to its left. */
function addLeft(view: DataView, at: number, { size, step, isLittle }: { readonly size: number; readonly step: number; readonly isLittle: boolean }): void {
  const sign = step < 0 ? -1 : 1;
  const from = at - sign * step;
  if (size === 2) view.setUint16(at, view.getUint16(at, isLittle) + sign * view.getUint16(from, isLittle), isLittle);
  else if (size === 4) view.setUint32(at, view.getUint32(at, isLittle) + sign * view.getUint32(from, isLittle), isLittle);
  else {
    let carry = 0;
    for (let k = 0; k < size; k++) {
      const place = isLittle ? k : size - 1 - k;
      const sum = view.getUint8(at + place) + sign * view.getUint8(from + place) + carry;
      view.setUint8(at + place, sum);
      carry = sum >> 8;
    }
  }
}

/** Byte k of all samples of a row, the weightiest first, stands together; then bytes are differences. */
function sortByWeight(page: TiffPage, row: Uint8Array): void {
  const { isLittleEndian, depth } = page.packing;
  const size = depth >> 3;
  const count = row.length / size;
  const samples = row.slice();
  for (let k = 0; k < size; k++) {
    const place = isLittleEndian ? size - 1 - k : k;
    for (let i = 0; i < count; i++) row[k * count + i] = samples[i * size + place]!;
  }
  const step = page.segmentBits / depth;
  for (let at = row.length - 1; at >= step; at--) row[at]! -= row[at - step]!;
}

function sortBack(page: TiffPage, row: Uint8Array): void {
  const { isLittleEndian, depth } = page.packing;
  const size = depth >> 3;
  const count = row.length / size;
  const step = page.segmentBits / depth;
  for (let at = step; at < row.length; at++) row[at]! += row[at - step]!;
  const sorted = row.slice();
  for (let k = 0; k < size; k++) {
    const place = isLittleEndian ? size - 1 - k : k;
    for (let i = 0; i < count; i++) row[i * size + place] = sorted[k * count + i]!;
  }
}
