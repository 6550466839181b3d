/**
 * A preview as a tile shows it: a canvas of no more pixels than are seen. A browser keeps what it decoded for an `<img>` long after
 * the element is gone, for up to a thousand pictures; a canvas is given back with its tile.
 */
import { scaled } from '../../../client-sdk/browser/scaled.js';

/** What a picture has to cover, in CSS pixels. */
export interface PictureBox {
  readonly width: number;
  readonly height: number;
}

/**
 * The whole picture, as large as it takes to cover the box on this screen and never larger than it is.
 *
 * @throws DOMException when the browser cannot decode it.
 */
export async function tilePicture(preview: Blob, box: PictureBox): Promise<HTMLCanvasElement> {
  const whole = await createImageBitmap(preview);
  const scale = Math.min(1, devicePixelRatio * Math.max(box.width / whole.width, box.height / whole.height));
  const small = await scaled(whole, Math.max(1, Math.round(whole.width * scale)), Math.max(1, Math.round(whole.height * scale)));
  whole.close();
  const canvas = document.createElement('canvas');
  canvas.width = small.width;
  canvas.height = small.height;
  canvas.setAttribute('aria-hidden', 'true'); // The name of the tile says what it is.
  canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(small);
  return canvas;
}

/** Gives the pixels back at once, not when the collector comes by. */
export function dropPicture(frame: HTMLElement): void {
  for (const canvas of frame.querySelectorAll('canvas')) canvas.width = canvas.height = 0;
}
