/**
 * What somebody with the disk learns of the order of tiles and of their frequency, of pictures that the real client stored: nothing of where a tile lies,
 * which block many pictures have, and no block at all of what is flat. Each attack is shown to succeed where there is something to find. More attacks: test/long.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf, type Pixels } from '../../bench/plain-images.js';
import { frequentBlocks } from '../../bench/server-view/frequency.js';
import { imagesOf } from '../../bench/server-view/guesses.js';
import { MadeStore, type StoredFile, type Truth } from '../../bench/server-view/made-store.js';
import type { SeenImage } from '../../bench/server-view/seen-store.js';
import { orderFigures } from '../../bench/server-view/tile-order.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
const side = 512;
const tile = 32;
const geometry = { kind: 'tile', tilePixels: tile, tileBlocks: 8 } as const;
const lamp = photograph(tile, tile, 42);
let images: readonly SeenImage[];
let truth: Truth;

/** A picture with one tile that all have, and its last column of tiles flat. */
function picture(seed: number): Pixels {
  const { samples } = photograph(side, side, seed);
  for (let y = 0; y < side; y++) {
    if (y < tile) samples.set(lamp.samples.subarray(3 * tile * y, 3 * tile * (y + 1)), 3 * side * (y + tile) + 3 * tile);
    samples.fill(200, 3 * (side * y + side - tile), 3 * side * (y + 1));
  }
  return { width: side, height: side, samples };
}

beforeAll(async () => {
  const folder = await makeDirectory();
  const flat = { width: side, height: side, samples: new Uint8Array(3 * side * side).fill(77) };
  const contents: Readonly<Record<string, Uint8Array>> = {
    'one.png': pngOf(picture(3)), 'two.png': pngOf(picture(8)), 'three.png': pngOf(picture(13)), 'four.jpg': await jpegOf(photograph(side, side, 5), 95), 'flat.png': pngOf(flat),
  };
  const files: StoredFile[] = [];
  for (const [name, bytes] of Object.entries(contents)) {
    files.push({ name, path: path.join(folder, name) });
    await writeFile(path.join(folder, name), bytes);
  }
  const dataDirectory = path.join(folder, 'data');
  const store = await MadeStore.start({ dataDirectory, username: 'ada', signal: new AbortController().signal });
  try {
    truth = await store.store(files, { domain: 'open', geometry });
  } finally {
    await store.close();
  }
  images = await imagesOf(dataDirectory);
});

const named = (name: string): SeenImage | undefined => images.find(({ imageId }) => truth.get(imageId)?.file.name === name);

describe('the order of rows', () => {
  it.each([['one.png', 200], ['two.png', 200], ['three.png', 200], ['four.jpg', 60]])('tells nothing of where the tiles of %s lie', (name, tiles) => {
    const seen = images.filter((image) => image === named(name));
    const figures = orderFigures(seen, truth, () => true);
    expect(figures.tiles).toBeGreaterThan(tiles);
    // Four and a half standard deviations of what chance gives to so many.
    expect(figures.maxCorrelation).toBeLessThan(4.5 / Math.sqrt(figures.tiles));
    expect(figures.rightEighth).toBeLessThan(0.125 + 4.5 * Math.sqrt((0.125 * 0.875) / figures.tiles));
  });

  it('would tell all of it, if a client sent tiles as they lie', () => {
    const placeOf = (image: SeenImage, rehash: string): number => truth.get(image.imageId)?.blocks.get(rehash)?.index ?? Infinity;
    const sent = images.map((image) => ({ ...image, blocks: [...image.blocks].sort((a, b) => placeOf(image, a.rehash) - placeOf(image, b.rehash)) }));
    expect(orderFigures(sent, truth, () => true)).toMatchObject({ images: 4, correlation: 1, rightEighth: 1 });
  });
});

describe('what many pictures have', () => {
  it('is found where it is a tile of its own, and what it is', async () => {
    const [most, ...more] = await frequentBlocks(images, truth, 5);
    expect(most).toMatchObject({ images: 3, what: expect.stringContaining('32 x 32 pixels at (32, 32)') });
    expect(more).toEqual([]);
  });

  it('is not there where it is flat: it makes no block, of a picture that is nothing else none at all', () => {
    expect(named('flat.png')?.blocks).toEqual([]);
    const columns = [...truth.values()].flatMap(({ file, blocks }) => [...blocks.values()].flatMap(({ region }) => (file.name.endsWith('.jpg') || region === undefined ? [] : [region.x / tile])));
    expect(new Set(columns)).toEqual(new Set(Array.from({ length: 15 }, (_, i) => i)));
  });
});
