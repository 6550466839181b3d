/**
 * The rows of the queue on the screen: as many elements as can be seen and a few more, whatever the number of files. It shows items and
 * passes presses on; it changes nothing.
 */
import { el, iconButton, show } from './dom.js';
import { baseName, bytes } from './format.js';
import { isUnderWay, type UploadItem } from './upload-queue.js';
import { stateOf } from './upload-wording.js';

/** Height of a row, in rem; the style sheet says the same. */
const rowRem = 3.75;
/** Rows beyond both ends, so that the next one is there when the focus moves on. */
const spareRows = 4;

/** What may be pressed. */
export interface RowActs {
  retry(key: number): void;
  remove(key: number): void;
}

interface Row {
  readonly element: HTMLLIElement;
  readonly state: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly retry: HTMLButtonElement;
  readonly remove: HTMLButtonElement;
  place: string;
}

/** The list of one panel: `scroller` moves, `list` in it has the height of all rows. */
export class UploadRows {
  readonly #scroller: HTMLElement;
  readonly #list: HTMLElement;
  readonly #acts: RowActs;
  readonly #rows = new Map<number, Row>();
  #items: readonly UploadItem[] = [];
  /** Where this list has scrolled to by itself; elsewhere the person has, and it stays there. */
  #followedTo = 0;

  constructor({ scroller, list }: { readonly scroller: HTMLElement; readonly list: HTMLElement }, acts: RowActs) {
    this.#scroller = scroller;
    this.#list = list;
    this.#acts = acts;
    scroller.addEventListener('scroll', () => { this.draw(this.#items); }, { passive: true });
  }

  /** Shows these items where the person has scrolled to, or at the item `followed` while they have not. */
  draw(items: readonly UploadItem[], followed?: number): void {
    this.#items = items;
    const rowPixels = rowRem * parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.#list.style.height = `${String(items.length * rowPixels)}px`;
    this.#follow(items, { key: followed, rowPixels });
    const { scrollTop, clientHeight } = this.#scroller;
    const first = Math.max(0, Math.floor(scrollTop / rowPixels) - spareRows);
    const last = Math.min(items.length, Math.ceil((scrollTop + clientHeight) / rowPixels) + spareRows);
    const shown = new Set<number>();
    for (let at = first; at < last; at++) {
      const item = items[at];
      if (item === undefined) continue;
      shown.add(item.key);
      this.#drawRow(item, { at, of: items.length, top: at * rowPixels });
    }
    this.#removeOthers(shown);
  }

  #follow(items: readonly UploadItem[], { key, rowPixels }: { readonly key: number | undefined; readonly rowPixels: number }): void {
    const isElsewhere = Math.abs(this.#scroller.scrollTop - this.#followedTo) > 1 || this.#scroller.contains(document.activeElement);
    if (key === undefined || isElsewhere) return;
    const at = items.findIndex((item) => item.key === key);
    // Two rows of what is done stay in sight.
    this.#scroller.scrollTop = Math.max(0, at - 2) * rowPixels;
    this.#followedTo = this.#scroller.scrollTop;
  }

  #drawRow(item: UploadItem, where: { readonly at: number; readonly of: number; readonly top: number }): void {
    const row = this.#rows.get(item.key) ?? this.#newRow(item);
    const place = `${String(where.at)} of ${String(where.of)} at ${String(where.top)}`;
    if (row.place !== place) {
      row.place = place;
      row.element.style.top = `${String(where.top)}px`;
      row.element.setAttribute('aria-posinset', String(where.at + 1));
      row.element.setAttribute('aria-setsize', String(where.of));
    }
    updateRow(row, item);
  }

  #newRow(item: UploadItem): Row {
    const { key, name } = item;
    const retry = iconButton('restore', `Retry ${name}`, () => { this.#acts.retry(key); });
    const remove = iconButton('close', `Take ${name} off the list`, () => {
      this.#acts.remove(key);
      this.#scroller.focus();
    });
    const state = el('span', { class: 'state' });
    const bar = el('progress', { max: 1, value: 0, 'aria-label': `Progress of ${baseName(name)}` });
    const texts = el('div', { class: 'texts' }, el('span', { class: 'name', title: name }, baseName(name)), state, bar);
    const row = { element: el('li', {}, texts, retry, remove), state, bar, retry, remove, place: '' };
    this.#rows.set(key, row);
    this.#list.append(row.element);
    return row;
  }

  /** Of a row that has the focus the element stays, or the keyboard would lose its place. */
  #removeOthers(shown: ReadonlySet<number>): void {
    const isListed = new Set(this.#items.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (shown.has(key) || (isListed.has(key) && row.element.contains(document.activeElement))) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
  }
}

function updateRow({ element, state, bar, retry, remove }: Row, item: UploadItem): void {
  const folder = item.name.slice(0, Math.max(0, item.name.lastIndexOf('/')));
  const text = [stateOf(item), bytes(item.size), folder].filter((part) => part !== '').join(' · ');
  if (state.textContent !== text) {
    state.textContent = text;
    state.title = text;
  }
  element.className = item.state === 'failed' ? 'is-failed' : item.state === 'stored' || item.state === 'known' ? 'is-done' : '';
  show(bar, isUnderWay(item.state));
  bar.value = item.share;
  show(retry, item.state === 'failed');
  show(remove, item.state === 'failed' || item.state === 'waiting');
}
