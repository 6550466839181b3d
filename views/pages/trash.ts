/** The trash: what is in it and for how long, to bring back or remove for good. DESIGN.md section 6, order 5. */
import type { Image } from '../../client-sdk/browser/page.js';
import { byId, show } from './parts/dom.js';
import { bytes, things } from './parts/format.js';
import { ImageGrid } from './parts/image-grid.js';
import { Listing } from './parts/listing.js';
import { offer } from './parts/offer.js';
import { say } from './parts/said.js';
import { watchSearch } from './parts/search-box.js';
import { SelectionBar } from './parts/selection-bar.js';
import { attempt, startApp, toast, type AppPage } from './parts/shell.js';
import { shownName, type TileFace } from './parts/tiles.js';
import { are, forGood, namesOf, sweep, toGallery, toTrash } from './parts/trashing.js';

const dayMs = 86_400_000;

startApp(async (page) => {
  await new Trash(page).load();
});

/** The grid with what belongs to it. */
class Trash {
  readonly #page: AppPage;
  readonly #grid: ImageGrid;
  readonly #listing: Listing;
  readonly #days = Number(document.body.dataset['trashDays'] ?? '30');

  constructor(page: AppPage) {
    this.#page = page;
    const purge = (images: readonly Image[]): void => { this.#askPurge(images); };
    const bar = new SelectionBar({
      'selection-restore': (images) => { attempt(() => this.#restore(images)); },
      'selection-purge': purge,
      'selection-clear': () => { this.#grid.clearSelection(); this.#grid.focus(); },
    });
    this.#grid = new ImageGrid({
      client: page.client,
      root: byId('tiles', HTMLUListElement),
      timeOf: ({ trashedAt, createdAt }) => trashedAt ?? createdAt,
      faceOf: (image) => this.#faceOf(image),
      onDelete: purge,
      onSelection: (images) => { bar.show(images); },
    });
    this.#listing = new Listing(page.client, this.#grid, true);
    watchSearch((filter) => {
      this.#grid.filterBy(filter);
      this.#listing.showCount(filter !== undefined);
      if (filter !== undefined) say(`${String(this.#grid.shown)} found`);
    });
    byId('empty-trash', HTMLButtonElement).addEventListener('click', () => { this.#askPurge(this.#grid.all()); });
  }

  async load(): Promise<void> {
    await this.#listing.load();
    this.#changed();
  }

  #faceOf(image: Image): TileFace {
    const name = shownName(image.name);
    return {
      href: undefined,
      meta: `${daysLeft(image, this.#days)} · ${bytes(image.size)}`,
      acts: [
        { icon: 'restore', label: `Restore ${name}`, run: () => { attempt(() => this.#restore([image])); } },
        { icon: 'close', label: `Remove ${name} for good`, run: () => { this.#askPurge([image]); } },
      ],
    };
  }

  async #restore(images: readonly Image[]): Promise<void> {
    const { done } = await sweep(this.#page.client, images, toGallery);
    this.#grid.take(done);
    this.#changed();
    if (done.length === 0) return;
    offer({ text: `${namesOf(done)} ${are(done)} back in the gallery.`, action: 'Undo', isUndo: true, run: () => { attempt(() => this.#trashAgain(done)); } });
  }

  async #trashAgain(images: readonly Image[]): Promise<void> {
    const { done } = await sweep(this.#page.client, images, toTrash);
    this.#grid.add(done.map((image) => ({ ...image, trashedAt: Date.now() })));
    this.#changed();
  }

  #askPurge(images: readonly Image[]): void {
    if (images.length === 0) return;
    const dialog = byId('purge', HTMLDialogElement);
    byId('purge-title', HTMLElement).textContent = images.length === 1 ? 'Remove it for good?' : `Remove ${things(images.length, 'image')} for good?`;
    byId('purge-name', HTMLElement).textContent = images.length === 1 ? namesOf(images) : `${things(images.length, 'image')}, ${bytes(images.reduce((sum, { size }) => sum + size, 0))}`;
    byId('purge-yes', HTMLButtonElement).onclick = () => {
      dialog.close();
      attempt(() => this.#purge(images));
    };
    dialog.showModal();
  }

  async #purge(images: readonly Image[]): Promise<void> {
    const { done } = await sweep(this.#page.client, images, forGood);
    this.#grid.take(done);
    this.#changed();
    if (done.length > 0) toast(`${namesOf(done)} ${are(done)} gone for good.`);
  }

  #changed(): void {
    this.#listing.showCount();
    show(byId('empty-trash', HTMLElement), this.#grid.total > 0);
  }
}

/** Whole days, begun ones counted: what is left today is a day. */
function daysLeft({ trashedAt }: Image, days: number): string {
  if (trashedAt === undefined) return '';
  const left = Math.ceil((trashedAt + days * dayMs - Date.now()) / dayMs);
  return left <= 0 ? 'goes today' : `${things(Math.min(left, days), 'day')} left`;
}
