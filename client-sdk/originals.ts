/**
 * Pictures of this account that a new one may be an edited copy of: found by anchors, opened once a run. Everything
 * here is a hint: what is not found, or does not open any more, costs space and nothing else. SPEC.md section 10.
 */
import type { Connection } from './connection.js';
import { DiceError } from './core/errors.js';
import { type Alignment, alignmentOf } from './core/image/alignment.js';
import type { Anchor } from './core/image/anchors.js';
import { originOf } from './core/image/default-cut.js';
import type { Point, SplitterId } from './core/image/splitter.js';
import type { CachedAnchor, FingerprintCache } from './fingerprint-cache.js';
import { hexOf } from './protocol/bytes.js';
import type { ImageId } from './protocol/ids.js';
import { PicturesUnderWay, type PictureUnderWay } from './pictures-under-way.js';
import { openImage, type StoredImage } from './stored-image.js';

/** A stored picture, and how the new one lies in it. */
export interface Original {
  readonly stored: StoredImage;
  readonly alignment: Alignment;
  /** Where its tiles begin. */
  readonly origin: Point;
}

/** Opened originals that are kept. */
const maxOpened = 8;
/** Anchors that are kept where the platform has no cache. */
const maxRemembered = 10_000;

/** The originals that one run knows of. */
export class Originals {
  readonly #opened = new Map<ImageId, Promise<StoredImage | undefined>>();
  readonly #met = new Map<string, CachedAnchor>();

  /** Those of this run that are not stored yet. */
  readonly #underWay = new PicturesUnderWay();
  #wasFound = false;

  constructor(
    private readonly connection: Connection,
    private readonly cache: FingerprintCache | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Whether the picture that was looked for last has an original: copies come together. */
  get areExpected(): boolean {
    return this.#wasFound;
  }

  /** A picture that later ones may be copies of; it leaves when it is remembered, or is not going to be. */
  enter(splitter: SplitterId, anchors: readonly Anchor[]): PictureUnderWay {
    return this.#underWay.enter(splitter, anchors);
  }

  /**
   * The picture of the same splitter that most anchors lead to, where they agree on how the new one lies in it. While there is none,
   * and one that came earlier and looks the same is still on its way, that one is waited for. Throws only `cancelled` and what ends a session.
   */
  async find(picture: PictureUnderWay): Promise<Original | undefined> {
    for (;;) {
      const earlier = this.#underWay.earlierLike(picture);
      const original = await this.#findStored(picture);
      if (picture.anchors.length > 0) this.#wasFound = original !== undefined || earlier !== undefined;
      if (original !== undefined || earlier === undefined) return original;
      await earlier.left;
    }
  }

  async #findStored({ splitter, anchors }: PictureUnderWay): Promise<Original | undefined> {
    if (anchors.length === 0) return undefined;
    const met = await this.#find(anchors);
    const pairs = new Map<ImageId, { target: Anchor; known: Anchor }[]>();
    for (const [i, target] of anchors.entries()) {
      const known = met[i];
      if (known !== undefined) pairs.set(known.imageId, [...(pairs.get(known.imageId) ?? []), { target, known: known.anchor }]);
    }
    for (const [imageId, ofImage] of [...pairs].sort(([, a], [, b]) => b.length - a.length)) {
      const alignment = alignmentOf(ofImage);
      const stored = alignment === undefined ? undefined : await this.#open(imageId);
      const origin = stored?.recipe.splitter === splitter ? originOf(stored.recipe) : undefined;
      if (alignment !== undefined && stored !== undefined && origin !== undefined) return { stored, alignment, origin };
    }
    return undefined;
  }

  /** Remembers, for this run, a picture whose commit was acknowledged. */
  remember(imageId: ImageId, anchors: readonly Anchor[]): void {
    for (const anchor of anchors) this.#met.set(hexOf(anchor.hash), { imageId, anchor });
    for (const oldest of this.#met.keys()) {
      if (this.#met.size <= maxRemembered) break;
      this.#met.delete(oldest);
    }
  }

  async #find(anchors: readonly Anchor[]): Promise<readonly (CachedAnchor | undefined)[]> {
    const cached = (await this.cache?.findAnchors(anchors)) ?? [];
    return anchors.map(({ hash }, i) => this.#met.get(hexOf(hash)) ?? cached[i]);
  }

  #open(imageId: ImageId): Promise<StoredImage | undefined> {
    const opened = this.#opened.get(imageId) ?? this.#tryToOpen(imageId);
    this.#opened.delete(imageId);
    this.#opened.set(imageId, opened);
    for (const oldest of this.#opened.keys()) {
      if (this.#opened.size <= maxOpened) break;
      this.#opened.delete(oldest);
    }
    return opened;
  }

  async #tryToOpen(imageId: ImageId): Promise<StoredImage | undefined> {
    try {
      return await openImage(this.connection, imageId, { signal: this.signal });
    } catch (thrown) {
      if (thrown instanceof DiceError && !endsTheRun(thrown)) return undefined;
      throw thrown;
    }
  }
}

function endsTheRun({ code }: DiceError): boolean {
  return code === 'cancelled' || code === 'unauthenticated' || code === 'server-unreachable' || code === 'not-logged-in';
}
