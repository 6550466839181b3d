/**
 * A stored image, opened by its owner: manifest verified, lists of blocks unfolded; then its bytes, joined and held
 * against their hash. SPEC.md sections 3 and 10.
 */
import type { ImageBlock, ImageCosts, OpenImage } from './api.js';
import { BlockFetcher, type BlockOutcome, contentOf } from './block-fetcher.js';
import type { BlockMemory } from './block-memory.js';
import { accountOf, type Connection } from './connection.js';
import { ContentWindow, type OnOutcome } from './content-window.js';
import { type ContentRef, type OpenSegments, packRefs, unfoldRefs } from './core/block-list.js';
import { kindOfDomain } from './core/domain.js';
import { fault } from './core/errors.js';
import { splitters } from './core/image/detect.js';
import { blockSide } from './core/image/jpeg/jpeg-cut.js';
import { viewOfRecipe } from './core/image/recipe-view.js';
import type { ContentPlace, Picture, Recipe, Region, Splitter, SplitSummary } from './core/image/splitter.js';
import { openManifest } from './core/keys/signed-manifest.js';
import type { Manifest } from './core/manifest.js';
import { packPatches, unpackPatches, type Patches } from './core/patch-list.js';
import { unfoldSkeleton } from './core/skeleton.js';
import { imageOf, type ListedImage, openCard } from './listing.js';
import { tasksOf } from './local-tasks.js';
import { hexOf, isEqual } from './protocol/bytes.js';
import { hammingOf } from './protocol/hamming.js';
import type { ImageId } from './protocol/ids.js';
import { ivBytes } from './protocol/limits.js';

/** All that is known of a stored image before a content is fetched. */
export interface StoredImage {
  readonly listed: ListedImage;
  readonly manifest: Manifest;
  readonly recipe: Recipe;
  readonly splitter: Splitter;
  readonly summary: SplitSummary;
  readonly refs: readonly ContentRef[];
  /** What turns blocks of other pictures into contents of this one. */
  readonly patches: Patches;
  readonly segments: readonly ContentRef[];
  /** Cipher bytes of the segments, and bytes of the sealed manifest. */
  readonly segmentBytes: number;
  readonly manifestBytes: number;
  readonly fetcher: BlockFetcher;
}

/** What opening may be told. */
export interface OpeningOptions {
  readonly signal: AbortSignal | undefined;
  /** Without it every block is fetched. */
  readonly memory?: BlockMemory | undefined;
  /** Told of each segment's outcome. */
  readonly onSegment?: (outcome: BlockOutcome) => void;
}

/** Opens an image. Throws `integrity-failed`, `sealed-invalid`, `signature-invalid` or `recipe-invalid` where the server mixed things up. */
export async function openImage(connection: Connection, imageId: ImageId, options: OpeningOptions): Promise<StoredImage> {
  const { signal } = options;
  const record = await connection.reads.record(imageId, signal);
  if (record.card.imageId !== imageId) throw fault('integrity-failed', 'The server sent another image’s record.');
  const listed = await openCard(connection, record.card);
  const { identity, record: account } = accountOf(connection);
  const place = { accountId: account.accountId, imageId, imageKey: listed.imageKey };
  const manifest = await openManifest(connection.platform.crypto, place, { sealed: record.manifest, ownerKey: identity.ed25519 });
  checkEntry(listed, manifest);
  const fetcher = new BlockFetcher(connection, imageId, options);
  const segments: ContentRef[] = [];
  let segmentBytes = 0;
  const openSegments: OpenSegments = async (refs) => {
    segments.push(...refs);
    return openTold(fetcher, refs, (outcome) => {
      segmentBytes += outcome.cipherBytes ?? 0;
      options.onSegment?.(outcome);
    });
  };
  const skeleton = await unfoldSkeleton(manifest.skeleton, manifest.domains, openSegments);
  const refs = await unfoldRefs(manifest.contents, manifest.domains, openSegments);
  const patches = unpackPatches(await unfoldSkeleton(manifest.patches, manifest.domains, openSegments), refs.length);
  const recipe: Recipe = { splitter: manifest.splitter, params: manifest.params, skeleton };
  const splitter = splitters[manifest.splitter];
  const summary = splitter.summarize(recipe);
  if (summary.fileBytes !== undefined && summary.fileBytes !== manifest.size) throw fault('recipe-invalid', 'It is of a file of another size.');
  return { listed, manifest, recipe, splitter, summary, refs, patches, segments, segmentBytes, manifestBytes: record.manifest.length, fetcher };
}

/** The exact bytes; the last piece only after the hash of the whole was found right. Throws `integrity-failed`. */
export async function* joinedBytes(connection: Connection, stored: StoredImage, onOutcome?: OnOutcome): AsyncGenerator<Uint8Array, void, void> {
  const { manifest, recipe, refs, patches, fetcher } = stored;
  const { size, fileHash } = manifest;
  const contents = new ContentWindow(fetcher, refs, onOutcome);
  // What goes into a task is given up, and the recipe may be needed once more.
  const input = { recipe: { ...recipe, skeleton: Uint8Array.from(recipe.skeleton) }, contents: refs.length, patches: packPatches(patches), size, fileHash };
  try {
    yield* tasksOf(connection.platform).assemble(input, contents, fetcher.signal);
  } finally {
    await contents.close();
  }
}

/** What its owner sees. */
export async function openedView(connection: Connection, stored: StoredImage): Promise<OpenImage> {
  const { listed, manifest, recipe, summary, refs, patches, segments } = stored;
  const blocks: ImageBlock[] = [];
  for (const [index, ref] of refs.entries()) blocks.push(await blockView(connection, ref, { index, role: 'content', region: summary.picture?.regions[index], place: placeOf(stored, index), patchBytes: patches.get(index)?.length }));
  for (const [index, ref] of segments.entries()) blocks.push(await blockView(connection, ref, { index, role: 'segment', region: undefined, place: undefined, patchBytes: undefined }));
  const { picture } = summary;
  return {
    image: imageOf(listed),
    splitter: manifest.splitter,
    description: manifest.description,
    skeletonBytes: recipe.skeleton.length,
    recipe: viewOfRecipe(recipe),
    costs: costsOf(stored),
    flatTiles: refs.filter((ref) => ref.kind === 'inline').length + (picture?.flat?.length ?? 0),
    patchedTiles: patches.size,
    picture: picture === undefined ? undefined : { width: picture.width, height: picture.height, flat: picture.flat ?? [] },
    blocks,
  };
}

/** On the picture, in its own pixels. Places of a JPEG file count blocks of coefficients, the last of which may reach over the edge. */
function placeOf({ summary: { picture, places }, splitter }: StoredImage, index: number): ImageBlock['place'] {
  const place = places[index];
  if (picture === undefined || place === undefined) return undefined;
  return { plane: place.plane, region: splitter.id === 'jpeg' ? inPixels(place, picture) : place.region };
}

function inPixels({ region }: ContentPlace, { width, height }: Picture): Region {
  const [x, y] = [blockSide * region.x, blockSide * region.y];
  return { x, y, width: Math.min(width - x, blockSide * region.width), height: Math.min(height - y, blockSide * region.height) };
}

function costsOf({ listed, manifest, refs, patches, segmentBytes, manifestBytes }: StoredImage): ImageCosts {
  const listBytes = packRefs(refs, manifest.domains).length;
  const blocks = refs.filter(({ kind }) => kind === 'block').length;
  return {
    manifestBytes,
    segmentBytes,
    listBytes,
    // The entry counts each reference, the fetcher each segment that came.
    contentBytes: Math.max(0, listed.entry.codedBytes - segmentBytes),
    patchBytes: packPatches(patches).length,
    overheadPerContent: refs.length === 0 ? 0 : (listBytes + ivBytes * blocks) / refs.length,
  };
}

async function blockView(connection: Connection, ref: ContentRef, at: Pick<ImageBlock, 'index' | 'role' | 'region' | 'place' | 'patchBytes'>): Promise<ImageBlock> {
  if (ref.kind === 'inline') return { ...at, block: undefined };
  const domain = kindOfDomain(ref.domain);
  if (domain === undefined) throw fault('recipe-invalid', 'A domain has another form.');
  const rehash = hexOf(await connection.platform.crypto.sha256(ref.tag));
  return { ...at, block: { tag: hexOf(ref.tag), rehash, code: hammingOf(ref.tag), key: hexOf(ref.key), domain } };
}

/** The entry is sealed apart from the manifest: both must speak of the same file. */
function checkEntry({ entry }: ListedImage, manifest: Manifest): void {
  if (entry.size !== manifest.size || !isEqual(entry.fileHash, manifest.fileHash)) throw fault('integrity-failed', 'Entry and manifest are of different files.');
}

async function openTold(fetcher: BlockFetcher, refs: readonly ContentRef[], onSegment: OpeningOptions['onSegment']): Promise<readonly Uint8Array[]> {
  const outcomes = await fetcher.outcomes(refs);
  for (const outcome of outcomes.values()) onSegment?.(outcome);
  return refs.map((ref) => contentOf(ref, outcomes));
}
