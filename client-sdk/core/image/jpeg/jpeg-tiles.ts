/**
 * The contents of a JPEG file that was taken apart: tiles of its planes, then blocks of padding. The tiles are packed at once, so that
 * the planes' memory is free for putting the file together again, and for the next file. SPEC.md section 6.8.
 */
import { freeBytes } from '../../free-bytes.js';
import { blocksOf, coefficientBlockBytes, newCoefficients } from '../content.js';
import { type Cut, regionOf, tileCount } from '../geometry.js';
import type { Region } from '../splitter.js';
import { type Coefficients, type Planes, releasePlanes } from './coefficients.js';
import { paddingContentBlocks } from './jpeg-recipe.js';
import { type PackedTile, packTile, unpackTile } from './packed-tile.js';
import { dropIdleMemory } from './scan-kernel.js';

/** What contents are made of. */
export interface TileSources {
  readonly cuts: readonly Cut[];
  readonly planes: Planes;
  /** By component: what padding blocks have beyond the prediction; empty where they are as predicted. */
  readonly padding: readonly Int16Array[];
}

const coefficients = 64;

/** Makes contents, as often as they are asked for, until it is closed. */
export class JpegTiles {
  /** Those that cannot be packed are contents. */
  #held: readonly (PackedTile | Uint8Array)[];
  readonly #count: number;

  /** The planes belong to it from now on. */
  constructor(sources: TileSources) {
    this.#held = [...heldOf(sources)];
    this.#count = this.#held.length;
    releasePlanes(sources.planes, 'as large');
  }

  /** Contents in order. Throws RangeError where it was closed. */
  async *contents(from: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let index = from; index < this.#count; index++) {
      const held = this.#at(index);
      // A consumer may keep, or give away, what it gets.
      yield await Promise.resolve(held instanceof Uint8Array ? held.slice() : unpackTile(held));
    }
  }

  /** See Split.views. */
  *views(from: number): Generator<Uint8Array, void, undefined> {
    let room: Uint8Array | undefined;
    for (let index = from; index < this.#count; index++) {
      const held = this.#at(index);
      if (held instanceof Uint8Array) yield held;
      else yield room = unpackTile(held, room);
    }
  }

  /** Gives its memory back. */
  close(): void {
    for (const held of this.#held) for (const bytes of held instanceof Uint8Array ? [held] : held.pieces) freeBytes(bytes);
    this.#held = [];
    dropIdleMemory();
  }

  #at(index: number): PackedTile | Uint8Array {
    const held = this.#held[index];
    if (held === undefined) throw new RangeError('The coefficients were given back.');
    return held;
  }
}

function* heldOf({ cuts, planes, padding }: TileSources): Generator<PackedTile | Uint8Array, void, undefined> {
  for (const [i, cut] of cuts.entries()) {
    for (let tile = 0; tile < tileCount(cut); tile++) yield tileOf(planes, i, regionOf(cut, tile));
  }
  for (const values of padding) {
    const step = coefficients * paddingContentBlocks;
    for (let at = 0; at < values.length; at += step) yield paddingContent(values.subarray(at, at + step));
  }
}

function tileOf({ list, kernel }: Planes, component: number, region: Region): PackedTile | Uint8Array {
  const plane = list[component]!;
  const place = { at: bytesAt(plane, { x: region.x, y: region.y, blocks: 0 }).byteOffset, rowBytes: coefficientBlockBytes * plane.stride };
  return packTile(kernel.run, place, { across: region.width, down: region.height }) ?? contentOf(plane, region);
}

function contentOf(plane: Coefficients, { x, y, width, height }: Region): Uint8Array {
  const content = newCoefficients({ across: width, down: height });
  const blocks = blocksOf(content);
  const rowBytes = coefficientBlockBytes * width;
  for (let row = 0; row < height; row++) blocks.set(bytesAt(plane, { x, y: y + row, blocks: width }), rowBytes * row);
  return content;
}

/** The bytes of some blocks of a row, as a view. */
export function bytesAt({ values, stride }: Coefficients, { x, y, blocks }: { readonly x: number; readonly y: number; readonly blocks: number }): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset + coefficientBlockBytes * (y * stride + x), coefficientBlockBytes * blocks);
}

function paddingContent(values: Int16Array): Uint8Array {
  const content = newCoefficients({ across: values.length / coefficients, down: 1 });
  blocksOf(content).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return content;
}
