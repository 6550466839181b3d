/**
 * The splitter for lossless pictures: pixels become tiles in canonical form, whatever the container; the
 * container keeps the rest in the skeleton. Knows tiles and recipes, not formats. SPEC.md section 6.3.
 */
import { isEqual } from '../../protocol/bytes.js';
import { encodeCbor } from '../cbor.js';
import { fault } from '../errors.js';
import { formatOf } from './detect-format.js';
import { ExpansionList, tileChannels } from './expansion.js';
import { isGeometry, regionOf, tileCount } from './geometry.js';
import { joinPng } from './png-join.js';
import { GreyPlane, type PassingTile } from './grey-plane.js';
import { openPng } from './png-split.js';
import { Unsplittable, type RasterFile, type RasterFormat, type RasterJoin } from './raster-container.js';
import { type CutPage, cutPages, paramsButCut, type RasterParts, readRasterRecipe, writeRasterRecipe } from './raster-recipe.js';
import { mappedShape, mapSamples } from './sample-map.js';
import type { ContentReader, CutFile, Geometry, Picture, Recipe, Region, Source, Split, SplitEffort, Splitter, SplitSummary } from './splitter.js';
import { TilePicture } from './tile-picture.js';
import { expansionIn, tileIn } from './tile-samples.js';
import { joinTiff } from './tiff-join.js';
import { openTiff } from './tiff-split.js';

/** Cuts the pixels of PNG and TIFF files into tiles. */
export const rasterSplitter: Splitter = { id: 'raster', split: splitRaster, join: joinRaster, summarize, recut: { cut: cutAgain, isSame } };

/** How each format is taken apart and made again. */
const formats: Readonly<Record<RasterFormat, { readonly open: (source: Source, effort: SplitEffort) => Promise<RasterFile>; readonly join: RasterJoin }>> = {
  png: { open: openPng, join: joinPng },
  tiff: { open: openTiff, join: joinTiff },
};
const pixel = { width: 1, height: 1 };

async function splitRaster(source: Source, geometry: Geometry, effort: SplitEffort = 'whole'): Promise<Split | undefined> {
  checkGeometry(geometry);
  try {
    return await understand(source, geometry, effort);
  } catch (cause) {
    if (cause instanceof Unsplittable) return undefined;
    throw cause;
  }
}

function checkGeometry(geometry: Geometry): void {
  if (!isGeometry(geometry)) throw fault('argument-invalid', 'The geometry names no tile size or grid that can be used.');
}

async function understand(source: Source, geometry: Geometry, effort: SplitEffort): Promise<Split | undefined> {
  const format = await formatOf(source);
  if (format !== 'png' && format !== 'tiff') return undefined;
  return cutFile(await formats[format].open(source, effort), geometry);
}

/** The file in tiles; undefined where they are too many or too large. */
function cutFile(file: RasterFile, geometry: Geometry): Split | undefined {
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
    return writeRasterRecipe(file, geometry, state.tables);
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

async function* joinRaster(recipe: Recipe, contents: ContentReader): AsyncGenerator<Uint8Array, void, undefined> {
  const parts = readRasterRecipe(recipe);
  yield* formats[parts.format].join(parts.container, picturesOf(parts, contents));
}

function picturesOf({ pages, count }: RasterParts, contents: ContentReader): readonly TilePicture[] {
  if (contents.count !== count) throw fault('recipe-invalid', 'The picture has another number of tiles than its recipe says.');
  return pages.map((page) => new TilePicture({ ...page, contents }));
}

/** See Recut.cut: the pictures of the first cut take the place of the file. */
function cutAgain({ recipe, contents, description }: CutFile, geometry: Geometry): Promise<Split | undefined> {
  checkGeometry(geometry);
  const parts = readRasterRecipe(recipe);
  const bands = (page: number, edges: readonly number[]): AsyncGenerator<Uint8Array, void, undefined> => bandsOf(picturesOf(parts, contents)[page]!, edges);
  const pages = parts.pages.map(({ shape, map }) => ({ shape, map }));
  return Promise.resolve(cutFile({ format: parts.format, description, pages, container: parts.container, bands }, geometry));
}

async function* bandsOf(picture: TilePicture, edges: readonly number[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (let band = 1; band < edges.length; band++) yield await picture.readRows(edges[band - 1]!, edges[band]!);
}

/** See Recut.isSame. */
async function isSame(first: CutFile, second: CutFile): Promise<boolean> {
  const [one, other] = [readRasterRecipe(first.recipe), readRasterRecipe(second.recipe)];
  const { sections } = one.container;
  const isSection = (section: Uint8Array, i: number): boolean => sections[i] !== undefined && isEqual(section, sections[i]);
  if (other.container.sections.length !== sections.length || !other.container.sections.every(isSection)) return false;
  if (!isEqual(encodeCbor(paramsButCut(first.recipe)), encodeCbor(paramsButCut(second.recipe)))) return false;
  const pictures = picturesOf(one, first.contents);
  for (const [i, picture] of picturesOf(other, second.contents).entries()) if (!(await areEqual(pictures[i]!, picture))) return false;
  return true;
}

/** Both are of the same shape. */
async function areEqual(one: TilePicture, other: TilePicture): Promise<boolean> {
  for (let band = 1; band < other.rows.length; band++) {
    const [y, end] = [other.rows[band - 1]!, other.rows[band]!];
    if (!isEqual(await one.readRows(y, end), await other.readRows(y, end))) return false;
  }
  return true;
}

function summarize(recipe: Recipe): SplitSummary {
  const { pages, count } = readRasterRecipe(recipe);
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
