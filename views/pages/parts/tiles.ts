/**
 * Tiles of images for gallery and trash: name, size, day, and a picture that is fetched and opened only when the tile comes
 * into view. An honest placeholder stands where there is none.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import { el, icon } from './dom.js';
import { baseName, bytes, day, shortType } from './format.js';

/** Loads previews of tiles as they come into view. */
export class Previews {
  readonly #client: PageClient;
  readonly #waiting = new Map<Element, string>();
  readonly #observer: IntersectionObserver;

  constructor(client: PageClient) {
    this.#client = client;
    this.#observer = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) this.#load(entry.target);
    }, { rootMargin: '400px' });
  }

  /** The frame shows the image's preview once it is seen. */
  watch(frame: Element, id: string): void {
    this.#waiting.set(frame, id);
    this.#observer.observe(frame);
  }

  #load(frame: Element): void {
    const id = this.#waiting.get(frame);
    this.#waiting.delete(frame);
    this.#observer.unobserve(frame);
    if (id === undefined) return;
    this.#client.call('preview', id).then(
      (blob) => { if (blob !== undefined) showBlob(frame, blob); },
      // The placeholder stays; opening the image says what is wrong.
      () => undefined,
    );
  }
}

/** A tile. `href` undefined: it cannot be opened. */
export function imageTile(image: Image, href: string | undefined, acts: readonly HTMLElement[]): { readonly tile: HTMLLIElement; readonly frame: HTMLElement } {
  const frame = el('div', { class: 'frame' }, placeholder(image));
  const label = el('div', { class: 'label' },
    el('span', { class: 'name', title: image.name }, baseName(image.name)),
    el('span', { class: 'meta' }, `${bytes(image.size)} · ${day(image.trashedAt ?? image.createdAt)}`));
  const body = href === undefined ? el('div', {}, frame, label) : el('a', { class: 'open', href }, frame, label);
  return { tile: el('li', { class: 'tile', 'data-name': image.name }, body, el('div', { class: 'acts' }, ...acts)), frame };
}

function placeholder(image: Image): HTMLElement {
  return el('div', { class: 'placeholder' }, icon('file'), el('span', { class: 'kind' }, shortType(image.type, image.name)));
}

function showBlob(frame: Element, blob: Blob): void {
  const picture = el('img', { alt: '', decoding: 'async' });
  const url = URL.createObjectURL(blob);
  const release = (): void => { URL.revokeObjectURL(url); };
  picture.onload = () => {
    release();
    frame.replaceChildren(picture);
  };
  picture.onerror = release;
  picture.src = url;
}
