/**
 * The part of a grid that is drawn: the tiles near the window, and the one that has the focus. Puts them in, moves them and takes
 * them out as the page scrolls; ten thousand images cost as much as a hundred. Decides nothing about them.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import type { GridLayout } from './grid-layout.js';
import type { DayGroup, ImageList } from './image-list.js';
import type { PreviewOutcome, Previews } from './previews.js';
import { tilePicture, type PictureBox } from './tile-picture.js';
import { dayHeading, removeTile, showNoPicture, showPicture, type DayHeading, type Tile } from './tiles.js';

/** How far beyond the window tiles are drawn, in CSS pixels: less while the page flies by. */
const overscan = 500;
const flyingOverscan = 80;
/** Once the page has been at rest so long, the rest is drawn and previews are asked for: what flies by is never fetched. */
const restMs = 90;

/** What the window asks of the grid. */
export interface WindowParts {
  readonly root: HTMLUListElement;
  readonly list: ImageList;
  readonly previews: Previews;
  readonly makeTile: (image: Image) => Tile;
  readonly isSelected: (id: string) => boolean;
  /** The image that the Tab key reaches; drawn wherever it lies. */
  readonly currentId: () => string | undefined;
  readonly onDay: (start: number, count: number, isSelected: boolean) => void;
}

interface DrawnTile {
  readonly tile: Tile;
  heading: DayHeading | undefined;
  /** The layout, place and selection that it was drawn for. */
  drawn: string;
  /** What its preview was asked for to cover; undefined before. */
  wantedFor: PictureBox | undefined;
}

/** The drawn tiles. */
export class GridWindow {
  readonly #tiles = new Map<string, DrawnTile>();
  #layout: GridLayout | undefined;
  #version = 0;
  #top = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly parts: WindowParts) {}

  /** A new layout: everything drawn finds its new place at the next drawing. */
  layOut(layout: GridLayout): void {
    const { root } = this.parts;
    this.#layout = layout;
    this.#version++;
    root.style.height = `${String(layout.height)}px`;
    root.style.setProperty('--tile-width', `${String(layout.tileWidth)}px`);
    root.style.setProperty('--tile-height', `${String(layout.tileHeight)}px`);
  }

  /** Selection or focus changed: what is drawn shows it at the next drawing. */
  touch(): void {
    this.#version++;
  }

  tileOf(id: string): Tile | undefined {
    return this.#tiles.get(id)?.tile;
  }

  /** Draws what is near the window now. */
  draw(): void {
    const { root, list } = this.parts;
    const layout = this.#layout;
    if (layout === undefined) return;
    const { top } = root.getBoundingClientRect();
    const isFlying = Math.abs(top - this.#top) > innerHeight / 4;
    this.#top = top;
    const beyond = isFlying ? flyingOverscan : overscan;
    this.#restSoon(isFlying);
    const [first, end] = layout.range(-top - beyond, innerHeight - top + beyond);
    const indices: number[] = [];
    for (let index = first; index < end; index++) indices.push(index);
    const current = list.indexOf(this.parts.currentId() ?? '');
    if (current >= 0 && current < first) indices.unshift(current);
    if (current >= end) indices.push(current);
    this.#drawEach(indices, layout);
  }

  /** Previews are asked for once the page rests. */
  #restSoon(isFlying: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (isFlying) this.draw();
      this.#wantPreviews();
    }, restMs);
  }

  #wantPreviews(): void {
    const box = this.#layout?.frame;
    if (box === undefined) return;
    for (const drawn of this.#tiles.values()) {
      const { tile: { image }, wantedFor } = drawn;
      // A picture that was drawn for a larger tile serves a smaller one.
      if (!image.hasPreview || (wantedFor !== undefined && box.width <= wantedFor.width && box.height <= wantedFor.height)) continue;
      drawn.wantedFor = box;
      this.parts.previews.want(image.id, (outcome) => { void this.#show(drawn, outcome); });
    }
  }

  /** Shows a preview, unless its tile was asked for a larger one or is gone by then. */
  async #show(drawn: DrawnTile, outcome: PreviewOutcome): Promise<void> {
    const { tile, wantedFor } = drawn;
    if (outcome.kind !== 'picture' || wantedFor === undefined) {
      showNoPicture(tile, outcome.kind === 'none' ? 'none' : 'failed');
      return;
    }
    try {
      const picture = await tilePicture(outcome.preview, wantedFor);
      if (drawn.wantedFor === wantedFor && this.#tiles.get(tile.image.id) === drawn) showPicture(tile, picture);
    } catch {
      showNoPicture(tile, 'failed'); // What came is no picture that this browser knows.
    }
  }

  #drawEach(indices: readonly number[], layout: GridLayout): void {
    const { root, list, previews } = this.parts;
    const images = indices.flatMap((index) => { const image = list.shown[index]; return image === undefined ? [] : [{ image, index }]; });
    const wanted: ReadonlySet<string> = new Set<string>(images.map(({ image }) => image.id));
    for (const [id, { tile, wantedFor }] of this.#tiles) {
      if (wanted.has(id)) continue;
      removeTile(tile);
      this.#tiles.delete(id);
      if (wantedFor !== undefined) previews.leave(id);
    }
    let before: Element | null = root.firstElementChild;
    for (const { image, index } of images) {
      const drawn = this.#tiles.get(image.id) ?? this.#newTile(image);
      if (drawn.tile.item === before) before = before.nextElementSibling;
      else root.insertBefore(drawn.tile.item, before);
      this.#place(drawn, index, layout);
    }
  }

  #newTile(image: Image): DrawnTile {
    const tile = this.parts.makeTile(image);
    const drawn: DrawnTile = { tile, heading: undefined, drawn: '', wantedFor: undefined };
    this.#tiles.set(image.id, drawn);
    return drawn;
  }

  #place(drawn: DrawnTile, index: number, layout: GridLayout): void {
    const key = `${String(this.#version)}/${String(index)}`;
    if (drawn.drawn === key) return;
    drawn.drawn = key;
    const { item, open, check, buttons, image } = drawn.tile;
    const { x, y } = layout.placeOf(index);
    item.style.left = `${String(x)}px`;
    item.style.top = `${String(y)}px`;
    item.setAttribute('aria-setsize', String(this.parts.list.shown.length));
    item.setAttribute('aria-posinset', String(index + 1));
    const isSelected = this.parts.isSelected(image.id);
    item.classList.toggle('is-selected', isSelected);
    check.checked = isSelected;
    const tabIndex = this.parts.currentId() === image.id ? 0 : -1;
    for (const element of [open, check, ...buttons]) element.tabIndex = tabIndex;
    if (open instanceof HTMLButtonElement) open.setAttribute('aria-pressed', String(isSelected));
    this.#head(drawn, index, layout);
  }

  /** The first tile of a day carries its heading; one that is pressed just now must not be replaced. */
  #head(drawn: DrawnTile, index: number, layout: GridLayout): void {
    const group = layout.groupOf(index);
    const isFirst = group?.start === index;
    if (!isFirst || drawn.heading?.title !== group.title || drawn.heading.count !== group.count) {
      drawn.heading?.element.remove();
      drawn.heading = undefined;
    }
    if (!isFirst) return;
    drawn.heading ??= this.#newHeading(drawn, group);
    const { check } = drawn.heading;
    const images = this.parts.list.shown.slice(group.start, group.start + group.count);
    const selected = images.filter(({ id }) => this.parts.isSelected(id)).length;
    check.checked = selected === group.count;
    check.indeterminate = selected > 0 && selected < group.count;
    const current = this.parts.list.indexOf(this.parts.currentId() ?? '');
    check.tabIndex = current >= group.start && current < group.start + group.count ? 0 : -1;
  }

  #newHeading({ tile }: DrawnTile, group: DayGroup): DayHeading {
    const heading = dayHeading(group);
    heading.check.addEventListener('change', () => {
      const start = this.parts.list.indexOf(tile.image.id);
      this.parts.onDay(start, group.count, heading.check.checked);
    });
    tile.item.prepend(heading.element);
    return heading;
  }
}
