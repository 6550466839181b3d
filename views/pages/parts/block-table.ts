/**
 * The map as a table, for who reads the page by ear or wants numbers: a hundred blocks at a time, with state and outcome, all of them or
 * those that failed. It is made when it is opened, and choosing a row chooses the block.
 */
import type { BlockMap } from './block-map.js';
import { blockName, blockPlace, outcomeWords, stateWords } from './block-words.js';
import { button, byId, el, show } from './dom.js';
import { count, things } from './format.js';

const rowsOfPage = 100;

/** The table of a map's blocks. */
export class BlockTable {
  readonly #map: BlockMap;
  readonly #onChoose: (block: number) => void;
  #page = 0;
  #isDue = false;

  constructor(map: BlockMap, onChoose: (block: number) => void) {
    this.#map = map;
    this.#onChoose = onChoose;
    byId('block-table', HTMLDetailsElement).addEventListener('toggle', () => { this.#draw(); });
    byId('block-filter', HTMLSelectElement).addEventListener('change', () => { this.#turn(-this.#page); });
    byId('rows-before', HTMLButtonElement).addEventListener('click', () => { this.#turn(-1); });
    byId('rows-after', HTMLButtonElement).addEventListener('click', () => { this.#turn(1); });
  }

  /** States or outcomes are others. */
  refresh(): void {
    if (this.#isDue || !byId('block-table', HTMLDetailsElement).open) return;
    this.#isDue = true;
    // Checks come by the hundred: one drawing for each of the screen's frames is enough.
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #turn(by: number): void {
    this.#page = Math.max(0, this.#page + by);
    this.#draw();
  }

  #draw(): void {
    if (!byId('block-table', HTMLDetailsElement).open) return;
    const filter = byId('block-filter', HTMLSelectElement).value;
    const wanted: number[] = [];
    for (let block = 0; block < this.#map.blocks.length; block++) if (this.#isWanted(block, filter)) wanted.push(block);
    const pages = Math.max(1, Math.ceil(wanted.length / rowsOfPage));
    this.#page = Math.min(this.#page, pages - 1);
    const start = this.#page * rowsOfPage;
    const shown = wanted.slice(start, start + rowsOfPage);
    byId('block-rows', HTMLTableSectionElement).replaceChildren(...shown.map((block) => this.#row(block)));
    byId('rows-shown', HTMLElement).textContent = wanted.length === 0 ? 'No such block.' : `${count(start + 1)} to ${count(start + shown.length)} of ${things(wanted.length, 'block')}`;
    show(byId('rows-turn', HTMLElement), pages > 1);
    byId('rows-before', HTMLButtonElement).disabled = this.#page === 0;
    byId('rows-after', HTMLButtonElement).disabled = this.#page === pages - 1;
  }

  #isWanted(block: number, filter: string): boolean {
    return filter === 'all' || (filter === 'failed' ? this.#map.outcomeOf(block) === 'bad' : this.#map.blocks[block]?.role === 'content' && this.#map.stateOf(block) === filter);
  }

  #row(block: number): HTMLElement {
    const { role, block: stored } = this.#map.blocks[block] ?? { role: 'content', block: undefined };
    const state = role === 'segment' ? 'skeleton or lists' : stateWords[this.#map.stateOf(block)];
    const name = button(blockName(this.#map, block).replace(/ of [\d,]+/, ''), () => { this.#onChoose(block); }, 'slim plain');
    return el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, blockPlace(this.#map, block)), el('td', {}, state), el('td', {}, stored === undefined ? 'nothing to check' : outcomeWords[this.#map.outcomeOf(block)]));
  }
}
