/**
 * One page of a picture, drawn from the tiles of a recipe: any rectangle of its samples, with the tiles of
 * about two bands kept. Contents may come from a stranger: every shape is checked. SPEC.md section 6.3.
 */
import { fault } from '../errors.js';
import { sampleBytes, samplesOf, shapeOf, type TileShape } from './content.js';
import { tileChannels, tileDepth, type ExpansionTable } from './expansion.js';
import { regionOf, type Cut } from './geometry.js';
import { maxBandBytes } from './image-limits.js';
import { mappedShape, unmapSamples, type SampleMap } from './sample-map.js';
import type { ContentReader, Region } from './splitter.js';
import { expandInto } from './tile-samples.js';

/** What a page is made of. */
export interface PictureParts {
  /** Of the samples in the container. */
  readonly shape: TileShape;
  readonly map: SampleMap;
  readonly cut: Cut;
  readonly expansions: ExpansionTable;
  readonly contents: ContentReader;
  /** Index of the page's first content. */
  readonly firstContent: number;
}

/** A page whose rectangles can be read. */
export class TilePicture {
  readonly shape: TileShape;
  /** Edges of its bands of tiles. Reading band by band is cheapest. */
  readonly rows: readonly number[];
  readonly #parts: PictureParts;
  /** Of the samples in tiles. */
  readonly #mapped: TileShape;
  readonly #kept = new Map<number, Uint8Array>();
  #keep: number;

  constructor(parts: PictureParts) {
    this.#parts = parts;
    this.shape = parts.shape;
    this.#mapped = mappedShape(parts.shape, parts.map);
    this.rows = parts.cut.rows;
    this.#keep = 2 * (parts.cut.columns.length - 1);
  }

  /** Canonical samples of `region`, which lies within the page. Throws DiceError `recipe-invalid` for an odd tile. */
  async read(region: Region): Promise<Uint8Array> {
    const { shape, map, cut, expansions } = this.#parts;
    const samples = new Uint8Array(region.width * region.height * shape.channels * sampleBytes(shape.depth));
    const across = cut.columns.length - 1;
    const lastColumn = stepAt(cut.columns, region.x + region.width - 1);
    const lastRow = stepAt(cut.rows, region.y + region.height - 1);
    for (let row = stepAt(cut.rows, region.y); row <= lastRow; row++) {
      for (let column = stepAt(cut.columns, region.x); column <= lastColumn; column++) {
        const index = row * across + column;
        const tile = await this.#tile(index);
        expandInto({ samples, region }, regionOf(cut, index), this.#mapped, expansions.expansionOf(index), tile);
      }
    }
    unmapSamples(samples, shape.depth, map);
    return samples;
  }

  /** Whole rows from `y` to before `end`. */
  readRows(y: number, end: number): Promise<Uint8Array> {
    return this.read({ x: 0, y, width: this.shape.width, height: end - y });
  }

  /**
   * Reads the tiles of rows `y` to before `end` in their order and keeps them, where they are not too many: for
   * containers whose pieces are narrower than the page, and would otherwise go back and forth.
   */
  async hold(y: number, end: number): Promise<void> {
    const { shape, cut } = this.#parts;
    const across = cut.columns.length - 1;
    const first = stepAt(cut.rows, y);
    const last = stepAt(cut.rows, Math.min(end, shape.height) - 1);
    const heldBytes = (cut.rows[last + 1]! - cut.rows[first]!) * shape.width * shape.channels * sampleBytes(shape.depth);
    if (heldBytes > maxBandBytes) return;
    this.#keep = (last - first + 2) * across;
    for (let index = first * across; index < (last + 1) * across; index++) await this.#tile(index);
  }

  async #tile(index: number): Promise<Uint8Array | undefined> {
    const { expansions, contents, firstContent } = this.#parts;
    const at = expansions.contentOf(index);
    if (at < 0) return undefined;
    const kept = this.#kept.get(index);
    if (kept !== undefined) return kept;
    const content = await contents.get(firstContent + at);
    this.#check(index, content);
    const samples = samplesOf(content);
    this.#kept.set(index, samples);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#keep) break;
      this.#kept.delete(oldest);
    }
    return samples;
  }

  #check(index: number, content: Uint8Array): void {
    const { cut, expansions } = this.#parts;
    const region = regionOf(cut, index);
    const found = shapeOf(content);
    const expansion = expansions.expansionOf(index);
    const isSize = found.width === region.width && found.height === region.height;
    if (!isSize || found.depth !== tileDepth(expansion, this.#mapped.depth) || found.channels !== tileChannels(expansion)) {
      throw fault('recipe-invalid', 'A tile has another shape than its place.');
    }
  }
}

/** Index of the step between edges that holds `at`. */
function stepAt(edges: readonly number[], at: number): number {
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
