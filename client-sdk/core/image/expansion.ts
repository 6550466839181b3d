/**
 * What a tile's canonical content leaves out: channels that repeat another one, channels that are constant, and the second of two
 * equal bytes of a sample. An expansion says for each channel of the page where its samples come from; a page has a table of the
 * distinct ones and runs of indices into it. A tile without any channel of its own is flat. SPEC.md section 6.3.
 */
import { fault } from '../errors.js';
import { sampleBytes, type TileShape } from './content.js';
import { type ByteReader, type ByteWriter, RunList } from './varint.js';

/** How a tile's content becomes the samples of a page. */
export interface Expansion {
  /**
   * Per channel of the page: the tile's channel (0 and up), or -1 - value for a constant. Tile channels
   * appear in ascending order, each for the first time where the samples first stand.
   */
  readonly origins: readonly number[];
  /** The tile has 8 bits, and each byte stands twice in the 16 of the page. */
  readonly isNarrow: boolean;
}

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
const narrowMark = 0x40;

/** Channels that the tile's content has: 0 for a flat tile. */
export function tileChannels({ origins }: Expansion): number {
  return Math.max(0, Math.max(...origins) + 1);
}

/** The depth of the tile's content, of a page of `depth`. */
export function tileDepth({ isNarrow }: Expansion, depth: number): number {
  return isNarrow ? depth / 2 : depth;
}

/** Gathers the expansions of a page in tile order. */
export class ExpansionList {
  readonly #indices = new Map<string, number>();
  readonly #distinct: Expansion[] = [];
  readonly #runs = new RunList();

  add(expansion: Expansion): void {
    const key = `${expansion.origins.join()} ${String(expansion.isNarrow)}`;
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

function writeExpansion(writer: ByteWriter, { origins, isNarrow }: Expansion, size: number): void {
  for (const origin of origins) {
    if (origin >= 0) writer.byte(origin | (isNarrow ? narrowMark : 0));
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
  const origins: number[] = [];
  const size = sampleBytes(shape.depth);
  let next = 0;
  let mark = -1;
  for (let channel = 0; channel < shape.channels; channel++) {
    const byte = reader.byte();
    if (byte === constantMark) {
      origins.push(-1 - readConstant(reader, size, shape.depth));
      continue;
    }
    const origin = byte & (narrowMark - 1);
    if (mark < 0) mark = byte & narrowMark;
    if (byte >= constantMark || (byte & narrowMark) !== mark || origin > next) throw fault('recipe-invalid', 'An expansion names a channel out of order.');
    if (origin === next) next++;
    origins.push(origin);
  }
  const isNarrow = mark === narrowMark;
  if (isNarrow && shape.depth !== 16) throw fault('recipe-invalid', 'An expansion is not for its depth.');
  return { origins, isNarrow };
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
