/**
 * What a recipe says of its file, for people: container, pages, how it was compressed, and what each part of the skeleton takes. Reads
 * the recipe alone, never a content. SPEC.md sections 6.3 to 6.6 and 6.8.
 */
import type { CborMap, CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import type { TileShape } from './content.js';
import { describeMethod, methodOf } from './deflate-encoder.js';
import { maxPages, maxSkeletonBytes } from './image-limits.js';
import { readRecipe, sectionsOfJpeg } from './jpeg/jpeg-recipe.js';
import { integerOf, listOf } from './recipe-members.js';
import type { Recipe } from './splitter.js';
import { compressionOf, describeTiffMethod, tiffMethodOf } from './tiff-codec.js';
import { ByteReader } from './varint.js';

/** Bytes of a part of the skeleton. */
export interface SkeletonPart {
  readonly name: string;
  readonly bytes: number;
}

/** What was recognised. */
export interface RecipeView {
  /** Undefined for bytes. */
  readonly container: 'PNG' | 'TIFF' | 'JPEG' | undefined;
  /** Samples as the container has them. */
  readonly pages: readonly TileShape[];
  /** How pages are compressed, in words, each way once. */
  readonly encoders: readonly string[];
  /** Bytes that correct what was foretold of a stream; 0 where parameters tell all. */
  readonly correctionBytes: number;
  /** The parts of the skeleton that have bytes. */
  readonly parts: readonly SkeletonPart[];
}

const partNames = {
  png: ['chunks before', 'chunks after', 'stream tail', 'filter types', 'spare bits', 'stored lengths', 'checksums', 'IDAT lengths', 'corrections', 'expansions'],
  tiff: ['kept bytes', 'ranges', 'padding', 'corrections', 'expansions'],
} as const;
const none = new Uint8Array(0);

/** The view of a recipe that `summarize` took. Throws DiceError `recipe-invalid` where a member is not what it must be. */
export function viewOfRecipe(recipe: Recipe): RecipeView {
  const { splitter, params, skeleton } = recipe;
  if (splitter === 'jpeg') return viewOfJpeg(recipe);
  if (splitter !== 'raster') return { container: undefined, pages: [], encoders: [], correctionBytes: 0, parts: skeletonParts(['skeleton'], [skeleton]) };
  const map = mapIn(params);
  const format = map['format'] === 'png' ? 'png' : 'tiff';
  const reader = new ByteReader(skeleton);
  const sections = listOf(map['sections'], partNames[format].length).map((length) => reader.bytes(integerOf(length, 0, maxSkeletonBytes)));
  const container = mapIn(map['container']);
  const corrections = sections[partNames[format].indexOf('corrections')] ?? none;
  return {
    container: format === 'png' ? 'PNG' : 'TIFF',
    pages: listOf(map['pages'], maxPages).map(pageIn),
    encoders: format === 'png' ? [pngEncoder(container, sections, corrections)] : tiffEncoders(container, corrections),
    correctionBytes: corrections.length,
    parts: skeletonParts(partNames[format], sections),
  };
}

function viewOfJpeg(recipe: Recipe): RecipeView {
  const { parsed: { frame, pieces } } = readRecipe(recipe);
  const [kept, tables, traits] = sectionsOfJpeg(recipe);
  const scans = pieces.filter(({ kind }) => kind === 'scan').length;
  const isInline = recipe.skeleton.length === kept.length;
  return {
    container: 'JPEG',
    pages: [{ width: frame.width, height: frame.height, channels: frame.components.length, depth: frame.precision }],
    encoders: [`${frame.progressive ? 'progressive' : 'sequential'}, ${frame.arithmetic ? 'arithmetic' : 'Huffman'}, ${scans === 1 ? '1 scan' : `${String(scans)} scans`}, ${String(tables.length)} bytes of tables`],
    correctionBytes: traits.length > scans ? traits.length : 0,
    parts: skeletonParts(['kept segments', 'tables', 'scan traits'], isInline ? [kept] : [kept, tables, traits]),
  };
}

function skeletonParts(names: readonly string[], sections: readonly Uint8Array[]): readonly SkeletonPart[] {
  return names.map((name, i) => ({ name, bytes: sections[i]?.length ?? 0 })).filter(({ bytes }) => bytes > 0);
}

function pageIn(value: CborValue): TileShape {
  const [width, height, channels, depth] = listOf(value, 5).map((member, i) => (i < 4 ? integerOf(member, 1, Number.MAX_SAFE_INTEGER) : 0));
  if (width === undefined || height === undefined || channels === undefined || depth === undefined) throw fault('recipe-invalid', 'A page has no shape.');
  return { width, height, channels, depth };
}

function pngEncoder(container: CborMap, sections: readonly Uint8Array[], corrections: Uint8Array): string {
  const stored = sections[partNames.png.indexOf('stored lengths')] ?? none;
  return describeMethod(methodOf({ value: container['method'], stored, corrections }));
}

function tiffEncoders(container: CborMap, corrections: Uint8Array): readonly string[] {
  const reader = new ByteReader(corrections);
  const words = listOf(container['methods'], maxPages).map((method) => describeTiffMethod(tiffMethodOf({ compression: compressionOf(method) }, method, reader)));
  return [...new Set(words)];
}

function mapIn(value: CborValue | undefined): CborMap {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    return value as CborMap; // Neither a list nor bytes: Array.isArray does not narrow a readonly array away.
  }
  throw fault('recipe-invalid', 'A map of it is none.');
}
