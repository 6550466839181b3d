/**
 * The listing of an account: pages of sealed entries, opened one by one. Holds no more than a page. SPEC.md section 10.
 */
import type { Image, ListOptions } from './api.js';
import { accountOf, type Connection } from './connection.js';
import { decodeEntry, type Entry } from './core/entry.js';
import { DiceError, fault } from './core/errors.js';
import { openImagePart, unwrapImageKey } from './core/keys/hierarchy.js';
import { isOwnPreview } from './core/preview-plan.js';
import { hexOf } from './protocol/bytes.js';
import { type ImageId, idOf } from './protocol/ids.js';
import { maxPageImages } from './protocol/limits.js';
import type { ImageCard, ImageList } from './protocol/messages.js';

/** A card, opened. */
export interface ListedImage {
  readonly card: ImageCard;
  readonly imageKey: Uint8Array;
  readonly entry: Entry;
}

/** Cards that are opened at once: where cryptography answers later, one waits for all of them. */
const openedAtOnce = 16;
/** Cards of a page that are taken before the next page is asked for: who wants the first ones alone costs the server one page. */
const takenBeforeNext = 64;

/** All images of the gallery or the trash, newest first. */
export async function* listImages(connection: Connection, options: ListOptions): AsyncGenerator<ListedImage, void, void> {
  let cards: ImageCard[] = [];
  for await (const card of listCards(connection, options)) {
    cards.push(card);
    if (cards.length < openedAtOnce) continue;
    yield* opened(connection, cards);
    cards = [];
  }
  yield* opened(connection, cards);
}

async function* opened(connection: Connection, cards: readonly ImageCard[]): AsyncGenerator<ListedImage, void, void> {
  const opening = cards.map((card) => openCard(connection, card));
  // One that fails is met when its turn comes; those after it are not heard.
  for (const one of opening) one.catch(() => undefined);
  for (const one of opening) yield await one;
}

/** The same, not opened. While a page is taken, the next one is on its way. */
export async function* listCards(connection: Connection, options: ListOptions): AsyncGenerator<ImageCard, void, void> {
  const seen = new Set<string>();
  for (let page = await askPage(connection, options, undefined); ; ) {
    const { images, next } = page;
    yield* images.slice(0, takenBeforeNext);
    if (next === undefined) {
      yield* images.slice(takenBeforeNext);
      return;
    }
    // A server that never ends its listing must not hold a client for ever.
    if (seen.has(next) || images.length === 0) throw fault('answer-invalid', 'The listing goes round in circles.');
    seen.add(next);
    const coming = askPage(connection, options, next);
    yield* images.slice(takenBeforeNext);
    page = await coming;
  }
}

function askPage(connection: Connection, options: ListOptions, cursor: string | undefined): Promise<ImageList> {
  const query = { cursor, limit: String(maxPageImages), trash: options.trash === true ? 'true' : undefined };
  const page = connection.transport.call('listImages', { body: undefined, query, signal: options.signal });
  // Who takes no more cards does not hear of it.
  page.catch(() => undefined);
  return page;
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
  const byId = await imageOfId(connection, idOrName, options);
  if (byId !== undefined) return byId;
  const named: Image[] = [];
  for await (const listed of listImages(connection, options)) if (listed.entry.name === idOrName) named.push(imageOf(listed));
  const [found, ...others] = named;
  if (found === undefined) throw fault('image-unknown', JSON.stringify(idOrName.slice(0, 300)));
  if (others.length > 0) throw fault('image-ambiguous', `Their ids: ${named.map((image) => image.id).join(', ')}.`);
  return found;
}

/** The image of this id, if the text is an id and the image lies where it is looked for. */
async function imageOfId(connection: Connection, text: string, { trash, signal }: ListOptions): Promise<Image | undefined> {
  const imageId = idOf<ImageId>(text);
  if (imageId === undefined) return undefined;
  try {
    const { card } = await connection.transport.call('readImage', { body: undefined, params: { imageId }, signal });
    if (card.imageId !== imageId) throw fault('answer-invalid', 'The server answered with another image.');
    return (card.trashedAt !== undefined) === (trash === true) ? imageOf(await openCard(connection, card)) : undefined;
  } catch (thrown) {
    if (thrown instanceof DiceError && thrown.code === 'not-found') return undefined;
    throw thrown;
  }
}

/** An image id that came as text. Throws `image-unknown` for what is none. */
export function checkedImageId(text: string): ImageId {
  const id = idOf<ImageId>(text);
  if (id === undefined) throw fault('image-unknown', 'An image id has 32 lower-case hex digits.');
  return id;
}
