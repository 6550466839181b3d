/**
 * Near copies through the command line: a one-pixel edit of a photograph travels as a few tiles, and PNG and TIFF of the
 * same pixels are the same tiles.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Person } from '../support/dice-command.js';
import { type Photograph, writePhotograph } from '../support/picture-process.js';
import { Workbench } from '../support/workbench.js';

interface Uploaded {
  readonly files: readonly { readonly splitter: string; readonly logicalBytes: number; readonly blocks: number; readonly blocksSent: number; readonly sentBytes: number }[];
}
interface Shown {
  readonly splitter: string;
  readonly flatTiles: number;
  readonly blockList: readonly { readonly role: string; readonly block: { readonly tag: string } | null }[];
}

let bench: Workbench;
let ada: Person;

beforeAll(async () => {
  bench = await Workbench.open();
  ada = await bench.person('ada');
});

afterAll(async () => {
  await bench.close();
});

async function upload(name: string, photograph: Photograph): Promise<Uploaded['files'][number]> {
  await writePhotograph(bench.path(name), photograph);
  const [row] = (await ada.must(['upload', bench.path(name), '--json'])).json<Uploaded>().files;
  if (row === undefined) throw new Error('an upload has a file');
  return row;
}

async function tileTags(name: string): Promise<readonly string[]> {
  const shown = (await ada.must(['info', name, '--json'])).json<Shown>();
  expect(shown.splitter).toBe('raster');
  return shown.blockList.flatMap(({ role, block }) => (role === 'content' && block !== null ? [block.tag] : []));
}

describe('a one-pixel edit of a photographic PNG of at least 3 MB', () => {
  it('sends under 2 % of it and comes back exactly', async () => {
    const picture = { width: 1_800, height: 1_300, seed: 11 };
    const first = await upload('photo.png', picture);
    expect(first.logicalBytes).toBeGreaterThanOrEqual(3_000_000);
    expect(first).toMatchObject({ splitter: 'raster', blocksSent: first.blocks });
    const second = await upload('edited.png', { ...picture, changed: [900, 650] });
    expect(second.splitter).toBe('raster');
    expect(second.sentBytes / second.logicalBytes).toBeLessThan(0.02);
    await ada.must(['download', 'edited.png', '-o', bench.path('back.png')]);
    expect((await readFile(bench.path('back.png'))).equals(await readFile(bench.path('edited.png')))).toBe(true);
    expect((await readFile(bench.path('photo.png'))).equals(await readFile(bench.path('edited.png')))).toBe(false);
  }, 120_000);
});

describe('a PNG and an uncompressed TIFF of the same pixels', () => {
  it('share all their tiles', async () => {
    const picture = { width: 330, height: 270, seed: 12 };
    await upload('same.png', picture);
    await upload('same.tif', picture);
    const [png, tiff] = [await tileTags('same.png'), await tileTags('same.tif')];
    expect(png).toHaveLength(9);
    expect(tiff).toEqual(png);
  });
});
