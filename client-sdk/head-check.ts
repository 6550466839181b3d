/**
 * Holds a listing against the account head: what the owner signed must be listed, and nothing that the owner removed. A difference is asked
 * about once more before it is believed, because other devices work at the same time. SPEC.md section 14.
 */
import { AccountHeads, type LeafChange } from './account-head.js';
import type { ListOptions } from './api.js';
import { accountOf, type Connection } from './connection.js';
import { fault } from './core/errors.js';
import { FingerprintCache } from './fingerprint-cache.js';
import { HeadLeaves } from './head-leaves.js';
import { isInGallery, otherManifestOf, recordOf } from './image-record.js';
import { listImages, type ListedImage } from './listing.js';
import { isEqual } from './protocol/bytes.js';
import { type HeadLeaf, leafBytes, noManifest, packLeaf, unpackLeaf } from './protocol/head-tree.js';
import type { ImageId } from './protocol/ids.js';
import type { ImageCard } from './protocol/messages.js';

const dayMs = 86_400_000;
/** Clocks of server and client may differ by so much. */
const slackMs = dayMs;
/** Ids that an error names. */
const maxNamed = 10;
/** So many are kept in one piece of memory. */
const chunkLeaves = 4_096;
/** Leaves of images that the trash has given up, changed with one listing. */
const maxExpired = 200;

/** Runs `work` with the account's heads and this device's memory. */
export async function withHeads<T>(connection: Connection, signal: AbortSignal | undefined, work: (heads: AccountHeads) => Promise<T>): Promise<T> {
  const cache = await FingerprintCache.open(connection.platform, connection.server.serverId, accountOf(connection));
  try {
    return await work(new AccountHeads(connection, cache, signal));
  } finally {
    await cache?.close();
  }
}

/**
 * As `listImages`; after the last one throws `account-rolled-back`, `image-omitted` or `image-resurrected` where the server hides or brings back
 * something. `isAsked`: whether that is still asked for by then.
 */
export async function* checkedListing(connection: Connection, options: ListOptions, isAsked = () => true): AsyncGenerator<ListedImage, void, void> {
  const seen = new SeenImages();
  for await (const listed of listImages(connection, options)) {
    seen.add(listed.card);
    yield listed;
  }
  // Who wanted the first images alone has gone by now.
  if (!isAsked()) return;
  await withHeads(connection, options.signal, async (heads) => {
    const comparison = new Comparison(await HeadLeaves.read(connection, heads, options.signal), seen, options.trash === true);
    await new Settling(connection, heads, options.signal).settle(comparison);
  });
}

/** What was listed, as the leaves that it would be, packed: a large account has hundreds of thousands. */
class SeenImages {
  readonly #chunks: Uint8Array[] = [];
  #count = 0;

  add(card: ImageCard): void {
    const at = this.#count++ % chunkLeaves;
    if (at === 0) this.#chunks.push(new Uint8Array(chunkLeaves * leafBytes));
    this.#chunks.at(-1)?.set(packLeaf(leafOfCard(card)), at * leafBytes);
  }

  *all(): Generator<HeadLeaf, void, void> {
    for (let index = 0; index < this.#count; index++) {
      const at = (index % chunkLeaves) * leafBytes;
      const leaf = unpackLeaf(this.#chunks[Math.floor(index / chunkLeaves)]?.subarray(at, at + leafBytes) ?? new Uint8Array());
      if (leaf !== undefined) yield leaf;
    }
  }
}

/** What a listing lacks and has beside the leaves that were read after it. */
class Comparison {
  readonly strangers: HeadLeaf[] = [];
  readonly resurrected: ImageId[] = [];
  /** Under another manifest than the leaf's. */
  readonly changed: ImageId[] = [];
  readonly #seen: Uint8Array;

  constructor(
    private readonly leaves: HeadLeaves,
    seen: SeenImages,
    readonly isTrash: boolean,
  ) {
    this.#seen = new Uint8Array(leaves.count);
    for (const leaf of seen.all()) this.#meet(leaf);
  }

  #meet(leaf: HeadLeaf): void {
    const index = this.leaves.indexOf(leaf.imageId);
    if (index === -1) {
      this.strangers.push(leaf);
      return;
    }
    this.#seen[index] = 1;
    if (this.isTrash) return;
    const { state, manifestHash } = this.leaves.at(index);
    if (state === 'removed') this.resurrected.push(leaf.imageId);
    else if (state === 'live' && !isEqual(manifestHash, leaf.manifestHash)) this.changed.push(leaf.imageId);
  }

  /** Leaves of this state that were not listed. */
  *unseen(state: HeadLeaf['state']): Generator<HeadLeaf, void, void> {
    for (let index = 0; index < this.leaves.count; index++) {
      if (this.#seen[index] === 1) continue;
      const leaf = this.leaves.at(index);
      if (leaf.state === state) yield leaf;
    }
  }
}

/** Asks once more about every difference, throws where it stands, and tells the head what it does not know yet. */
class Settling {
  constructor(
    private readonly connection: Connection,
    private readonly heads: AccountHeads,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async settle(comparison: Comparison): Promise<void> {
    const { isTrash, changed, resurrected, strangers } = comparison;
    const expected = [...comparison.unseen(isTrash ? 'trashed' : 'live')].filter((leaf) => !isTrash || isKept(this.connection, leaf));
    refuse('image-omitted', await this.#omitted(expected.map(({ imageId }) => imageId), isTrash));
    // The listed hash is an index of the server's: the manifest itself decides.
    refuse('image-omitted', await this.#wrong('live', changed, async (leaf) => (await otherManifestOf(this.connection, leaf, this.signal)) !== undefined));
    refuse('image-resurrected', await this.#wrong('removed', resurrected, (leaf) => this.#isInGallery(leaf)));
    const expired = isTrash ? await this.#expired(comparison) : [];
    await this.heads.change([...strangers.map(adopted), ...expired]);
  }

  /** Those that a second listing, begun after their leaves were read, does not show either, while their leaves stay as they were. */
  async #omitted(suspects: readonly ImageId[], isTrash: boolean): Promise<readonly ImageId[]> {
    const state = isTrash ? 'trashed' : 'live';
    const left = new Set((await this.#stillIn(state, suspects)).map(({ imageId }) => imageId));
    if (left.size === 0) return [];
    // Opened, all of them: the name of an image alone does not show it, and invented ones come to no end.
    for await (const { card } of listImages(this.connection, { trash: isTrash, signal: this.signal })) {
      left.delete(card.imageId);
      if (left.size === 0) return [];
    }
    // Taken out of the trash, by a client that died before it said so.
    return this.#wrong(state, [...left], async (leaf) => !isTrash || !(await this.#isInGallery(leaf)));
  }

  /** Those whose leaves are still in this state, and of which this is so; some more than are named. */
  async #wrong(state: HeadLeaf['state'], suspects: readonly ImageId[], isSo: (leaf: HeadLeaf) => Promise<boolean>): Promise<readonly ImageId[]> {
    const wrong: ImageId[] = [];
    for (const leaf of await this.#stillIn(state, suspects)) if (wrong.length <= maxNamed && (await isSo(leaf))) wrong.push(leaf.imageId);
    return wrong;
  }

  #isInGallery({ imageId }: HeadLeaf): Promise<boolean> {
    return isInGallery(this.connection, imageId, this.signal);
  }

  async #stillIn(state: HeadLeaf['state'], images: readonly ImageId[]): Promise<readonly HeadLeaf[]> {
    const leaves = images.length === 0 ? [] : await this.heads.leavesOf(images);
    return leaves.flatMap((leaf) => (leaf?.state === state ? [leaf] : []));
  }

  async #expired(comparison: Comparison): Promise<readonly LeafChange[]> {
    const changes: LeafChange[] = [];
    for (const leaf of comparison.unseen('trashed')) {
      if (changes.length >= maxExpired) break;
      if (isKept(this.connection, leaf) || (await recordOf(this.connection, leaf.imageId, this.signal)) !== undefined) continue;
      changes.push({ imageId: leaf.imageId, to: (now) => (now?.state === 'trashed' ? removedLeaf(leaf.imageId) : undefined) });
    }
    return changes;
  }
}

/** The trash holds it still: by the server's own words, and with room for clocks. */
export function isKept({ server, platform }: Connection, { at }: HeadLeaf): boolean {
  return at + server.trashDays * dayMs - slackMs > platform.now();
}

function refuse(code: 'image-omitted' | 'image-resurrected', wrong: readonly ImageId[]): void {
  if (wrong.length === 0) return;
  const [named, more] = [wrong.slice(0, maxNamed).join(', '), wrong.length > maxNamed ? ' and more' : ''];
  throw fault(code, `Images: ${named}${more}. If the operator restored the store from a backup, look at them with "dice head".`);
}

/** The leaf of an image that was removed for good. */
export function removedLeaf(imageId: ImageId): HeadLeaf {
  return { imageId, state: 'removed', at: 0, manifestHash: noManifest };
}

/** The leaf of an image as it is listed. */
export function leafOfCard({ imageId, manifestHash, trashedAt }: ImageCard): HeadLeaf {
  return { imageId, state: trashedAt === undefined ? 'live' : 'trashed', at: trashedAt ?? 0, manifestHash };
}

/** An image that was committed by a client that died before it said so. */
export function adopted(leaf: HeadLeaf): LeafChange {
  return { imageId: leaf.imageId, to: (now) => (now === undefined ? leaf : undefined) };
}
