/**
 * An image that a person names, by id or by name. A name that nothing has is held against the account head, so that an image which the server hides
 * is not an unknown one. SPEC.md sections 12 and 14.
 */
import type { Image, ListOptions } from './api.js';
import type { Connection } from './connection.js';
import { fault } from './core/errors.js';
import { checkedListing } from './head-check.js';
import { recordOf } from './image-record.js';
import { imageOf, openCard } from './listing.js';
import { type ImageId, idOf } from './protocol/ids.js';

/** One image by id, else by exact name. Throws `image-unknown`, `image-ambiguous`, and what a listing throws where nothing has the name. */
export async function findImage(connection: Connection, idOrName: string, options: ListOptions): Promise<Image> {
  const byId = await imageOfId(connection, idOrName, options);
  if (byId !== undefined) return byId;
  const named: Image[] = [];
  for await (const listed of checkedListing(connection, options, () => named.length === 0)) if (listed.entry.name === idOrName) named.push(imageOf(listed));
  const [found, ...others] = named;
  if (found === undefined) throw fault('image-unknown', JSON.stringify(idOrName.slice(0, 300)));
  if (others.length > 0) throw fault('image-ambiguous', `Their ids: ${named.map((image) => image.id).join(', ')}.`);
  return found;
}

/** The image of this id, if the text is an id and the image lies where it is looked for. */
async function imageOfId(connection: Connection, text: string, { trash, signal }: ListOptions): Promise<Image | undefined> {
  const imageId = idOf<ImageId>(text);
  const card = imageId && (await recordOf(connection, imageId, signal))?.card;
  return card !== undefined && (card.trashedAt !== undefined) === (trash === true) ? imageOf(await openCard(connection, card)) : undefined;
}

/** An image id that came as text. Throws `image-unknown` for what is none. */
export function checkedImageId(text: string): ImageId {
  const id = idOf<ImageId>(text);
  if (id === undefined) throw fault('image-unknown', 'An image id has 32 lower-case hex digits.');
  return id;
}
