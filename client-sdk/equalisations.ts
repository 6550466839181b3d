/**
 * The equalisations of pictures that were taken apart lately: a copy with a label or a changed pixel keeps the levels of the picture
 * before it, which is quick, and gives the same codes. SPEC.md sections 5.11 and 12.
 */
import { findEqualisation } from './core/image/equalisation.js';
import type { Equalisation, GreyPicture } from './core/image/equalised-picture.js';

/** Pictures that are remembered, and their samples together. */
const maxPictures = 8;
const maxSamples = 33_554_432;

/** Finds equalisations, and remembers the latest. */
export class Equalisations {
  #latest: readonly Equalisation[] = [];

  /** Undefined where the picture was not equalised, or not so that it was found. */
  find(picture: GreyPicture): Equalisation | undefined {
    const alike = this.#latest.filter(({ width, levels }) => width === picture.width && levels.length === picture.values.length);
    const found = findEqualisation(picture, alike);
    if (found !== undefined) this.#remember(found);
    return found;
  }

  #remember(found: Equalisation): void {
    const kept: Equalisation[] = [];
    let samples = 0;
    for (const each of [found, ...this.#latest.filter(({ maps }) => maps !== found.maps)]) {
      samples += each.levels.length;
      if (kept.length < maxPictures && samples <= maxSamples) kept.push(each);
    }
    this.#latest = kept;
  }
}
