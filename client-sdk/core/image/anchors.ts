/**
 * Anchors: a few places of a picture that are found again in copies of it, cropped, turned, mirrored, brighter or
 * changed elsewhere. Those with the lowest hashes are kept, whatever picture they are in, so that two pictures that
 * share most places share most anchors. A hint of one client, neither sent nor stored in a format: a miss costs
 * space, a false hit costs work. How two pictures lie to each other: alignment.ts.
 */
import { AnchorList } from './anchor-list.js';
import { classesOfRings, innerBits, maxPeaks, noRank, outerBits, peaksIn, ringCode, windowRadius } from './anchor-window.js';
import { samplesOf, shapeOf, type TileShape } from './content.js';

/** A place of a picture that can be told from all others of it. */
export interface Anchor {
  /** 8 bytes: equal for equal surroundings, in all orientations and whatever constant is added to all samples. */
  readonly hash: Uint8Array;
  /** The pixel, in the coordinates of the picture. */
  readonly x: number;
  readonly y: number;
  /** How its surroundings must be turned to be what the hash is of: 0 to 7, as alignment.ts counts. */
  readonly orientation: number;
}

/** Anchors of a picture unless told otherwise. */
export const defaultAnchors = 16;
const minDepth = 4;
const maxDepth = 16;

/** Finds the anchors of one page while its tiles pass by, in any order. */
export class AnchorFinder {
  readonly #found: AnchorList;
  readonly #classes = classesOfRings();
  #plane = new Uint16Array(0);
  #peaks = new Int32Array(0);
  /** What the upper 16 bits of a hash must be below. */
  #maxRank = noRank - 1;

  /** `count`: most anchors to keep, at least 1. */
  constructor(count = defaultAnchors) {
    this.#found = new AnchorList(count);
  }

  /**
   * Looks through a tile in canonical form (SPEC.md section 5.1), whose top left pixel is (x0, y0) of the page; only
   * its first channel, and only at depths from 4 to 16. Throws DiceError `recipe-invalid` where it is no tile.
   */
  add(content: Uint8Array, x0: number, y0: number): void {
    const shape = shapeOf(content);
    const { width, height, depth } = shape;
    if (depth < minDepth || depth > maxDepth || width <= 2 * windowRadius || height <= 2 * windowRadius) return;
    const plane = this.#planeOf(content, shape);
    const peaks = peaksIn(plane, shape, this.#maxRank, this.#peaks);
    for (let i = 0; i < peaks; i++) this.#meet(plane, shape, this.#peaks[i]!, { x: x0, y: y0 });
  }

  /** The anchors, by ascending hash. */
  anchors(): readonly Anchor[] {
    return this.#found.anchors();
  }

  /** The samples of the first channel. */
  #planeOf(content: Uint8Array, { width, height, channels, depth }: TileShape): Uint16Array {
    const pixels = width * height;
    if (this.#plane.length < pixels) {
      this.#plane = new Uint16Array(pixels);
      this.#peaks = new Int32Array(maxPeaks(pixels));
    }
    const plane = this.#plane;
    const samples = samplesOf(content);
    if (depth > 8) {
      const step = 2 * channels;
      for (let i = 0, at = 0; i < pixels; i++, at += step) plane[i] = (samples[at]! << 8) | samples[at + 1]!;
    } else if (channels === 1) {
      plane.set(samples);
    } else {
      for (let i = 0, at = 0; i < pixels; i++, at += channels) plane[i] = samples[at]!;
    }
    return plane;
  }

  #meet(plane: Uint16Array, { width }: TileShape, at: number, origin: { readonly x: number; readonly y: number }): void {
    const code = ringCode(plane, at, width);
    const rank = this.#classes.ranks[code]!;
    const orientation = this.#classes.orientations[code]!;
    if (rank > this.#maxRank) return;
    const high = rank * 65_536 + innerBits(plane, at, width, orientation);
    if (high > this.#found.maxHigh) return;
    const low = outerBits(plane, at, width, orientation);
    if (low < 0) return;
    const y = Math.floor(at / width);
    this.#found.keep({ high, low, x: origin.x + at - y * width, y: origin.y + y, orientation });
    this.#maxRank = Math.min(this.#maxRank, this.#found.maxHigh >>> 16);
  }
}
