/**
 * The splitter for any file: fixed blocks of its bytes. Neither looks at them nor finds shared parts at other
 * places. SPEC.md section 6.6.
 */
import { bytesBlockBytes, maxBlocksPerImage } from '../../protocol/limits.js';
import { fault } from '../errors.js';
import { kindOf, plainBytes, plainContent } from './content.js';
import { integerOf, mapOf } from './recipe-members.js';
import type { ContentReader, Recipe, Source, Split, Splitter, SplitSummary } from './splitter.js';

/** Cuts a file into blocks of `bytesBlockBytes`; an empty file has none. */
export const bytesSplitter: Splitter = { id: 'bytes', split: splitBytes, join: joinBytes, summarize };

/** Always understands the file; the plan refuses one of more blocks than an image may have. */
function splitBytes(source: Source): Promise<Split> {
  const count = blockCount(source.size);
  return Promise.resolve({
    splitter: 'bytes',
    maxCount: count,
    description: 'bytes',
    contents: (from = 0) => blocksOf(source, from),
    recipe: () => Promise.resolve({ splitter: 'bytes', params: { size: source.size }, skeleton: new Uint8Array(0) }),
    summary: () => Promise.resolve({ count, picture: undefined, places: [], fileBytes: source.size }),
  });
}

async function* blocksOf(source: Source, from: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = from * bytesBlockBytes; at < source.size; at += bytesBlockBytes) {
    yield plainContent('bytes', await source.read(at, Math.min(bytesBlockBytes, source.size - at)));
  }
}

async function* joinBytes(recipe: Recipe, contents: ContentReader): AsyncGenerator<Uint8Array, void, undefined> {
  const size = sizeOf(recipe);
  const count = blockCount(size);
  if (contents.count !== count) throw fault('recipe-invalid', 'The file has another number of blocks than its size asks for.');
  for (let index = 0; index < count; index++) {
    const content = await contents.get(index);
    const bytes = plainBytes(content);
    const expected = Math.min(bytesBlockBytes, size - index * bytesBlockBytes);
    if (kindOf(content) !== 'bytes' || bytes.length !== expected) throw fault('recipe-invalid', 'A block of the file has another length.');
    yield bytes;
  }
}

function summarize(recipe: Recipe): SplitSummary {
  const fileBytes = sizeOf(recipe);
  return { count: blockCount(fileBytes), picture: undefined, places: [], fileBytes };
}

function sizeOf(recipe: Recipe): number {
  const { size } = mapOf(recipe.params, ['size']);
  if (recipe.splitter !== 'bytes' || recipe.skeleton.length > 0) throw fault('recipe-invalid', 'It is not a recipe of blocks.');
  return integerOf(size, 0, maxBlocksPerImage * bytesBlockBytes);
}

function blockCount(size: number): number {
  return Math.ceil(size / bytesBlockBytes);
}
