/**
 * The bar that tells what is selected and what can be done with it. It takes the place of the search while anything is selected.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import { byId, show } from './dom.js';
import { bytes, count } from './format.js';
import { say } from './said.js';

/** What the bar's buttons do; their ids stand in the template. */
export type BarActs = Readonly<Record<string, (images: readonly Image[]) => void>>;

/** The bar of the page. */
export class SelectionBar {
  #images: readonly Image[] = [];

  /** `acts` by the id of their button; all are called inside the click. */
  constructor(acts: BarActs) {
    for (const [id, act] of Object.entries(acts)) byId(id, HTMLButtonElement).addEventListener('click', () => { act(this.#images); });
  }

  /** Shows what is selected now. */
  show(images: readonly Image[]): void {
    const wasEmpty = this.#images.length === 0;
    this.#images = images;
    const text = `${count(images.length)} selected, ${bytes(images.reduce((sum, { size }) => sum + size, 0))}`;
    byId('selected', HTMLElement).textContent = text;
    show(byId('selection', HTMLElement), images.length > 0);
    show(byId('finder', HTMLElement), images.length === 0);
    if (images.length > 0) say(text);
    else if (!wasEmpty) say('Nothing is selected.');
  }
}
