/**
 * The block map: an image's tiles over its picture, coloured by what became of each and by the outcome of its check; layers, zoom and
 * choice. It draws through map-painter.ts, listens to nothing and fetches nothing. DESIGN.md section 7 (Pages).
 */
import type { ImageBlock, OpenImage } from '../../../client-sdk/browser/page.js';
import type { MapCells } from './map-cells.js';
import { layersOf, type MapLayer } from './map-layers.js';
import { looks, readPalette, stateNames, type CellOutcome, type CellState, type Palette } from './map-looks.js';
import { MapOverview } from './map-overview.js';
import { maxDrawnTiles, paintBlocks, paintPicture, type MapPlaces, type MapScene } from './map-painter.js';
import { fitScale, fitView, maxScale, panned, showing, zoomed, type MapView, type Size, type ViewBounds } from './map-view.js';

/** Between two drawings of outcomes. */
const laterMs = 150;
/** A click so near to a tile, in CSS pixels, chooses it. */
const nearPixels = 24;

/** Numbers of blocks here are indices of `opened.blocks`. */
export class BlockMap {
  readonly blocks: readonly ImageBlock[];
  readonly layers: readonly MapLayer[];
  readonly #places: MapPlaces;
  readonly #states: Uint8Array;
  readonly #outcomes: Uint8Array;
  readonly #byTag = new Map<string, number[]>();
  /** Layer and cell of each block. */
  readonly #homes: readonly { readonly layer: number; readonly cell: number }[];
  readonly #flatTiles: number;
  #layer = 0;
  #view: MapView = { scale: 1, left: 0, top: 0 };
  #frame: Size = { width: 1, height: 1 };
  #density = 1;
  #palette: Palette = readPalette();
  #overview: MapOverview | undefined;
  #picture: ImageBitmap | undefined;
  #chosen: number | undefined;
  #isShown = true;
  #isFitted = true;
  #isDue = false;
  #isLate = false;
  /** What the canvas of the picture shows. */
  #drawn: { readonly view: MapView; readonly layer: MapLayer; readonly picture: ImageBitmap | undefined } | undefined;

  /** `onView` runs after each drawing. */
  constructor(opened: OpenImage, places: MapPlaces, private readonly onView: (map: BlockMap) => void = () => undefined) {
    this.blocks = opened.blocks;
    this.layers = layersOf(opened);
    this.#places = places;
    this.#states = Uint8Array.from(this.blocks, ({ block }) => (block === undefined ? looks.flat : looks.unknown));
    this.#outcomes = new Uint8Array(this.blocks.length);
    this.#flatTiles = opened.picture?.flat.length ?? 0;
    for (const [i, { block }] of this.blocks.entries()) {
      if (block === undefined) continue;
      const known = this.#byTag.get(block.tag);
      if (known === undefined) this.#byTag.set(block.tag, [i]);
      else known.push(i);
    }
    this.#homes = homesOf(this.layers, this.blocks.length);
    this.#useLayer(0);
  }

  get chosen(): number | undefined {
    return this.#chosen;
  }

  get layer(): number {
    return this.#layer;
  }

  /** 1 where the whole picture is seen. */
  get zoom(): number {
    return this.#view.scale / fitScale(this.#bounds());
  }

  get isLargest(): boolean {
    return this.#view.scale >= maxScale(this.#bounds()) * 0.999;
  }

  /** The canvases are this large on the screen: CSS pixels, and device pixels for each of them. */
  resize(frame: Size, density: number): void {
    this.#frame = { width: Math.max(1, frame.width), height: Math.max(1, frame.height) };
    this.#density = density;
    for (const canvas of [this.#places.picture, this.#places.blocks]) {
      canvas.width = Math.round(this.#frame.width * density);
      canvas.height = Math.round(this.#frame.height * density);
    }
    this.#view = this.#isFitted ? fitView(this.#bounds()) : panned(this.#view, this.#bounds(), { x: 0, y: 0 });
    // A canvas that was resized is empty; waiting for a frame would flicker.
    this.#drawn = undefined;
    this.draw();
  }

  /** Shows another layer whole. */
  setLayer(layer: number): void {
    if (layer === this.#layer || this.layers[layer] === undefined) return;
    this.#useLayer(layer);
    this.fit();
  }

  /** The picture under the blocks. Answers false, and shows none, where it has another shape: a picture that is shown turned. */
  showPicture(bitmap: ImageBitmap): boolean {
    const { width, height } = this.layers[0] ?? { width: 1, height: 1 };
    const share = bitmap.width / bitmap.height / (width / height);
    const isSameShape = this.layers[0]?.isPicture === true && share > 0.95 && share < 1 / 0.95;
    if (isSameShape) this.#picture = bitmap;
    this.#drawSoon();
    return isSameShape;
  }

  /** One of tileStateCodes for each content, in content order. */
  setStates(codes: Uint8Array): void {
    this.#states.set(codes.subarray(0, this.#states.length));
    this.#repaint();
  }

  /** Equal contents are one block: all of them show its outcome. Answers them. */
  setOutcome(tag: string, outcome: CellOutcome): readonly number[] {
    const blocks = this.#byTag.get(tag) ?? [];
    for (const block of blocks) {
      this.#outcomes[block] = outcome === 'unchecked' ? 0 : looks[outcome];
      const home = this.#homes[block];
      if (home?.layer === this.#layer) this.#overview?.set(home.cell, this.#lookOf(home.cell));
    }
    this.#drawLater();
    return blocks;
  }

  clearOutcomes(): void {
    this.#outcomes.fill(0);
    this.#repaint();
  }

  setShown(isShown: boolean): void {
    this.#isShown = isShown;
    this.#drawSoon();
  }

  /** How many contents are in each state; flat tiles that live in the recipe count as flat. */
  counts(): Readonly<Record<CellState, number>> {
    const counts = { unknown: 0, new: 0, stored: 0, patched: 0, flat: this.#flatTiles };
    for (const [i, { role }] of this.blocks.entries()) if (role === 'content') counts[this.stateOf(i)]++;
    return counts;
  }

  stateOf(block: number): CellState {
    return stateNames[this.#states[block] ?? 0] ?? 'unknown';
  }

  outcomeOf(block: number): CellOutcome {
    const outcome = this.#outcomes[block];
    return outcome === looks.good ? 'good' : outcome === looks.bad ? 'bad' : 'unchecked';
  }

  /** Row and column of a block on its layer, from 1, and the layer. */
  placeOf(block: number): { readonly layer: number; readonly row: number; readonly column: number } | undefined {
    const home = this.#homes[block];
    const cells = home === undefined ? undefined : this.layers[home.layer]?.cells;
    return home === undefined || cells === undefined ? undefined : { layer: home.layer, ...cells.placeOf(home.cell) };
  }

  /** Marks a block and brings it into view, on its layer. */
  choose(block: number | undefined): void {
    const home = block === undefined ? undefined : this.#homes[block];
    this.#chosen = home === undefined ? undefined : block;
    if (home !== undefined) {
      this.setLayer(home.layer);
      this.#view = showing(this.#view, this.#bounds(), this.#cells().box(home.cell));
    }
    this.#drawSoon();
  }

  /** The block at a point of the frame, in CSS pixels; the nearest one where the point is just beside the picture. */
  at(x: number, y: number): number | undefined {
    const { width, height } = this.#bounds().picture;
    const [px, py] = [(x - this.#view.left) / this.#view.scale, (y - this.#view.top) / this.#view.scale];
    const near = nearPixels / this.#view.scale;
    if (px < -near || py < -near || px > width + near || py > height + near) return undefined;
    const cell = this.#cells().at(Math.max(0, Math.min(width - 1e-6, px)), Math.max(0, Math.min(height - 1e-6, py)));
    return cell === undefined ? undefined : this.#blockOf(cell);
  }

  /** The block beside the chosen one in a direction, over flat tiles; the first one where none is chosen. */
  beside(dx: number, dy: number): number | undefined {
    const home = this.#chosen === undefined ? undefined : this.#homes[this.#chosen];
    if (home === undefined) return this.#shownLayer().blockOf.find((block) => block >= 0);
    const cells = this.#cells();
    const gap = this.#shownLayer().isPicture ? 0.5 : stripGap;
    let box = cells.box(home.cell);
    for (let steps = 0; steps < cells.length; steps++) {
      const next = cells.at(box.x + box.width / 2 + dx * (box.width / 2 + gap), box.y + box.height / 2 + dy * (box.height / 2 + gap));
      if (next === undefined) break;
      const block = this.#blockOf(next);
      if (block !== undefined) return block;
      box = cells.box(next);
    }
    return this.#chosen;
  }

  /** Larger by `factor` around a point of the frame; its middle, or the chosen block, without one. */
  zoomBy(factor: number, point?: { readonly x: number; readonly y: number }): void {
    this.#isFitted = false;
    const home = this.#chosen === undefined ? undefined : this.#homes[this.#chosen];
    const middle = { x: this.#frame.width / 2, y: this.#frame.height / 2 };
    this.#view = zoomed(this.#view, this.#bounds(), { factor, ...(point ?? middle) });
    if (point === undefined && home?.layer === this.#layer) this.#view = showing(this.#view, this.#bounds(), this.#cells().box(home.cell));
    if (this.zoom < 1.001) this.#isFitted = true;
    this.#drawSoon();
  }

  panBy(x: number, y: number): void {
    this.#view = panned(this.#view, this.#bounds(), { x, y });
    this.#drawSoon();
  }

  /** The whole picture. */
  fit(): void {
    this.#isFitted = true;
    this.#view = fitView(this.#bounds());
    this.#drawSoon();
  }

  /** Colours anew, after light turned to dark. */
  recolour(): void {
    this.#palette = readPalette();
    this.#repaint();
  }

  /** Both canvases, at once. */
  draw(): void {
    const scene = this.#scene();
    const { view, layer } = scene;
    const [drawn, picture] = [this.#drawn, this.#picture];
    // A check changes blocks by the thousand, and never the picture.
    if (drawn?.view !== view || drawn.layer !== layer || drawn.picture !== picture) paintPicture(this.#places.picture, scene, picture);
    this.#drawn = { view, layer, picture };
    paintBlocks(this.#places.blocks, scene);
    this.onView(this);
  }

  /** Outcomes come faster than an eye follows, and faster than some machines draw. */
  #drawLater(): void {
    if (this.#isLate) return;
    this.#isLate = true;
    setTimeout(() => {
      this.#isLate = false;
      this.#drawSoon();
    }, laterMs);
  }

  #drawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.draw();
    });
  }

  #repaint(): void {
    this.#overview?.repaint(this.#palette, (cell) => this.#lookOf(cell));
    this.#drawSoon();
  }

  #useLayer(layer: number): void {
    this.#layer = layer;
    const shown = this.#shownLayer();
    this.#overview = shown.cells.length > maxDrawnTiles ? new MapOverview(shown, this.#palette, (cell) => this.#lookOf(cell)) : undefined;
  }

  #scene(): MapScene {
    const chosen = this.#chosen === undefined ? undefined : this.#homes[this.#chosen];
    return {
      layer: this.#shownLayer(), view: this.#view, bounds: this.#bounds(), density: this.#density, palette: this.#palette,
      stateOf: (cell) => this.#states[this.#blockOf(cell) ?? -1] ?? looks.flat,
      outcomeOf: (cell) => this.#outcomeLook(cell),
      chosen: chosen?.layer === this.#layer ? chosen.cell : undefined,
      isShown: this.#isShown, overview: this.#overview,
    };
  }

  #lookOf(cell: number): number {
    return this.#outcomeLook(cell) ?? this.#states[this.#blockOf(cell) ?? -1] ?? looks.flat;
  }

  #outcomeLook(cell: number): number | undefined {
    const outcome = this.#outcomes[this.#blockOf(cell) ?? -1] ?? 0;
    return outcome === 0 ? undefined : outcome;
  }

  #blockOf(cell: number): number | undefined {
    const block = this.#shownLayer().blockOf[cell] ?? -1;
    return block < 0 ? undefined : block;
  }

  #cells(): MapCells {
    return this.#shownLayer().cells;
  }

  #shownLayer(): MapLayer {
    const layer = this.layers[this.#layer];
    if (layer === undefined) throw new Error('a map has a layer');
    return layer;
  }

  #bounds(): ViewBounds {
    const { width, height, cells } = this.#shownLayer();
    // Tiles at the edges may be cut; one in the middle is as large as most.
    const { width: across, height: down } = cells.box(Math.min(cells.length - 1, Math.floor(cells.length / 2)));
    return { frame: this.#frame, picture: { width, height }, tile: { width: Math.max(1, across), height: Math.max(1, down) } };
  }
}

/** Tiles of a strip have gaps of four units. */
const stripGap = 4.5;

function homesOf(layers: readonly MapLayer[], blocks: number): readonly { readonly layer: number; readonly cell: number }[] {
  const homes = Array.from({ length: blocks }, () => ({ layer: 0, cell: 0 }));
  for (const [layer, { blockOf }] of layers.entries()) {
    for (const [cell, block] of blockOf.entries()) if (block >= 0) homes[block] = { layer, cell };
  }
  return homes;
}
