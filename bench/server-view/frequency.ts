/**
 * Frequency: which blocks are in most images, and what they are. The server sees how often; what they are is known here
 * because the store was made here.
 */
import sharp from 'sharp';
import type { Truth } from './made-store.js';
import { imagesByBlock, type SeenImage } from './seen-store.js';

export interface FrequentBlock {
  readonly images: number;
  readonly bytes: number;
  /** In words. */
  readonly what: string;
}

/** The blocks of most images, the most frequent first. */
export async function frequentBlocks(images: readonly SeenImage[], truth: Truth, count: number): Promise<readonly FrequentBlock[]> {
  const users = [...imagesByBlock(images)].filter(([, list]) => list.length > 1).sort(([, a], [, b]) => b.length - a.length);
  return Promise.all(users.slice(0, count).map(async ([rehash, list]) => {
    const [first] = list;
    const bytes = first?.blocks.find((block) => block.rehash === rehash)?.bytes ?? 0;
    return { images: list.length, bytes, what: first === undefined ? 'unknown' : await whatItIs(rehash, first, truth) };
  }));
}

async function whatItIs(rehash: string, image: SeenImage, truth: Truth): Promise<string> {
  const known = truth.get(image.imageId);
  const block = known?.blocks.get(rehash);
  if (known === undefined || block === undefined) return 'of no known image';
  if (block.role === 'segment') return 'a piece of a list or of metadata';
  const { region } = block;
  if (region === undefined) return `plain bytes of ${known.file.name}`;
  const { x, y, width, height } = region;
  const place = `${String(width)} x ${String(height)} pixels at (${String(x)}, ${String(y)})`;
  return `${place}, ${await lightOf(known.file.path, region)}`;
}

/** Mean and spread of the samples of a region, where the file can be read as a picture. */
async function lightOf(file: string, { x, y, width, height }: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }): Promise<string> {
  try {
    const { channels } = await sharp(await sharp(file).extract({ left: x, top: y, width, height }).png().toBuffer()).stats();
    return `mean ${channels.map(({ mean }) => mean.toFixed(0)).join('/')}, deviation ${channels.map(({ stdev }) => stdev.toFixed(0)).join('/')}`;
  } catch {
    return 'of a file that cannot be drawn here';
  }
}
