/**
 * Long work in the page's own thread, cut into short stretches, so that frames and presses come through. Knows nothing of the work.
 */

const stretchMs = 24;

/** One piece of long work. */
export class Breath {
  #since = performance.now();

  /** Lets the page draw and answer where the last time is long ago; call it often. */
  async sometimes(): Promise<void> {
    if (performance.now() - this.#since < stretchMs) return;
    await new Promise((resolve) => { setTimeout(resolve); });
    this.#since = performance.now();
  }
}
