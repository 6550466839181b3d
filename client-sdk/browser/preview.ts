/**
 * Previews made in the worker of a page. Not part of any format: a preview is never compared.
 */
import type { Source } from '../core/image/splitter.js';
import { maxPreviewSide, previewTries, type PreviewTry } from '../core/preview-plan.js';
import { type DecodedPicture, withPicture } from './decoded-picture.js';
import { scaled } from './scaled.js';

/** WebP of at most `maxBytes`, or undefined where no decoder knows the picture, or it does not fit. */
export function makePreview(source: Source, maxBytes: number): Promise<Uint8Array | undefined> {
  return withPicture(source, { side: maxPreviewSide, turned: 'upright' }, (picture) => smallWebp(picture, maxBytes));
}

async function smallWebp(picture: DecodedPicture, maxBytes: number): Promise<Uint8Array | undefined> {
  for (const tried of previewTries(maxBytes)) {
    const blob = await webpOf(picture, tried);
    if (blob !== undefined && blob.size <= maxBytes) return new Uint8Array(await blob.arrayBuffer());
  }
  return undefined;
}

async function webpOf({ image, width, height }: DecodedPicture, { pixels, quality }: PreviewTry): Promise<Blob | undefined> {
  const scale = Math.min(1, pixels / Math.max(width, height));
  const small = await scaled(image, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const canvas = new OffscreenCanvas(small.width, small.height);
  canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(small);
  return canvas.convertToBlob({ type: 'image/webp', quality: quality / 100 });
}
