/** The one way in which pictures are scaled here: by no canvas, for the browser keeps a copy of what one draws scaled or turned. */

/** A copy of so many pixels; the original stays open. */
export function scaled(image: ImageBitmap, width: number, height: number): Promise<ImageBitmap> {
  // Averages over as many pixels as go into one; "high" is smoother where little is scaled, and rough where much is.
  return createImageBitmap(image, { resizeWidth: width, resizeHeight: height, resizeQuality: 'medium' });
}
