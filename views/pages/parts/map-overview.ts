/**
 * A small picture of a whole layer, a few pixels for each tile: what is drawn where so many tiles are in view that each by itself
 * would be too slow. Single tiles can be changed in it. Holds pixels alone.
 */
import { pixelsOf, type Palette } from './map-looks.js';
import type { MapLayer } from './map-layers.js';

/** Few enough to be handed to the screen anew for each frame of a check, and still some for each tile. */
const maxPixels = 600_000;
const maxSide = 2_048;

/** The overview of one layer. */
export class MapOverview {
  readonly canvas: HTMLCanvasElement;
  readonly #layer: MapLayer;
  readonly #scale: number;
  readonly #pixels: ImageData;
  readonly #words: Uint32Array;
  #colours: Uint32Array;
  #isDirty = true;

  /** `lookOf` answers the look of a cell. */
  constructor(layer: MapLayer, palette: Palette, lookOf: (cell: number) => number) {
    this.#layer = layer;
    this.#scale = Math.min(maxSide / Math.max(layer.width, layer.height), Math.sqrt(maxPixels / (layer.width * layer.height)));
    const width = Math.max(1, Math.round(layer.width * this.#scale));
    const height = Math.max(1, Math.round(layer.height * this.#scale));
    this.canvas = document.createElement('canvas');
    this.canvas.width = width;
    this.canvas.height = height;
    this.#pixels = new ImageData(width, height);
    this.#words = new Uint32Array(this.#pixels.data.buffer);
    this.#colours = pixelsOf(palette);
    this.repaint(palette, lookOf);
  }

  /** All cells anew. */
  repaint(palette: Palette, lookOf: (cell: number) => number): void {
    this.#colours = pixelsOf(palette);
    this.#words.fill(0);
    for (let cell = 0; cell < this.#layer.cells.length; cell++) this.set(cell, lookOf(cell));
  }

  /** One cell. */
  set(cell: number, look: number): void {
    const { width } = this.canvas;
    const box = this.#layer.cells.box(cell);
    const left = Math.min(width - 1, Math.floor(box.x * this.#scale));
    const top = Math.min(this.canvas.height - 1, Math.floor(box.y * this.#scale));
    const right = Math.max(left + 1, Math.min(width, Math.floor((box.x + box.width) * this.#scale)));
    const bottom = Math.max(top + 1, Math.min(this.canvas.height, Math.floor((box.y + box.height) * this.#scale)));
    const colour = this.#colours[look] ?? 0;
    for (let y = top; y < bottom; y++) this.#words.fill(colour, y * width + left, y * width + right);
    this.#isDirty = true;
  }

  /** The canvas with all that was set. */
  drawn(): HTMLCanvasElement {
    if (this.#isDirty) this.canvas.getContext('2d')?.putImageData(this.#pixels, 0, 0);
    this.#isDirty = false;
    return this.canvas;
  }
}
