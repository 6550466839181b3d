/**
 * The images of a grid in their order: newest first by a time that the person chooses, in days, as far as they pass the filter.
 * Knows no element. Adding and taking keeps the rest as it is.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import { dayKey, dayTitle } from './days.js';
import type { ImageFilter } from './image-search.js';

/** What an image stands under. */
export interface DayGroup {
  readonly key: string;
  readonly title: string;
  /** Index of its first image among the shown ones. */
  readonly start: number;
  readonly count: number;
}

/** How images are ordered. */
export type TimeOf = (image: Image) => number;

interface Placed {
  readonly image: Image;
  readonly time: number;
  readonly day: string;
}

/** The last day of a listing grows while it comes. */
interface GrowingGroup extends DayGroup {
  count: number;
}

/** All images, and those of them that are shown. */
export class ImageList {
  readonly #byId = new Map<string, Placed>();
  #sorted: Placed[] = [];
  #timeOf: TimeOf;
  #filter: ImageFilter | undefined;
  #shown: Image[] = [];
  #indices = new Map<string, number>();
  #groups: GrowingGroup[] = [];

  constructor(
    timeOf: TimeOf,
    private readonly now: () => number,
  ) {
    this.#timeOf = timeOf;
  }

  get total(): number {
    return this.#byId.size;
  }

  /** Those that pass the filter, in order. */
  get shown(): readonly Image[] {
    return this.#shown;
  }

  get groups(): readonly DayGroup[] {
    return this.#groups;
  }

  /** Every image, shown or not. */
  all(): readonly Image[] {
    return this.#sorted.map(({ image }) => image);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): Image | undefined {
    return this.#byId.get(id)?.image;
  }

  /** Place among the shown ones, or -1. */
  indexOf(id: string): number {
    return this.#indices.get(id) ?? -1;
  }

  /** Puts in those that are not there yet, and answers how many these were. */
  add(images: readonly Image[]): number {
    const added: Placed[] = [];
    for (const image of images) {
      if (this.#byId.has(image.id)) continue;
      const placed = this.#placed(image);
      this.#byId.set(image.id, placed);
      added.push(placed);
    }
    this.#merge(added);
    return added.length;
  }

  /** Takes out those with these ids. */
  take(ids: ReadonlySet<string>): void {
    for (const id of ids) this.#byId.delete(id);
    this.#sorted = this.#sorted.filter(({ image }) => !ids.has(image.id));
    this.#show();
  }

  orderBy(timeOf: TimeOf): void {
    this.#timeOf = timeOf;
    this.#sorted = this.#sorted.map(({ image }) => this.#placed(image));
    for (const placed of this.#sorted) this.#byId.set(placed.image.id, placed);
    this.#order();
  }

  /** Undefined shows all. */
  filterBy(filter: ImageFilter | undefined): void {
    this.#filter = filter;
    this.#show();
  }

  #placed(image: Image): Placed {
    const time = this.#timeOf(image);
    return { image, time, day: dayKey(time) };
  }

  /** Puts images in among those that come after the first of them; a listing comes in order, and then these are hardly any. */
  #merge(added: Placed[]): void {
    const [first] = added.sort(inOrder);
    if (first === undefined) return;
    let from = this.#sorted.length;
    for (let low = 0; low < from; ) {
      const middle = (low + from) >> 1;
      const there = this.#sorted[middle];
      if (there !== undefined && inOrder(there, first) <= 0) low = middle + 1;
      else from = middle;
    }
    const after = this.#sorted.splice(from);
    this.#hideLast(after);
    const merged = [...after, ...added].sort(inOrder);
    for (const placed of merged) this.#sorted.push(placed);
    this.#showMore(merged);
  }

  /** Takes the last images out of what is shown, as far as they are in it. */
  #hideLast(placed: readonly Placed[]): void {
    for (const { image } of placed.toReversed()) {
      if (!this.#indices.delete(image.id)) continue;
      this.#shown.pop();
      const group = this.#groups.at(-1);
      if (group !== undefined && --group.count === 0) this.#groups.pop();
    }
  }

  #order(): void {
    this.#sorted.sort(inOrder);
    this.#show();
  }

  #show(): void {
    this.#shown = [];
    this.#indices = new Map();
    this.#groups = [];
    this.#showMore(this.#sorted);
  }

  /** Puts those that pass the filter after what is shown. */
  #showMore(placed: readonly Placed[]): void {
    const filter = this.#filter;
    const title = titleOf(this.now());
    for (const one of placed) {
      if (filter !== undefined && !filter(one.image)) continue;
      this.#indices.set(one.image.id, this.#shown.length);
      this.#shown.push(one.image);
      const group = this.#groups.at(-1);
      if (group?.key === one.day) group.count++;
      else this.#groups.push({ key: one.day, title: title(one), start: this.#shown.length - 1, count: 1 });
    }
  }
}

/** Newest first, images of one moment by name. */
function inOrder(a: Placed, b: Placed): number {
  return b.time - a.time || (a.image.name < b.image.name ? -1 : a.image.name > b.image.name ? 1 : 0);
}

/** Titles by day: writing one out takes long enough to count where there are thousands. */
const titles = new Map<string, string>();

function titleOf(now: number): (placed: Placed) => string {
  const today = dayKey(now);
  return ({ day, time }) => {
    const key = `${today} ${day}`;
    const known = titles.get(key) ?? dayTitle(time, now);
    titles.set(key, known);
    return known;
  };
}
