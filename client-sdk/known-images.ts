/**
 * Which files the gallery holds already, by name and content, for an upload that must create nothing twice. With a cache it reads
 * what is new since the last run; without one it lists everything and keeps a hash for each image. SPEC.md section 10.
 */
import type { Connection } from './connection.js';
import type { FingerprintCache } from './fingerprint-cache.js';
import { GalleryIds } from './gallery-ids.js';
import { KnownIndex, type KnownImage, partImages } from './known-index.js';
import { listCards, listImages, type ListedImage, openCard } from './listing.js';
import { concat, hexOf, utf8 } from './protocol/bytes.js';
import type { ImageId } from './protocol/ids.js';
import { idBytes } from './protocol/limits.js';
import type { ImageCard } from './protocol/messages.js';

/** What tells images apart. */
export interface NamedFile {
  readonly name: string;
  readonly fileHash: Uint8Array;
}

/** Clocks and commits that overlap: what is newer than the newest known one, less this, is looked at again. */
const overlapMs = 60_000;
/** Cards that are looked up at once. */
const lookUpCards = 500;

/** Where images are known from. */
interface Source {
  find(key: Uint8Array): Promise<ImageId | undefined>;
  add(image: KnownImage): Promise<void>;
}

/** Images of this run, and those before. */
export class KnownImages {
  private constructor(
    private readonly connection: Connection,
    private readonly source: Source,
  ) {}

  /** What is added is kept in `cache`; a run that only asks gives none and adds nothing to it. */
  static async load(connection: Connection, options: { readonly cache: FingerprintCache | undefined; readonly signal: AbortSignal | undefined; readonly isDryRun: boolean }): Promise<KnownImages> {
    const { cache, isDryRun, signal } = options;
    const source = cache === undefined ? await listedSource(connection, signal) : await cachedSource(connection, cache, signal);
    return new KnownImages(connection, isDryRun ? forgetful(source) : source);
  }

  async find(file: NamedFile): Promise<ImageId | undefined> {
    return this.source.find(await keyOf(this.connection, file));
  }

  async add(file: NamedFile, imageId: ImageId): Promise<void> {
    await this.source.add({ key: await keyOf(this.connection, file), imageId });
  }
}

/** All of the gallery, in memory. */
async function listedSource(connection: Connection, signal: AbortSignal | undefined): Promise<Source> {
  const known = new Map<string, ImageId>();
  for await (const { card, entry } of listImages(connection, { signal })) known.set(hexOf(await keyOf(connection, entry)), card.imageId);
  return {
    find: (key) => Promise.resolve(known.get(hexOf(key))),
    add({ key, imageId }) {
      known.set(hexOf(key), imageId);
      return Promise.resolve();
    },
  };
}

/** What `source` knows, and what this run alone adds. */
function forgetful(source: Source): Source {
  const own = new Map<string, ImageId>();
  return {
    find: async (key) => own.get(hexOf(key)) ?? (await source.find(key)),
    add({ key, imageId }) {
      own.set(hexOf(key), imageId);
      return Promise.resolve();
    },
  };
}

/** The index in the cache, brought up to date. Of the ids that it names, one that lies in the gallery now counts. */
async function cachedSource(connection: Connection, cache: FingerprintCache, signal: AbortSignal | undefined): Promise<Source> {
  const state = await KnownIndex.stateOf(cache);
  const index = state === undefined ? await indexAnew(connection, cache, signal) : new KnownIndex(cache, state);
  if (state !== undefined) {
    const newest = await takeNew(connection, { index, since: state.newest }, signal);
    if (newest > state.newest) await KnownIndex.keepState(cache, { ...state, newest });
  }
  const gallery = new GalleryIds(connection, signal);
  return {
    async find(key) {
      for (const imageId of await index.find(key)) if (await gallery.has(imageId)) return imageId;
      return undefined;
    },
    add: (image) => index.add([image]),
  };
}

/** Opens all of gallery and trash once: what is restored from the trash must be known again. */
async function indexAnew(connection: Connection, cache: FingerprintCache, signal: AbortSignal | undefined): Promise<KnownIndex> {
  const generation = connection.platform.randomBytes(idBytes);
  const writing = new KnownIndex(cache, { generation, parts: 0 });
  let [parts, newest] = [0, 0];
  let rows: Uint8Array[] = [];
  let recent: KnownImage[] = [];
  for (const trash of [false, true]) {
    for await (const listed of listImages(connection, { trash, signal })) {
      const image = await knownOf(connection, listed);
      newest = Math.max(newest, listed.card.createdAt);
      // The next run meets these again and shall not open them again.
      if (listed.card.createdAt >= newest - overlapMs && recent.length < partImages) recent.push(image);
      rows.push(await writing.rowOf(image));
      if (rows.length < partImages) continue;
      await writing.writePart(parts++, rows);
      rows = [];
    }
  }
  if (rows.length > 0) await writing.writePart(parts++, rows);
  await writing.add(recent);
  recent = [];
  await KnownIndex.keepState(cache, { generation, parts, newest });
  return new KnownIndex(cache, { generation, parts });
}

/** Adds what is newer than `since`, less the overlap; what is new is opened, so that invented images end it. Answers the newest creation time that was met. */
async function takeNew(connection: Connection, { index, since }: { readonly index: KnownIndex; readonly since: number }, signal: AbortSignal | undefined): Promise<number> {
  let newest = since;
  for (const trash of [false, true]) {
    let cards: ImageCard[] = [];
    for await (const card of listCards(connection, { trash, signal })) {
      if (card.createdAt < since - overlapMs) break;
      newest = Math.max(newest, card.createdAt);
      cards.push(card);
      if (cards.length < lookUpCards) continue;
      await takeCards(connection, index, cards);
      cards = [];
    }
    await takeCards(connection, index, cards);
  }
  return newest;
}

async function takeCards(connection: Connection, index: KnownIndex, cards: readonly ImageCard[]): Promise<void> {
  if (cards.length === 0) return;
  const isTaken = await index.hasLater(cards.map(({ imageId }) => imageId));
  const images: KnownImage[] = [];
  for (const card of cards.filter((_, i) => isTaken[i] !== true)) images.push(await knownOf(connection, await openCard(connection, card)));
  await index.add(images);
}

async function knownOf(connection: Connection, { card, entry }: ListedImage): Promise<KnownImage> {
  return { key: await keyOf(connection, entry), imageId: card.imageId };
}

async function keyOf({ platform: { crypto } }: Connection, { name, fileHash }: NamedFile): Promise<Uint8Array> {
  return await crypto.sha256(concat(await crypto.sha256(utf8(name)), fileHash));
}
