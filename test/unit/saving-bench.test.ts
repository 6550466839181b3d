/**
 * The saving bench without a store: grouping by manifest.csv and by ending, restriction to endings, the sums, the
 * comparison and the tables. Whatever must not pass is refused here.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { groupOf, groupsOf, pairs, type UploadRow } from '../../bench/file-groups.js';
import { extensionOf, fileSetOf, linkedSet, onlyOf } from '../../bench/file-set.js';
import type { FolderSaving } from '../../bench/folder-saving.js';
import { savingCommand } from '../../bench/saving-options.js';
import { faultsIn, folderText, summaryText } from '../../bench/saving-text.js';
import { textTable } from '../../bench/text-table.js';
import { differencesOf } from '../../bench/tree-comparison.js';
import { variantsOf } from '../../bench/variant-manifest.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
let parent: string;
let folder: string;

/** Two sources in three variants, one file that the manifest does not name, and the manifest itself. */
beforeEach(async () => {
  parent = await makeDirectory();
  folder = path.join(parent, 'near');
  for (const source of ['a', 'b']) await mkdir(path.join(folder, source), { recursive: true });
  const files = { 'a/00_source.png': 'aaaa', 'b/00_source.png': 'bbbbb', 'a/01_copy.png': 'aaaa', 'b/02_tiff.TIFF': 'tiff b', 'b/extra.jpeg': 'x' };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  await writeFile(path.join(folder, 'manifest.csv'), 'source,variant,tool\na,00_source.png,cp\nb,00_source.png,cp\na,01_copy.png,"cp, twice"\nb,02_tiff.TIFF,convert\nb,99_gone.png,rm\n');
});

function rowOf(name: string, changed: Partial<UploadRow> = {}): UploadRow {
  return { name, status: 'stored', splitter: 'raster', logicalBytes: 4, sentBytes: 3, blocks: 2, blocksSent: 1, ...changed };
}

describe('manifest.csv', () => {
  it('names the variant of source/variant, with commas, quotes and line ends in other columns', () => {
    const csv = '\ufeffvariant,command,source\r\n00.png,"convert ""a"", then\nmore",one\r\n"0,1.png",cp,two\r\n02.png,,';
    expect([...(variantsOf(csv) ?? [])]).toEqual([['one/00.png', '00.png'], ['two/0,1.png', '0,1.png'], ['02.png', '02.png']]);
  });

  it('is passed over where it lacks one of the columns', () => {
    expect(variantsOf('source,file\na,b\n')).toBeUndefined();
    expect(variantsOf('')).toBeUndefined();
  });

  it('is refused where a quote does not end', () => {
    expect(() => variantsOf('source,variant\na,"b')).toThrow('cannot be read as CSV at character 17');
  });
});

describe('a set of files', () => {
  it('is in the order of names, and tells variant and ending of each', async () => {
    const { files } = await fileSetOf(folder);
    expect(files.map(({ name, variant, extension, bytes }) => [name, variant, extension, bytes])).toEqual([
      ['near/a/00_source.png', '00_source.png', 'png', 4],
      ['near/a/01_copy.png', '01_copy.png', 'png', 4],
      ['near/b/00_source.png', '00_source.png', 'png', 5],
      ['near/b/02_tiff.TIFF', '02_tiff.TIFF', 'tif', 6],
      ['near/b/extra.jpeg', '(other jpg)', 'jpg', 1],
      ['near/manifest.csv', '(other csv)', 'csv', expect.any(Number)],
    ]);
  });

  it('has no variants without a manifest', async () => {
    const { files } = await fileSetOf(path.join(folder, 'a'));
    expect(files.map(({ variant }) => variant)).toEqual([undefined, undefined]);
  });

  it('is restricted to endings as a tree of the same name that holds only these files', async () => {
    const restricted = await onlyOf(await fileSetOf(folder), ['tif'], path.join(parent, 'only'));
    expect(restricted.folder).toBe(path.join(parent, 'only', 'near'));
    const again = await fileSetOf(restricted.folder);
    expect(again.files.map(({ name }) => name)).toEqual(['near/b/02_tiff.TIFF']);
    expect(await readFile(again.files[0]?.path ?? '', 'utf8')).toBe('tiff b');
  });

  it('is refused where nothing remains, where there is no file, and where there is no folder', async () => {
    await expect(onlyOf(await fileSetOf(folder), ['webp'], path.join(parent, 'only'))).rejects.toThrow('no file ending in webp');
    await mkdir(path.join(parent, 'empty'));
    await expect(fileSetOf(path.join(parent, 'empty'))).rejects.toThrow('holds no file');
    await expect(fileSetOf(path.join(parent, 'absent'))).rejects.toThrow('is no folder');
    await expect(fileSetOf(path.join(folder, 'manifest.csv'))).rejects.toThrow('is no folder');
  });

  it.each([['a.JPEG', 'jpg'], ['a.tiff', 'tif'], ['a.tar.GZ', 'gz'], ['README', 'none'], ['.hidden', 'none']])('takes the ending of %s for %s', (name, extension) => {
    expect(extensionOf(name)).toBe(extension);
  });
});

describe('sums over groups', () => {
  it('add up to the total in every number, in the order of names', async () => {
    const { files } = await fileSetOf(folder);
    const uploaded = pairs(files, files.map((file, i) => rowOf(file.name, { logicalBytes: file.bytes, sentBytes: 10 ** i, blocks: i, splitter: i < 4 ? 'raster' : 'bytes' })));
    const total = groupOf('total', uploaded);
    expect(total).toMatchObject({ files: 6, sentBytes: 111_111, tiledBytes: 19, blocks: 15, blocksSent: 6 });
    const groups = groupsOf(uploaded, ({ variant }) => variant ?? '');
    expect(groups.map(({ name, sentBytes }) => [name, sentBytes])).toEqual([['(other csv)', 100_000], ['(other jpg)', 10_000], ['00_source.png', 101], ['01_copy.png', 10], ['02_tiff.TIFF', 1_000]]);
    for (const key of ['files', 'logicalBytes', 'sentBytes', 'tiledBytes', 'blocks', 'blocksSent'] as const) expect(groups.reduce((sum, row) => sum + row[key], 0)).toBe(total[key]);
  });

  it('refuse an upload that failed, lacks a file, has one too many or tells another size', async () => {
    const { files } = await fileSetOf(path.join(folder, 'a'));
    const rows = files.map(({ name }) => rowOf(name));
    expect(pairs(files, rows)).toHaveLength(2);
    expect(() => pairs(files, [rowOf('a/00_source.png'), rowOf('a/01_copy.png', { status: 'failed' })])).toThrow('a/01_copy.png is failed');
    expect(() => pairs(files, [rowOf('a/00_source.png'), rowOf('a/01_copy.png', { status: 'known' })])).toThrow('a/01_copy.png is known');
    expect(() => pairs(files, [rowOf('a/00_source.png', { logicalBytes: 5 }), rowOf('a/01_copy.png')])).toThrow('tells of 5');
    expect(() => pairs(files, rows.slice(1))).toThrow('tells of 1');
    expect(() => pairs(files, [...rows, rowOf('a/more.png')])).toThrow('tells of 3');
    expect(() => pairs(files, [rowOf('a/00_source.png'), rowOf('a/elsewhere.png')])).toThrow('not in the answer');
  });
});

describe('the comparison of two trees', () => {
  it('finds no difference in an equal tree, and names a changed, a missing and a further file', async () => {
    const set = await fileSetOf(folder);
    const copies = path.join(parent, 'copies');
    await linkedSet(set.files, copies);
    expect(await differencesOf(set, copies)).toEqual([]);
    // A link would change the original too.
    await rm(path.join(copies, 'near/a/01_copy.png'));
    await writeFile(path.join(copies, 'near/a/01_copy.png'), 'aaaA');
    await rm(path.join(copies, 'near/b/extra.jpeg'));
    await writeFile(path.join(copies, 'near/b/more.png'), 'aaaa');
    expect(await differencesOf(set, copies)).toEqual(['different: near/a/01_copy.png', 'missing: near/b/extra.jpeg', 'not in the folder: near/b/more.png']);
  });

  it('finds every file missing where there is no tree', async () => {
    expect(await differencesOf(await fileSetOf(path.join(folder, 'a')), path.join(parent, 'absent'))).toContain('missing: a/01_copy.png');
  });
});

const total = { name: 'total', files: 2, logicalBytes: 8_000_000, sentBytes: 1_000_000, tiledBytes: 6_000_000, blocks: 9, blocksSent: 4 };
const times = { storeSeconds: 4, storeCpuSeconds: 2, restoreSeconds: 1, restoreCpuSeconds: 0 };
const saving: FolderSaving = {
  folder: 'near',
  dice: { total, storedBytes: 1_200_000, parts: [{ name: 'database file', bytes: 1_200_000 }], extensions: [{ ...total, name: 'png' }], variants: undefined, untiled: [], ...times, differences: [] },
  growth: undefined,
  others: [
    { name: 'restic', outcome: 'measured', figures: { version: 'restic 9', storedBytes: 7_000_000, ...times, differences: [] } },
    { name: 'borg', outcome: 'not installed' },
  ],
};
const options = { domain: 'open', tilePixels: undefined, only: ['png'], isByVariant: false, hasOthers: true } as const;

describe('the tables', () => {
  it('have columns of even width, numbers to the right', () => {
    expect(textTable(['name', '>bytes'], [['a', '1'], ['longer', '1234567']])).toBe(['| name   |   bytes |', '| ------ | ------: |', '| a      |       1 |', '| longer | 1234567 |'].join('\n'));
  });

  it('tell logical, stored and sent bytes, their ratios and both speeds of every tool', () => {
    const lines = folderText(saving, options).split('\n').map((line) => line.split(/ *\| */).filter((cell) => cell !== ''));
    expect(lines).toContainEqual(['dice', '1.200', '0.1500', '1.000', '0.1250', '2.0 (4.0)', '8.0 (-)']);
    expect(lines).toContainEqual(['restic; restic 9', '7.000', '0.8750', '2.0 (4.0)', '8.0 (-)']);
    expect(lines).toContainEqual(['borg', 'not installed']);
    expect(lines).toContainEqual(['png', '2', '8.000', '1.000', '0.1250', '4 of 9', '75.0 %']);
    expect(folderText(saving, options)).toContain('domain open, default tile, only png; no previews (stored bytes exclude them)');
  });

  it('name the files that were kept as plain bytes, thirty of them at most', () => {
    const untiled = Array.from({ length: 31 }, (_, i) => rowOf(`near/${String(i)}.png`, { splitter: 'bytes', logicalBytes: 100_000, sentBytes: 90_000 }));
    const text = folderText({ ...saving, dice: { ...saving.dice, untiled } }, options);
    expect(text).toContain('Kept as plain bytes: 31 files, 3.100 MB logical, 2.790 MB sent\n  near/0.png: 100000 bytes, sent 90000\n');
    expect(text).toContain('near/29.png: 100000 bytes, sent 90000\n  and 1 more (all of them in the JSON)\n');
    expect(text).not.toContain('near/30.png');
  });

  it('sum over folders', () => {
    expect(summaryText([saving, saving]).split('\n').at(-1)?.split(/ *\| */)).toEqual(['', 'total', '4', '16.000', '2.400', '2.000', '0.1500', '0.1250', '']);
  });

  it('say of every file that it came back, or name those that did not and the tools that failed', () => {
    expect(faultsIn(saving)).toEqual([]);
    expect(folderText(saving, options)).toContain('Every file came back identical (SHA-256), from each of the 1 other repositories too.');
    const wrong: FolderSaving = { ...saving, dice: { ...saving.dice, differences: ['missing: near/a.png'] }, others: [{ name: 'borg', outcome: 'failed', message: 'no room' }] };
    expect(faultsIn(wrong)).toEqual(['dice: missing: near/a.png', 'borg: failed: no room']);
    expect(folderText(wrong, options)).toContain('WRONG:\ndice: missing: near/a.png\nborg: failed: no room');
  });
});

describe('the command line', () => {
  it('means open, the default tile, all files and all tools by default', () => {
    expect(savingCommand(['one', 'two'])).toEqual({ folders: ['one', 'two'], isJson: false, options: { domain: 'open', tilePixels: undefined, only: undefined, isByVariant: false, hasOthers: true } });
  });

  it('takes every option, and tif for tiff too', () => {
    const { options: given, isJson } = savingCommand(['--domain', 'personal', '--tile', '96', '--only', 'TIFF,.png,tif', '--by-variant', '--no-others', '--json', 'one']);
    expect(given).toEqual({ domain: 'personal', tilePixels: 96, only: ['png', 'tif'], isByVariant: true, hasOthers: false });
    expect(isJson).toBe(true);
  });

  it.each([[['--domain', 'group', 'x'], 'open or personal'], [['--tile', '0', 'x'], 'number of pixels'], [['--only', 'png,', 'x'], 'list of endings'], [[], 'at least one folder'], [['--fast', 'x'], '--fast']])('refuses %j', (args, words) => {
    expect(() => savingCommand(args)).toThrow(words);
  });
});
