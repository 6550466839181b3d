/**
 * Pictures that unpack to very much more than they are, and to more than a preview is made of, uploaded and downloaded by commands of their own: they are kept exactly, and memory
 * stays below what they unpack to. With previews, and gigabytes through tiles: test/long/bombs.test.ts.
 */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { webpBomb, writePngBomb } from '../support/bomb-writer.js';
import { type OpenedBomb, openBomb } from '../support/opened-bomb.js';
import { Workbench } from '../support/workbench.js';

const mebibyte = 1_048_576;
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
});
afterAll(() => bench.close());

function expectPeaksBelow(mebibytes: number, { uploadPeakBytes, downloadPeakBytes }: OpenedBomb): void {
  // Less than Node itself takes was not measured.
  expect(Math.min(uploadPeakBytes, downloadPeakBytes)).toBeGreaterThan(30 * mebibyte);
  expect(Math.max(uploadPeakBytes, downloadPeakBytes)).toBeLessThan(mebibytes * mebibyte);
}

describe('a command without such a picture takes about 100 MiB, and no more than', () => {
  it('250 MiB with a WebP of 28 bytes that unpacks to a gigabyte', async () => {
    const file = bench.path('bomb.webp');
    await writeFile(file, webpBomb({ width: 16_383, height: 16_383 }));
    const opened = await openBomb(bench, 'ada', file);
    expect(opened).toMatchObject({ isSame: true, fileBytes: 28, hasPreview: false });
    expectPeaksBelow(250, opened);
  });

  it('250 MiB with an interlaced PNG that unpacks to 232 MiB, of which a decoder makes one piece', async () => {
    const file = bench.path('bomb.png');
    await writePngBomb(file, { width: 9_000, height: 9_000, isInterlaced: true });
    const opened = await openBomb(bench, 'bob', file);
    expect(opened).toMatchObject({ isSame: true, hasPreview: false });
    expectPeaksBelow(250, opened);
  });
});
