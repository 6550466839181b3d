/**
 * What a splitter is: it turns a file into contents plus a recipe, and back, in bounded memory.
 * It neither codes nor seals nor asks whether a block exists; the plan does (core/plan.ts).
 * SPEC.md section 6.
 */
import type { CborValue } from '../cbor.js';
import type { GreyPicture } from './equalised-picture.js';

/** Random access to the bytes of a file that does not change while it is read. */
export interface Source {
  /** Bytes of the file. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; both lie within `size`. The caller may keep the array. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Names of splitters, as recipes and `--splitter` know them. */
export type SplitterId = 'bytes' | 'raster' | 'jpeg';

/**
 * How a picture is cut. A grid cell above the block limit is cut into equal parts. `origin` is where the first edges
 * after the sides fall; none means 0: so a crop can be cut as the picture it came from. Of pixels each is below
 * `tilePixels`. Pictures of coefficients have `tileBlocks` blocks along the side of a tile (none: as many as `tilePixels` have),
 * and their origin counts blocks of the finest component.
 */
export type Geometry =
  | { readonly kind: 'tile'; readonly tilePixels: number; readonly tileBlocks?: number; readonly origin?: Point }
  | { readonly kind: 'grid'; readonly cells: number };

/** A corner between pixels: columns from the left, rows from the top. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How much of the file is made again while it is taken apart, before anything is joined. */
export type SplitEffort = 'quick' | 'whole';

/** A rectangle on the picture that one content covers; what the block map draws. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A picture's size and cut, for the block map. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** One region per content, in content order, of the picture's first page. */
  readonly regions: readonly Region[];
  /** Tiles of that page that have one colour and no content: they live in the recipe. */
  readonly flat?: readonly Region[];
}

/**
 * Where a content lies, for the search for edited copies: on which plane (contents of different planes are never of each
 * other), and on what rectangle of it. The rectangles of all planes are in one coordinate system, in which an element
 * of the content (a pixel, a block) is `unit` wide and high.
 */
export interface ContentPlace {
  readonly plane: number;
  readonly region: Region;
  readonly unit: { readonly width: number; readonly height: number };
}

/** What is known of a split after its contents were read once. */
export interface SplitSummary {
  /** Number of contents. */
  readonly count: number;
  readonly picture: Picture | undefined;
  /** Of the first contents, in their order; the others can be parts of no copy. */
  readonly places: readonly ContentPlace[];
  /** Bytes of the file, where the recipe names them. */
  readonly fileBytes?: number;
}

/**
 * All that joins contents back into the file. `params` is small and canonical (SPEC.md section 6 fixes its
 * members per splitter); `skeleton` is every other byte of the file that is no content, at most
 * `maxSkeletonBytes`. The plan cuts the skeleton into segments.
 */
export interface Recipe {
  readonly splitter: SplitterId;
  readonly params: CborValue;
  readonly skeleton: Uint8Array;
}

/** One file, understood by one splitter. */
export interface Split {
  readonly splitter: SplitterId;
  /** Upper bound of the number of contents, for progress: flat tiles are counted here and have none. */
  readonly maxCount: number;
  /** What was recognised, in words for `dice info` (for example "PNG 8-bit RGB, zlib level 6"). */
  readonly description: string;
  /**
   * The contents in order from index `from`, each in canonical form. May be called again, and then yields
   * the same bytes as long as the source does. Memory: a few rows of tiles.
   */
  contents(from?: number): AsyncIterable<Uint8Array>;
  /**
   * Of a split that holds its contents in memory: the same, each valid only until the next one is asked for. Reading them again costs
   * next to nothing.
   */
  views?(from?: number): Iterable<Uint8Array>;
  /** The recipe; known after `contents()` has been read to its end once, else it is read for this. */
  recipe(): Promise<Recipe>;
  /** Number of contents and the block map; known as the recipe is. */
  summary(): Promise<SplitSummary>;
  /** Gives back the memory that it holds: its contents cannot be read any more. Without this it is freed in time. */
  close?(): void;
  /** The first page, where it is grey, of 8 bits and not too large; given once, after the contents were read. */
  greyPicture?(): Promise<GreyPicture | undefined>;
}

/** Gives contents to a join. */
export interface ContentReader {
  readonly count: number;
  /** Content `index` in canonical form. Reading in ascending order is cheap; going back may be slow, but works. */
  get(index: number): Promise<Uint8Array>;
}

/** A file that was taken apart: its recipe and contents join to it. */
export interface CutFile {
  readonly recipe: Recipe;
  readonly contents: ContentReader;
  /** As its split says. */
  readonly description: string;
}

/** Cuts a file otherwise, out of its contents. */
export interface Recut {
  /**
   * The file in another geometry: recipe and contents are those that a split with that geometry gives. Undefined where that would be too
   * many tiles, too large ones, or too much to hold. `first` may be read for as long as the outcome is.
   */
  cut(first: CutFile, geometry: Geometry): Promise<Split | undefined>;
  /** Whether two cuts give the same samples, or coefficients, to the same container, so that the same bytes come of both. Reads all contents, in order as a join does. */
  isSame(first: CutFile, second: CutFile): Promise<boolean>;
}

/** A way to split and join files of some kinds. */
export interface Splitter {
  readonly id: SplitterId;
  /**
   * Understands `source`, or answers undefined where this splitter cannot give the file back: another format,
   * a damaged file, an unknown encoder, a declared size that the data cannot hold. Never throws for strange
   * bytes; only for a source that fails. Depends on the file, the geometry and the effort alone. After a `quick`
   * split (default: `whole`) the join is the judge: where it gives other bytes, split again as a whole.
   */
  split(source: Source, geometry: Geometry, effort?: SplitEffort): Promise<Split | undefined>;
  /**
   * The file's exact bytes in order, in pieces. Recipe and contents may come from a stranger: throws
   * DiceError `recipe-invalid` on any deviation, and never allocates more than the limits allow.
   */
  join(recipe: Recipe, contents: ContentReader): AsyncIterable<Uint8Array>;
  /**
   * Number of contents and block map of a stored file, from its recipe alone. Throws DiceError
   * `recipe-invalid` as `join` does.
   */
  summarize(recipe: Recipe): SplitSummary;
  /** Of splitters that cut pictures. */
  readonly recut?: Recut;
}
