/**
 * The recipe of a lossless picture: how its pages are cut and what their tiles leave out, then the container's own part. Here it is
 * written and read; what the pixels are is raster-splitter.ts. SPEC.md section 6.3.
 */
import { concat } from '../../protocol/bytes.js';
import { maxBlocksPerImage } from '../../protocol/limits.js';
import type { CborMap, CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import { type ExpansionList, type ExpansionTable, readExpansions } from './expansion.js';
import { type Cut, cutOf, geometryOf, geometryValue, isPageShape, tileCount } from './geometry.js';
import { maxPages, maxSkeletonBytes } from './image-limits.js';
import type { ContainerRecipe, RasterFile, RasterFormat, RasterPage } from './raster-container.js';
import { integerOf, listOf, mapOf } from './recipe-members.js';
import { mapOfValue, mappedShape, mapValue } from './sample-map.js';
import type { Geometry, Recipe } from './splitter.js';
import { ByteReader, ByteWriter } from './varint.js';

/** A page and how it is cut. */
export interface CutPage extends RasterPage {
  readonly cut: Cut;
}

/** A recipe that has been checked, but for the container's own part. */
export interface RasterParts {
  readonly format: RasterFormat;
  readonly container: ContainerRecipe;
  readonly pages: readonly (CutPage & { readonly expansions: ExpansionTable; readonly firstContent: number })[];
  readonly count: number;
}

const maxSections = 16;
const members = ['container', 'cut', 'format', 'pages', 'sections'];

/** How the picture of a raster recipe is cut. Throws DiceError `recipe-invalid`. */
export function geometryOfRaster(recipe: Recipe): Geometry {
  return geometryOf(mapOf(recipe.params, members)['cut']);
}

/** What the recipes of two cuts of one file have in common, but for the sections of the container. Throws DiceError `recipe-invalid`. */
export function paramsButCut({ params }: Recipe): CborMap {
  const { container, format, pages } = mapOf(params, members);
  return { container: container ?? null, format: format ?? null, pages: pages ?? null };
}

/** The cuts of all pages, or undefined where they are too many tiles or a tile is too large. */
export function cutPages(all: readonly RasterPage[], geometry: Geometry): readonly CutPage[] | undefined {
  const pages: CutPage[] = [];
  let tiles = 0;
  for (const page of all) {
    const cut = cutOf(geometry, page.shape);
    tiles += cut === undefined ? Infinity : tileCount(cut);
    if (cut === undefined || tiles > maxBlocksPerImage) return undefined;
    pages.push({ ...page, cut });
  }
  return pages;
}

/** The recipe of a file. `tables` are the expansions of each page. */
export function writeRasterRecipe(file: RasterFile, geometry: Geometry, tables: readonly ExpansionList[]): Recipe {
  const writer = new ByteWriter();
  for (const [index, table] of tables.entries()) {
    const { shape, map } = file.pages[index]!;
    table.write(writer, mappedShape(shape, map).depth);
  }
  // The expansions stand last: their length may differ between near copies, and what comes before them keeps its place.
  const sections = [...file.container.sections, writer.take()];
  const params: CborValue = {
    container: file.container.params,
    cut: geometryValue(geometry),
    format: file.format,
    pages: file.pages.map(({ shape: { width, height, channels, depth }, map }) => [width, height, channels, depth, mapValue(map)]),
    sections: sections.map((section) => section.length),
  };
  return { splitter: 'raster', params, skeleton: concat(...sections) };
}

/** What a recipe says, which may be a stranger's. Throws DiceError `recipe-invalid`. */
export function readRasterRecipe(recipe: Recipe): RasterParts {
  const params = mapOf(recipe.params, members);
  const format = params['format'];
  if (recipe.splitter !== 'raster' || (format !== 'png' && format !== 'tiff')) throw fault('recipe-invalid', 'Its format is unknown.');
  if (recipe.skeleton.length > maxSkeletonBytes) throw fault('recipe-invalid', 'Its skeleton is too long.');
  const cuts = cutPages(listOf(params['pages'], maxPages).map(pageFrom), geometryOf(params['cut']));
  if (cuts === undefined) throw fault('recipe-invalid', 'Its pages have too many tiles, or too large ones.');
  const sections = sectionsOf(recipe.skeleton, listOf(params['sections'], maxSections));
  const reader = new ByteReader(sections.pop() ?? new Uint8Array(0));
  let count = 0;
  const pages = cuts.map((page) => {
    const expansions = readExpansions(reader, mappedShape(page.shape, page.map), tileCount(page.cut));
    const firstContent = count;
    count += expansions.contentCount;
    return { ...page, expansions, firstContent };
  });
  reader.end();
  const container = params['container'];
  return { format, container: { params: mapOf(container, memberNames(container)), sections }, pages, count };
}

/** The container's join asks for its own members; here it must only be a map. */
function memberNames(value: CborValue | undefined): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function pageFrom(value: CborValue): RasterPage {
  const members = listOf(value, 5);
  const [width, height, channels, depth] = members.slice(0, 4).map((member) => integerOf(member, 1, Number.MAX_SAFE_INTEGER));
  if (width === undefined || height === undefined || channels === undefined || depth === undefined) {
    throw fault('recipe-invalid', 'A page has no shape.');
  }
  const shape = { width, height, channels, depth };
  if (!isPageShape(shape)) throw fault('recipe-invalid', 'A page has a shape that none may have.');
  return { shape, map: mapOfValue(members[4], depth) };
}

function sectionsOf(skeleton: Uint8Array, lengths: readonly CborValue[]): Uint8Array[] {
  const reader = new ByteReader(skeleton);
  const sections = lengths.map((length) => reader.bytes(integerOf(length, 0, maxSkeletonBytes)));
  reader.end();
  return sections;
}
