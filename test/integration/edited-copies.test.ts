/**
 * Edited copies of a stored picture: a changed pixel, a box, more light, a crop, a turn. They refer to the blocks of
 * their original under patches, and depend on it in no other way.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf, type Pixels, tiffOf } from '../../bench/plain-images.js';
import type { DiceClient, UploadedFile } from '../../client-sdk/api.js';
import type { Fetch } from '../../client-sdk/ports.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph, withOnePixel } from '../support/sample-images.js';
import { clientOf, downloaded, registered, testPassword, uploaded, verified } from '../support/sdk-client.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const original = photograph(200, 150, 4);
const makeDirectory = temporaryDirectories();
let server: TestServer;

beforeAll(async () => {
  server = await startServer({ graceMs: 0 });
});

afterAll(async () => {
  await server.close();
});

/** The picture whose pixel (x, y) is the one that `from` names in `pixels`. */
function redrawn(pixels: Pixels, [width, height]: readonly [number, number], from: (x: number, y: number) => readonly [x: number, y: number]): Pixels {
  const samples = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sourceX, sourceY] = from(x, y);
      const at = 3 * (sourceY * pixels.width + sourceX);
      samples.set(pixels.samples.subarray(at, at + 3), 3 * (y * width + x));
    }
  }
  return { width, height, samples };
}

function withBox(pixels: Pixels, left: number, top: number): Pixels {
  const samples = pixels.samples.slice();
  for (let y = top; y < top + 20; y++) samples.fill(0, 3 * (y * pixels.width + left), 3 * (y * pixels.width + left + 20));
  return { ...pixels, samples };
}

const copies: readonly (readonly [name: string, pixels: Pixels])[] = [
  ['one pixel', withOnePixel(original, 100, 50)],
  ['a box over four tiles', withBox(original, 118, 118)],
  ['more light', { ...original, samples: original.samples.map((sample) => Math.min(255, sample + 5)) }],
  ['a crop from the top left', redrawn(original, [183, 141], (x, y) => [x + 17, y + 9])],
  ['a crop on all sides', redrawn(original, [120, 90], (x, y) => [x + 50, y + 31])],
  ['a turn to the right', redrawn(original, [150, 200], (x, y) => [y, 149 - x])],
  ['a turn to the left', redrawn(original, [150, 200], (x, y) => [199 - y, x])],
  ['a mirror', redrawn(original, [200, 150], (x, y) => [199 - x, y])],
];

async function oneUpload(client: DiceClient, name: string, bytes: Uint8Array): Promise<UploadedFile & { readonly id: string }> {
  const file = (await uploaded(client, { [name]: bytes })).get(name);
  if (file?.id === undefined) throw new Error(`not stored: ${String(file?.error)}`);
  return { ...file, id: file.id };
}

describe.each(['open', 'personal'] as const)('an edited copy in the domain %s', (domain) => {
  let client: DiceClient;
  let source: UploadedFile;

  beforeAll(async () => {
    client = await registered(server.url, `copies-${domain}`, { profileDir: await makeDirectory(), domain });
    source = await oneUpload(client, 'original.png', pngOf(original));
    expect(source).toMatchObject({ splitter: 'raster', patchedTiles: 0 });
  });

  it.each(domain === 'open' ? copies : copies.slice(-3))('with %s refers to the original’s blocks and comes back exactly', async (name, pixels) => {
    const bytes = pngOf(pixels);
    const copy = await oneUpload(client, name, bytes);
    expect(copy.patchedTiles).toBeGreaterThan(0);
    expect(copy.sentBytes).toBeLessThan(0.08 * source.sentBytes);
    expect(await downloaded(client, copy.id)).toEqual(bytes);
    expect((await verified(client, copy.id)).file).toMatchObject({ isFileHashRight: true, failedBlocks: 0 });
  });

  it('shares its patches with another container of the same pixels', async () => {
    const bytes = tiffOf(withBox(original, 118, 118));
    const copy = await oneUpload(client, 'box.tif', bytes);
    expect(copy.sentBytes).toBeLessThan(0.08 * source.sentBytes);
    expect(await downloaded(client, copy.id)).toEqual(bytes);
  });

  it('is found by a later run on the same device, and stands alone on another', async () => {
    const pixels = withOnePixel(original, 33, 44);
    const elsewhere = await clientOf(server.url, { profileDir: await makeDirectory() });
    await elsewhere.login({ username: `copies-${domain}`, password: testPassword });
    const alone = await oneUpload(elsewhere, 'elsewhere.png', pngOf(pixels));
    expect(alone).toMatchObject({ patchedTiles: 0 });
    expect(await downloaded(client, alone.id)).toEqual(pngOf(pixels));
  });
});

describe('an original in another domain', () => {
  it('lends no blocks, for they would tell of the copy what its domain hides', async () => {
    const client = await registered(server.url, 'mover', { profileDir: await makeDirectory(), domain: 'open' });
    await oneUpload(client, 'original.png', pngOf(original));
    const bytes = pngOf(withBox(original, 118, 118));
    const copy = (await uploaded(client, { 'copy.png': bytes }, { domain: 'personal' })).get('copy.png');
    expect(copy).toMatchObject({ status: 'stored', patchedTiles: 0 });
    expect(copy?.blocksSent).toBe(copy?.blocks);
    expect(await downloaded(client, copy?.id ?? '')).toEqual(bytes);
  });
});

describe('an original that is gone', () => {
  it('between the plan and the commit of a copy is done without', async () => {
    const profileDir = await makeDirectory();
    const owner = await registered(server.url, 'unlucky', { profileDir });
    const source = await oneUpload(owner, 'original.png', pngOf(original));
    let purges = 0;
    const purging: Fetch = async (url, init) => {
      if (url.endsWith('/commits') && purges++ === 0) {
        await owner.remove(source.id);
        await owner.purge(source.id);
        await server.services.sweep.sweep({ isThorough: true });
      }
      return fetch(url, init);
    };
    const client = await clientOf(server.url, { profileDir, fetch: purging });
    await client.login({ username: 'unlucky', password: testPassword });
    const bytes = pngOf(withBox(original, 118, 118));
    const copy = await oneUpload(client, 'copy.png', bytes);
    expect(purges).toBeGreaterThan(1);
    expect(copy).toMatchObject({ status: 'stored', patchedTiles: 0 });
    expect(await downloaded(client, copy.id)).toEqual(bytes);
  });

  it('leaves its copies whole, and is not looked for any more', async () => {
    const client = await registered(server.url, 'widow', { profileDir: await makeDirectory() });
    const source = await oneUpload(client, 'original.png', pngOf(original));
    const turned = copies.find(([name]) => name === 'a turn to the right')?.[1] ?? original;
    const copy = await oneUpload(client, 'copy.png', pngOf(turned));
    await client.remove(source.id);
    await client.purge(source.id);
    await server.services.sweep.sweep({ isThorough: true });
    expect(await downloaded(client, copy.id)).toEqual(pngOf(turned));
    const later = await oneUpload(client, 'later.png', pngOf(withBox(original, 30, 60)));
    expect(later).toMatchObject({ status: 'stored', patchedTiles: 0 });
    expect(await downloaded(client, later.id)).toEqual(pngOf(withBox(original, 30, 60)));
  });
});
