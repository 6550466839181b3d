/**
 * The splitter for lossless pictures: pixels become tiles in canonical form, whatever the container; the
 * container keeps the rest in the skeleton. Knows tiles and recipes, not formats. SPEC.md section 6.3.
 */
import type { CborValue } from '../cbor.js';
import { concat } from '../../protocol/bytes.js';
import { maxBlocksPerImage } from '../../protocol/limits.js';
import { fault } from '../errors.js';
import { formatOf } from './detect-format.js';
import { ExpansionList, readExpansions, tileChannels, type ExpansionTable } from './expansion.js';
import { cutOf, geometryOf, geometryValue, isGeometry, isPageShape, regionOf, tileCount, type Cut } from './geometry.js';
import { maxPages, maxSkeletonBytes } from './image-limits.js';
import { joinPng } from './png-join.js';
import { GreyPlane, type PassingTile } from './grey-plane.js';
import { openPng } from './png-split.js';
import { Unsplittable, type ContainerRecipe, type RasterFile, type RasterFormat, type RasterJoin, type RasterPage } from './raster-container.js';
import { integerOf, listOf, mapOf } from './recipe-members.js';
import { mapOfValue, mappedShape, mapSamples, mapValue } from './sample-map.js';
import type { ContentReader, Geometry, Picture, Recipe, Region, Source, Split, SplitEffort, Splitter, SplitSummary } from './splitter.js';
import { TilePicture } from './tile-picture.js';
import { expansionIn, tileIn } from './tile-samples.js';
import { joinTiff } from './tiff-join.js';
import { openTiff } from './tiff-split.js';
import { ByteReader, ByteWriter } from './varint.js';

/** Cuts the pixels of PNG and TIFF files into tiles. */
export const rasterSplitter: Splitter = { id: 'raster', split: splitRaster, join: joinRaster, summarize };

/** How each format is taken apart and made again. */
const formats: Readonly<Record<RasterFormat, { readonly open: (source: Source, effort: SplitEffort) => Promise<RasterFile>; readonly join: RasterJoin }>> = {
  png: { open: openPng, join: joinPng },
  tiff: { open: openTiff, join: joinTiff },
};
const maxSections = 16;
const pixel = { width: 1, height: 1 };
const members = ['container', 'cut', 'format', 'pages', 'sections'];

/** A page and how it is cut. */
interface CutPage extends RasterPage {
  readonly cut: Cut;
}

/** How the picture of a raster recipe is cut. Throws DiceError `recipe-invalid`. */
export function geometryOfRaster(recipe: Recipe): Geometry {
  return geometryOf(mapOf(recipe.params, members)['cut']);
}

async function splitRaster(source: Source, geometry: Geometry, effort: SplitEffort = 'whole'): Promise<Split | undefined> {
  if (!isGeometry(geometry)) throw fault('argument-invalid', 'The geometry names no tile size or grid that can be used.');
  try {
    return await understand(source, geometry, effort);
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}

async function understand(source: Source, geometry: Geometry, effort: SplitEffort): Promise<Split | undefined> {
  const format = await formatOf(source);
  if (format !== 'png' && format !== 'tiff') return undefined;
  const file = await formats[format].open(source, effort);
  const pages = cutPages(file.pages, geometry);
  if (pages === undefined) return undefined;
  const state: { tables?: readonly ExpansionList[]; plane?: GreyPlane } = {};
  const read = (): AsyncGenerator<Uint8Array, void, undefined> => {
    // The second reading finds what the first one found.
    const plane = state.tables === undefined ? planeOf(pages) : undefined;
    return contentsOf(file, pages, { plane, onEnd: (tables) => Object.assign(state, plane === undefined ? { tables } : { tables, plane }) });
  };
  const known = async (): Promise<Recipe> => {
    const reading = read();
    while (state.tables === undefined) await reading.next();
    return recipeOf(file, geometry, state.tables);
  };
  return {
    splitter: 'raster',
    maxCount: pages.reduce((sum, page) => sum + tileCount(page.cut), 0),
    description: file.description,
    contents: (from = 0) => skip(read(), from),
    recipe: known,
    summary: async () => summarize(await known()),
    greyPicture: async () => {
      await known();
      const picture = state.plane?.picture;
      delete state.plane;
      return picture;
    },
  };
}

/** The cuts of all pages, or undefined where they are too many tiles or a tile is too large. */
function cutPages(all: readonly RasterPage[], geometry: Geometry): readonly CutPage[] | undefined {
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

function planeOf(pages: readonly CutPage[]): GreyPlane | undefined {
  const [first] = pages;
  return first === undefined ? undefined : new GreyPlane(first.shape);
}

/** What is gathered while contents pass by. */
interface Gathering {
  /** Of the first page. */
  readonly plane: GreyPlane | undefined;
  /** Gets the expansions of each page before the last step. */
  readonly onEnd: (lists: readonly ExpansionList[]) => void;
}

/** All contents. */
async function* contentsOf(file: RasterFile, pages: readonly CutPage[], { plane, onEnd }: Gathering): AsyncGenerator<Uint8Array, void, undefined> {
  const lists = pages.map(() => new ExpansionList());
  for (const [index, page] of pages.entries()) {
    const { shape, map, cut } = page;
    const mapped = { cut, shape: mappedShape(shape, map) };
    let band = 0;
    for await (const samples of unchanged(file.bands(index, cut.rows))) {
      mapSamples(samples, shape.depth, map);
      for (const tile of tilesOf(samples, mapped, band++)) {
        lists[index]!.add(tile.expansion);
        if (index === 0) plane?.add(tile);
        if (tile.content !== undefined) yield tile.content;
      }
    }
    if (band !== cut.rows.length - 1) throw fault('file-changed');
  }
  onEnd(lists);
}

/** The file was understood as a whole before: what does not fit now is another file. */
async function* unchanged(bands: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* bands;
  } catch (cause) {
    throw cause instanceof Unsplittable ? fault('file-changed', undefined, cause) : cause;
  }
}

function* tilesOf(samples: Uint8Array, { shape, cut }: Pick<CutPage, 'shape' | 'cut'>, band: number): Generator<PassingTile, void, undefined> {
  const y = cut.rows[band]!;
  const patch = { samples, region: { x: 0, y, width: shape.width, height: cut.rows[band + 1]! - y } };
  const across = cut.columns.length - 1;
  for (let column = 0; column < across; column++) {
    const region = regionOf(cut, band * across + column);
    const expansion = expansionIn(patch, region, shape);
    yield { region, expansion, depth: shape.depth, content: tileChannels(expansion) > 0 ? tileIn(patch, region, shape, expansion) : undefined };
  }
}

async function* skip(contents: AsyncIterable<Uint8Array>, from: number): AsyncGenerator<Uint8Array, void, undefined> {
  let index = 0;
  for await (const content of contents) if (index++ >= from) yield content;
}

function recipeOf(file: RasterFile, geometry: Geometry, tables: readonly ExpansionList[]): Recipe {
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

/** A recipe that has been checked, but for the container's own part. */
interface RasterParts {
  readonly format: RasterFormat;
  readonly container: ContainerRecipe;
  readonly pages: readonly (CutPage & { readonly expansions: ExpansionTable; readonly firstContent: number })[];
  readonly count: number;
}

async function* joinRaster(recipe: Recipe, contents: ContentReader): AsyncGenerator<Uint8Array, void, undefined> {
  const parts = partsOf(recipe);
  if (contents.count !== parts.count) throw fault('recipe-invalid', 'The picture has another number of tiles than its recipe says.');
  const pictures = parts.pages.map((page) => new TilePicture({ ...page, contents }));
  yield* formats[parts.format].join(parts.container, pictures);
}

function partsOf(recipe: Recipe): RasterParts {
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

function summarize(recipe: Recipe): SplitSummary {
  const { pages, count } = partsOf(recipe);
  const [first] = pages;
  if (first === undefined) return { count, picture: undefined, places: [] };
  const picture = pictureOf(first);
  return { count, picture, places: picture.regions.map((region) => ({ plane: 0, region, unit: pixel })) };
}

function pictureOf({ shape, cut, expansions }: RasterParts['pages'][number]): Picture {
  const regions: Region[] = [];
  const flat: Region[] = [];
  for (let index = 0; index < tileCount(cut); index++) {
    (expansions.contentOf(index) < 0 ? flat : regions).push(regionOf(cut, index));
  }
  return { width: shape.width, height: shape.height, regions, flat };
}
