/**
 * A picture that was equalised place by place (CLAHE: Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems
 * IV, 1994): the levels that it had before, and the maps that made values of them. SPEC.md section 5.11.
 */

/** Levels, and values of a map. */
export const greyLevels = 256;

/** Cells of a picture side by side from its upper left corner, each with a node in its middle. */
export interface CellGrid {
  /** Samples. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Nodes in a row, and rows of them: beyond the border the last one goes on. */
  readonly across: number;
  readonly down: number;
}

/** What a picture's values are made of. */
export interface Equalisation extends CellGrid {
  /** Rows of nodes, each of 256 values: that of each level. */
  readonly maps: Uint8Array;
  /** Samples in a row. */
  readonly width: number;
  /** Level of each sample, row by row. */
  readonly levels: Uint8Array;
}

/** A grey picture of 8 bits, row by row, one byte each. */
export interface GreyPicture {
  readonly values: Uint8Array;
  readonly width: number;
  readonly height: number;
}
