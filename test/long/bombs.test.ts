/**
 * Pictures that unpack to gigabytes, through tiles and past them, uploaded, with a preview where one is made of so much, and downloaded by commands of their own: what the memory of either
 * comes to does not follow what they unpack to. In short: test/integration/bombs.test.ts. It prints its figures.
 */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Bomb, webpBomb, writePngBomb } from '../support/bomb-writer.js';
import { openBomb } from '../support/opened-bomb.js';
import { Workbench } from '../support/workbench.js';

const mebibyte = 1_048_576;
const hour = 3_600_000;
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
});
afterAll(() => bench.close());

interface Case {
  readonly bomb: Bomb;
  readonly areTilesFlat: boolean;
  readonly hasPreview: boolean;
  readonly maxPeakMebibytes: number;
}

describe('a picture that unpacks to gigabytes', () => {
  it.each<[string, Case]>([
    // As many bytes after its end as let a file unfold so far.
    ['through tiles.png', { bomb: { width: 30_000, height: 30_000, restBytes: 12_000_000 }, areTilesFlat: true, hasPreview: false, maxPeakMebibytes: 400 }],
    ['as bytes.png', { bomb: { width: 30_000, height: 30_000 }, areTilesFlat: false, hasPreview: false, maxPeakMebibytes: 300 }],
    ['by rows, for the preview.png', { bomb: { width: 16_000, height: 16_000 }, areTilesFlat: false, hasPreview: true, maxPeakMebibytes: 300 }],
    ['as a whole, too much for a preview.png', { bomb: { width: 16_000, height: 16_000, isInterlaced: true }, areTilesFlat: false, hasPreview: false, maxPeakMebibytes: 250 }],
    ['as a whole, within the bound.png', { bomb: { width: 8_000, height: 8_000, isInterlaced: true }, areTilesFlat: false, hasPreview: true, maxPeakMebibytes: 450 }],
    ['of 28 bytes.webp', { bomb: { width: 16_383, height: 16_383 }, areTilesFlat: false, hasPreview: false, maxPeakMebibytes: 250 }],
  ])('%s', async (name, { bomb, areTilesFlat, hasPreview, maxPeakMebibytes }) => {
    const file = bench.path(name);
    if (name.endsWith('.webp')) await writeFile(file, webpBomb(bomb));
    else await writePngBomb(file, bomb);
    const opened = await openBomb(bench, `person-${name.replace(/[^a-z0-9]/g, '')}`, file);
    const [up, down] = [opened.uploadPeakBytes, opened.downloadPeakBytes].map((bytes) => Math.round(bytes / mebibyte));
    process.stdout.write(`${name}: ${String(opened.fileBytes)} bytes, upload ${String(up)} MiB, download ${String(down)} MiB\n`);
    expect(opened).toMatchObject({ isSame: true, hasPreview, splitter: areTilesFlat ? 'raster' : 'bytes' });
    if (areTilesFlat) expect(opened.flatTiles).toBeGreaterThan(10_000);
    // Less than Node itself takes was not measured.
    expect(Math.min(up ?? 0, down ?? 0)).toBeGreaterThan(30);
    expect(Math.max(up ?? Infinity, down ?? Infinity)).toBeLessThan(maxPeakMebibytes);
  }, hour);
});
