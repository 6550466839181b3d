/**
 * Which raster pictures a browser decodes, told by their first bytes. A drawing (SVG) is a document and never among them. Pure.
 */

/** The media type of a picture that browsers decode, or undefined. `start` are the first 16 bytes or more. */
export function rasterType(start: Uint8Array): string | undefined {
  const latin = String.fromCharCode(...start.subarray(0, 16));
  if (latin.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (latin.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (latin.startsWith('GIF87a') || latin.startsWith('GIF89a')) return 'image/gif';
  if (latin.startsWith('RIFF') && latin.slice(8, 12) === 'WEBP') return 'image/webp';
  if (latin.slice(4, 12) === 'ftypavif' || latin.slice(4, 12) === 'ftypavis') return 'image/avif';
  return latin.startsWith('BM') ? 'image/bmp' : undefined;
}
