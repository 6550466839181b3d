/**
 * Which splitter a file goes to first, and all splitters by name. The choice depends on the file alone; where
 * the first one answers undefined, the plan takes `bytes`. SPEC.md section 6.1.
 */
import { bytesSplitter } from './bytes-splitter.js';
import { formatOf } from './detect-format.js';
import { jpegSplitter } from './jpeg/jpeg-splitter.js';
import { rasterSplitter } from './raster-splitter.js';
import type { Source, Splitter, SplitterId } from './splitter.js';

/** Every splitter that this version has. */
export const splitters: Readonly<Record<SplitterId, Splitter>> = {
  bytes: bytesSplitter,
  raster: rasterSplitter,
  jpeg: jpegSplitter,
};

/** The splitter to try first, by magic bytes; `bytes` where nothing else is known. */
export async function splitterFor(source: Source): Promise<Splitter> {
  const format = await formatOf(source);
  if (format === 'png' || format === 'tiff') return rasterSplitter;
  return format === 'jpeg' ? jpegSplitter : bytesSplitter;
}
