/**
 * One tile of a grid: picture or an honest placeholder, name, a line below it, a box to select it, and what can be done with it.
 * It only draws; the grid listens. Names are shown without what would turn or break their line.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import { el, icon } from './dom.js';
import { baseName, shortType, things } from './format.js';
import type { DayGroup } from './image-list.js';
import { dropPicture } from './tile-picture.js';

/** Something that a tile offers. */
export interface TileAct {
  readonly icon: string;
  readonly label: string;
  readonly run: () => void;
}

/** What a tile shows. `href` undefined: it cannot be opened, and a click selects it. */
export interface TileFace {
  readonly href: string | undefined;
  readonly meta: string;
  readonly acts: readonly TileAct[];
}

/** A tile in the page. */
export interface Tile {
  readonly image: Image;
  readonly item: HTMLLIElement;
  /** What has the focus of the tile. */
  readonly open: HTMLElement;
  readonly check: HTMLInputElement;
  readonly frame: HTMLElement;
  readonly buttons: readonly HTMLElement[];
}

/** A new tile. */
export function imageTile(image: Image, face: TileFace): Tile {
  const name = shownName(image.name);
  const { item, open, check, frame, label, buttons } = emptyTile(face);
  item.dataset['name'] = image.name;
  item.dataset['id'] = image.id;
  if (open instanceof HTMLAnchorElement) open.href = face.href ?? '';
  label.name.textContent = name;
  label.name.title = shownText(image.name);
  label.meta.textContent = face.meta;
  check.setAttribute('aria-label', `Select ${name}`);
  for (const [at, { label: spoken, run }] of face.acts.entries()) {
    const button = buttons[at];
    button?.setAttribute('aria-label', spoken);
    button?.addEventListener('click', run);
  }
  if (image.hasPreview) frame.classList.add('is-loading');
  else frame.append(placeholder(image, 'No preview: encrypted file'));
  return { image, item, open, check, frame, buttons };
}

interface EmptyTile extends Omit<Tile, 'image'> {
  readonly label: { readonly name: HTMLElement; readonly meta: HTMLElement };
}

/** Tiles without an image, by the icons of their buttons: a copy costs a fraction of what making one costs. */
const models = new Map<string, HTMLLIElement>();

function emptyTile(face: TileFace): EmptyTile {
  const key = [face.href === undefined, ...face.acts.map(({ icon: name }) => name)].join();
  const model = models.get(key) ?? newModel(face);
  models.set(key, model);
  const item = model.cloneNode(true) as HTMLLIElement; // A copy is of the same kind.
  return {
    item,
    open: partOf(item, '.open', HTMLElement),
    check: partOf(item, '.pick', HTMLInputElement),
    frame: partOf(item, '.frame', HTMLElement),
    label: { name: partOf(item, '.name', HTMLElement), meta: partOf(item, '.meta', HTMLElement) },
    buttons: [...item.querySelectorAll<HTMLElement>('.acts button')],
  };
}

function newModel(face: TileFace): HTMLLIElement {
  const inside = [el('span', { class: 'frame' }), el('span', { class: 'label' }, el('span', { class: 'name' }), el('span', { class: 'meta' }))];
  const open = face.href === undefined
    ? el('button', { type: 'button', class: 'open', tabindex: -1 }, ...inside)
    : el('a', { class: 'open', tabindex: -1, draggable: 'false' }, ...inside);
  const check = el('span', { class: 'pick-place' }, el('input', { type: 'checkbox', class: 'pick', tabindex: -1 }));
  const buttons = face.acts.map((act) => el('button', { type: 'button', class: 'round', tabindex: -1 }, icon(act.icon)));
  return el('li', { class: 'tile' }, el('div', { class: 'face' }, open, check, el('div', { class: 'acts' }, ...buttons)));
}

function partOf<T extends HTMLElement>(item: HTMLElement, selector: string, type: new () => T): T {
  const part = item.querySelector(selector);
  if (part instanceof type) return part;
  throw new Error(`a tile lacks ${selector}`);
}

/** Shows the picture of a tile, in place of what it showed. */
export function showPicture({ frame }: Tile, picture: HTMLCanvasElement): void {
  dropPicture(frame);
  frame.classList.remove('is-loading');
  frame.replaceChildren(picture);
}

/** Says why there is no picture. */
export function showNoPicture({ frame, image }: Tile, why: 'none' | 'failed'): void {
  frame.classList.remove('is-loading');
  frame.replaceChildren(placeholder(image, why === 'none' ? 'No preview: encrypted file' : 'The preview did not come'));
}

/** Takes a tile out of the page. */
export function removeTile({ item, frame }: Tile): void {
  item.remove();
  dropPicture(frame);
}

/** The line over the first tile of a day. */
export interface DayHeading {
  readonly element: HTMLElement;
  /** Selects the whole day. */
  readonly check: HTMLInputElement;
  readonly title: string;
  readonly count: number;
}

/** A new heading, nothing selected. */
export function dayHeading({ key, title, count }: DayGroup): DayHeading {
  const check = el('input', { type: 'checkbox', tabindex: -1, 'aria-label': `Select all of ${title}, ${things(count, 'image')}` });
  const element = el('div', { class: 'day', 'data-day': key }, el('h2', {}, title), el('span', { class: 'pick-place' }, check));
  return { element, check, title, count };
}

/** The last part of a name as it is shown: what is no letter and turns the line is a visible mark. */
export function shownName(name: string): string {
  const base = baseName(name);
  return shownText(base === '' ? name : base);
}

function shownText(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function placeholder(image: Image, text: string): HTMLElement {
  return el('span', { class: 'placeholder' }, icon('lock'), el('span', { class: 'kind' }, shortType(image.type, image.name)), el('span', { class: 'why' }, text));
}
