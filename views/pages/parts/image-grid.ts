/**
 * The account's images as tiles, decrypted here: listing, previews, download, removal with undo. It uploads nothing.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import { byId, iconButton, show } from './dom.js';
import { things } from './format.js';
import { saveBlob } from './save.js';
import { attempt, toast, type AppPage } from './shell.js';
import { imageTile, Previews } from './tiles.js';

/** The tiles of the page. */
export class ImageGrid {
  readonly #page: AppPage;
  readonly #previews: Previews;
  #count = 0;

  constructor(page: AppPage) {
    this.#page = page;
    this.#previews = new Previews(page.client);
  }

  /** Lists everything anew. */
  async load(): Promise<void> {
    const tiles = byId('tiles', HTMLUListElement);
    const fresh: HTMLLIElement[] = [];
    await this.#page.client.stream({ name: 'list', argument: { trash: false } }, (images) => {
      for (const image of images) fresh.push(this.#tile(image));
    });
    tiles.replaceChildren(...fresh);
    this.#setCount(fresh.length);
  }

  #tile(image: Image): HTMLLIElement {
    const { tile, frame } = imageTile(image, `/images/${image.id}`, [
      iconButton('download', `Download ${image.name}`, () => { attempt(() => this.#download(image)); }),
      iconButton('trash', `Remove ${image.name}`, () => { attempt(() => this.#remove(image, tile)); }),
    ]);
    if (image.hasPreview) this.#previews.watch(frame, image.id);
    return tile;
  }

  async #download(image: Image): Promise<void> {
    saveBlob(await this.#page.client.call('download', image.id), image.name);
  }

  async #remove(image: Image, tile: HTMLLIElement): Promise<void> {
    await this.#page.client.call('remove', image.id);
    tile.remove();
    this.#setCount(this.#count - 1);
    toast(`${image.name} is in the trash.`, { text: 'Undo', run: () => { attempt(() => this.#restore(image)); } });
  }

  async #restore(image: Image): Promise<void> {
    await this.#page.client.call('restore', image.id);
    await this.load();
  }

  #setCount(count: number): void {
    this.#count = count;
    byId('count', HTMLElement).textContent = count === 0 ? '' : things(count, 'image');
    show(byId('empty', HTMLElement), count === 0);
    byId('drop', HTMLElement).classList.toggle('is-large', count === 0);
  }
}
