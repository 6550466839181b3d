/**
 * The block map of the one file that is shown while it is processed: its picture, small, and its tiles in their colours as they come. Draws
 * what it is told; the detail page has the map that stays (block-map.ts).
 */
import type { LivePictureRequest } from '../../../client-sdk/browser/page-calls.js';
import type { UploadUpdate } from '../../../client-sdk/browser/upload-messages.js';
import { byId, show } from './dom.js';
import { baseName, count } from './format.js';

type Shown = Extract<UploadUpdate, { kind: 'picture' }>;
type Tiles = Extract<UploadUpdate, { kind: 'tiles' }>;

/** By tileStateCodes; the first is unknown. */
const states = ['unknown', 'new', 'stored', 'flat', 'patched'] as const;
/** How strongly a state covers the picture, as on the detail page. */
const strengths = { unknown: 0, new: 0.45, stored: 0.25, flat: 0.3, patched: 0.45 } as const;
const maxWidth = 1_280;
const maxScale = 4;
/** About as high as the style sheet shows it, in pixels: lines must not vanish when it is drawn smaller. */
const shownHeight = 170;
/** A larger file is not decoded for this. */
const maxFileBytes = 40_000_000;
const minEveryMs = 1_000;
/** Decoding takes at most this part of one processor's time. */
const decodeShare = 0.05;

/** A file as it is shown. */
export interface ShownFile {
  readonly name: string;
  readonly file: File;
}

/** Where its pictures come from, and who is told how often a new one may come. */
export interface LiveMapParts {
  readonly pictureOf: (request: LivePictureRequest) => Promise<ImageBitmap | undefined>;
  readonly onPace: (everyMs: number) => void;
}

/** The small map of the page. */
export class LiveMap {
  readonly #figure = byId('live', HTMLElement);
  readonly #picture = byId('live-picture', HTMLCanvasElement);
  readonly #blocks = byId('live-blocks', HTMLCanvasElement);
  readonly #counts = new Map<string, number>();
  readonly #onPace: (everyMs: number) => void;
  readonly #pictureOf: (request: LivePictureRequest) => Promise<ImageBitmap | undefined>;
  #key = 0;
  #scale = 1;

  constructor({ pictureOf, onPace }: LiveMapParts) {
    this.#onPace = onPace;
    this.#pictureOf = pictureOf;
    onPace(minEveryMs);
  }

  /** Begins the map of a file. */
  begin({ key, width, height }: Shown, { name, file }: ShownFile): void {
    this.#key = key;
    show(this.#figure, true);
    this.#fit(width, height);
    this.#counts.clear();
    byId('live-name', HTMLElement).textContent = baseName(name);
    this.#drawCounts();
    if (file.size <= maxFileBytes) void this.#showPicture(key, file);
  }

  /** Draws tiles of the file that was begun last. */
  add({ key, regions, codes }: Tiles): void {
    const context = this.#blocks.getContext('2d');
    if (key !== this.#key || context === null) return;
    const style = getComputedStyle(document.documentElement);
    const line = Math.max(1, Math.round(this.#blocks.height / shownHeight));
    context.lineWidth = line;
    codes.forEach((code, i) => {
      const state = states[code] ?? 'unknown';
      this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1);
      const box = this.#box(regions.subarray(i * 4, i * 4 + 4));
      context.fillStyle = style.getPropertyValue(`--${state}`).trim();
      context.clearRect(box.x, box.y, box.width, box.height);
      context.globalAlpha = strengths[state];
      context.fillRect(box.x, box.y, box.width, box.height);
      context.globalAlpha = 0.9;
      context.strokeStyle = context.fillStyle;
      context.strokeRect(box.x + line / 2, box.y + line / 2, Math.max(0, box.width - line), Math.max(0, box.height - line));
    });
    this.#drawCounts();
  }

  hide(): void {
    show(this.#figure, false);
  }

  /** As many pixels as are shown, so that neither canvas is scaled: the browser would keep a scaled copy of every change. */
  #fit(width: number, height: number): void {
    const { style } = this.#picture;
    style.width = style.height = '';
    this.#scale = Math.min(maxScale, (this.#picture.clientHeight * devicePixelRatio) / height, maxWidth / width);
    for (const canvas of [this.#picture, this.#blocks]) {
      canvas.width = Math.max(1, Math.round(width * this.#scale));
      canvas.height = Math.max(1, Math.round(height * this.#scale));
    }
    if (this.#scale === maxScale) return;
    style.width = `${String(this.#picture.width / devicePixelRatio)}px`;
    style.height = `${String(this.#picture.height / devicePixelRatio)}px`;
  }

  #box([x = 0, y = 0, width = 0, height = 0]: Uint32Array): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
    const left = Math.round(x * this.#scale);
    const top = Math.round(y * this.#scale);
    return { x: left, y: top, width: Math.round((x + width) * this.#scale) - left, height: Math.round((y + height) * this.#scale) - top };
  }

  async #showPicture(key: number, file: File): Promise<void> {
    const from = performance.now();
    const { width, height } = this.#picture;
    // What cannot be decoded, or read any more, shows its tiles alone.
    const bitmap = await this.#pictureOf({ file, width, height }).catch(() => undefined);
    if (bitmap !== undefined && key === this.#key) this.#picture.getContext('2d')?.drawImage(bitmap, 0, 0);
    bitmap?.close();
    this.#onPace(Math.max(minEveryMs, Math.round((performance.now() - from) / decodeShare)));
  }

  #drawCounts(): void {
    const texts: string[] = [];
    for (const [state, words] of [['new', 'new'], ['stored', 'stored already'], ['patched', 'patched'], ['flat', 'flat']] as const) {
      const text = `${count(this.#counts.get(state) ?? 0)} ${words}`;
      byId(`live-${state}`, HTMLElement).textContent = text;
      texts.push(text);
    }
    this.#blocks.setAttribute('aria-label', `Blocks of ${byId('live-name', HTMLElement).textContent}: ${texts.join(', ')}`);
  }
}
