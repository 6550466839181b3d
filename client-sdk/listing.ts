/**
 * The listing of an account: pages of sealed entries, opened by the thousand in threads. Holds a few pages. SPEC.md section 10.
 */
import type { Image, ListOptions } from './api.js';
import { accountOf, type Connection } from './connection.js';
import { decodeEntry, type Entry } from './core/entry.js';
import { fault } from './core/errors.js';
import { imageWrapOf, openImagePart, unwrapImageKey } from './core/keys/hierarchy.js';
import { isOwnPreview } from './core/preview-plan.js';
import { entriesInput, unpacked } from './entries-task.js';
import { ListingOrder } from './listing-order.js';
import { tasksOf } from './local-tasks.js';
import { hexOf } from './protocol/bytes.js';
import { maxPageImages } from './protocol/limits.js';
import type { ImageCard, ImageList } from './protocol/messages.js';

/** A card and its entry. */
export interface ListedImage {
  readonly card: ImageCard;
  readonly entry: Entry;
}

/** Cards of a page that are taken before the next page is asked for: who wants the first ones alone costs the server one page. */
const takenBeforeNext = 64;

/** Cards that are opened together: few at first, because somebody waits for them, then enough for a thread. */
const firstCards = 32;
const cardsTogether = 250;
const cardsHere = 16;
/** So many of these are under way at once, once that many were taken. */
const maxUnderWay = 8;

/** All images of the gallery or the trash, newest first. */
export async function* listImages(connection: Connection, options: ListOptions): AsyncGenerator<ListedImage, void, void> {
  if (tasksOf(connection.platform).entryThreads === 0) {
    yield* listHere(connection, options);
    return;
  }
  const underWay: Promise<Opened>[] = [];
  let most = 1;
  for await (const cards of together(listCards(connection, options), cardsTogether)) {
    underWay.push(openTogether(connection, cards, options.signal));
    if (underWay.length < most) continue;
    for (const first of underWay.splice(0, 1)) yield* listed(connection, await first, options.signal);
    most = Math.min(most + 1, maxUnderWay);
  }
  for (const next of underWay) yield* listed(connection, await next, options.signal);
}

/** In this thread: some at once, because cryptography may answer later. */
async function* listHere(connection: Connection, options: ListOptions): AsyncGenerator<ListedImage, void, void> {
  for await (const cards of together(listCards(connection, options), cardsHere)) {
    const opening = cards.map((card) => openCard(connection, card));
    // One that fails is met when its turn comes; those after it are not heard.
    for (const one of opening) one.catch(() => undefined);
    for (const one of opening) {
      if (options.signal?.aborted === true) throw fault('cancelled');
      const { card, entry } = await one;
      yield { card, entry };
    }
  }
}

/** Cards, and their entries where all of them opened. */
interface Opened {
  readonly cards: readonly ImageCard[];
  readonly entries: readonly Uint8Array[] | undefined;
}

/** Groups of `most` cards; the first ones are few. */
async function* together(cards: AsyncIterable<ImageCard>, most: number): AsyncGenerator<readonly ImageCard[], void, void> {
  let group: ImageCard[] = [];
  let size = Math.min(most, firstCards);
  for await (const card of cards) {
    group.push(card);
    if (group.length < size) continue;
    yield group;
    group = [];
    size = most;
  }
  if (group.length > 0) yield group;
}

/** Never rejects: who lists meets what is wrong when its turn comes, after the images before it. */
async function openTogether(connection: Connection, cards: readonly ImageCard[], signal: AbortSignal | undefined): Promise<Opened> {
  try {
    const { record, accountKey } = accountOf(connection);
    const under = await imageWrapOf(connection.platform.crypto, accountKey);
    const { packed, lengths } = await tasksOf(connection.platform).entries(entriesInput({ accountId: record.accountId, under }, cards), signal);
    return { cards, entries: lengths.length === cards.length ? unpacked(packed, lengths) : undefined };
  } catch {
    return { cards, entries: undefined };
  }
}

async function* listed(connection: Connection, { cards, entries }: Opened, signal: AbortSignal | undefined): AsyncGenerator<ListedImage, void, void> {
  for (const [i, card] of cards.entries()) {
    if (signal?.aborted === true) throw fault('cancelled');
    const entry = entries?.[i];
    yield entry === undefined ? await openCard(connection, card) : { card, entry: decodeEntry(entry) };
  }
}

/** The same, not opened. While a page is taken, the next one is on its way. */
export async function* listCards(connection: Connection, options: ListOptions): AsyncGenerator<ImageCard, void, void> {
  const order = new ListingOrder(connection.platform.randomBytes, options.trash === true);
  for (let page = await askPage(connection, options, undefined); ; ) {
    const { images, next } = page;
    order.take(images);
    yield* images.slice(0, takenBeforeNext);
    if (next === undefined) {
      yield* images.slice(takenBeforeNext);
      return;
    }
    // A server that never ends its listing must not hold a client for ever.
    if (images.length === 0) throw fault('answer-invalid', 'The listing does not go on.');
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
export async function openCard(connection: Connection, card: ImageCard): Promise<ListedImage & { readonly imageKey: Uint8Array }> {
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
