/**
 * The picture under the blocks of a file that is being uploaded, made in the worker: its pixels as they lie in the file, as small as
 * they are shown. DESIGN.md section 7 (Pages).
 */
import { type DecodedPicture, withPicture } from './decoded-picture.js';
import { sourceOf } from './file-source.js';
import type { LivePictureRequest } from './page-calls.js';
import { scaled } from './scaled.js';

/** How far the sides may be from what is asked for, as a part of their ratio: else it is another picture, or a turned one. */
const tolerance = 0.05;

/** Undefined where no decoder knows the file, or its picture has another shape. */
export async function livePicture({ file, width, height }: LivePictureRequest): Promise<ImageBitmap | undefined> {
  return await withPicture(sourceOf(file.name, file), { side: Math.max(width, height), turned: 'as stored' }, (picture) => shrunk(picture, width, height));
}

async function shrunk({ image, ...size }: DecodedPicture, width: number, height: number): Promise<ImageBitmap | undefined> {
  return Math.abs((size.width * height) / (size.height * width) - 1) > tolerance ? undefined : await scaled(image, width, height);
}
