/**
 * Fills a grid with what the account has: piece by piece as the listing comes, then only what is new. Says that it is loading, that
 * nothing is there, and that it could not be loaded.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import { byId, show } from './dom.js';
import { things } from './format.js';
import type { ImageGrid } from './image-grid.js';
import { messageOf } from './messages.js';
import { isSessionEnd, showPageError } from './shell.js';

/** Clocks and commits that overlap: what is newer than the newest known one, less this, is asked for again. */
const overlapMs = 60_000;
/** While images come they wait until they are such a part of what is shown: putting some in costs a little for all that are there. */
const pieceShare = 16;
/** What is left is put in after so long: the list ends only when it was held against the account head. */
const restMs = 200;

/** The listing of one page. */
export class Listing {
  readonly #client: PageClient;
  readonly #grid: ImageGrid;
  readonly #isTrash: boolean;
  #isLoaded = false;
  #newest = 0;
  #refreshing: Promise<void> | undefined;
  #waiting: Image[] = [];
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(client: PageClient, grid: ImageGrid, isTrash: boolean) {
    this.#client = client;
    this.#grid = grid;
    this.#isTrash = isTrash;
    byId('list-retry', HTMLButtonElement).addEventListener('click', () => { void this.load(); });
  }

  /** Lists everything; a failure is told on the page, with a button to try again. */
  async load(): Promise<void> {
    show(byId('list-failed', HTMLElement), false);
    show(byId('loading', HTMLElement), this.#grid.total === 0);
    this.#setBusy(true);
    try {
      await this.#client.stream({ name: 'list', argument: { trash: this.#isTrash } }, (images) => {
        show(byId('loading', HTMLElement), false);
        this.#take(images);
      });
      this.#isLoaded = true;
    } catch (thrown) {
      if (isSessionEnd(thrown)) showPageError(thrown);
      byId('list-why', HTMLElement).textContent = `The list could not be loaded${this.#grid.total === 0 ? '' : ' to its end'}. ${messageOf(thrown)}`;
      show(byId('list-failed', HTMLElement), true);
    } finally {
      this.#putIn();
      show(byId('loading', HTMLElement), false);
      this.#setBusy(false);
      this.showCount();
    }
  }

  /** Puts in what the server took in since; one at a time. */
  async refresh(): Promise<void> {
    while (this.#refreshing !== undefined) await this.#refreshing;
    if (!this.#isLoaded) {
      await this.load();
      return;
    }
    this.#refreshing = this.#client.stream({ name: 'newest', argument: { since: this.#newest - overlapMs } }, (images) => { this.#take(images); });
    try {
      await this.#refreshing;
    } finally {
      this.#putIn();
      this.#refreshing = undefined;
      this.showCount();
    }
  }

  /** Shows how many there are, and how many of them pass the search. */
  showCount(isSearch = this.#grid.shown < this.#grid.total): void {
    const { total, shown } = this.#grid;
    const text = isSearch ? `${shown.toLocaleString('en')} of ${things(total, 'image')}` : things(total, 'image');
    const place = byId('count', HTMLElement);
    if (place.textContent !== text) place.textContent = total === 0 ? '' : text;
    show(byId('empty', HTMLElement), this.#isLoaded && total === 0);
    show(byId('nothing-found', HTMLElement), total > 0 && shown === 0);
    show(byId('grid-bar', HTMLElement), total > 0);
  }

  #take(images: readonly Image[]): void {
    for (const image of images) {
      this.#newest = Math.max(this.#newest, image.createdAt);
      this.#waiting.push(image);
    }
    if (this.#waiting.length * pieceShare >= this.#grid.total) this.#putIn();
    else this.#soon ??= setTimeout(() => { this.#putIn(); }, restMs);
  }

  #putIn(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#grid.add(waiting);
    show(byId('grid-bar', HTMLElement), this.#grid.total > 0);
  }

  #setBusy(isBusy: boolean): void {
    byId('tiles', HTMLElement).setAttribute('aria-busy', String(isBusy));
  }
}
