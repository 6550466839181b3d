/**
 * From averages of samples to a small picture that can be shown: grey or RGB, stretched where it has more than 8 bits, turned upright
 * as its file asks. Pure.
 */

/** A picture of bytes: red, green, blue, opaque, row by row. */
export interface SmallPicture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** Averages, row by row: one channel is grey, three are red, green, blue. */
export interface Averages {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Float32Array;
}

/** `orientation` is that of EXIF and TIFF, 1 to 8. */
export function rgbaOf(averages: Averages, { depth, orientation }: { readonly depth: number; readonly orientation: number }): SmallPicture {
  const { width, height, channels, values } = averages;
  const { least, factor } = rangeOf(values, depth);
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    for (let k = 0; k < 3; k++) rgba[4 * i + k] = ((values[i * channels + (channels === 1 ? 0 : k)] ?? 0) - least) * factor;
    rgba[4 * i + 3] = 255;
  }
  return turnedUpright({ width, height, rgba }, orientation);
}

/** The picture as whoever took it means it. `orientation` is that of EXIF and TIFF, 1 to 8; others leave it as it is. */
export function turnedUpright(picture: SmallPicture, orientation: number): SmallPicture {
  if (!(orientation >= 2 && orientation <= 8)) return picture;
  const { width, height } = picture;
  const pixels = new Uint32Array(picture.rgba.buffer, picture.rgba.byteOffset, width * height);
  const turned = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[placeOf({ x, y }, { width, height }, orientation)] = pixels[y * width + x] ?? 0;
  }
  const rgba = new Uint8ClampedArray(turned.buffer);
  return orientation >= 5 ? { width: height, height: width, rgba } : { width, height, rgba };
}

/** What is black, and what makes bytes of the rest. A picture of one value keeps it. */
function rangeOf(values: Float32Array, depth: number): { readonly least: number; readonly factor: number } {
  if (depth <= 8) return { least: 0, factor: 255 / (2 ** depth - 1) };
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return most > least ? { least, factor: 255 / (most - least) } : { least: 0, factor: 255 / (2 ** depth - 1) };
}

/** Where a pixel goes, as an index into the turned picture. */
function placeOf({ x, y }: { readonly x: number; readonly y: number }, { width, height }: { readonly width: number; readonly height: number }, orientation: number): number {
  const right = width - 1 - x;
  const bottom = height - 1 - y;
  switch (orientation) {
    case 2: return y * width + right;
    case 3: return bottom * width + right;
    case 4: return bottom * width + x;
    case 5: return x * height + y;
    case 6: return x * height + bottom;
    case 7: return right * height + bottom;
    case 8: return right * height + y;
    default: return y * width + x;
  }
}
