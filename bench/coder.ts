/**
 * bench:coder -- FOLDER...: what the tile coder makes of the PNG files of each folder, and how fast, next to PNG through sharp on
 * the same pixels in the same run. Ratios are coded bytes of all tiles to bytes of the files. Speeds are MB of samples per CPU
 * second of this process, medians over rounds in which coder and sharp alternate; tiles of equalised pictures are coded by their
 * levels, the search for which is timed once over all pictures. Prints a table, then the same as JSON.
 */
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import sharp, { type Raw } from 'sharp';
import { codeContent, decodeContent } from '../client-sdk/core/image/coded.js';
import type { TileShape } from '../client-sdk/core/image/content.js';
import { findEqualisation } from '../client-sdk/core/image/equalisation.js';
import type { Equalisation, GreyPicture } from '../client-sdk/core/image/equalised-picture.js';
import { equalisationIn, type TileEqualisation } from '../client-sdk/core/image/equalised-tile.js';
import { tileChannels } from '../client-sdk/core/image/expansion.js';
import { cutOf, regionsOf } from '../client-sdk/core/image/geometry.js';
import { GreyPlane } from '../client-sdk/core/image/grey-plane.js';
import { expansionIn, tileIn } from '../client-sdk/core/image/tile-samples.js';

/** A PNG file of 8-bit samples and its pixels. */
interface Picture {
  readonly file: Uint8Array;
  readonly samples: Buffer;
  readonly raw: Raw;
  readonly equalisation: Equalisation | undefined;
}

interface Tile {
  readonly content: Uint8Array;
  readonly equalisation: TileEqualisation | undefined;
}

interface Row {
  readonly folder: string;
  readonly tilePixels: number;
  readonly files: number;
  /** Files that were equalised, and MB of samples of all grey ones per CPU second of the search for levels. */
  readonly equalised: number;
  readonly searchMBps: number;
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
  const search: Search = { samples: 0, seconds: 0 };
  const pictures = await picturesIn(folder, search);
  for (const tilePixels of tileSizes) rows.push(await measure(folder, { pictures, search }, tilePixels));
}
process.stdout.write(`${table(rows)}\n${JSON.stringify({ machine: machine(), rounds, rows }, null, 2)}\n`);

/** What the search for levels took. */
interface Search {
  samples: number;
  seconds: number;
}

/** The PNG files of a folder that sharp gives back sample by sample: those of 8 bits without a palette. */
async function picturesIn(folder: string, search: Search): Promise<readonly Picture[]> {
  const pictures: Picture[] = [];
  for (const name of (await readdir(folder)).filter((file) => file.toLowerCase().endsWith('.png')).sort()) {
    const file = await readFile(join(folder, name));
    const picture = await read(file, search).catch(() => undefined);
    if (picture !== undefined) pictures.push(picture);
  }
  return pictures;
}

async function read(file: Uint8Array, search: Search): Promise<Picture | undefined> {
  const image = sharp(file);
  const { depth, isPalette } = await image.metadata();
  if (depth !== 'uchar' || isPalette) return undefined;
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const grey = greyOf(data, raw);
  return { file, samples: data, raw, equalisation: grey === undefined ? undefined : timedSearch(grey, search) };
}

function timedSearch(grey: GreyPicture, search: Search): Equalisation | undefined {
  const start = process.cpuUsage();
  const found = findEqualisation(grey);
  const { user, system } = process.cpuUsage(start);
  search.samples += grey.values.length;
  search.seconds += (user + system) / 1e6;
  return found;
}

function greyOf(samples: Uint8Array, raw: Raw): GreyPicture | undefined {
  const shape: TileShape = { ...raw, depth: 8 };
  const region = { x: 0, y: 0, width: raw.width, height: raw.height };
  const plane = new GreyPlane(raw);
  const expansion = expansionIn({ samples, region }, region, shape);
  plane.add({ region, expansion, depth: 8, content: tileChannels(expansion) === 0 ? undefined : tileIn({ samples, region }, region, shape, expansion) });
  return plane.picture;
}

function tilesOf({ samples, raw, equalisation }: Picture, tilePixels: number): readonly Tile[] {
  const shape: TileShape = { ...raw, depth: 8 };
  const patch = { samples, region: { x: 0, y: 0, width: raw.width, height: raw.height } };
  const cut = cutOf({ kind: 'tile', tilePixels }, shape);
  const regions = cut === undefined ? [] : regionsOf(cut);
  return regions.flatMap((region) => {
    const expansion = expansionIn(patch, region, shape);
    if (tileChannels(expansion) === 0) return [];
    return [{ content: tileIn(patch, region, shape, expansion), equalisation: equalisation === undefined ? undefined : equalisationIn(equalisation, region) }];
  });
}

async function measure(folder: string, { pictures, search }: { readonly pictures: readonly Picture[]; readonly search: Search }, tilePixels: number): Promise<Row> {
  const tiles = pictures.map((picture) => tilesOf(picture, tilePixels));
  const pngBytes = pictures.reduce((sum, picture) => sum + picture.file.length, 0);
  const codedBytes = tiles.flat().reduce((sum, tile) => sum + codeTile(tile).length, 0);
  const some = sample(tiles.flat(), ({ content }) => content.length);
  const codes = some.map(codeTile);
  const somePictures = sample(pictures, (picture) => picture.samples.length);
  const speeds: number[][] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    const figures = [
      await speed(some, ({ content }) => content.length, codeTile),
      await speed(codes, (_, i) => some[i]?.content.length ?? 0, decodeContent),
      await speed(somePictures, (picture) => picture.samples.length, (picture) => sharp(picture.samples, { raw: picture.raw }).png({ compressionLevel: 6 }).toBuffer()),
      await speed(somePictures, (picture) => picture.samples.length, (picture) => sharp(picture.file).raw().toBuffer()),
    ];
    figures.forEach((figure, i) => speeds[i]?.push(figure));
  }
  const [codingMBps = 0, decodingMBps = 0, pngCodingMBps = 0, pngDecodingMBps = 0] = speeds.map(median);
  const found = { equalised: pictures.filter(({ equalisation }) => equalisation !== undefined).length, searchMBps: search.samples / 1e6 / Math.max(1e-6, search.seconds) };
  const sizes = { folder: basename(folder), tilePixels, files: pictures.length, ...found, pngBytes, codedBytes, ratio: codedBytes / pngBytes };
  return { ...sizes, codingMBps, decodingMBps, pngCodingMBps, pngDecodingMBps };
}

function codeTile({ content, equalisation }: Tile): Uint8Array {
  return codeContent(content, equalisation);
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
  const header = ['folder', 'tile', 'files', 'equalised', 'search MB/s', 'ratio', 'code MB/s', 'decode MB/s', 'png enc MB/s', 'png dec MB/s'];
  const lines = measured.map((row) => [
    row.folder, String(row.tilePixels), String(row.files), String(row.equalised), row.searchMBps.toFixed(2), row.ratio.toFixed(4),
    ...[row.codingMBps, row.decodingMBps, row.pngCodingMBps, row.pngDecodingMBps].map((figure) => figure.toFixed(1)),
  ]);
  return [machine(), ...[header, ...lines].map((cells) => cells.map((cell) => cell.padStart(13)).join(''))].join('\n');
}
