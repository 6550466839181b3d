/**
 * The block map: an image's contents drawn over its preview, coloured by what became of each (new, already stored, patched, flat) and
 * by the outcome of its check. Drawing and choosing alone; it fetches nothing. DESIGN.md section 7 (Pages).
 */
import type { ImageBlock, OpenImage } from '../../../client-sdk/browser/page.js';

/** What a content shows. */
export type CellState = 'unknown' | 'new' | 'stored' | 'patched' | 'flat';
export type CellOutcome = 'unchecked' | 'good' | 'bad';

/** A place of the map, in the picture's own pixels. */
interface Cell {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const maxCanvasSide = 1_600;
/** A file without a picture shows a strip of its blocks, this many in a row. */
const stripColumns = 16;
const stripCell = 40;

/** How strongly a state covers the picture: what is new must stand out. */
const strengths: Readonly<Record<CellState, number>> = { unknown: 0.06, new: 0.45, stored: 0.2, patched: 0.45, flat: 0.3 };
const badStrength = 0.8;

/** The two canvases of a map. */
export interface MapPlaces {
  readonly picture: HTMLCanvasElement;
  readonly blocks: HTMLCanvasElement;
}

/** Draws, and answers which content is under a point. */
export class BlockMap {
  readonly contents: readonly ImageBlock[];
  readonly #places: MapPlaces;
  readonly #cells: readonly (Cell | undefined)[];
  readonly #states: CellState[];
  readonly #outcomes: CellOutcome[];
  readonly #scale: number;
  readonly #size: { readonly width: number; readonly height: number };
  #chosen: number | undefined;
  #isShown = true;
  #isDue = false;

  constructor(opened: OpenImage, places: MapPlaces) {
    this.contents = opened.blocks.filter((block) => block.role === 'content');
    this.#places = places;
    this.#size = opened.picture ?? stripSize(this.contents.length);
    this.#cells = this.contents.map((block, i) => (opened.picture === undefined ? stripCellOf(i) : block.region));
    this.#states = this.contents.map((block) => (block.block === undefined ? 'flat' : 'unknown'));
    this.#outcomes = this.contents.map(() => 'unchecked');
    this.#scale = Math.min(opened.picture === undefined ? 1 : 4, maxCanvasSide / Math.max(this.#size.width, this.#size.height));
    for (const canvas of [places.picture, places.blocks]) {
      canvas.width = Math.max(1, Math.round(this.#size.width * this.#scale));
      canvas.height = Math.max(1, Math.round(this.#size.height * this.#scale));
    }
    this.draw();
  }

  get chosen(): number | undefined {
    return this.#chosen;
  }

  /** Draws the preview under the blocks, unless it has another shape (a picture shown turned). */
  showPicture(bitmap: ImageBitmap): void {
    const { width, height } = this.#places.picture;
    const isSameShape = Math.abs(bitmap.width / bitmap.height - width / height) < 0.05 * (width / height);
    if (isSameShape) this.#places.picture.getContext('2d')?.drawImage(bitmap, 0, 0, width, height);
  }

  setStates(states: readonly CellState[]): void {
    states.forEach((state, i) => { if (i < this.#states.length) this.#states[i] = state; });
    this.#drawSoon();
  }

  /** Equal contents are one block: all of them show its outcome. */
  setOutcome(tag: string, outcome: CellOutcome): void {
    this.contents.forEach(({ block }, i) => { if (block?.tag === tag) this.#outcomes[i] = outcome; });
    this.#drawSoon();
  }

  setShown(isShown: boolean): void {
    this.#isShown = isShown;
    this.#drawSoon();
  }

  /** How many contents are in each state. */
  counts(): Readonly<Record<CellState, number>> {
    const counts = { unknown: 0, new: 0, stored: 0, patched: 0, flat: 0 };
    for (const state of this.#states) counts[state]++;
    return counts;
  }

  stateOf(at: number): CellState {
    return this.#states[at] ?? 'unknown';
  }

  choose(at: number | undefined): void {
    this.#chosen = at;
    this.#drawSoon();
  }

  /** The content at a point, given as shares of width and height. */
  at(shareX: number, shareY: number): number | undefined {
    const x = shareX * this.#size.width;
    const y = shareY * this.#size.height;
    const found = this.#cells.findIndex((cell) => cell !== undefined && x >= cell.x && x < cell.x + cell.width && y >= cell.y && y < cell.y + cell.height);
    return found < 0 ? undefined : found;
  }

  /** The content beside the chosen one in a direction; the first one where none is chosen. */
  beside(dx: number, dy: number): number | undefined {
    const cell = this.#chosen === undefined ? undefined : this.#cells[this.#chosen];
    if (cell === undefined) return this.contents.length > 0 ? 0 : undefined;
    const x = cell.x + cell.width / 2 + dx * (cell.width / 2 + 1);
    const y = cell.y + cell.height / 2 + dy * (cell.height / 2 + 1);
    return this.at(x / this.#size.width, y / this.#size.height) ?? this.#chosen;
  }

  draw(): void {
    const context = this.#places.blocks.getContext('2d');
    if (context === null) return;
    context.clearRect(0, 0, this.#places.blocks.width, this.#places.blocks.height);
    if (!this.#isShown) return;
    const colours = readColours();
    this.#cells.forEach((cell, i) => { if (cell !== undefined) this.#drawCell(context, { cell, at: i, colours }); });
    const chosen = this.#chosen === undefined ? undefined : this.#cells[this.#chosen];
    if (chosen !== undefined) this.#drawFrame(context, chosen, colours);
  }

  #drawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.draw();
    });
  }

  #drawCell(context: CanvasRenderingContext2D, { cell, at, colours }: { readonly cell: Cell; readonly at: number; readonly colours: Colours }): void {
    const box = this.#box(cell);
    const state = this.#states[at] ?? 'unknown';
    const isBad = this.#outcomes[at] === 'bad';
    context.fillStyle = isBad ? colours.bad : colours[state];
    context.globalAlpha = isBad ? badStrength : strengths[state];
    context.fillRect(box.x, box.y, box.width, box.height);
    context.globalAlpha = 0.9;
    context.strokeStyle = context.fillStyle;
    context.lineWidth = 1;
    context.strokeRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1);
    if (this.#outcomes[at] === 'good') drawTick(context, box, colours);
    context.globalAlpha = 1;
  }

  #drawFrame(context: CanvasRenderingContext2D, cell: Cell, colours: Colours): void {
    const box = this.#box(cell);
    context.lineWidth = 6;
    context.strokeStyle = colours.paper;
    context.strokeRect(box.x, box.y, box.width, box.height);
    context.lineWidth = 3;
    context.strokeStyle = colours.ink;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }

  #box(cell: Cell): Cell {
    const left = Math.round(cell.x * this.#scale);
    const top = Math.round(cell.y * this.#scale);
    return { x: left, y: top, width: Math.round((cell.x + cell.width) * this.#scale) - left, height: Math.round((cell.y + cell.height) * this.#scale) - top };
  }
}

type Colours = Readonly<Record<CellState | 'good' | 'bad' | 'ink' | 'paper', string>>;

/** From the design tokens, so that light and dark both fit. */
function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    unknown: token('flat'), new: token('new'), stored: token('stored'), patched: token('patched'), flat: token('flat'), good: token('accent'), bad: token('bad'), ink: token('ink'), paper: token('surface'),
  };
}

/** A good block carries a dot in its corner, so that the colour of its state stays. */
function drawTick(context: CanvasRenderingContext2D, box: Cell, colours: Colours): void {
  const radius = Math.max(1.5, Math.min(7, box.width / 8, box.height / 8));
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(box.x + box.width - radius * 2, box.y + radius * 2, radius, 0, 2 * Math.PI);
  context.fillStyle = colours.good;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = colours.paper;
  context.stroke();
}

function stripCellOf(i: number): Cell {
  return { x: (i % stripColumns) * stripCell + 2, y: Math.floor(i / stripColumns) * stripCell + 2, width: stripCell - 4, height: stripCell - 4 };
}

function stripSize(contents: number): { readonly width: number; readonly height: number } {
  return { width: stripColumns * stripCell, height: Math.max(1, Math.ceil(contents / stripColumns)) * stripCell };
}
