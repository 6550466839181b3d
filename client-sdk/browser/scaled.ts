/** The one way in which the browser scales pictures: no canvas that draws them larger or smaller, for it would keep each. */

/** A copy of so many pixels; the original stays open. */
export function scaled(image: ImageBitmap, width: number, height: number): Promise<ImageBitmap> {
  // Averages over as many pixels as go into one; "high" is smoother where little is scaled, and rough where much is.
  return createImageBitmap(image, { resizeWidth: width, resizeHeight: height, resizeQuality: 'medium' });
}
