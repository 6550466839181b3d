/**
 * Whether images that a cache remembers still lie in the gallery: asked one by one while that costs less than a listing, then listed once
 * opening hardly anything. SPEC.md section 10.
 */
import type { Connection } from './connection.js';
import { isInGallery } from './image-record.js';
import { listCards, openCard } from './listing.js';
import type { ImageId } from './protocol/ids.js';

/** So many questions are cheaper than to ask first what a listing would cost. */
const minAsked = 16;
/** A listing costs about as much as one question for so many images. */
const imagesPerQuestion = 50;

/** The gallery of one run. */
export class GalleryIds {
  #asked = 0;
  #affordable: Promise<number> | undefined;
  #listed: Promise<ReadonlySet<ImageId>> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** In the gallery and not in the trash. */
  async has(imageId: ImageId): Promise<boolean> {
    if (this.#listed !== undefined) return (await this.#listed).has(imageId);
    this.#asked++;
    if (this.#asked > minAsked && this.#asked > (await (this.#affordable ??= this.#costOfListing()))) {
      return (await (this.#listed ??= this.#list())).has(imageId);
    }
    return isInGallery(this.connection, imageId, this.signal);
  }

  async #costOfListing(): Promise<number> {
    const { images } = await this.connection.transport.call('readUsage', { body: undefined, signal: this.signal });
    return images / imagesPerQuestion;
  }

  async #list(): Promise<ReadonlySet<ImageId>> {
    const ids = new Set<ImageId>();
    for await (const card of listCards(this.connection, { signal: this.signal })) {
      ids.add(card.imageId);
      // Of 256 cards one is opened, and which one the server cannot know: a listing of invented images ends there.
      if (this.connection.platform.randomBytes(1)[0] === 0) await openCard(this.connection, card);
    }
    return ids;
  }
}
