/**
 * Small pictures of files that platforms cannot decode, or show too dark: TIFF, and PNG of 16 bits. Reads samples with the splitters'
 * own parsers, averages them down as they come, and gives up where that takes too long: a preview is a comfort, never compared.
 *
 * Samples of more than 8 bits are stretched from the least to the greatest average: many hold 10 or 12 bits in 16, and would be black.
 */
import { BoxAverage } from './box-average.js';
import { formatOf } from './core/image/detect-format.js';
import { idatPieces, pngLayoutOf } from './core/image/png-layout.js';
import { PngRows } from './core/image/png-rows.js';
import { Unsplittable } from './core/image/raster-container.js';
import type { Source } from './core/image/splitter.js';
import { ZlibReader } from './core/image/zlib-reader.js';
import { rgbaOf, type SmallPicture } from './small-picture.js';
import { openTiffRows } from './tiff-rows.js';

/** What a preview may cost. */
export interface PreviewLimits {
  /** Of the small picture, in pixels. */
  readonly maxSide: number;
  readonly maxMs: number;
  /** Pictures of fewer bits are left to the platform. */
  readonly minDepth: number;
  readonly now: () => number;
  /** Lets other work through. */
  readonly breathe: () => Promise<void>;
}

/** Work goes on so long before others get their turn. */
const breathMs = 12;

/** The picture, upright, or undefined where the file is none of these, is damaged, or takes too long. */
export async function rasterPreview(source: Source, limits: PreviewLimits): Promise<SmallPicture | undefined> {
  const pace = new Pace(limits);
  try {
    const format = await formatOf(source);
    if (format === 'tiff') return await ofTiff(source, limits, pace);
    return format === 'png' ? await ofDeepPng(source, limits, pace) : undefined;
  } catch (thrown) {
    if (thrown instanceof Unsplittable || thrown instanceof TooLong || thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

async function ofTiff(source: Source, limits: PreviewLimits, pace: Pace): Promise<SmallPicture | undefined> {
  const page = await openTiffRows(source);
  if (page === undefined || page.depth < limits.minDepth) return undefined;
  const average = new BoxAverage(page, limits.maxSide);
  for await (const row of page.rows()) {
    average.add(row);
    await pace.step();
  }
  return rgbaOf({ width: average.width, height: average.height, channels: page.channels, values: average.values }, page);
}

/** Grey and RGB of 16 bits without interlacing; the platform has the others. */
async function ofDeepPng(source: Source, limits: PreviewLimits, pace: Pace): Promise<SmallPicture | undefined> {
  const layout = await pngLayoutOf(source);
  const { shape, colourType, isInterlaced } = layout.header;
  if (shape.depth !== 16 || isInterlaced || (colourType !== 0 && colourType !== 2)) return undefined;
  const average = new BoxAverage(shape, limits.maxSide);
  const samples = new Uint16Array(shape.width * shape.channels);
  const rows = new PngRows(layout.header, ({ bytes }) => {
    for (let i = 0; i < samples.length; i++) samples[i] = ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0);
    average.add(samples);
  });
  const reader = new ZlibReader({ onPlain: (bytes) => { rows.push(bytes); } });
  for await (const piece of idatPieces(source, layout)) {
    for (let at = 0; at < piece.length; at += 4_096) {
      reader.push(piece.subarray(at, at + 4_096));
      await pace.step();
    }
  }
  if (!rows.isComplete) return undefined;
  return rgbaOf({ width: average.width, height: average.height, channels: shape.channels, values: average.values }, { depth: 16, orientation: 1 });
}

class TooLong extends Error {
  override readonly name = 'TooLong';
}

/** Lets others through, and ends what takes too long. */
class Pace {
  readonly #start: number;
  #last: number;

  constructor(private readonly limits: PreviewLimits) {
    this.#start = limits.now();
    this.#last = this.#start;
  }

  async step(): Promise<void> {
    const now = this.limits.now();
    if (now - this.#start > this.limits.maxMs) throw new TooLong();
    if (now - this.#last < breathMs) return;
    await this.limits.breathe();
    this.#last = this.limits.now();
  }
}
