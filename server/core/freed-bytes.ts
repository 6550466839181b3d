/** What rows will no longer name in each pack, as shares that are taken from the live ones. */
import type { Place } from '../ports/block-store.js';
import type { LiveShare } from './sweep-plan.js';

export class FreedBytes {
  readonly #shares = new Map<number, LiveShare>();

  /** Less than nothing, to be added to what is named now. */
  get shares(): ReadonlyMap<number, LiveShare> {
    return this.#shares;
  }

  /** A record that dies; undefined: there is none. */
  add(place: Place | undefined): void {
    if (place === undefined) return;
    const { records, payloadBytes } = this.#shares.get(place.pack) ?? { records: 0, payloadBytes: 0 };
    this.#shares.set(place.pack, { records: records - 1, payloadBytes: payloadBytes - place.length });
  }
}
