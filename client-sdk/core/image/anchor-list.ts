/**
 * The places with the lowest hashes among those that a search meets. It knows nothing of what is hashed. What anchors are: anchors.ts.
 */

/** A place and its hash: `high` before `low`, both 32 bits. */
export interface HashedPlace {
  readonly high: number;
  readonly low: number;
  readonly x: number;
  readonly y: number;
  readonly orientation: number;
}

/** A place with its hash in 8 bytes: an anchor. */
export interface KeptPlace extends Pick<HashedPlace, 'x' | 'y' | 'orientation'> {
  readonly hash: Uint8Array;
}

/** A hash that was met, where it was first, and how often. */
interface Found extends HashedPlace {
  places: number;
}

/** Hashes remembered for each anchor: those of repeating patterns are remembered until the end and answer no anchor. */
const remembered = 3;

export class AnchorList {
  readonly #capacity: number;
  /** By ascending hash. */
  readonly #found: Found[] = [];
  #maxHigh = 0xffffffff;

  /** `count`: most anchors to keep, at least 1. */
  constructor(private readonly count: number) {
    this.#capacity = remembered * count;
  }

  /** Whether so many hashes were met that some were left out. */
  get isFull(): boolean {
    return this.#found.length === this.#capacity;
  }

  /** What the upper half of a hash must not be above to be kept. */
  get maxHigh(): number {
    return this.#maxHigh;
  }

  /** The anchors, by ascending hash. */
  anchors(): readonly KeptPlace[] {
    const single = this.#found.filter((found) => found.places === 1).slice(0, this.count);
    return single.map(({ high, low, x, y, orientation }) => ({ hash: hashOf(high, low), x, y, orientation }));
  }

  /** Notes a place. */
  keep(place: HashedPlace): void {
    const list = this.#found;
    let from = 0;
    let to = list.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (isBelow(list[middle]!, place)) from = middle + 1;
      else to = middle;
    }
    const same = list[from];
    if (same?.high === place.high && same.low === place.low) {
      same.places++;
      return;
    }
    list.splice(from, 0, { ...place, places: 1 });
    if (list.length > this.#capacity) list.pop();
    if (list.length === this.#capacity) this.#maxHigh = list[list.length - 1]!.high;
  }
}

function isBelow(one: HashedPlace, other: HashedPlace): boolean {
  return one.high < other.high || (one.high === other.high && one.low < other.low);
}

function hashOf(high: number, low: number): Uint8Array {
  const hash = new Uint8Array(8);
  const view = new DataView(hash.buffer);
  view.setUint32(0, high);
  view.setUint32(4, low);
  return hash;
}
