/**
 * Small pictures made by the browser's own decoders in the worker, where a hostile image can at worst end its own decoding; those of
 * TIFF and of 16 bits by our own (raster-preview.ts). What neither can decode has no preview. Not part of any format: a preview is
 * never compared.
 */
import type { Source } from '../core/image/splitter.js';
import { previewTries, type PreviewTry } from '../core/preview-plan.js';
import { rasterPreview } from '../raster-preview.js';
import type { SmallPicture } from '../small-picture.js';

/** A larger file is not read a second time for a preview. */
const maxSourceBytes = 64 * 1_048_576;
/** So long our own decoder may take: a preview is a comfort. */
const maxOwnMs = 4_000;

/** WebP of at most `maxBytes`, or undefined where the browser knows no such picture. */
export async function makePreview(source: Source, maxBytes: number): Promise<Uint8Array | undefined> {
  const own = await ownPicture(source);
  if (own !== undefined) return await smallWebp(await createImageBitmap(new ImageData(own.rgba, own.width, own.height)), maxBytes);
  if (source.size === 0 || source.size > maxSourceBytes) return undefined;
  const type = pictureType(await source.read(0, Math.min(16, source.size)));
  return type === undefined ? undefined : inTurn(() => decoded(source, { type, maxBytes }));
}

let last: Promise<unknown> = Promise.resolve();

/** One whole picture in memory at a time, however many files are under way. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work, work);
  last = done.catch(() => undefined);
  return done;
}

async function decoded(source: Source, { type, maxBytes }: { readonly type: string; readonly maxBytes: number }): Promise<Uint8Array | undefined> {
  const bytes = await source.read(0, source.size);
  try {
    return await smallWebp(await createImageBitmap(new Blob([Uint8Array.from(bytes)], { type })), maxBytes);
  } catch {
    // A picture that the browser refuses has no preview; the file itself is stored all the same.
    return undefined;
  }
}

/** Fails where the file cannot be read, as the upload then does. */
function ownPicture(source: Source): Promise<SmallPicture | undefined> {
  const limits = { maxSide: previewTries[0]?.pixels ?? 1, maxMs: maxOwnMs, minDepth: 1, now: () => performance.now() };
  return rasterPreview(source, { ...limits, breathe: () => new Promise((resolve) => { setTimeout(resolve); }) });
}

async function smallWebp(bitmap: ImageBitmap, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    for (const tried of previewTries) {
      const blob = await webpOf(bitmap, tried);
      if (blob !== undefined && blob.size <= maxBytes) return new Uint8Array(await blob.arrayBuffer());
    }
    return undefined;
  } finally {
    bitmap.close();
  }
}

async function webpOf(bitmap: ImageBitmap, { pixels, quality }: PreviewTry): Promise<Blob | undefined> {
  const scale = Math.min(1, pixels / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  const context = canvas.getContext('2d');
  if (context === null) return undefined;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: 'image/webp', quality: quality / 100 });
}

/** By the first bytes: formats that every browser decodes. SVG is not among them, since it is a document. */
function pictureType(start: Uint8Array): string | undefined {
  const latin = String.fromCharCode(...start);
  if (latin.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (latin.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (latin.startsWith('GIF8')) return 'image/gif';
  if (latin.startsWith('RIFF') && latin.slice(8, 12) === 'WEBP') return 'image/webp';
  if (latin.slice(4, 12) === 'ftypavif') return 'image/avif';
  return latin.startsWith('BM') ? 'image/bmp' : undefined;
}
