/**
 * The samples of a grey picture of 8 bits as its tiles pass by: what can be looked at as a whole afterwards. A picture that is
 * not grey throughout, or too large to keep, has none. SPEC.md section 6.3.
 */
import { samplesOf } from './content.js';
import { type Expansion, tileChannels, tileDepth } from './expansion.js';
import type { GreyPicture } from './equalised-picture.js';
import { maxPlanePixels } from './image-limits.js';
import type { Region } from './splitter.js';

/** A tile as it passes: `content` is undefined for a flat one; `depth` is that of the page. */
export interface PassingTile {
  readonly region: Region;
  readonly expansion: Expansion;
  readonly depth: number;
  readonly content: Uint8Array | undefined;
}

/** Gathers the tiles of one page. */
export class GreyPlane {
  #picture: GreyPicture | undefined;

  constructor({ width, height }: { readonly width: number; readonly height: number }) {
    if (width * height <= maxPlanePixels) this.#picture = { values: new Uint8Array(width * height), width, height };
  }

  /** Undefined where a tile was not grey. */
  get picture(): GreyPicture | undefined {
    return this.#picture;
  }

  add({ region, expansion, depth, content }: PassingTile): void {
    if (this.#picture === undefined) return;
    const flat = flatGrey(expansion, depth);
    if (content !== undefined && tileChannels(expansion) === 1 && expansion.origins[0] === 0 && tileDepth(expansion, depth) === 8) copy(samplesOf(content), region, this.#picture);
    else if (content === undefined && flat !== undefined) fill(flat, region, this.#picture);
    else this.#picture = undefined;
  }
}

/** The one value of a flat tile, of which all channels but a last one, of opacity, are equal. */
function flatGrey({ origins }: Expansion, depth: number): number | undefined {
  const value = -1 - (origins[0] ?? 0);
  const isGrey = origins.length < 3 || (origins[1] === origins[0] && origins[2] === origins[0]);
  if (!isGrey || value < 0) return undefined;
  if (depth === 8) return value;
  return depth === 16 && value >> 8 === (value & 255) ? value & 255 : undefined;
}

function copy(samples: Uint8Array, { x, y, width, height }: Region, picture: GreyPicture): void {
  for (let row = 0; row < height; row++) picture.values.set(samples.subarray(row * width, (row + 1) * width), (y + row) * picture.width + x);
}

function fill(value: number, { x, y, width, height }: Region, picture: GreyPicture): void {
  for (let row = 0; row < height; row++) picture.values.fill(value, (y + row) * picture.width + x, (y + row) * picture.width + x + width);
}
