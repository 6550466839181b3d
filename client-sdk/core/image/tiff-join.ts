/**
 * Makes a TIFF file again: its directories are read from the skeleton, and the holes between are filled with
 * segments drawn from the pictures, in the order of the file. The recipe may come from a stranger. SPEC.md section 6.5.
 */
import { fault } from '../errors.js';
import { maxPieces, maxUnfoldedBytes } from './image-limits.js';
import { Unsplittable, type ContainerRecipe } from './raster-container.js';
import { integerOf, listOf, mapOf } from './recipe-members.js';
import { decodeRanges, SparseSource } from './sparse-source.js';
import { SegmentEncoder, tiffMethodOf } from './tiff-codec.js';
import { TiffReader } from './tiff-directory.js';
import { addPadding, leftoverRows, pagePaddingBytes, putPadding, segmentPaddingBytes } from './tiff-padding.js';
import { pageBytes, tiffPageOf, type TiffPage, type TiffSegment } from './tiff-page.js';
import { drawnSegmentsOf, packedRows } from './tiff-segments.js';
import { rowsAtOnce } from './tiff-split.js';
import type { TilePicture } from './tile-picture.js';
import { ByteReader } from './varint.js';

/** A segment with all that draws it. */
interface DrawnSegment {
  readonly segment: TiffSegment;
  /** Its place among those of the page. */
  readonly index: number;
  readonly page: TiffPage;
  readonly encoder: SegmentEncoder;
  readonly picture: TilePicture;
  readonly padding: Uint8Array;
}

const sectionCount = 4;

/** The file's bytes. Throws DiceError `recipe-invalid` where the recipe does not fit itself or the pictures. */
export async function* joinTiff(container: ContainerRecipe, pictures: readonly TilePicture[]): AsyncGenerator<Uint8Array, void, undefined> {
  const [kept, table, padding] = container.sections;
  if (container.sections.length !== sectionCount) throw invalid('it has other sections than a TIFF file');
  const params = mapOf(container.params, ['directories', 'leftover', 'methods', 'size']);
  const isLeftover = params['leftover'];
  if (typeof isLeftover !== 'boolean') throw invalid('its padding is unknown');
  const size = integerOf(params['size'], 8, Number.MAX_SAFE_INTEGER);
  const sparse = new SparseSource(size, decodeRanges(table!, size, kept!.length), kept!);
  const pages = await pagesOf(sparse, container, pictures);
  const segments = drawnSegments(pages, padding!);
  let next = 0;
  let at = 0;
  for (const { offset, length } of [...sparse.ranges, { offset: size, length: 0 }]) {
    while (at < offset) {
      const drawn = segments[next++];
      if (drawn?.segment.offset !== at) throw invalid('its segments do not fill its holes');
      for await (const bytes of drawSegment(drawn, isLeftover)) {
        at += bytes.length;
        if (at > offset) throw invalid('a segment is longer than its hole');
        yield bytes;
      }
    }
    if (length > 0) yield await sparse.read(offset, length);
    at += length;
  }
  if (next !== segments.length) throw invalid('a segment has no hole');
  for (const { encoder } of pages) encoder.end();
}

type JoinedPage = Omit<DrawnSegment, 'segment' | 'index' | 'padding'>;

async function pagesOf(
  sparse: SparseSource,
  { params, sections }: ContainerRecipe,
  pictures: readonly TilePicture[],
): Promise<readonly JoinedPage[]> {
  const indices = listOf(params['directories'], pictures.length).map((index) => integerOf(index, 0, Number.MAX_SAFE_INTEGER));
  const methods = listOf(params['methods'], pictures.length);
  const isAscending = indices.every((index, i) => i === 0 || index > indices[i - 1]!);
  if (pictures.length === 0 || indices.length !== pictures.length || methods.length !== pictures.length || !isAscending) {
    throw invalid('its pages are not those of its pictures');
  }
  const corrections = new ByteReader(sections[sectionCount - 1]!);
  try {
    const pages = await readPages(sparse, indices, (page, at) => {
      const encoder = new SegmentEncoder(page, tiffMethodOf(page, methods[at], corrections));
      return { page, encoder, picture: pictures[at]! };
    });
    corrections.end();
    return pages;
  } catch (cause) {
    if (cause instanceof Unsplittable) throw invalid(cause.message);
    throw cause;
  }
}

async function readPages(
  sparse: SparseSource,
  indices: readonly number[],
  join: (page: TiffPage, at: number) => JoinedPage,
): Promise<readonly JoinedPage[]> {
  const reader = await TiffReader.open(sparse);
  const directories = await reader.directories(indices.at(-1)! + 1);
  const pages: JoinedPage[] = [];
  let segmentCount = 0;
  let plainBytes = 0;
  for (const [at, index] of indices.entries()) {
    const directory = directories[index];
    const page = directory === undefined ? undefined : await tiffPageOf(reader, directory);
    if (page === undefined) throw invalid('a page has no directory');
    const joined = join(page, at);
    const { shape } = joined.picture;
    const isSize = shape.width === page.shape.width && shape.height === page.shape.height;
    if (!isSize || shape.channels !== page.shape.channels || shape.depth !== page.shape.depth) throw invalid('a picture has another shape');
    segmentCount += page.segments.length;
    plainBytes += pageBytes(page);
    if (segmentCount > maxPieces || plainBytes > maxUnfoldedBytes(sparse.size)) throw invalid('it unfolds too far');
    pages.push(joined);
  }
  return pages;
}

/** Segments in the order of the file, each with its padding. */
function drawnSegments(pages: readonly JoinedPage[], padding: Uint8Array): readonly DrawnSegment[] {
  const total = pages.reduce((sum, { page }) => sum + pagePaddingBytes(page), 0);
  if (padding.length !== 0 && padding.length !== total) throw invalid('its padding has another length');
  const drawn: DrawnSegment[] = [];
  let at = 0;
  for (const joined of pages) {
    const isDrawn = new Set(drawnSegmentsOf(joined.page));
    for (const [index, segment] of joined.page.segments.entries()) {
      const length = padding.length === 0 ? 0 : segmentPaddingBytes(joined.page, segment);
      if (isDrawn.has(segment)) drawn.push({ ...joined, segment, index, padding: padding.subarray(at, at + length) });
      at += length;
    }
  }
  return drawn.sort((a, b) => a.segment.offset - b.segment.offset);
}

/** The bytes of one segment, or of some of its rows at a time. */
async function* drawSegment(drawn: DrawnSegment, isLeftover: boolean): AsyncGenerator<Uint8Array, void, undefined> {
  const { segment, index, page, encoder, picture, padding } = drawn;
  const isPadded = isLeftover && segmentPaddingBytes(page, segment) > 0;
  const step = encoder.isPlain ? rowsAtOnce(page) : segment.rows;
  let used = 0;
  if (page.across > 1) await picture.hold(segment.y, segment.y + segment.rows);
  for (let row = 0; row < segment.rows; row += step) {
    const end = Math.min(segment.rows, row + step);
    const rows = await packedRows(page, segment, picture, [row, end]);
    if (isPadded) addPadding(page, segment, row, await leftoverRows(page, index, [row, end], (other, from, to) => packedRows(page, other, picture, [from, to])), rows);
    if (padding.length > 0) used += putPadding(page, segment, row, rows, padding.subarray(used));
    yield encoder.encode(rows);
  }
}

function invalid(what: string): Error {
  return fault('recipe-invalid', `TIFF: ${what}.`);
}
