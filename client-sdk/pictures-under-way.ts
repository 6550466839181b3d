/**
 * Pictures of one run that are on their way, by their anchors: an edited copy that comes beside its original waits until that is
 * stored, and meets it. A later picture waits for earlier ones alone, so that no two wait for each other. SPEC.md section 12.
 */
import { type AnchorPair, alignmentOf } from './core/image/alignment.js';
import type { Anchor } from './core/image/anchors.js';
import type { SplitterId } from './core/image/splitter.js';
import { hexOf } from './protocol/bytes.js';

/** A picture from when it is understood until it is stored, or is not going to be. */
export interface PictureUnderWay {
  /** Counts up from 1 within the run. */
  readonly number: number;
  readonly splitter: SplitterId;
  readonly anchors: readonly Anchor[];
  /** Resolves when it has left. */
  readonly left: Promise<void>;
  leave(): void;
}

/** The pictures under way of one run. */
export class PicturesUnderWay {
  readonly #byAnchor = new Map<string, Map<PictureUnderWay, Anchor>>();
  #last = 0;

  /** A picture that is on its way from now on. Its `leave` is called once, whatever becomes of it. */
  enter(splitter: SplitterId, anchors: readonly Anchor[]): PictureUnderWay {
    let settle: () => void = () => undefined;
    const left = new Promise<void>((resolve) => { settle = resolve; });
    const leave = (): void => {
      this.#forget(picture);
      settle();
    };
    const picture: PictureUnderWay = { number: ++this.#last, splitter, anchors, left, leave };
    for (const anchor of anchors) {
      const name = hexOf(anchor.hash);
      const there = this.#byAnchor.get(name) ?? new Map<PictureUnderWay, Anchor>();
      this.#byAnchor.set(name, there.set(picture, anchor));
    }
    return picture;
  }

  /** The first of those that came earlier whose anchors agree on how the two lie to each other. */
  earlierLike(picture: PictureUnderWay): PictureUnderWay | undefined {
    let first: PictureUnderWay | undefined;
    for (const [other, pairs] of this.#pairsBefore(picture)) {
      if (other.number < (first ?? picture).number && alignmentOf(pairs) !== undefined) first = other;
    }
    return first;
  }

  #pairsBefore({ number, splitter, anchors }: PictureUnderWay): ReadonlyMap<PictureUnderWay, readonly AnchorPair[]> {
    const pairs = new Map<PictureUnderWay, AnchorPair[]>();
    for (const target of anchors) {
      for (const [other, known] of this.#byAnchor.get(hexOf(target.hash)) ?? []) {
        if (other.number >= number || other.splitter !== splitter) continue;
        const ofOther = pairs.get(other) ?? [];
        ofOther.push({ target, known });
        pairs.set(other, ofOther);
      }
    }
    return pairs;
  }

  #forget(picture: PictureUnderWay): void {
    for (const { hash } of picture.anchors) {
      const name = hexOf(hash);
      const there = this.#byAnchor.get(name);
      there?.delete(picture);
      if (there?.size === 0) this.#byAnchor.delete(name);
    }
  }
}
