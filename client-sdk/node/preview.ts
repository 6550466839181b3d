/**
 * Previews: a small WebP of what sharp can decode, and of deeper samples, which it would show dark, by our own decoder. Strangers'
 * files go through sharp's decoders, so their size is bounded first. SPEC.md section 10.
 */
import { setImmediate as breath } from 'node:timers/promises';
import type sharpOf from 'sharp';
import type { Sharp } from 'sharp';
import { formatOf } from '../core/image/detect-format.js';
import type { Source } from '../core/image/splitter.js';
import { TiffReader } from '../core/image/tiff-directory.js';
import { maxPreviewSide, previewTries } from '../core/preview-plan.js';
import { rasterPreview } from '../raster-preview.js';

/** The whole file is in memory meanwhile, beside the last blocks on their way. */
const maxSourceBytes = 167_772_160;
const maxSourcePixels = 268_435_456;
/** Of what its decoder has in memory at once, four bytes a pixel: a WebP of a gigabyte takes 28 bytes. */
const maxWholePixels = 67_108_864;
const headBytes = 16;
const tiffTags = { width: 256, tileHeight: 323 } as const;
/** Of 0 to 6: half the time of the usual 4 for a twentieth more bytes. */
const effort = 2;
/** So long our own decoder may take: a preview is a comfort. */
const maxOwnMs = 4_000;

/** A picture of at most `maxBytes` bytes, or undefined where there is none to be had. */
export async function makePreview(source: Source, maxBytes: number): Promise<Uint8Array | undefined> {
  if (source.size < headBytes || source.size > maxSourceBytes || !looksLikePicture(await source.read(0, headBytes))) return undefined;
  try {
    const open = (await openOwn(source)) ?? (await openSharp(source));
    for (const { pixels, quality } of previewTries(maxBytes)) {
      const bytes = await open()
        .resize(pixels, pixels, { fit: 'inside', withoutEnlargement: true })
        .webp({ quality, effort })
        .toBuffer();
      if (bytes.length <= maxBytes) return Uint8Array.from(bytes);
    }
  } catch {
    // What sharp cannot read has no preview; the file itself is kept all the same.
  }
  return undefined;
}

/** A picture of more than 8 bits, as our own decoder has it. */
async function openOwn(source: Source): Promise<(() => Sharp) | undefined> {
  const limits = { maxSide: maxPreviewSide, maxMs: maxOwnMs, minDepth: 9, now: () => performance.now() };
  const own = await rasterPreview(source, { ...limits, breathe: () => breath(undefined) });
  if (own === undefined) return undefined;
  const sharp = await loadSharp();
  return () => sharp(own.rgba, { raw: { width: own.width, height: own.height, channels: 4 } }).removeAlpha();
}

async function openSharp(source: Source): Promise<() => Sharp> {
  const [sharp, input] = [await loadSharp(), await source.read(0, source.size)];
  const isByRows = (await isReadByRows(sharp(input, { limitInputPixels: false }))) && (await hasLowTiles(source));
  const limitInputPixels = isByRows ? maxSourcePixels : maxWholePixels;
  return () => sharp(input, { limitInputPixels, sequentialRead: true, pages: 1 }).rotate();
}

/** Its head tells; nothing is decoded for it. */
async function isReadByRows(picture: Sharp): Promise<boolean> {
  const { format, isProgressive } = await picture.metadata();
  return ['png', 'jpeg', 'tiff'].includes(format) && !isProgressive;
}

/** Of a TIFF that is tiled, two rows of tiles are in memory. */
async function hasLowTiles(source: Source): Promise<boolean> {
  if ((await formatOf(source)) !== 'tiff') return true;
  const reader = await TiffReader.open(source);
  const [page] = await reader.directories(1);
  if (page === undefined) return false;
  const [width, tileHeight] = [await reader.value(page, tiffTags.width, 0), await reader.value(page, tiffTags.tileHeight, 0)];
  return 2 * width * tileHeight <= maxWholePixels;
}

/** With the first picture: its native part takes a quarter of the time of a command that needs none. */
async function loadSharp(): Promise<typeof sharpOf> {
  return (await import('sharp')).default;
}

/** Begins like a raster picture; SVG and PDF, which can refer to other files, are left out. */
function looksLikePicture(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString('latin1');
  if (['\x89PNG', '\xff\xd8\xff', 'II*\0', 'MM\0*', 'GIF8'].some((magic) => text.startsWith(magic))) return true;
  return (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) || text.startsWith('ftypavif', 4);
}
