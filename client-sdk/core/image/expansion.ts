/**
 * What a tile's canonical content leaves out: channels that repeat another one and channels that are constant.
 * An expansion says for each channel of the container where its samples come from; a page has a table of the
 * distinct ones and runs of indices into it. A tile without any channel of its own is flat. SPEC.md section 6.3.
 */
import { fault } from '../errors.js';
import { sampleBytes, type TileShape } from './content.js';
import { type ByteReader, type ByteWriter, RunList } from './varint.js';

/**
 * Per channel of the container: the tile's channel (0 and up), or -1 - value for a constant. Tile channels
 * appear in ascending order, each for the first time where the samples first stand.
 */
export type Expansion = readonly number[];

/** The expansions of a page's tiles. */
export interface ExpansionTable {
  /** The expansion of tile `index`. */
  expansionOf(index: number): Expansion;
  /** Index of the tile's content among those of the page, or -1 for a flat tile. */
  contentOf(index: number): number;
  /** Tiles that have a content. */
  readonly contentCount: number;
}

const constantMark = 0x80;

/** Channels that the tile's content has: 0 for a flat tile. */
export function tileChannels(expansion: Expansion): number {
  return Math.max(...expansion) < 0 ? 0 : Math.max(...expansion) + 1;
}

/** Gathers the expansions of a page in tile order. */
export class ExpansionList {
  readonly #indices = new Map<string, number>();
  readonly #distinct: Expansion[] = [];
  readonly #runs = new RunList();

  add(expansion: Expansion): void {
    const key = expansion.join();
    let index = this.#indices.get(key);
    if (index === undefined) {
      index = this.#distinct.length;
      this.#indices.set(key, index);
      this.#distinct.push(expansion);
    }
    this.#runs.add(index);
  }

  /** Appends the table: number of distinct expansions, these, number of runs, (index, count) of each. */
  write(writer: ByteWriter, depth: number): void {
    writer.varint(this.#distinct.length);
    for (const expansion of this.#distinct) writeExpansion(writer, expansion, sampleBytes(depth));
    const { runs } = this.#runs;
    writer.varint(runs.length);
    for (const [index, count] of runs) {
      writer.varint(index);
      writer.varint(count);
    }
  }
}

function writeExpansion(writer: ByteWriter, expansion: Expansion, size: number): void {
  for (const origin of expansion) {
    if (origin >= 0) writer.byte(origin);
    else {
      writer.byte(constantMark);
      writer.fixed(-1 - origin, size);
    }
  }
}

/** Reads one page's table of `tiles` tiles. Throws DiceError `recipe-invalid` where it is malformed. */
export function readExpansions(reader: ByteReader, shape: TileShape, tiles: number): ExpansionTable {
  const distinct: Expansion[] = [];
  const count = reader.varint(tiles);
  for (let i = 0; i < count; i++) distinct.push(readExpansion(reader, shape));
  const indices = readIndices(reader, distinct.length, tiles);
  const contents = new Int32Array(tiles);
  let contentCount = 0;
  for (let i = 0; i < tiles; i++) contents[i] = tileChannels(distinct[indices[i]!]!) === 0 ? -1 : contentCount++;
  return {
    expansionOf: (index) => distinct[indices[index]!]!,
    contentOf: (index) => contents[index]!,
    contentCount,
  };
}

function readExpansion(reader: ByteReader, shape: TileShape): Expansion {
  const expansion: number[] = [];
  const size = sampleBytes(shape.depth);
  let next = 0;
  for (let channel = 0; channel < shape.channels; channel++) {
    const origin = reader.byte();
    if (origin === constantMark) expansion.push(-1 - readConstant(reader, size, shape.depth));
    else {
      if (origin > next) throw fault('recipe-invalid', 'An expansion names a channel out of order.');
      if (origin === next) next++;
      expansion.push(origin);
    }
  }
  return expansion;
}

function readConstant(reader: ByteReader, size: number, depth: number): number {
  const value = reader.fixed(size);
  if (value >= 2 ** depth) throw fault('recipe-invalid', 'A constant has more bits than its channel.');
  return value;
}

function readIndices(reader: ByteReader, distinct: number, tiles: number): Uint32Array {
  const indices = new Uint32Array(tiles);
  const runs = reader.varint(tiles);
  let at = 0;
  for (let i = 0; i < runs; i++) {
    const index = reader.varint(distinct - 1);
    const count = reader.varint(tiles - at);
    if (count === 0) throw fault('recipe-invalid', 'A run of expansions is empty.');
    indices.fill(index, at, at + count);
    at += count;
  }
  if (at !== tiles) throw fault('recipe-invalid', 'The expansions do not cover the tiles.');
  return indices;
}
