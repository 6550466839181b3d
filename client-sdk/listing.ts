/**
 * The listing of an account: pages of sealed entries, opened one by one. Holds no more than a page. SPEC.md section 10.
 */
import type { Image, ListOptions } from './api.js';
import { accountOf, type Connection } from './connection.js';
import { decodeEntry, type Entry } from './core/entry.js';
import { fault } from './core/errors.js';
import { openImagePart, unwrapImageKey } from './core/keys/hierarchy.js';
import { isOwnPreview } from './core/preview-plan.js';
import { hexOf, utf8 } from './protocol/bytes.js';
import { type ImageId, idOf } from './protocol/ids.js';
import { maxPageImages } from './protocol/limits.js';
import type { ImageCard } from './protocol/messages.js';

/** A card, opened. */
export interface ListedImage {
  readonly card: ImageCard;
  readonly imageKey: Uint8Array;
  readonly entry: Entry;
}

/** All images of the gallery or the trash, newest first. */
export async function* listImages(connection: Connection, options: ListOptions): AsyncGenerator<ListedImage, void, void> {
  let cursor: string | undefined;
  const seen = new Set<string>();
  do {
    const query = { cursor, limit: String(maxPageImages), trash: options.trash === true ? 'true' : undefined };
    const page = await connection.transport.call('listImages', { body: undefined, query, signal: options.signal });
    for (const card of page.images) yield await openCard(connection, card);
    cursor = page.next;
    // A server that never ends its listing must not hold a client for ever.
    const isEndless = cursor !== undefined && (seen.has(cursor) || page.images.length === 0);
    if (isEndless) throw fault('answer-invalid', 'The listing goes round in circles.');
    if (cursor !== undefined) seen.add(cursor);
  } while (cursor !== undefined);
}

/** Opens a card under the account that is logged in. Throws `sealed-invalid` where it belongs to another image. */
export async function openCard(connection: Connection, card: ImageCard): Promise<ListedImage> {
  const { crypto } = connection.platform;
  const { record, accountKey } = accountOf(connection);
  const place = { accountId: record.accountId, imageId: card.imageId };
  const imageKey = await unwrapImageKey(crypto, { ...place, accountKey }, card.wrappedKey);
  const entry = decodeEntry(await openImagePart(crypto, { ...place, imageKey, part: 'entry' }, card.entry));
  return { card, imageKey, entry };
}

/** What a person sees of it. */
export function imageOf({ card, entry }: ListedImage): Image {
  return {
    id: card.imageId,
    name: entry.name,
    size: entry.size,
    type: entry.type,
    fileHash: hexOf(entry.fileHash),
    modifiedAt: entry.modifiedAt,
    createdAt: card.createdAt,
    trashedAt: card.trashedAt,
    hasPreview: card.hasPreview || isOwnPreview(entry),
    blocks: card.blocks,
    picture: entry.picture,
    splitter: entry.splitter,
    codedBytes: entry.codedBytes,
    sentBytes: entry.sentBytes,
  };
}

/** One image by id, else by exact name. Throws `image-unknown`, `image-ambiguous`. */
export async function findImage(connection: Connection, idOrName: string, options: ListOptions): Promise<Image> {
  const named: Image[] = [];
  for await (const listed of listImages(connection, options)) {
    if (listed.card.imageId === idOrName) return imageOf(listed);
    if (listed.entry.name === idOrName) named.push(imageOf(listed));
  }
  const [found, ...others] = named;
  if (found === undefined) throw fault('image-unknown', JSON.stringify(idOrName.slice(0, 300)));
  if (others.length > 0) throw fault('image-ambiguous', `Their ids: ${named.map((image) => image.id).join(', ')}.`);
  return found;
}

/** An image id that came as text. Throws `image-unknown` for what is none. */
export function checkedImageId(text: string): ImageId {
  const id = idOf<ImageId>(text);
  if (id === undefined) throw fault('image-unknown', 'An image id has 32 lower-case hex digits.');
  return id;
}

/** What tells images apart. */
export interface NamedFile {
  readonly name: string;
  readonly fileHash: Uint8Array;
}

/**
 * Which (name, fileHash) the gallery holds: 16 bytes of a hash for each image, as text. Also tells apart files of one run.
 */
export class KnownImages {
  readonly #known = new Map<string, ImageId>();
  readonly #busy = new Map<string, Promise<void>>();

  private constructor(private readonly connection: Connection) {}

  static async load(connection: Connection, signal: AbortSignal | undefined): Promise<KnownImages> {
    const known = new KnownImages(connection);
    for await (const { card, entry } of listImages(connection, { signal })) await known.add(entry, card.imageId);
    return known;
  }

  /** Waits until no other file of the run with this name and these bytes is on its way; call the answer when done. */
  async enter(file: NamedFile): Promise<() => void> {
    const key = await this.#key(file);
    for (let other = this.#busy.get(key); other !== undefined; other = this.#busy.get(key)) await other;
    let leave: () => void = () => undefined;
    this.#busy.set(key, new Promise((resolve) => {
      leave = () => {
        this.#busy.delete(key);
        resolve();
      };
    }));
    return leave;
  }

  async find(file: NamedFile): Promise<ImageId | undefined> {
    return this.#known.get(await this.#key(file));
  }

  async add(file: NamedFile, imageId: ImageId): Promise<void> {
    this.#known.set(await this.#key(file), imageId);
  }

  async #key({ name, fileHash }: NamedFile): Promise<string> {
    const nameHash = await this.connection.platform.crypto.sha256(utf8(name));
    return hexOf(nameHash.subarray(0, 16)) + hexOf(fileHash.subarray(0, 16));
  }
}
