/**
 * The contents of a JPEG file that was taken apart: tiles of its planes, then blocks of padding. Small files are read from their
 * planes; of large ones the tiles are packed at once, so that the planes' memory is free for putting the file together again.
 * SPEC.md section 6.8.
 */
import { blocksOf, coefficientBlockBytes, newCoefficients } from '../content.js';
import { type Cut, regionOf, tileCount } from '../geometry.js';
import type { Region } from '../splitter.js';
import { type Coefficients, type Planes, releasePlanes } from './coefficients.js';
import { paddingContentBlocks } from './jpeg-recipe.js';
import { packTile, unpackTile } from './packed-tile.js';
import { dropIdleMemory } from './scan-kernel.js';

/** What contents are made of. */
export interface TileSources {
  readonly cuts: readonly Cut[];
  readonly planes: Planes;
  /** By component: what padding blocks have beyond the prediction; empty where they are as predicted. */
  readonly padding: readonly Int16Array[];
}

type Maker = () => Uint8Array;

const coefficients = 64;
/** Bytes of planes above which tiles are packed. */
const maxHeldBytes = 100_663_296;

/** Makes contents, as often as they are asked for, until it is closed. */
export class JpegTiles {
  #makers: readonly Maker[];
  /** None where tiles are packed: their memory must not be kept by whoever waits for contents. */
  #planes: Planes | undefined;
  readonly #count: number;

  /** The planes belong to it from now on. */
  constructor(sources: TileSources) {
    const { planes } = sources;
    const bytes = planes.list.reduce((sum, { values }) => sum + values.byteLength, 0);
    const makers = [...makersOf(sources)];
    this.#count = makers.length;
    if (bytes <= maxHeldBytes) {
      this.#makers = makers;
      this.#planes = planes;
      return;
    }
    this.#makers = makers.map((make) => packedMaker(make()));
    releasePlanes(planes, 'as large');
  }

  /** Contents in order. Throws RangeError where it was closed. */
  async *contents(from: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let index = from; index < this.#count; index++) {
      const make = this.#makers[index];
      if (make === undefined) throw closed();
      yield await Promise.resolve(make());
    }
  }

  /** Gives its memory back. */
  close(): void {
    this.#makers = [];
    if (this.#planes !== undefined) releasePlanes(this.#planes);
    else dropIdleMemory();
    this.#planes = undefined;
  }
}

function packedMaker(content: Uint8Array): Maker {
  const packed = packTile(content);
  // A consumer may keep, or give away, what it gets.
  return packed === undefined ? () => content.slice() : () => unpackTile(packed);
}

function closed(): RangeError {
  return new RangeError('The coefficients were given back.');
}

function* makersOf({ cuts, planes, padding }: TileSources): Generator<Maker, void, undefined> {
  for (const [i, cut] of cuts.entries()) {
    for (let tile = 0; tile < tileCount(cut); tile++) yield () => tileOf(planes.list[i]!, regionOf(cut, tile));
  }
  for (const values of padding) {
    const step = coefficients * paddingContentBlocks;
    for (let at = 0; at < values.length; at += step) yield () => paddingContent(values.subarray(at, at + step));
  }
}

function tileOf(plane: Coefficients, { x, y, width, height }: Region): Uint8Array {
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
