/**
 * Pictures decoded in the worker, no larger than they are needed: by the browser's own decoders, where a hostile image can at worst end
 * its own decoding; TIFF and 16 bits by ours (raster-preview.ts). Whole pictures are in memory one at a time. Not part of any format.
 */
import type { Source } from '../core/image/splitter.js';
import { rasterPreview } from '../raster-preview.js';
import { turnedUpright } from '../small-picture.js';

/** What is wanted of a picture. */
export interface PictureWish {
  /** In pixels: the longer side need not be longer. It may be. */
  readonly side: number;
  /** As whoever took it means it, or as its pixels lie in the file: the orientation that some files name. */
  readonly turned: 'upright' | 'as stored';
}

/** A picture that can be drawn. */
export interface DecodedPicture {
  readonly image: ImageBitmap;
  readonly width: number;
  readonly height: number;
}

/** A larger file is not read a second time for a small picture. */
const maxSourceBytes = 64 * 1_048_576;
/** So long our own decoder may take: a small picture is a comfort. */
const maxOwnMs = 4_000;

/** How a frame is turned when it is drawn, in degrees clockwise after a flip left to right (W3C WebCodecs); not every browser tells. */
interface Turn {
  readonly rotation: number;
  readonly flip: boolean;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Answers what `use` makes of the picture, which is gone afterwards; undefined where no decoder knows it. Throws DiceError of the
 * source, as the upload then does.
 */
export async function withPicture<T>(source: Source, wish: PictureWish, use: (picture: DecodedPicture) => Promise<T>): Promise<T | undefined> {
  // Ours averages rows as they come: it never has the whole.
  const own = await ownPicture(source, wish.side);
  if (own !== undefined) return await used(own, use);
  return await inTurn(async () => {
    const picture = await browserPicture(source, wish);
    return picture === undefined ? undefined : await used(picture, use);
  });
}

async function used<T>(picture: DecodedPicture, use: (picture: DecodedPicture) => Promise<T>): Promise<T> {
  try {
    return await use(picture);
  } finally {
    picture.image.close();
  }
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work, work);
  last = done.catch(() => undefined);
  return done;
}

async function ownPicture(source: Source, maxSide: number): Promise<DecodedPicture | undefined> {
  const breathe = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve); });
  const own = await rasterPreview(source, { maxSide, maxMs: maxOwnMs, minDepth: 1, now: () => performance.now(), breathe });
  return own === undefined ? undefined : pictureOf(await createImageBitmap(new ImageData(own.rgba, own.width, own.height)));
}

async function browserPicture(source: Source, wish: PictureWish): Promise<DecodedPicture | undefined> {
  if (source.size === 0 || source.size > maxSourceBytes) return undefined;
  const type = pictureType(await source.read(0, Math.min(16, source.size)));
  if (type === undefined) return undefined;
  const bytes = (await source.read(0, source.size)).slice();
  try {
    const reduced = type === 'image/jpeg' ? await reducedJpeg(bytes, wish) : undefined;
    const imageOrientation = wish.turned === 'upright' ? 'from-image' : 'none';
    return reduced ?? pictureOf(await createImageBitmap(new Blob([bytes], { type }), { imageOrientation }));
  } catch {
    // What the browser refuses is stored all the same.
    return undefined;
  }
}

function pictureOf(image: ImageBitmap): DecodedPicture {
  return { image, width: image.width, height: image.height };
}

/**
 * A JPEG decoded at some eighths of its size (W3C WebCodecs, ImageDecoder): whole, a photograph takes 50 MB. Undefined where the
 * browser has no such decoder, or has it only for pages that came over TLS.
 */
async function reducedJpeg(bytes: Uint8Array<ArrayBuffer>, { side, turned }: PictureWish): Promise<DecodedPicture | undefined> {
  if (!('ImageDecoder' in globalThis && 'VideoFrame' in globalThis && 'rotation' in VideoFrame.prototype)) return undefined;
  // Eighths are rounded down.
  const decoder = new ImageDecoder({ data: bytes, type: 'image/jpeg', desiredWidth: 2 * side, desiredHeight: 2 * side });
  try {
    const frame = (await decoder.decode()).image;
    return pictureOf(await bitmapOf(frame, turned));
  } catch {
    return undefined;
  } finally {
    decoder.close();
  }
}

/** Closes the frame. No canvas turns it, for that would keep what is drawn on it; and as a bitmap it comes as it lies in the file. */
async function bitmapOf(frame: VideoFrame, turned: PictureWish['turned']): Promise<ImageBitmap> {
  try {
    const orientation = orientationOf(frame);
    if (orientation === 1) return await createImageBitmap(frame);
    const { width, height } = frame.visibleRect ?? { width: frame.codedWidth, height: frame.codedHeight };
    const rgba = new Uint8ClampedArray(4 * width * height);
    await frame.copyTo(rgba, { format: 'RGBA', colorSpace: 'srgb' });
    const stored = { width, height, rgba };
    const { rgba: pixels, ...size } = turned === 'upright' ? turnedUpright(stored, orientation) : stored;
    return await createImageBitmap(new ImageData(pixels, size.width, size.height));
  } finally {
    frame.close();
  }
}

/** As EXIF counts them, 1 to 8. reducedJpeg has looked for the members. */
function orientationOf(frame: VideoFrame): number {
  const { rotation, flip } = frame as VideoFrame & Turn;
  return ((flip ? [2, 5, 4, 7] : [1, 6, 3, 8])[rotation / 90]) ?? 1;
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
