/**
 * Memory while a large picture goes up and comes back: the command line holds a few chunks of it, and its threads a few
 * more. SPEC.md section 12.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { measureDice } from '../../bench/client-process.js';
import { tiffOf } from '../../bench/plain-images.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { temporaryDirectories } from '../support/temp-directory.js';

/** 24 megapixels: 72 MB of samples. */
const width = 6_000;
const height = 4_000;
const maxResidentBytes = 400e6;

const newFolder = temporaryDirectories();
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

/** Noise that no two tiles share: each row is the one before, moved. */
function samplesOf(): Uint8Array {
  const samples = Buffer.alloc(3 * width * height);
  const noise = randomBytes(3 * (width + height));
  for (let y = 0; y < height; y++) noise.copy(samples, 3 * width * y, 3 * y, 3 * (y + width));
  return samples;
}

describe('a picture of 24 megapixels', () => {
  it('goes up and comes back within 400 MB', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'large.tif');
    const bytes = tiffOf({ width, height, samples: samplesOf() });
    await writeFile(file, bytes);
    const environment = { DICE_SERVER: server.url, DICE_HOME: path.join(folder, 'profile'), DICE_USERNAME: 'large', DICE_PASSWORD: 'seven swans over the weir' };
    const copy = path.join(folder, 'copy.tif');
    const verbs = [['register', '--recovery-file', path.join(folder, 'words.txt')], ['upload', '--json', '--no-preview', file], ['download', 'large.tif', '-o', copy]];
    for (const args of verbs) {
      const run = await measureDice(args, environment);
      expect([args[0], run.status, run.stderr.includes('rror')]).toEqual([args[0], 0, false]);
      expect(run.peakMemoryBytes).toBeLessThan(maxResidentBytes);
      if (args[0] === 'upload') expect(JSON.parse(run.stdout)).toMatchObject({ files: [{ splitter: 'raster' }] });
    }
    expect(createHash('sha256').update(await readFile(copy)).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  }, 120_000);
});
