/**
 * Bytes in memory as a source of a splitter, contents in memory as its reader, and both ways through a splitter in one
 * step. Refuses reads beyond the end, as real sources do.
 */
import { decodeCbor, encodeCbor } from '../../client-sdk/core/cbor.js';
import { splitterFor, splitters } from '../../client-sdk/core/image/detect.js';
import type { ContentReader, Geometry, Recipe, Source, SplitSummary } from '../../client-sdk/core/image/splitter.js';
import { concat, hexOf, isEqual } from '../../client-sdk/protocol/bytes.js';

/** A file that was split. */
export interface SplitFile {
  readonly contents: readonly Uint8Array[];
  readonly recipe: Recipe;
  readonly summary: SplitSummary;
  readonly description: string;
}

/** A source over `bytes`. */
export function memorySource(bytes: Uint8Array): Source {
  return {
    size: bytes.length,
    read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) throw new RangeError('a read beyond the file');
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
}

/** A reader over `contents`. */
export function memoryContents(contents: readonly Uint8Array[]): ContentReader {
  return {
    count: contents.length,
    get(index) {
      const content = contents[index];
      if (content === undefined) throw new RangeError('no such content');
      return Promise.resolve(content);
    },
  };
}

/** Splits by the splitter that the first bytes ask for; undefined where that one cannot. */
export async function splitBytes(bytes: Uint8Array, geometry: Geometry = { kind: 'tile', tilePixels: 16 }): Promise<SplitFile | undefined> {
  const source = memorySource(bytes);
  const split = await (await splitterFor(source)).split(source, geometry);
  if (split === undefined) return undefined;
  const contents: Uint8Array[] = [];
  for await (const content of split.contents()) contents.push(content);
  expectSame(contents, split.views?.() ?? contents);
  return { contents, recipe: await split.recipe(), summary: await split.summary(), description: split.description };
}

/** What a split shows of its contents is what it gives. */
function expectSame(contents: readonly Uint8Array[], views: Iterable<Uint8Array>): void {
  let index = 0;
  for (const view of views) {
    const content = contents[index++];
    if (content === undefined || !isEqual(content, view)) throw new Error(`content ${String(index - 1)} is shown as another`);
  }
  if (index !== contents.length) throw new Error('not all contents are shown');
}

/** As `splitBytes`, for files that must be understood. */
export async function mustSplit(bytes: Uint8Array, geometry?: Geometry): Promise<SplitFile> {
  const split = await splitBytes(bytes, geometry);
  if (split === undefined) throw new Error('the splitter does not understand the file');
  return split;
}

/** The file of a recipe whose params went through their encoding. */
export async function joinFile(recipe: Recipe, contents: readonly Uint8Array[]): Promise<Uint8Array> {
  const splitter = splitters[recipe.splitter];
  const pieces: Uint8Array[] = [];
  const read = { ...recipe, params: decodeCbor(encodeCbor(recipe.params)) };
  for await (const piece of splitter.join(read, memoryContents(contents))) pieces.push(piece);
  return concat(...pieces);
}

/** The distinct contents, as text to compare. */
export function contentSet(file: SplitFile | undefined): ReadonlySet<string> {
  return new Set((file?.contents ?? []).map(hexOf));
}
