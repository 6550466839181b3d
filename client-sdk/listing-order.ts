/**
 * What every listing of images is like: newest first, those of one time by falling id, none twice, all in the trash or none. A server that lies about it must
 * not show an image twice, and must not keep a client listing for ever. SPEC.md section 12.
 */
import type { RandomBytes } from './core/crypto.js';
import { fault } from './core/errors.js';
import type { ImageCard } from './protocol/messages.js';

/** The order of one listing. Holds the ids of one page. */
export class ListingOrder {
  #last: ImageCard | undefined;
  #kept: ReadonlySet<string> = new Set();
  #pages = 0;

  constructor(
    private readonly randomBytes: RandomBytes,
    private readonly isTrash: boolean,
  ) {}

  /** Takes the next page. Throws DiceError `answer-invalid` where it cannot be the next one. */
  take(images: readonly ImageCard[]): void {
    const ids = new Set<string>();
    for (const card of images) {
      if ((card.trashedAt !== undefined) !== this.isTrash) throw fault('answer-invalid', 'The listing mixes gallery and trash.');
      if (!isLater(card, this.#last) || ids.has(card.imageId) || this.#kept.has(card.imageId)) throw fault('answer-invalid', 'The listing repeats itself or is out of order.');
      ids.add(card.imageId);
      this.#last = card;
    }
    // Times are the server's word, images are not: one that makes up times comes back to images that it had. Which page is
    // kept it cannot know, for each has the same chance, so it meets one of them before long.
    if (wordOf(this.randomBytes(4)) % ++this.#pages === 0) this.#kept = ids;
  }
}

function isLater(card: ImageCard, last: ImageCard | undefined): boolean {
  if (last === undefined || card.createdAt < last.createdAt) return true;
  return card.createdAt === last.createdAt && card.imageId < last.imageId;
}

function wordOf(bytes: Uint8Array): number {
  return bytes.reduce((word, byte) => 256 * word + byte, 0);
}
