/**
 * The report, through the command line on a real server process: every figure is computed again from the files, from what
 * the wire carried, and from the database and the folder of the stopped server, and must be the same to the byte.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { folderBytes } from '../../bench/server-process.js';
import { pngOf, tiffOf, type Pixels } from '../../bench/plain-images.js';
import type { OperatorReport } from '../../client-sdk/protocol/messages.js';
import { diskRows, packRows } from '../../server/core/report.js';
import { CountingProxy } from '../support/counting-proxy.js';
import { Person } from '../support/dice-command.js';
import { photograph, withOnePixel } from '../support/sample-images.js';
import { Workbench } from '../support/workbench.js';

interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly formula: string;
}
interface Report {
  readonly figures: readonly Row[];
  readonly causes: readonly Row[];
  readonly formats: readonly (Readonly<Record<string, number>> & { readonly format: string })[];
  readonly days: readonly (Readonly<Record<string, number>> & { readonly day: string })[];
}
interface Shown {
  readonly id: string;
  readonly codedBytes: number;
  readonly sentBytes: number;
  readonly blockList: readonly { readonly block: { readonly tag: string } | null }[];
}
/** A file that was stored, and what is known of it without the report. */
interface Stored {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly shown: Shown;
}

let bench: Workbench;
let proxy: CountingProxy;
let ada: Person;
let stored: readonly Stored[];
let report: Report;
let uploadedBytes: number;
/** From the database of the server while it was stopped. */
let lengthOfTag: ReadonlyMap<string, number>;
let sums: Readonly<Record<'manifestBytes' | 'entryBytes' | 'previewBytes' | 'recordBytes', number>>;

/** One noisy tile, twelve times: references to one block that count each. */
function repeated(): Pixels {
  const tile = photograph(128, 128, 8);
  const samples = new Uint8Array(384 * 256 * 3);
  for (let y = 0; y < 256; y++) for (let x = 0; x < 3; x++) samples.set(tile.samples.subarray((y % 128) * 384, (y % 128 + 1) * 384), (y * 384 + x * 128) * 3);
  return { width: 384, height: 256, samples };
}

function filesOf(): Readonly<Record<string, Uint8Array>> {
  const [one, two] = [photograph(240, 180, 3), photograph(130, 160, 7)];
  const onePng = pngOf(one);
  return {
    'one.png': onePng, 'one.tif': tiffOf(one), 'copy/one.png': onePng, 'edited.png': pngOf(withOnePixel(one, 150, 100)),
    'two.png': pngOf(two), 'two.tif': tiffOf(two), 'tiles.png': pngOf(repeated()),
    'words.txt': new TextEncoder().encode('only a few words, again and again\n'.repeat(400)),
    'gone.png': pngOf(photograph(90, 70, 11)),
  };
}

async function store(): Promise<readonly Stored[]> {
  const files = Object.entries(filesOf());
  for (const [name, bytes] of files) {
    await mkdir(path.dirname(bench.path('files', name)), { recursive: true });
    await writeFile(bench.path('files', name), bytes);
  }
  const before = proxy.uploadBodyBytes;
  await ada.must(['upload', bench.path('files'), '--json']);
  uploadedBytes = proxy.uploadBodyBytes - before;
  const list: Stored[] = [];
  for (const [name, bytes] of files) list.push({ name, bytes, shown: (await ada.must(['info', `files/${name}`, '--json', '--blocks'])).json<Shown>() });
  return list;
}

beforeAll(async () => {
  bench = await Workbench.open({ DICE_DEFAULT_DOMAIN: 'open' });
  proxy = await CountingProxy.before(bench.server.url);
  ada = new Person({ url: proxy.url, profileDir: bench.path('profiles', 'ada'), username: 'ada' });
  await ada.must(['register', '--recovery-file', bench.path('words')]);
  stored = await store();
  await ada.must(['rm', 'files/gone.png']);
  report = (await ada.must(['report', '--json'])).json<Report>();
  await bench.whileStopped(readDatabase);
});

afterAll(async () => {
  await proxy.close();
  await bench.close();
});

function readDatabase(): void {
  lengthOfTag = new Map(ask<{ readonly t: Buffer; readonly length: number }>('SELECT t, length FROM tag').map(({ t, length }) => [t.toString('hex'), length]));
  const records = askNumber('SELECT COUNT(*) FROM tag') + askNumber('SELECT COUNT(*) + COUNT(preview_bytes) FROM image');
  sums = {
    manifestBytes: askNumber('SELECT SUM(manifest_bytes) FROM image'),
    entryBytes: askNumber('SELECT SUM(length(entry) + length(wrapped_key)) FROM image'),
    previewBytes: askNumber('SELECT SUM(preview_bytes) FROM image'),
    recordBytes: records * gaps().record,
  };
}

/** Cipher bytes of every reference. */
function codedBytesOf({ blockList }: Shown): number {
  return sum(blockList.map(({ block }) => (block === null ? 0 : (lengthOfTag.get(block.tag) ?? NaN))));
}

function figure(name: string): number {
  const row = report.figures.find((known) => known.name === name);
  if (row === undefined) throw new Error(`the report has no figure ${name}`);
  return row.value;
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0);
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** One row of numbers from the database; call it while the server is stopped. */
function ask<T>(sql: string): readonly T[] {
  const database = new Database(path.join(bench.data, 'dice.db'), { readonly: true });
  try {
    return database.prepare<[], T>(sql).all();
  } finally {
    database.close();
  }
}

function askNumber(sql: string): number {
  return ask<{ readonly value: number | null }>(`SELECT (${sql}) AS value`)[0]?.value ?? 0;
}

async function packFiles(): Promise<readonly string[]> {
  const folder = path.join(bench.data, 'packs');
  return (await readdir(folder)).filter((name) => name.endsWith('.dice')).map((name) => path.join(folder, name));
}

/** Records of blocks that rows and copies name: two accounts may have rows of one block. */
const recordsSql = 'SELECT length FROM tag UNION ALL SELECT tag.length FROM copy JOIN tag ON tag.id = copy.tag';
const distinctSql = 'SELECT DISTINCT t1, length FROM tag';

/** Magic, version, type, length and code before each record, and the header of a pack, told by the places of neighbours. */
function gaps(): { readonly record: number; readonly pack: number } {
  const places = ask<{ readonly pack: number; readonly offset: number; readonly length: number }>(`
    SELECT pack, "offset", length FROM tag UNION SELECT copy.pack, copy."offset", length FROM copy JOIN tag ON tag.id = copy.tag
    UNION SELECT manifest_pack, manifest_offset, manifest_length FROM image UNION SELECT preview_pack, preview_offset, preview_length FROM image WHERE preview_pack IS NOT NULL
    UNION SELECT pack, "offset", length FROM account ORDER BY 1, 2`);
  const between = places.flatMap((place, i) => (places[i - 1]?.pack === place.pack ? [place.offset - (places[i - 1]?.offset ?? 0) - (places[i - 1]?.length ?? 0)] : []));
  return { record: Math.min(...between), pack: Math.min(...places.map((place) => place.offset)) };
}

describe('dice report', () => {
  it('counts the files as they are on the disk, those in the trash included', () => {
    const distinct = new Map(stored.map(({ bytes }) => [hashOf(bytes), bytes.length]));
    expect([figure('images'), figure('trashedImages'), figure('distinctFiles')]).toEqual([9, 1, 8]);
    expect(figure('logicalBytes')).toBe(sum(stored.map(({ bytes }) => bytes.length)));
    expect(figure('distinctFileBytes')).toBe(sum(distinct.values()));
    expect(figure('plainUploadBytes')).toBe(figure('logicalBytes'));
  });

  it('counts each reference for the coded bytes, and each distinct block once', () => {
    expect(stored.map(({ shown }) => shown.codedBytes)).toEqual(stored.map(({ shown }) => codedBytesOf(shown)));
    expect(figure('codedBytes')).toBe(sum(stored.map(({ shown }) => codedBytesOf(shown))));
    expect(figure('distinctCodedBytes')).toBe(sum(new Map(stored.map(({ bytes, shown }) => [hashOf(bytes), codedBytesOf(shown)])).values()));
    const tags = new Set(stored.flatMap(({ shown }) => shown.blockList.flatMap(({ block }) => block?.tag ?? [])));
    expect([figure('blocks'), figure('cipherBytes')]).toEqual([tags.size, sum([...tags].map((tag) => lengthOfTag.get(tag) ?? NaN))]);
    expect([lengthOfTag.size, sum(lengthOfTag.values())]).toEqual([figure('blocks'), figure('cipherBytes')]);
    const tiles = stored.find(({ name }) => name === 'tiles.png')?.shown.blockList ?? [];
    expect(tiles.length - new Set(tiles.map(({ block }) => block?.tag)).size).toBeGreaterThanOrEqual(5);
  });

  it('adds manifests, entries, previews and the headers of their records', () => {
    expect(Object.fromEntries(Object.keys(sums).map((name) => [name, figure(name)]))).toEqual(sums);
    expect(figure('sealedBytes')).toBe(figure('cipherBytes') + figure('manifestBytes') + figure('entryBytes') + figure('previewBytes'));
    expect(figure('storedBytes')).toBe(figure('sealedBytes') + figure('recordBytes'));
    expect(figure('usedBytes')).toBe(figure('sealedBytes') + figure('sessionBytes'));
    expect(figure('saving')).toBe(1 - figure('storedBytes') / figure('logicalBytes'));
    expect(figure('ratio')).toBe(figure('logicalBytes') / figure('storedBytes'));
  });

  it('splits the saved bytes into causes that add up exactly', () => {
    const causes = new Map(report.causes.map(({ name, value }) => [name, value]));
    expect(sum(causes.values())).toBe(figure('savedBytes'));
    expect(figure('savedBytes')).toBe(figure('logicalBytes') - figure('storedBytes'));
    expect(causes.get('equalFiles')).toBe(stored.find(({ name }) => name === 'one.png')?.bytes.length);
    expect([...causes].map(([name, value]) => [name, Math.sign(value)])).toEqual([
      ['equalFiles', 1], ['coding', 1], ['equalBlocks', 1], ['records', -1], ['previews', -1], ['recordHeaders', -1],
    ]);
  });

  it('tells the bytes that travelled, as a proxy between counted them', () => {
    expect(figure('sentBytes')).toBe(uploadedBytes);
    expect(sum(stored.map(({ shown }) => shown.sentBytes))).toBe(uploadedBytes);
    expect(figure('sentSaving')).toBe(1 - uploadedBytes / figure('logicalBytes'));
    expect(figure('receivedBytes')).toBe(figure('sealedBytes'));
  });

  it('divides the same sums by format and by day', () => {
    const types: Readonly<Record<string, string>> = { '.png': 'image/png', '.tif': 'image/tiff', '.txt': 'application/octet-stream' };
    for (const { format, ...row } of report.formats) {
      const own = stored.filter(({ name }) => types[path.extname(name)] === format);
      const [codedBytes, sentBytes] = [sum(own.map(({ shown }) => shown.codedBytes)), sum(own.map(({ shown }) => shown.sentBytes))];
      expect(row).toEqual({ images: own.length, logicalBytes: sum(own.map(({ bytes }) => bytes.length)), codedBytes, sentBytes });
    }
    expect(report.formats.map(({ format }) => format).sort()).toEqual(Object.values(types).sort());
    const overDays = (name: string): number => sum(report.days.map((row) => row[name] ?? NaN));
    expect(['images', 'logicalBytes', 'sentBytes', 'receivedBytes'].map(overDays)).toEqual(['images', 'logicalBytes', 'sentBytes', 'receivedBytes'].map(figure));
    expect([overDays('newBlocks'), overDays('newCipherBytes')]).toEqual([figure('blocks'), figure('cipherBytes')]);
  });

  it('is the same as CSV, and readable as text', async () => {
    const expected = [
      ...report.figures.map(({ name, value }) => `figures,,${name},${String(value)}`),
      ...report.causes.map(({ name, value }) => `causes,,${name},${String(value)}`),
      ...report.formats.flatMap(({ format, ...row }) => Object.entries(row).map(([name, value]) => `formats,${format},${name},${String(value)}`)),
      ...report.days.flatMap(({ day, ...row }) => Object.entries(row).map(([name, value]) => `days,${day},${name},${String(value)}`)),
    ];
    const lines = (await ada.must(['report', '--csv'])).stdout.trimEnd().split('\r\n');
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 4).join(','))).toEqual(expected);
    expect(report.figures.every(({ formula }) => formula.length > 5)).toBe(true);
    const text = (await ada.must(['report'])).stdout;
    for (const { name, formula } of [...report.figures, ...report.causes]) expect(text).toMatch(new RegExp(`^${name} .*= ${formula.replace(/[^\w ]/g, '\\$&')}$`, 'm'));
    expect(text.split('\n').filter((line) => line.startsWith('storedBytes ')).map((line) => line.replace(/ +/g, ' '))[0]).toContain(` ${String(figure('storedBytes'))} `);
  });
});

describe('dice-admin report', () => {
  it('has rows that add up to the measured folder, with copies that wait, trash and previews', async () => {
    const bob = await bench.person('bob');
    await bob.must(['upload', bench.path('files', 'one.png'), '--json']);
    await bench.stop();
    const figures = await expectAddsUp();
    expect(figures).toMatchObject({ accounts: 2, images: 10, trashedImages: 1, reclaimableBytes: 0 });
    expect([figures.pendingCopies, figures.pendingCopyBytes]).toEqual([askNumber(`SELECT COUNT(*) FROM (${recordsSql})`) - askNumber(`SELECT COUNT(*) FROM (${distinctSql})`), askNumber(`SELECT SUM(length) FROM (${recordsSql})`) - askNumber(`SELECT SUM(length) FROM (${distinctSql})`)]);
    // Where edited.png came before one.png, tiles of ada's one.png that touch the edit are other blocks than those of bob's.
    expect(figures.pendingCopies).toBeGreaterThanOrEqual(3);
    expect(figures.cipherBytes).toBe(figure('cipherBytes'));
    const csv = (await bench.admin(['report', '--csv'])).stdout.trim().split('\n').slice(1);
    // Others write to the same disk.
    const steady = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.startsWith('freeBytes,'));
    expect(steady(csv)).toEqual(steady(Object.entries(figures).map(([name, value]) => `${name},${String(value)}`)));
    const merged = (await bench.admin(['gc', '--json'])).json<{ readonly mergedCopies: number }>();
    expect(merged.mergedCopies).toBe(figures.pendingCopies);
    const after = await expectAddsUp();
    expect(after).toMatchObject({ pendingCopies: 0, cipherBytes: figures.cipherBytes, referencedCipherBytes: figures.referencedCipherBytes });
    await bench.start();
  });
});

/** Every row against the database and the files of the stopped server. */
async function expectAddsUp(): Promise<OperatorReport> {
  const told = await bench.admin(['report', '--json']);
  const figures = told.json<OperatorReport>();
  const packs = await packFiles();
  const { record, pack } = gaps();
  const records = sum(['tag', 'copy', 'image', 'account'].map((table) => askNumber(`SELECT COUNT(*) FROM ${table}`))) + askNumber('SELECT COUNT(preview_bytes) FROM image');
  const payloads = askNumber('SELECT SUM(manifest_length + COALESCE(preview_length, 0)) FROM image') + askNumber('SELECT SUM(length) FROM account');
  expect(figures).toMatchObject({
    cipherBytes: askNumber(`SELECT SUM(length) FROM (${distinctSql})`),
    manifestBytes: askNumber('SELECT SUM(manifest_bytes) FROM image'),
    previewBytes: askNumber('SELECT SUM(preview_bytes) FROM image'),
    recordOverheadBytes: records * record,
    otherRecordBytes: payloads - figures.manifestBytes - figures.previewBytes,
    packHeaderBytes: packs.length * pack,
    packFileBytes: sum(await Promise.all(packs.map(async (file) => (await stat(file)).size))),
  });
  expect(sum(packRows.map((name) => figures[name]))).toBe(figures.packFileBytes);
  expect(sum(diskRows.map((name) => figures[name]))).toBe(figures.diskBytes);
  expect(figures.diskBytes).toBe(await folderBytes(bench.data));
  return figures;
}
