/** The gallery: upload by drop or choice, and the account's images, decrypted here. DESIGN.md section 7 (Pages). */
import type { Image } from '../../client-sdk/browser/page.js';
import { byId, show } from './parts/dom.js';
import { bytes } from './parts/format.js';
import { ImageGrid } from './parts/image-grid.js';
import { Listing } from './parts/listing.js';
import { offer } from './parts/offer.js';
import { chosenTime, watchOrder } from './parts/order.js';
import { keepScroll, placeNow } from './parts/place.js';
import { say } from './parts/said.js';
import { saveChosen } from './parts/saving.js';
import { watchSearch } from './parts/search-box.js';
import { SelectionBar } from './parts/selection-bar.js';
import { attempt, startApp, type AppPage } from './parts/shell.js';
import { shownName, type TileFace } from './parts/tiles.js';
import { takeTrashed, type TrashedNote } from './parts/trashed-note.js';
import { are, namesOf, sweep, toGallery, toTrash } from './parts/trashing.js';
import { offerUpload } from './parts/upload-panel.js';
import { isUnconfirmed } from './parts/words.js';

startApp(async (page) => {
  const { top } = placeNow();
  const gallery = new Gallery(page);
  keepScroll();
  if (isUnconfirmed(page.account.accountId)) {
    show(byId('gate', HTMLElement), true);
    show(byId('drop', HTMLElement), false);
  } else offerUpload(page, () => gallery.refresh());
  await gallery.load();
  if (top > 0) scrollTo(0, top);
  const trashed = takeTrashed();
  if (trashed !== undefined) gallery.offerBack(trashed);
});

/** The grid with what belongs to it. */
class Gallery {
  readonly #page: AppPage;
  readonly #grid: ImageGrid;
  readonly #listing: Listing;

  constructor(page: AppPage) {
    this.#page = page;
    const remove = (images: readonly Image[]): void => { attempt(() => this.#trash(images)); };
    const bar = new SelectionBar({
      'selection-download': (images) => { saveChosen(page.client, images); },
      'selection-trash': remove,
      'selection-clear': () => { this.#grid.clearSelection(); this.#grid.focus(); },
    });
    this.#grid = new ImageGrid({
      client: page.client,
      root: byId('tiles', HTMLUListElement),
      timeOf: chosenTime(),
      faceOf: (image) => this.#faceOf(image),
      onDelete: remove,
      onSelection: (images) => { bar.show(images); },
    });
    this.#listing = new Listing(page.client, this.#grid, false);
    watchOrder((timeOf) => { this.#grid.orderBy(timeOf); });
    watchSearch((filter) => {
      this.#grid.filterBy(filter);
      this.#listing.showCount(filter !== undefined);
      if (filter !== undefined) say(`${String(this.#grid.shown)} found`);
    });
  }

  async load(): Promise<void> {
    await this.#listing.load();
    this.#showRoom();
  }

  /** Puts in what was stored since. */
  async refresh(): Promise<void> {
    await this.#listing.refresh();
    this.#showRoom();
  }

  /** What the page of an image has removed can be undone here. */
  offerBack({ id, name }: TrashedNote): void {
    const restore = async (): Promise<void> => {
      await this.#page.client.call('restore', id);
      await this.load();
      say(`${shownName(name)} is back.`);
    };
    offer({ text: `${shownName(name)} is in the trash.`, action: 'Undo', isUndo: true, run: () => { attempt(restore); } });
  }

  #faceOf(image: Image): TileFace {
    const name = shownName(image.name);
    return {
      href: `/images/${image.id}`,
      meta: bytes(image.size),
      acts: [
        { icon: 'download', label: `Download ${name}`, run: () => { saveChosen(this.#page.client, [image]); } },
        { icon: 'trash', label: `Remove ${name}`, run: () => { attempt(() => this.#trash([image])); } },
      ],
    };
  }

  async #trash(images: readonly Image[]): Promise<void> {
    if (images.length === 0) return;
    const { done } = await sweep(this.#page.client, images, toTrash);
    this.#grid.take(done);
    this.#changed();
    if (done.length === 0) return;
    offer({ text: `${namesOf(done)} ${are(done)} in the trash.`, action: 'Undo', isUndo: true, run: () => { attempt(() => this.#restore(done)); } });
  }

  async #restore(images: readonly Image[]): Promise<void> {
    const { done } = await sweep(this.#page.client, images, toGallery);
    this.#grid.add(done);
    this.#changed();
    say(`${namesOf(done)} ${are(done)} back.`);
  }

  #changed(): void {
    this.#listing.showCount();
    this.#showRoom();
  }

  /** An empty gallery has a large place to drop files. */
  #showRoom(): void {
    byId('drop', HTMLElement).classList.toggle('is-large', this.#grid.total === 0);
  }
}
