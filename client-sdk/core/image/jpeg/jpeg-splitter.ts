/**
 * The splitter for JPEG: quantised coefficients become tiles, component by component, and everything else the recipe. It
 * knows neither bits nor codes (jpeg-scans.ts) and needs the whole file and all coefficients in memory. SPEC.md section 6.8.
 */
import { concat, isEqual } from '../../../protocol/bytes.js';
import { encodeCbor } from '../../cbor.js';
import { fault } from '../../errors.js';
import { blocksOf, coefficientBlockBytes, coefficientShapeOf } from '../content.js';
import { regionOf, tileCount } from '../geometry.js';
import { maxWholeBytes } from '../image-limits.js';
import type { ContentPlace, ContentReader, CutFile, Geometry, Picture, Recipe, Region, Source, Split, Splitter, SplitSummary } from '../splitter.js';
import { type Coefficients, paddingBlocks, type Planes, releasePlanes, unsetPlanes } from './coefficients.js';
import { blockGeometryOf, blockSide, cutsOf, placesOf } from './jpeg-cut.js';
import { describeJpeg } from './jpeg-description.js';
import type { Frame } from './jpeg-frame.js';
import { type ParsedJpeg, parseJpeg } from './jpeg-markers.js';
import { contentCount, type JpegParts, paddingContentBlocks, paddingContents, readRecipe, withCut, writeRecipe } from './jpeg-recipe.js';
import { completePlanes, readScans, type ReadScans, writeScan } from './jpeg-scans.js';
import { bytesAt, JpegTiles } from './jpeg-tiles.js';
import { VisitMeter } from './scan-visits.js';

/** Coefficients of sequential and progressive JPEG files. */
export const jpegSplitter: Splitter = { id: 'jpeg', split: splitJpeg, join: joinJpeg, summarize, recut: { cut: cutAgain, isSame } };

const coefficients = 64;
const none = new Int16Array(0);

async function splitJpeg(source: Source, geometry: Geometry): Promise<Split | undefined> {
  const cut = blockGeometryOf(geometry);
  if (source.size > maxWholeBytes) return undefined;
  const bytes = await source.read(0, source.size);
  const parsed = parseJpeg(bytes);
  const cuts = parsed === undefined ? undefined : cutsOf(cut, parsed.frame);
  const read = parsed === undefined || cuts === undefined ? undefined : scansOf(bytes, parsed);
  if (parsed === undefined || cuts === undefined || read === undefined) return undefined;
  const padding = read.padding.map((values, i) => (hasPadding(parsed, i) ? values : none));
  const parts = { geometry: cut, size: source.size, parsed, cuts, isPadded: padding.map(({ length }) => length > 0), traits: read.traits };
  const segments = concat(...parsed.pieces.filter(({ kind }) => kind === 'bytes').map(({ start, end }) => bytes.subarray(start, end)));
  const recipe = arePaid(parts) ? writeRecipe({ ...parts, segments }) : undefined;
  if (recipe === undefined) {
    releasePlanes(read.planes);
    return undefined;
  }
  return splitOf({ parts, recipe, description: describeJpeg(parsed) }, new JpegTiles({ cuts, planes: read.planes, padding }));
}

/** The scans, or undefined where there is no memory for them. */
function scansOf(bytes: Uint8Array, parsed: ParsedJpeg): ReadScans | undefined {
  return ifRoom(() => readScans(bytes, parsed));
}

function ifRoom<T>(take: () => T): T | undefined {
  try {
    return take();
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** What a split knows besides its contents. */
interface Understood {
  readonly parts: Omit<JpegParts, 'segments'>;
  readonly recipe: Recipe;
  readonly description: string;
}

function splitOf({ parts, recipe, description }: Understood, tiles: JpegTiles): Split {
  return {
    splitter: 'jpeg',
    maxCount: contentCount(parts),
    description,
    contents: (from = 0) => tiles.contents(from),
    views: (from = 0) => tiles.views(from),
    recipe: () => Promise.resolve(recipe),
    summary: () => Promise.resolve(summaryOf(parts)),
    close: () => {
      tiles.close();
    },
  };
}

/** Only scans of several components write blocks of padding. */
function hasPadding({ pieces }: ParsedJpeg, component: number): boolean {
  return pieces.some((piece) => piece.kind === 'scan' && piece.header.components.length > 1 && piece.header.components.some(({ index }) => index === component));
}

async function* joinJpeg(recipe: Recipe, contents: ContentReader): AsyncGenerator<Uint8Array, void, undefined> {
  const parts = partsFor(recipe, contents);
  const { parsed: { frame } } = parts;
  const planes = unsetPlanes(frame);
  try {
    const next = await fillPlanes(parts, planes.list, contents);
    completePlanes(frame, planes, await paddingsFrom(parts, contents, next));
    let left = parts.size;
    for (const piece of writtenPieces(parts, planes)) {
      left -= piece.length;
      if (left < 0) break;
      yield piece;
    }
    if (left !== 0) throw fault('recipe-invalid', 'The file has another size than its recipe says.');
  } finally {
    releasePlanes(planes);
  }
}

/** See Recut.cut: the coefficients of the first cut take the place of the scans. */
async function cutAgain({ recipe, contents, description }: CutFile, geometry: Geometry): Promise<Split | undefined> {
  const cut = blockGeometryOf(geometry);
  const parts = partsFor(recipe, contents);
  const cuts = cutsOf(cut, parts.parsed.frame);
  const planes = cuts === undefined ? undefined : ifRoom(() => unsetPlanes(parts.parsed.frame));
  if (cuts === undefined || planes === undefined) return undefined;
  try {
    const padding = await paddingsFrom(parts, contents, await fillPlanes(parts, planes.list, contents));
    const tiles = new JpegTiles({ cuts, planes, padding });
    return splitOf({ parts: { ...parts, geometry: cut, cuts }, recipe: withCut(recipe, cut), description }, tiles);
  } finally {
    releasePlanes(planes);
  }
}

/** See Recut.isSame. */
async function isSame(first: CutFile, second: CutFile): Promise<boolean> {
  const [one, other] = [partsFor(first.recipe, first.contents), partsFor(second.recipe, second.contents)];
  const isRest = isEqual(encodeCbor(withCut(first.recipe, other.geometry).params), encodeCbor(second.recipe.params));
  if (!isRest || !isEqual(first.recipe.skeleton, second.recipe.skeleton)) return false;
  const planes = unsetPlanes(one.parsed.frame);
  try {
    const paddings = await paddingsFrom(one, first.contents, await fillPlanes(one, planes.list, first.contents));
    let next = 0;
    for await (const rows of tileRows(other, planes.list, second.contents)) {
      if (!rows.every(([place, blocks]) => isEqual(place, blocks))) return false;
      next++;
    }
    const others = await paddingsFrom(other, second.contents, next);
    return paddings.every((padding, i) => isEqual(bytesOf(padding), bytesOf(others[i]!)));
  } finally {
    releasePlanes(planes);
  }
}

/** What a recipe says, which these contents fit in number. Throws DiceError `recipe-invalid`. */
function partsFor(recipe: Recipe, contents: ContentReader): JpegParts {
  const parts = readRecipe(recipe);
  if (contents.count !== contentCount(parts)) throw fault('recipe-invalid', 'The picture has another number of tiles than its recipe says.');
  return parts;
}

/** All bytes of the file. Throws DiceError `recipe-invalid` where scans write too little for the time that they take. */
function* writtenPieces({ parsed: { frame, pieces }, segments, traits }: JpegParts, planes: Planes): Generator<Uint8Array, void, undefined> {
  const meter = new VisitMeter(frame);
  let scan = 0;
  for (const piece of pieces) {
    if (piece.kind === 'bytes') {
      yield segments.subarray(piece.start, piece.end);
      continue;
    }
    const scanTraits = traits[scan++]!;
    let bytes = -scanTraits.tail.length;
    for (const step of copies(writeScan({ frame, scan: piece, planes }, scanTraits))) {
      bytes += step.length;
      yield step;
    }
    if (!meter.add(piece.header, bytes)) throw fault('recipe-invalid', 'Its scans visit too many blocks.');
  }
}

/** Whether a join would not refuse the scans of a file. */
function arePaid({ parsed: { frame, pieces }, traits }: Pick<JpegParts, 'parsed' | 'traits'>): boolean {
  const meter = new VisitMeter(frame);
  return pieces.filter((piece) => piece.kind === 'scan').every((piece, i) => meter.add(piece.header, piece.end - piece.start - traits[i]!.tail.length));
}

/** A step of writing is valid until the next one. Empty ones are passed on, so that whoever waits can stop. */
function* copies(steps: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  for (const step of steps) yield step.slice();
}

/** Puts all tiles in place. @returns how many there were. */
async function fillPlanes(parts: JpegParts, planes: readonly Coefficients[], contents: ContentReader): Promise<number> {
  let tiles = 0;
  for await (const rows of tileRows(parts, planes, contents)) {
    for (const [place, blocks] of rows) place.set(blocks);
    tiles++;
  }
  return tiles;
}

/** Rows of blocks of each tile, and their places in the planes; valid until the next ones. */
async function* tileRows({ cuts }: JpegParts, planes: readonly Coefficients[], contents: ContentReader): AsyncGenerator<readonly (readonly [place: Uint8Array, blocks: Uint8Array])[], void, undefined> {
  let next = 0;
  for (const [i, cut] of cuts.entries()) {
    for (let tile = 0; tile < tileCount(cut); tile++) {
      const { x, y, width, height } = regionOf(cut, tile);
      const blocks = await blocksFrom(contents, next++, { across: width, down: height });
      const rowBytes = coefficientBlockBytes * width;
      yield Array.from({ length: height }, (_, row) => [bytesAt(planes[i]!, { x, y: y + row, blocks: width }), blocks.subarray(rowBytes * row, rowBytes * (row + 1))]);
    }
  }
}

/** The padding of each component, the contents of which begin with the `first`; empty where it is as predicted. */
async function paddingsFrom({ parsed, isPadded }: JpegParts, contents: ContentReader, first: number): Promise<readonly Int16Array[]> {
  const padding: Int16Array[] = [];
  let next = first;
  for (const [i, component] of parsed.frame.components.entries()) {
    const blocks = isPadded[i] === true ? paddingBlocks(component) : 0;
    padding.push(await paddingFrom(contents, next, blocks));
    next += paddingContents(blocks);
  }
  return padding;
}

async function paddingFrom(contents: ContentReader, first: number, blocks: number): Promise<Int16Array> {
  const values = new Int16Array(coefficients * blocks);
  const bytes = bytesOf(values);
  for (let at = 0, index = first; at < blocks; at += paddingContentBlocks, index++) {
    const across = Math.min(paddingContentBlocks, blocks - at);
    bytes.set(await blocksFrom(contents, index, { across, down: 1 }), coefficientBlockBytes * at);
  }
  return values;
}

function bytesOf(values: Int16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

async function blocksFrom(contents: ContentReader, index: number, { across, down }: { readonly across: number; readonly down: number }): Promise<Uint8Array> {
  const content = await contents.get(index);
  const shape = coefficientShapeOf(content);
  if (shape.across !== across || shape.down !== down) throw fault('recipe-invalid', 'A tile has another shape than its place.');
  return blocksOf(content);
}

function summarize(recipe: Recipe): SplitSummary {
  return summaryOf(readRecipe(recipe));
}

function summaryOf(parts: Pick<JpegParts, 'parsed' | 'cuts' | 'isPadded' | 'size'>): SplitSummary {
  const { parsed: { frame }, cuts } = parts;
  const places = [...placesOf(frame, cuts)];
  return { count: contentCount(parts), picture: pictureOf(frame, places), places, fileBytes: parts.size };
}

/** The tiles of the first component, as what the picture is cut in. */
function pictureOf({ width, height }: Frame, places: readonly ContentPlace[]): Picture {
  const regions = places.filter(({ plane }) => plane === 0).map(({ region }): Region => {
    const x = blockSide * region.x;
    const y = blockSide * region.y;
    return { x, y, width: Math.min(width - x, blockSide * region.width), height: Math.min(height - y, blockSide * region.height) };
  });
  return { width, height, regions };
}

