/**
 * How many blocks the scans of a file may visit: a visit costs time even where it has no bits, so bytes must pay for it. It reads and
 * writes no scan. SPEC.md section 6.8.
 */
import type { Frame, ScanHeader } from './jpeg-frame.js';

/**
 * Blocks that all the scans together may visit: a file of many almost empty scans costs more time than it saves. An
 * arithmetic-coded block may cost that time without a bit.
 */
export function maxVisits({ arithmetic }: Frame, bytes: number): number {
  return (16_777_216 + 16 * bytes) / (arithmetic ? 4 : 1);
}

/** Blocks that a scan visits. */
export function visitsOf({ components }: Frame, header: ScanHeader): number {
  return header.components.reduce((sum, { index }) => sum + components[index]!.stride * components[index]!.rows, 0);
}

/** Scans in their order, each with the bytes that are written of its coefficients: what a recipe says of sizes can be made up, these cannot. */
export class VisitMeter {
  #visits = 0;
  #bytes = 0;

  constructor(private readonly frame: Frame) {}

  /** @returns whether the scans so far have bytes enough for their visits. */
  add(header: ScanHeader, bytes: number): boolean {
    this.#visits += visitsOf(this.frame, header);
    this.#bytes += bytes;
    return this.#visits <= maxVisits(this.frame, this.#bytes);
  }
}
