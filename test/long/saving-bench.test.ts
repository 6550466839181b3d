/**
 * The saving bench over a real server and the real command: six small pictures, near copies of two. Its figures add up, and nothing is left behind. In short,
 * and where it is interrupted: test/integration; its sums without a store: test/unit.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { fileSetOf } from '../../bench/file-set.js';
import { type FolderSaving, measureFolder } from '../../bench/folder-saving.js';
import { runBench } from '../support/bench-run.js';
import { writePng } from '../support/png-writer.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { shaded, withOneSample } from '../support/test-picture.js';
import { writeTiff } from '../support/tiff-writer.js';

const makeDirectory = temporaryDirectories();
let folder: string;

beforeAll(async () => {
  folder = path.join(await makeDirectory(), 'pictures');
  const lines = ['source,variant'];
  for (const [seed, source] of ['one', 'two'].entries()) {
    const picture = shaded(150, 130, { seed: seed + 1 });
    const variants = { '00_source.png': writePng(picture), '01_onepixel.png': writePng(withOneSample(picture, 75, 65)), '02_tiff.tif': writeTiff(picture) };
    await mkdir(path.join(folder, source), { recursive: true });
    for (const [variant, bytes] of Object.entries(variants)) {
      await writeFile(path.join(folder, source, variant), bytes);
      lines.push(`${source},${variant}`);
    }
  }
  await writeFile(path.join(folder, 'manifest.csv'), `${lines.join('\n')}\n`);
});

function sum<T>(rows: readonly T[], value: (row: T) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

describe('the measurement of a folder', () => {
  let saving: FolderSaving;
  let logicalBytes = 0;
  let scratch: string;

  beforeAll(async () => {
    scratch = await makeDirectory();
    const options = { domain: 'open', tilePixels: undefined, only: ['png', 'tif'], isByVariant: true, hasOthers: false } as const;
    saving = await measureFolder(await fileSetOf(folder), options, { scratch, signal: new AbortController().signal, say: () => undefined });
    for (const source of ['one', 'two']) {
      for (const name of await readdir(path.join(folder, source))) logicalBytes += (await stat(path.join(folder, source, name))).size;
    }
  });

  it('has sums by variant and by ending that add up to the total', () => {
    const { total, variants = [], extensions } = saving.dice;
    expect(total).toMatchObject({ files: 6, logicalBytes, tiledBytes: logicalBytes });
    expect(variants.map(({ name, files }) => [name, files])).toEqual([['00_source.png', 2], ['01_onepixel.png', 2], ['02_tiff.tif', 2]]);
    expect(extensions.map(({ name, files }) => [name, files])).toEqual([['png', 4], ['tif', 2]]);
    for (const key of ['files', 'logicalBytes', 'sentBytes', 'tiledBytes', 'blocks', 'blocksSent'] as const) {
      expect(sum(variants, (row) => row[key])).toBe(total[key]);
      expect(sum(extensions, (row) => row[key])).toBe(total[key]);
    }
  });

  it('has parts that add up to the stored bytes, with nothing unaccounted for', () => {
    const { parts, storedBytes } = saving.dice;
    expect(storedBytes).toBeGreaterThan(0);
    expect(storedBytes).toBeLessThan(logicalBytes);
    expect(sum(parts, ({ of, bytes }) => (of === undefined ? bytes : 0))).toBe(storedBytes);
    expect(parts.find(({ name }) => name === 'not accounted for')?.bytes).toBe(0);
    const ciphers = parts.find(({ name }) => name === 'ciphers of distinct blocks')?.bytes ?? 0;
    expect(ciphers).toBeGreaterThan(0);
    expect(sum(parts, ({ of, bytes }) => (of === undefined ? 0 : bytes))).toBe(ciphers);
  });

  it('tells of each variant what it added to those before it', () => {
    const growth = saving.growth ?? [];
    expect(growth.map(({ name }) => name)).toEqual(['00_source.png', '01_onepixel.png', '02_tiff.tif']);
    expect(sum(growth, (row) => row.logicalBytes)).toBe(logicalBytes);
    const [source, onePixel, tiff] = growth.map((row) => row.sentBytes);
    expect(onePixel).toBeLessThan((source ?? 0) / 2);
    expect(tiff).toBeLessThan((source ?? 0) / 2);
    expect(growth[0]?.storedBytes).toBeGreaterThan(growth[2]?.storedBytes ?? Infinity);
  });

  it('found every file identical, and left no store behind', async () => {
    expect(saving.dice.differences).toEqual([]);
    expect(saving.others).toEqual([]);
    expect(await readdir(scratch)).toEqual(['only']);
  });
});

describe('the command', () => {
  it('prints tables on stderr and one JSON document on stdout, and leaves nothing behind', async () => {
    const temporary = await makeDirectory();
    const { status, stdout, stderr } = await runBench('saving', ['--json', '--no-others', '--domain', 'personal', path.join(folder, 'one')], { temporary });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('Every file came back identical') });
    expect(JSON.parse(stdout)).toMatchObject({ options: { domain: 'personal' }, folders: [{ folder: 'one', dice: { total: { files: 3 }, differences: [] } }] });
    expect(await readdir(temporary)).toEqual([]);
  });
});
