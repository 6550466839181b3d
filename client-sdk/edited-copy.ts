/**
 * An edited copy of a stored picture: which of its tiles are tiles of the original under a short patch. Reads the
 * original's blocks, sends nothing. SPEC.md sections 5.9 and 10.
 */
import type { BlockRef } from './core/block-list.js';
import type { DomainId } from './core/domain.js';
import { type Alignment, knownRegionOf } from './core/image/alignment.js';
import type { BaseView } from './core/image/patch-prediction.js';
import type { ContentPlace, Region } from './core/image/splitter.js';
import { inBatches } from './core/plan.js';
import { hexOf } from './protocol/bytes.js';
import type { Original } from './originals.js';
import { RegionIndex } from './region-index.js';
import type { StoredImage } from './stored-image.js';
import type { Tasks, TilePair } from './tasks.js';

/** A content that is a stored block under a patch. */
export interface PatchedContent {
  readonly patch: Uint8Array;
  readonly ref: BlockRef;
  readonly cipherBytes: number;
}

/** A tile that the account does not have. */
export interface NewTile {
  readonly index: number;
  readonly content: Uint8Array;
  readonly place: ContentPlace;
}

/** A new tile and the tile of the original that covers its place. */
interface Pairing {
  readonly tile: NewTile;
  readonly ref: BlockRef;
  readonly view: BaseView;
}

/** Where patches are made, and of which blocks. */
export interface PatchSetting {
  readonly domain: DomainId;
  readonly tasks: Tasks;
  readonly signal: AbortSignal | undefined;
}

/** A pairing whose block came. */
interface Candidate {
  readonly index: number;
  readonly ref: BlockRef;
  readonly cipherBytes: number;
  readonly pair: TilePair;
}

/** Bytes of tiles that are compared in one task. */
const patchBatchBytes = 1_048_576;

/** The tiles that a short patch turns out of the original's, by index. Only blocks of `domain` are used: others say more or less of their content than was asked for. */
export async function patchTiles(original: Original, tiles: readonly NewTile[], { domain, tasks, signal }: PatchSetting): Promise<ReadonlyMap<number, PatchedContent>> {
  const pairings = pairingsOf(original, tiles).filter(({ ref }) => ref.domain === domain);
  if (pairings.length === 0) return new Map();
  const outcomes = await original.stored.fetcher.outcomes(pairings.map(({ ref }) => ref));
  const candidates = pairings.flatMap(({ tile: { index, content: target }, ref, view }): readonly Candidate[] => {
    const { content: base, cipherBytes } = outcomes.get(hexOf(ref.tag)) ?? {};
    return base === undefined || cipherBytes === undefined ? [] : [{ index, ref, cipherBytes, pair: { target, base, view } }];
  });
  const batches = inBatches(candidates, ({ pair: { target, base } }) => target.length + base.length, patchBatchBytes);
  const patches = await Promise.all(batches.map((batch) => tasks.patch({ pairs: batch.map(({ pair }) => pair) }, signal)));
  return patchedOf(batches.flat(), patches.flat());
}

function patchedOf(candidates: readonly Candidate[], patches: readonly (Uint8Array | undefined)[]): ReadonlyMap<number, PatchedContent> {
  const patched = new Map<number, PatchedContent>();
  for (const [i, { index, ref, cipherBytes }] of candidates.entries()) {
    const patch = patches[i];
    if (patch !== undefined) patched.set(index, { patch, ref, cipherBytes });
  }
  return patched;
}

function pairingsOf({ stored, alignment }: Original, tiles: readonly NewTile[]): readonly Pairing[] {
  const { places } = stored.summary;
  const planes = planesOf(places);
  return tiles.flatMap((tile) => {
    const wanted = knownRegionOf(alignment, tile.place.region);
    const at = planes.get(tile.place.plane)?.around(wanted);
    const [place, ref] = at === undefined ? [] : [places[at], directRef(stored, at)];
    const view = place === undefined ? undefined : viewOf(alignment, { base: place, wanted, tile: tile.place });
    return view === undefined || ref === undefined ? [] : [{ tile, ref, view }];
  });
}

/** The tiles of each plane by their place. */
function planesOf(places: readonly ContentPlace[]): ReadonlyMap<number, PlaneIndex> {
  const planes = new Map<number, PlaneIndex>();
  for (const plane of new Set(places.map((place) => place.plane))) planes.set(plane, new PlaneIndex(places, plane));
  return planes;
}

/** Finds the tile of one plane that holds a rectangle, by its index among all. */
class PlaneIndex {
  readonly #indices: readonly number[];
  readonly #regions: RegionIndex;

  constructor(places: readonly ContentPlace[], plane: number) {
    this.#indices = [...places.keys()].filter((index) => places[index]?.plane === plane);
    this.#regions = new RegionIndex(this.#indices.flatMap((index) => places[index]?.region ?? []));
  }

  around(wanted: Region): number | undefined {
    const at = this.#regions.around(wanted);
    return at === undefined ? undefined : this.#indices[at];
  }
}

/** A block whose content is the original's own: patches are not piled up. */
function directRef({ refs, patches }: StoredImage, index: number): BlockRef | undefined {
  const ref = refs[index];
  return ref?.kind === 'block' && !patches.has(index) ? ref : undefined;
}

/**
 * Where `wanted` lies in the tile at `base`, both on the original, once that tile is turned as the copy is: in elements. Undefined
 * where the elements of the two tiles do not fall on each other.
 */
function viewOf({ orientation }: Alignment, { base: { region, unit }, wanted, tile }: { readonly base: ContentPlace; readonly wanted: Region; readonly tile: ContentPlace }): BaseView | undefined {
  const isTransposed = (orientation & 4) !== 0;
  const across = { before: (wanted.x - region.x) / unit.width, after: (region.x + region.width - wanted.x - wanted.width) / unit.width };
  const down = { before: (wanted.y - region.y) / unit.height, after: (region.y + region.height - wanted.y - wanted.height) / unit.height };
  const [x, y] = isTransposed ? [down, across] : [across, down];
  const view = { orientation, x: (orientation & 1) === 0 ? x.before : x.after, y: (orientation & 2) === 0 ? y.before : y.after };
  const isSameUnit = isTransposed ? unit.width === tile.unit.height && unit.height === tile.unit.width : unit.width === tile.unit.width && unit.height === tile.unit.height;
  return isSameUnit && Number.isInteger(view.x) && Number.isInteger(view.y) ? view : undefined;
}
