/**
 * The recipe of a JPEG file: everything but the coefficients of its real blocks. Here it is written and read; what
 * the parts mean is jpeg-markers.ts and scan-traits.ts. SPEC.md section 6.8.
 */
import { concat } from '../../../protocol/bytes.js';
import { fault } from '../../errors.js';
import { type Cut, tileCount } from '../geometry.js';
import { maxSkeletonBytes, maxWholeBytes } from '../image-limits.js';
import { integerOf, listOf, mapOf } from '../recipe-members.js';
import type { Recipe } from '../splitter.js';
import { ByteReader, ByteWriter } from '../varint.js';
import { paddingBlocks } from './coefficients.js';
import { type BlockGeometry, blockGeometryFrom, blockGeometryValue, cutsOf } from './jpeg-cut.js';
import { type Frame, mcusOf } from './jpeg-frame.js';
import { type ParsedJpeg, parseJpeg } from './jpeg-markers.js';
import { packInline, unpackInline } from './jpeg-inline.js';
import { joinSegments, partSegments } from './jpeg-segments.js';
import { readTraits, type ScanTraits, writeTraits } from './scan-traits.js';

/** What a recipe says. */
export interface JpegParts {
  readonly geometry: BlockGeometry;
  /** Bytes of the file. */
  readonly size: number;
  /** The file without the bytes of its scans, and what it is. */
  readonly segments: Uint8Array;
  readonly parsed: ParsedJpeg;
  readonly cuts: readonly Cut[];
  /** By component: whether its padding blocks are contents, because they are not as predicted. */
  readonly isPadded: readonly boolean[];
  /** In the order of the scans. */
  readonly traits: readonly ScanTraits[];
}

/** Blocks of padding in one content. */
export const paddingContentBlocks = 4_096;
/** Tables and traits of so many bytes are in the params, deflated, so that files that differ in them alone have one skeleton. */
const maxInlineBytes = 4_096;
const members = ['cut', 'inline', 'padded', 'sections', 'size'];

/** Contents of a file: its tiles, then those of the padding. */
export function contentCount({ parsed, cuts, isPadded }: Pick<JpegParts, 'parsed' | 'cuts' | 'isPadded'>): number {
  const tiles = cuts.reduce((sum, cut) => sum + tileCount(cut), 0);
  return tiles + parsed.frame.components.reduce((sum, component, i) => sum + (isPadded[i] === true ? paddingContents(paddingBlocks(component)) : 0), 0);
}

/** Contents that so many blocks of padding take. */
export function paddingContents(blocks: number): number {
  return Math.ceil(blocks / paddingContentBlocks);
}

/** The recipe of a file; undefined where its skeleton would be too long. */
export function writeRecipe({ geometry, size, segments, parsed, isPadded, traits }: Omit<JpegParts, 'cuts'>): Recipe | undefined {
  const writer = new ByteWriter();
  for (const [i, down] of rowsOfScans(parsed).entries()) writeTraits(writer, traits[i]!, down);
  const { kept, tables } = partSegments(segments);
  const traitBytes = writer.take();
  const rest = concat(tables, traitBytes);
  const isInline = rest.length <= maxInlineBytes;
  const skeleton = isInline ? kept : concat(kept, rest);
  if (skeleton.length > maxSkeletonBytes) return undefined;
  const padded = isPadded.flatMap((is, component) => (is ? [component] : []));
  const sections = [kept.length, tables.length, traitBytes.length];
  return { splitter: 'jpeg', params: { cut: blockGeometryValue(geometry), inline: packInline(isInline ? rest : new Uint8Array(0)), padded, sections, size }, skeleton };
}

/** The sections of a recipe: kept segments, tables, traits. Throws DiceError `recipe-invalid`. */
export function sectionsOfJpeg({ params, skeleton }: Recipe): readonly [kept: Uint8Array, tables: Uint8Array, traits: Uint8Array] {
  const { inline, sections } = mapOf(params, members);
  const [kept, tables, traits, ...others] = listOf(sections, 3).map((length) => integerOf(length, 0, maxSkeletonBytes));
  if (!(inline instanceof Uint8Array) || kept === undefined || tables === undefined || traits === undefined || others.length > 0) throw malformed();
  const isInline = tables + traits <= maxInlineBytes;
  if (skeleton.length !== (isInline ? kept : kept + tables + traits)) throw malformed();
  const packed = unpackInline(inline, isInline ? tables + traits : 0);
  const rest = isInline ? packed : skeleton.subarray(kept);
  return [skeleton.subarray(0, kept), rest.subarray(0, tables), rest.subarray(tables)];
}

function malformed(): Error {
  return fault('recipe-invalid', 'The sections of its skeleton have other lengths.');
}

/** What a recipe says, which may be a stranger's. Throws DiceError `recipe-invalid` for what `writeRecipe` does not write. */
export function readRecipe(recipe: Recipe): JpegParts {
  const params = mapOf(recipe.params, members);
  if (recipe.splitter !== 'jpeg' || recipe.skeleton.length > maxSkeletonBytes) throw fault('recipe-invalid', 'It is no recipe of a JPEG file.');
  const size = integerOf(params['size'], 1, maxWholeBytes);
  const [kept, tables, traitBytes] = sectionsOfJpeg(recipe);
  const segments = joinSegments({ kept, tables });
  if (segments.length > size) throw malformed();
  const parsed = parseJpeg(segments, size);
  const geometry = blockGeometryFrom(params['cut']);
  const cuts = parsed === undefined ? undefined : cutsOf(geometry, parsed.frame);
  if (parsed === undefined || cuts === undefined) throw fault('recipe-invalid', 'Its segments are those of no JPEG file.');
  const reader = new ByteReader(traitBytes);
  const traits = rowsOfScans(parsed).map((down) => readTraits(reader, down));
  reader.end();
  return { geometry, size, segments, parsed, cuts, isPadded: paddedFrom(listOf(params['padded'], 4), parsed.frame), traits };
}

/** How the picture of a recipe is cut. Throws DiceError `recipe-invalid`. */
export function blockGeometryOfJpeg(recipe: Recipe): BlockGeometry {
  return blockGeometryFrom(mapOf(recipe.params, members)['cut']);
}

/** The recipe of the same file in another geometry. Throws DiceError `recipe-invalid`. */
export function withCut(recipe: Recipe, geometry: BlockGeometry): Recipe {
  return { ...recipe, params: { ...mapOf(recipe.params, members), cut: blockGeometryValue(geometry) } };
}

function rowsOfScans({ frame, pieces }: ParsedJpeg): readonly number[] {
  return pieces.flatMap((piece) => (piece.kind === 'scan' ? [mcusOf(frame, piece.header).down] : []));
}

function paddedFrom(values: readonly unknown[], { components }: Frame): readonly boolean[] {
  const isPadded = components.map((component, i) => values.includes(i) && paddingBlocks(component) > 0);
  const named = isPadded.flatMap((is, i) => (is ? [i] : []));
  if (named.length !== values.length || named.some((component, i) => component !== values[i])) throw fault('recipe-invalid', 'It names padding that there is none of.');
  return isPadded;
}
