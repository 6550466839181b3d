/**
 * A picture that was equalised place by place (CLAHE: Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems
 * IV, 1994): the levels that it had before, and the maps that made values of them. Types alone. SPEC.md section 5.11.
 */

/** What a picture's values are made of: cells side by side from its upper left corner, of each of which the node is the middle. */
export interface Equalisation {
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Nodes in a row, and rows of them: beyond the border the last one goes on. */
  readonly across: number;
  readonly down: number;
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
