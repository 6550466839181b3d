/**
 * A grid of images for gallery and trash: days, tiles near the window alone, keyboard, selection. It is told what to show and says
 * what the person wants; it lists, removes and saves nothing.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import { intentOf, type GridIntent } from './grid-keys.js';
import { GridLayout } from './grid-layout.js';
import { GridWindow } from './grid-window.js';
import type { ImageFilter } from './image-search.js';
import { ImageList, type TimeOf } from './image-list.js';
import { Previews } from './previews.js';
import { Selection } from './selection.js';
import { imageTile, type Tile, type TileFace } from './tiles.js';

/** What a grid needs of its page. */
export interface GridOptions {
  readonly client: PageClient;
  readonly root: HTMLUListElement;
  readonly timeOf: TimeOf;
  readonly faceOf: (image: Image) => TileFace;
  /** The Delete key was pressed on these. */
  readonly onDelete: (images: readonly Image[]) => void;
  readonly onSelection: (images: readonly Image[]) => void;
}

const minTileRem = 11.5;
const labelRem = 3.5;
const headingRem = 3;
const gapRem = 0.875;
/** Below this width of the grid, in rem, two tiles share the row. */
const narrowRem = 34;

/** The grid of the page. */
export class ImageGrid {
  readonly #options: GridOptions;
  readonly #list: ImageList;
  readonly #selection = new Selection();
  readonly #window: GridWindow;
  #layout: GridLayout;
  #currentId: string | undefined;
  #frame = 0;
  #width = 0;

  constructor(options: GridOptions) {
    this.#options = options;
    this.#list = new ImageList(options.timeOf, () => Date.now());
    this.#layout = new GridLayout([], measureOf(options.root));
    this.#window = new GridWindow({
      root: options.root,
      list: this.#list,
      previews: new Previews(options.client),
      makeTile: (image) => this.#newTile(image),
      isSelected: (id) => this.#selection.has(id),
      currentId: () => this.#currentId,
      onDay: (start, count, isSelected) => { this.#selectDay(start, count, isSelected); },
    });
    this.#listen();
  }

  /** Images in all, shown or not. */
  get total(): number {
    return this.#list.total;
  }

  get shown(): number {
    return this.#list.shown.length;
  }

  /** Height of what is there, in CSS pixels. */
  get height(): number {
    return this.#layout.height;
  }

  all(): readonly Image[] {
    return this.#list.all();
  }

  /** Puts images in that are not there yet; what is seen stays where it is. */
  add(images: readonly Image[]): void {
    this.#keepPlace(() => { if (this.#list.add(images) > 0) this.#layOut(); });
  }

  /** Takes these away; the focus goes to the neighbour. */
  take(images: readonly Image[]): void {
    const ids: ReadonlySet<string> = new Set<string>(images.map(({ id }) => id));
    const hadFocus = this.#options.root.contains(document.activeElement);
    const isCurrentGone = this.#currentId !== undefined && ids.has(this.#currentId);
    const next = isCurrentGone ? this.#neighbourOf(ids) : this.#currentId;
    this.#selection.set([...ids], false);
    this.#list.take(ids);
    this.#currentId = next;
    this.#layOut();
    this.#tellSelection();
    if (isCurrentGone && hadFocus && next !== undefined) this.#window.tileOf(next)?.open.focus({ preventScroll: true });
  }

  /** Shows only what passes; undefined shows all. */
  filterBy(filter: ImageFilter | undefined): void {
    this.#list.filterBy(filter);
    this.#currentId = this.#list.shown[0]?.id;
    this.#layOut();
    this.#tellSelection();
  }

  orderBy(timeOf: TimeOf): void {
    this.#list.orderBy(timeOf);
    this.#layOut();
  }

  clearSelection(): void {
    this.#selection.clear();
    this.#changeSelection();
  }

  /** Gives the focus to the current tile. */
  focus(): void {
    if (this.#currentId !== undefined) this.#window.tileOf(this.#currentId)?.open.focus();
  }

  #listen(): void {
    const { root } = this.#options;
    const schedule = (): void => { this.#schedule(); };
    window.addEventListener('scroll', schedule, { passive: true });
    window.addEventListener('resize', schedule);
    new ResizeObserver(() => { this.#onWidth(); }).observe(root);
    root.addEventListener('keydown', (event) => { this.#onKey(event); });
    root.addEventListener('focusin', (event) => { this.#onFocus(event); });
  }

  #schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#window.draw();
    });
  }

  /** The height is the grid's own doing. */
  #onWidth(): void {
    const width = this.#options.root.clientWidth;
    if (width === this.#width) return;
    this.#width = width;
    this.#keepPlace(() => { this.#layOut(); });
  }

  #layOut(): void {
    this.#layout = new GridLayout(this.#list.groups, measureOf(this.#options.root));
    if (this.#currentId === undefined || this.#list.indexOf(this.#currentId) < 0) this.#currentId = this.#list.shown[0]?.id;
    this.#window.layOut(this.#layout);
    this.#window.draw();
  }

  /** What is at the top of the window stays there while images or widths change. */
  #keepPlace(change: () => void): void {
    const { top } = this.#options.root.getBoundingClientRect();
    const [first, end] = this.#layout.range(-top, -top + 1);
    const anchor = top < 0 && first < end ? this.#list.shown[first] : undefined;
    const before = this.#layout.placeOf(first).y;
    change();
    const now = anchor === undefined ? -1 : this.#list.indexOf(anchor.id);
    if (now >= 0) window.scrollBy(0, this.#layout.placeOf(now).y - before);
  }

  #newTile(image: Image): Tile {
    const tile = imageTile(image, this.#options.faceOf(image));
    tile.check.addEventListener('click', (event) => { this.#pick(image, event.shiftKey); });
    tile.open.addEventListener('click', (event) => {
      const isPicking = this.#selection.size > 0 || event.shiftKey || tile.open instanceof HTMLButtonElement;
      if (event.ctrlKey || event.metaKey || !isPicking || event.detail === 0 && tile.open instanceof HTMLAnchorElement) return;
      event.preventDefault();
      this.#pick(image, event.shiftKey);
    });
    return tile;
  }

  #pick(image: Image, isRange: boolean): void {
    this.#currentId = image.id;
    if (isRange) this.#selection.extendTo(image.id, this.#order());
    else this.#selection.toggle(image.id);
    this.#changeSelection();
  }

  #selectDay(start: number, count: number, isSelected: boolean): void {
    this.#selection.set(this.#order().slice(start, start + count), isSelected);
    this.#changeSelection();
  }

  #changeSelection(): void {
    this.#window.touch();
    this.#window.draw();
    this.#tellSelection();
  }

  #tellSelection(): void {
    this.#options.onSelection([...this.#selection.ids].flatMap((id) => { const image = this.#list.get(id); return image === undefined ? [] : [image]; }));
  }

  #order(): readonly string[] {
    return this.#list.shown.map(({ id }) => id);
  }

  #onFocus(event: FocusEvent): void {
    const id = idOfEvent(event);
    if (id === undefined || id === this.#currentId) return;
    this.#currentId = id;
    this.#window.touch();
    this.#window.draw();
  }

  #onKey(event: KeyboardEvent): void {
    const intent = intentOf(event);
    const isOnTile = event.target instanceof Element && event.target.classList.contains('open');
    // Boxes and buttons keep their own keys.
    if (intent === undefined || intent.kind === 'open' || (intent.kind === 'toggle' && !isOnTile)) return;
    if (intent.kind === 'clear' && this.#selection.size === 0) return;
    event.preventDefault();
    this.#carryOut(intent);
  }

  #carryOut(intent: GridIntent): void {
    const current = this.#currentId === undefined ? undefined : this.#list.get(this.#currentId);
    if (intent.kind === 'move') this.#move(intent);
    else if (intent.kind === 'toggle' && current !== undefined) this.#pick(current, false);
    else if (intent.kind === 'all') {
      this.#selection.set(this.#order(), true);
      this.#changeSelection();
    } else if (intent.kind === 'clear') this.clearSelection();
    else if (intent.kind === 'delete') this.#options.onDelete(this.#meant(current));
  }

  /** The selected ones, else the current one. */
  #meant(current: Image | undefined): readonly Image[] {
    if (this.#selection.size > 0) return [...this.#selection.ids].flatMap((id) => { const image = this.#list.get(id); return image === undefined ? [] : [image]; });
    return current === undefined ? [] : [current];
  }

  #move({ by, step, isExtending }: Extract<GridIntent, { kind: 'move' }>): void {
    const last = this.#list.shown.length - 1;
    const from = Math.max(0, this.#list.indexOf(this.#currentId ?? ''));
    const rows = by === 'page' ? Math.max(1, Math.floor((innerHeight * 0.8) / this.#layout.tileHeight)) : 1;
    const end = step < 0 ? 0 : last;
    const to = by === 'tile' ? Math.min(last, Math.max(0, from + step)) : by === 'end' ? end : this.#layout.rowsAway(from, step * rows);
    const target = this.#list.shown[to];
    const start = this.#list.shown[from];
    if (target === undefined || start === undefined) return;
    this.#currentId = target.id;
    if (isExtending) {
      this.#selection.anchorAt(start.id);
      this.#selection.extendTo(target.id, this.#order());
      this.#tellSelection();
    }
    this.#reveal(to);
    this.#window.touch();
    this.#window.draw();
    this.#window.tileOf(target.id)?.open.focus({ preventScroll: true });
  }

  /** Scrolls as far as it takes to see the tile. */
  #reveal(index: number): void {
    const { root } = this.#options;
    const { y } = this.#layout.placeOf(index);
    const top = root.getBoundingClientRect().top + y;
    const above = Number.parseFloat(getComputedStyle(root).scrollMarginTop) || 0;
    const below = Number.parseFloat(getComputedStyle(root).scrollMarginBottom) || 0;
    if (top < above) window.scrollBy(0, top - above);
    else if (top + this.#layout.tileHeight > innerHeight - below) window.scrollBy(0, top + this.#layout.tileHeight - innerHeight + below);
  }

  /** The nearest image after the current one that stays, else before it. */
  #neighbourOf(ids: ReadonlySet<string>): string | undefined {
    const { shown } = this.#list;
    const from = this.#list.indexOf(this.#currentId ?? '');
    const stays = ({ id }: Image): boolean => !ids.has(id);
    return (shown.slice(from).find(stays) ?? shown.slice(0, Math.max(0, from)).findLast(stays))?.id;
  }
}

function idOfEvent(event: Event): string | undefined {
  const item = event.target instanceof Element ? event.target.closest('li[data-id]') : null;
  return item?.getAttribute('data-id') ?? undefined;
}

function measureOf(root: HTMLElement): ConstructorParameters<typeof GridLayout>[1] {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
  const width = root.clientWidth;
  return {
    width,
    minTileWidth: minTileRem * rem,
    minColumns: width < narrowRem * rem ? 2 : 1,
    gap: gapRem * rem,
    headingHeight: headingRem * rem,
    labelHeight: labelRem * rem,
  };
}
