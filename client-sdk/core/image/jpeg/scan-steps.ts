/**
 * What reading and writing a scan look like, whatever codes it: steps of some milliseconds, rows of MCUs. Types only.
 * SPEC.md section 6.8.
 */
import type { Planes } from './coefficients.js';
import type { Frame } from './jpeg-frame.js';
import type { ScanPiece } from './jpeg-markers.js';
import type { ScanPadding } from './scan-traits.js';

/** A scan with its frame and all the coefficients. */
export interface ScanPlace {
  readonly frame: Frame;
  readonly scan: ScanPiece;
  readonly planes: Planes;
}

/** What was read of a scan. */
export interface ReadRows {
  /** Rows of MCUs that made sense. */
  readonly rows: number;
  readonly padding: ScanPadding;
}

/** Reads a scan as far as it makes sense; other work can be done between its steps. */
export type ReadingSteps = Generator<undefined, ReadRows, undefined>;

/** A step of writing; valid until the next. */
export interface WrittenStep {
  readonly bytes: Uint8Array;
  /** How many of its bytes there are where rows of MCUs end in it; what is behind the last row counts as one more. */
  readonly rowEnds: Int32Array;
  /** How many of its bytes are the same as those of `file`, of which there may be more. */
  readonly sameAs: (file: Uint8Array) => number;
}

/** Writes a scan. */
export type WritingSteps = Generator<WrittenStep, void, undefined>;
