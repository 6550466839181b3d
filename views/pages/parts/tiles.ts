/**
 * One tile of a grid: picture or an honest placeholder, name, a line below it, a box to select it, and what can be done with it.
 * It only draws; the grid listens. Names are shown without what would turn or break their line.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import { el, icon, iconButton } from './dom.js';
import { baseName, shortType, things } from './format.js';
import type { DayGroup } from './image-list.js';
import type { PreviewOutcome } from './previews.js';

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
  const frame = el('span', { class: 'frame' });
  const label = el('span', { class: 'label' }, el('span', { class: 'name', title: shownText(image.name) }, name), el('span', { class: 'meta' }, face.meta));
  const open = face.href === undefined
    ? el('button', { type: 'button', class: 'open', tabindex: -1 }, frame, label)
    : el('a', { class: 'open', href: face.href, tabindex: -1, draggable: 'false' }, frame, label);
  const check = el('input', { type: 'checkbox', class: 'pick', tabindex: -1, 'aria-label': `Select ${name}` });
  const buttons = face.acts.map((act) => iconButton(act.icon, act.label, act.run));
  for (const button of buttons) button.tabIndex = -1;
  const item = el('li', { class: 'tile', 'data-name': image.name, 'data-id': image.id }, el('div', { class: 'face' }, open, el('span', { class: 'pick-place' }, check), el('div', { class: 'acts' }, ...buttons)));
  if (!image.hasPreview) frame.append(placeholder(image, 'No preview: encrypted file'));
  else frame.classList.add('is-loading');
  return { image, item, open, check, frame, buttons };
}

/** Shows what became of the preview. */
export function showPreview({ frame, image }: Tile, outcome: PreviewOutcome): void {
  if (outcome.kind !== 'picture') {
    frame.classList.remove('is-loading');
    frame.replaceChildren(placeholder(image, outcome.kind === 'none' ? 'No preview: encrypted file' : 'The preview did not come'));
    return;
  }
  const picture = el('img', { alt: '', decoding: 'async', draggable: 'false' });
  picture.onload = () => {
    frame.classList.remove('is-loading');
    frame.replaceChildren(picture);
  };
  picture.onerror = () => { showPreview({ frame, image } as Tile, { kind: 'failed' }); }; // No more than these two members is read.
  picture.src = outcome.url;
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
