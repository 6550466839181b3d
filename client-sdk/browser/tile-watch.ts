/**
 * Which file of an upload the page is shown the tiles of: one at a time, and not a new one too often. Decides alone; the clock is
 * passed in. DESIGN.md section 7 (Pages).
 */

/** One upload's choice. */
export class TileWatch {
  #everyMs: number | undefined;
  #key: number | undefined;
  #isUnderWay = false;
  #chosenAt = -Infinity;

  /** A new file at most every `everyMs`; undefined: none is shown. */
  set(everyMs: number | undefined): void {
    this.#everyMs = everyMs;
    if (everyMs !== undefined) return;
    this.#key = undefined;
    this.#isUnderWay = false;
  }

  /** The file is a picture that is about to be placed at `now` (milliseconds); true where it is shown from now on. */
  offer(key: number, now: number): boolean {
    if (this.#everyMs === undefined) return false;
    const mayChange = !this.#isUnderWay && now - this.#chosenAt >= this.#everyMs;
    // A picture that is placed once more begins its map again.
    if (!mayChange && key !== this.#key) return false;
    this.#key = key;
    this.#isUnderWay = true;
    this.#chosenAt = now;
    return true;
  }

  isShown(key: number): boolean {
    return this.#key === key;
  }

  done(key: number): void {
    if (this.#key === key) this.#isUnderWay = false;
  }
}
