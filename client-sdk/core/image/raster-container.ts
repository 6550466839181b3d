/**
 * What a container format (PNG, TIFF, ...) gives to and takes from the raster splitter: pages of canonical
 * samples, and everything else as a small map and sections of the skeleton. A new format is one more pair of
 * these. SPEC.md section 6.3.
 */
import type { CborMap } from '../cbor.js';
import type { TileShape } from './content.js';
import type { SampleMap } from './sample-map.js';
import type { TilePicture } from './tile-picture.js';

/** Names of container formats, as recipes know them. */
export type RasterFormat = 'png' | 'tiff';

/** Everything of a file that is no pixel. */
export interface ContainerRecipe {
  /** Members of the recipe that belong to the format. */
  readonly params: CborMap;
  /** Pieces of the skeleton in the order that the format fixes. */
  readonly sections: readonly Uint8Array[];
}

/** A page: what its samples are in the container, and what becomes of them in tiles. */
export interface RasterPage {
  readonly shape: TileShape;
  readonly map: SampleMap;
}

/** A file whose pixels can be read and whose other bytes are known. */
export interface RasterFile {
  readonly format: RasterFormat;
  /** In words, for `dice info`. */
  readonly description: string;
  readonly pages: readonly RasterPage[];
  readonly container: ContainerRecipe;
  /**
   * Canonical samples of a page in bands, not mapped; `edges` are rows from 0 to the height. Each band may be changed by
   * who asks, and may be reused by the next one: take from it before asking for more.
   */
  bands(page: number, edges: readonly number[]): AsyncIterable<Uint8Array>;
}

/** Makes the file again. Throws DiceError `recipe-invalid` where container and pictures do not fit. */
export type RasterJoin = (container: ContainerRecipe, pictures: readonly TilePicture[]) => AsyncIterable<Uint8Array>;

/**
 * Thrown inside a format's parser where the file cannot be given back through tiles; never leaves the
 * splitter, which answers undefined.
 */
export class Unsplittable extends Error {
  override readonly name = 'Unsplittable';
}
