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

/** All images, and those of them that are shown. */
export class ImageList {
  readonly #byId = new Map<string, Placed>();
  #sorted: Placed[] = [];
  #timeOf: TimeOf;
  #filter: ImageFilter | undefined;
  #shown: readonly Image[] = [];
  #indices = new Map<string, number>();
  #groups: readonly DayGroup[] = [];

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
    const before = this.#byId.size;
    for (const image of images) {
      if (this.#byId.has(image.id)) continue;
      const placed = this.#placed(image);
      this.#byId.set(image.id, placed);
      // A sort takes hardly any time where nearly all are in order.
      this.#sorted.push(placed);
    }
    if (this.#byId.size > before) this.#order();
    return this.#byId.size - before;
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

  #order(): void {
    this.#sorted.sort((a, b) => b.time - a.time || (a.image.name < b.image.name ? -1 : a.image.name > b.image.name ? 1 : 0));
    this.#show();
  }

  #show(): void {
    const filter = this.#filter;
    const passing = filter === undefined ? this.#sorted : this.#sorted.filter(({ image }) => filter(image));
    this.#shown = passing.map(({ image }) => image);
    this.#indices = new Map(this.#shown.map(({ id }, index) => [id, index]));
    this.#groups = groupsOf(passing, titleOf(this.now()));
  }
}

function groupsOf(placed: readonly Placed[], title: (placed: Placed) => string): readonly DayGroup[] {
  const groups: DayGroup[] = [];
  for (let start = 0; start < placed.length; ) {
    const first = placed[start];
    let end = start + 1;
    while (end < placed.length && placed[end]?.day === first?.day) end++;
    if (first !== undefined) groups.push({ key: first.day, title: title(first), start, count: end - start });
    start = end;
  }
  return groups;
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
