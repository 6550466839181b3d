/**
 * bench:coder -- FOLDER...: what the tile coder makes of the PNG files of each folder, and how fast, next to PNG through sharp on
 * the same pixels in the same run. Ratios are coded bytes of all tiles to bytes of the files. Speeds are MB of samples per CPU
 * second of this process, medians over rounds in which coder and sharp alternate. Prints a table, then the same as JSON.
 */
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import sharp, { type Raw } from 'sharp';
import { codeContent, decodeContent } from '../client-sdk/core/image/coded.js';
import type { TileShape } from '../client-sdk/core/image/content.js';
import { tileChannels } from '../client-sdk/core/image/expansion.js';
import { cutOf, regionsOf } from '../client-sdk/core/image/geometry.js';
import { expansionIn, tileIn } from '../client-sdk/core/image/tile-samples.js';

/** A PNG file of 8-bit samples and its pixels. */
interface Picture {
  readonly file: Uint8Array;
  readonly samples: Buffer;
  readonly raw: Raw;
}

interface Row {
  readonly folder: string;
  readonly tilePixels: number;
  readonly files: number;
  readonly pngBytes: number;
  readonly codedBytes: number;
  readonly ratio: number;
  /** MB of samples per CPU second. */
  readonly codingMBps: number;
  readonly decodingMBps: number;
  readonly pngCodingMBps: number;
  readonly pngDecodingMBps: number;
}

const tileSizes = [64, 96, 128];
const rounds = 7;
/** About this many bytes of samples are timed in a round. */
const bytesPerRound = 12_000_000;

sharp.concurrency(1);
sharp.cache(false);
const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error('Name at least one folder of PNG files.');
const rows: Row[] = [];
for (const folder of folders) {
  const pictures = await picturesIn(folder);
  for (const tilePixels of tileSizes) rows.push(await measure(folder, pictures, tilePixels));
}
process.stdout.write(`${table(rows)}\n${JSON.stringify({ machine: machine(), rounds, rows }, null, 2)}\n`);

/** The PNG files of a folder that sharp gives back sample by sample: those of 8 bits without a palette. */
async function picturesIn(folder: string): Promise<readonly Picture[]> {
  const pictures: Picture[] = [];
  for (const name of (await readdir(folder)).filter((file) => file.toLowerCase().endsWith('.png')).sort()) {
    const file = await readFile(join(folder, name));
    const picture = await read(file).catch(() => undefined);
    if (picture !== undefined) pictures.push(picture);
  }
  return pictures;
}

async function read(file: Uint8Array): Promise<Picture | undefined> {
  const image = sharp(file);
  const { depth, isPalette } = await image.metadata();
  if (depth !== 'uchar' || isPalette) return undefined;
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { file, samples: data, raw: { width: info.width, height: info.height, channels: info.channels } };
}

function tilesOf({ samples, raw }: Picture, tilePixels: number): readonly Uint8Array[] {
  const shape: TileShape = { ...raw, depth: 8 };
  const patch = { samples, region: { x: 0, y: 0, width: raw.width, height: raw.height } };
  const cut = cutOf({ kind: 'tile', tilePixels }, shape);
  const regions = cut === undefined ? [] : regionsOf(cut);
  return regions.flatMap((region) => {
    const expansion = expansionIn(patch, region, shape);
    return tileChannels(expansion) === 0 ? [] : [tileIn(patch, region, shape, expansion)];
  });
}

async function measure(folder: string, pictures: readonly Picture[], tilePixels: number): Promise<Row> {
  const tiles = pictures.map((picture) => tilesOf(picture, tilePixels));
  const pngBytes = pictures.reduce((sum, picture) => sum + picture.file.length, 0);
  const codedBytes = tiles.flat().reduce((sum, tile) => sum + codeContent(tile).length, 0);
  const some = sample(tiles.flat(), (tile) => tile.length);
  const codes = some.map((content) => codeContent(content));
  const somePictures = sample(pictures, (picture) => picture.samples.length);
  const speeds: number[][] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    const figures = [
      await speed(some, (tile) => tile.length, codeContent),
      await speed(codes, (_, i) => some[i]?.length ?? 0, decodeContent),
      await speed(somePictures, (picture) => picture.samples.length, (picture) => sharp(picture.samples, { raw: picture.raw }).png({ compressionLevel: 6 }).toBuffer()),
      await speed(somePictures, (picture) => picture.samples.length, (picture) => sharp(picture.file).raw().toBuffer()),
    ];
    figures.forEach((figure, i) => speeds[i]?.push(figure));
  }
  const [codingMBps = 0, decodingMBps = 0, pngCodingMBps = 0, pngDecodingMBps = 0] = speeds.map(median);
  const sizes = { folder: basename(folder), tilePixels, files: pictures.length, pngBytes, codedBytes, ratio: codedBytes / pngBytes };
  return { ...sizes, codingMBps, decodingMBps, pngCodingMBps, pngDecodingMBps };
}

/** Evenly chosen items of about `bytesPerRound` bytes together. */
function sample<T>(items: readonly T[], bytesOf: (item: T) => number): readonly T[] {
  const total = items.reduce((sum, item) => sum + bytesOf(item), 0);
  const step = Math.max(1, Math.floor(total / bytesPerRound));
  return items.filter((_, i) => i % step === 0);
}

/** MB per CPU second of `work` on all items. */
async function speed<T>(items: readonly T[], bytesOf: (item: T, i: number) => number, work: (item: T) => unknown): Promise<number> {
  const start = process.cpuUsage();
  for (const item of items) await work(item);
  const { user, system } = process.cpuUsage(start);
  return items.reduce((sum, item, i) => sum + bytesOf(item, i), 0) / Math.max(1, user + system);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function machine(): string {
  const processors = cpus();
  return `${String(processors.length)} x ${processors[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}, sharp ${sharp.versions.sharp}`;
}

function table(measured: readonly Row[]): string {
  const header = ['folder', 'tile', 'files', 'ratio', 'code MB/s', 'decode MB/s', 'png enc MB/s', 'png dec MB/s'];
  const lines = measured.map((row) => [
    row.folder, String(row.tilePixels), String(row.files), row.ratio.toFixed(4),
    ...[row.codingMBps, row.decodingMBps, row.pngCodingMBps, row.pngDecodingMBps].map((figure) => figure.toFixed(1)),
  ]);
  return [machine(), ...[header, ...lines].map((cells) => cells.map((cell) => cell.padStart(13)).join(''))].join('\n');
}
