/**
 * Reads of several images that are asked for at the same time, as one request: records, and the blocks of small images. Who asks
 * alone asks the same as ever. What a request of several does not answer is asked for alone, and that is what is believed.
 * SPEC.md section 12.
 */
import { onAbortOf } from './abort-fan.js';
import { DiceError, fault } from './core/errors.js';
import { Gathering } from './gathering.js';
import { concat } from './protocol/bytes.js';
import type { Frame } from './protocol/frames.js';
import type { ImageId } from './protocol/ids.js';
import { maxRecordsPerRead, maxTagsPerFetch } from './protocol/limits.js';
import type { ImageRecord } from './protocol/messages.js';
import type { Transport } from './transport.js';

/** Blocks of one image: T of each, and about how many bytes they have together. */
export interface BlocksOfImage {
  readonly imageId: ImageId;
  readonly tags: readonly Uint8Array[];
  readonly bytes: number;
}

/** Ciphers in one answer that several images share. */
const maxSharedBytes = 1_048_576;

/** The reads of one client. */
export class ImageReads {
  readonly #records: Gathering<ImageId, ImageRecord | undefined>;
  readonly #blocks: Gathering<BlocksOfImage, readonly Frame[] | undefined>;

  constructor(private readonly transport: Transport) {
    this.#records = new Gathering({ maxSize: maxRecordsPerRead, maxItems: maxRecordsPerRead, sizeOf: () => 1, isOfOne: isOfSeveral }, (images) => this.#readAll(images));
    const sizeOf = ({ tags, bytes }: BlocksOfImage): number => Math.max(bytes / maxSharedBytes, tags.length / maxTagsPerFetch);
    this.#blocks = new Gathering({ maxSize: 1, maxItems: maxRecordsPerRead, sizeOf, isOfOne: isOfSeveral }, (images) => this.#fetchAll(images));
  }

  /** The record of an image. Throws `image-unknown` and what else a request throws. */
  async record(imageId: ImageId, signal: AbortSignal | undefined): Promise<ImageRecord> {
    const record = await unlessAborted(this.#records.add(imageId), signal);
    return record ?? this.transport.call('readImage', { body: undefined, params: { imageId }, signal });
  }

  /** What the server sends for the tags of a small image, in their order; undefined where it must be asked for alone. */
  blocks(image: BlocksOfImage, signal: AbortSignal | undefined): Promise<readonly Frame[] | undefined> {
    return unlessAborted(this.#blocks.add(image), signal);
  }

  async #readAll(images: readonly ImageId[]): Promise<readonly (ImageRecord | undefined)[]> {
    const [imageId] = images;
    if (images.length === 1 && imageId !== undefined) return [await this.transport.call('readImage', { body: undefined, params: { imageId } })];
    const { records } = await this.transport.call('readImages', { body: { images: [...new Set(images)] } });
    const byId = new Map(records.map((record) => [record.card.imageId, record]));
    return images.map((id) => byId.get(id));
  }

  /** Under the first of them: an account may fetch all blocks of its images. */
  async #fetchAll(images: readonly BlocksOfImage[]): Promise<readonly (readonly Frame[] | undefined)[]> {
    const tags = images.flatMap((image) => image.tags);
    const [first] = images;
    if (first === undefined) return [];
    const frames: Frame[] = [];
    const input = { body: concat(...tags), params: { imageId: first.imageId } };
    for await (const frame of this.transport.frames('fetchBlocks', input, tags.length)) frames.push(frame);
    let at = 0;
    return images.map((image) => {
      const own = frames.slice(at, (at += image.tags.length));
      return own.length === image.tags.length ? own : undefined;
    });
  }
}

/** Whatever is wrong with one of them, or with asking for several, may not be wrong with another. */
function isOfSeveral(thrown: unknown): boolean {
  return thrown instanceof DiceError && !['server-unreachable', 'unauthenticated', 'rate-limited', 'unavailable', 'cancelled'].includes(thrown.code);
}

/** The answer, unless the signal comes first: the request goes on for the others. Throws `cancelled`. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  if (signal.aborted) throw fault('cancelled');
  let forget: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbortOf(signal, () => { reject(fault('cancelled')); });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    forget?.();
  }
}
