/**
 * The paper's experiment: 20 images as 10 near-identical pairs, stored with and without deduplication, for its grids of
 * 4x4, 8x8 and 16x16 blocks and for tiles of 32 to 256 pixels. Prints a table and writes JSON and one chart each of storage
 * and communication. `npm run bench:paper -- [FOLDER] [--output FOLDER]`; without FOLDER it makes its own images.
 *
 * "Without" gives every image an account of its own with a personal secret, so that nothing meets; all else is equal.
 * Storage is the data directory after a drained stop, less an empty store's with as many accounts.
 * Communication is all request body bytes of the uploads.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { connect, fileForUpload, filesBelow, type DiceClient, type UploadOptions } from '../client-sdk/node/index.js';
import { makePaperImages } from './paper-images.js';
import { folderBytes, ServerProcess } from './server-process.js';
import { svgOf, type Chart } from './svg-chart.js';

type Geometry = NonNullable<UploadOptions['geometry']>;

/** One row of the result. All in bytes, over all images of the set. */
export interface PaperRow {
  readonly name: string;
  readonly logicalBytes: number;
  readonly storedWithout: number;
  readonly storedWith: number;
  readonly sentWithout: number;
  readonly sentWith: number;
  readonly blocks: number;
  readonly blocksSent: number;
}

/** The whole result, as the JSON file has it. */
export interface PaperResult {
  readonly machine: string;
  readonly images: number;
  readonly rows: readonly PaperRow[];
}

const geometries: readonly (readonly [string, Geometry])[] = [
  ...[4, 8, 16].map((cells) => [`grid ${cells}x${cells}`, { kind: 'grid', cells }] as const),
  ...[32, 64, 128, 256].map((tilePixels) => [`tile ${tilePixels}`, { kind: 'tile', tilePixels }] as const),
];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { output: { type: 'string', default: 'bench-results/paper' } } });
const scratch = await mkdtemp(path.join(tmpdir(), 'dice-paper-'));
try {
  const folder = positionals[0];
  const paths = folder === undefined ? await makePaperImages(path.join(scratch, 'images')) : await imagesBelow(folder);
  const rows: PaperRow[] = [];
  for (const [name, geometry] of geometries) rows.push(await measure(name, geometry, paths));
  await write({ machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`, images: paths.length, rows }, values.output);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function imagesBelow(folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const file of filesBelow([folder])) paths.push(file.path);
  return paths;
}

async function measure(name: string, geometry: Geometry, paths: readonly string[]): Promise<PaperRow> {
  const logicalBytes = (await Promise.all(paths.map(async (file) => (await stat(file)).size))).reduce((sum, size) => sum + size, 0);
  const together = await store(geometry, [paths]);
  const apart = await store(geometry, paths.map((file) => [file]));
  const row = {
    name, logicalBytes,
    storedWithout: apart.storedBytes, storedWith: together.storedBytes,
    sentWithout: apart.sentBytes, sentWith: together.sentBytes,
    blocks: together.blocks, blocksSent: together.blocksSent,
  };
  process.stderr.write(`${name}: stored ${String(row.storedWith)} of ${String(row.storedWithout)} bytes\n`);
  return row;
}

interface Stored {
  readonly storedBytes: number;
  readonly sentBytes: number;
  readonly blocks: number;
  readonly blocksSent: number;
}

/** Stores each group of files in an account of its own, on a fresh server. */
async function store(geometry: Geometry, groups: readonly (readonly string[])[]): Promise<Stored> {
  const dataDirectory = await mkdtemp(path.join(scratch, 'data-'));
  const sums = { sentBytes: 0, blocks: 0, blocksSent: 0 };
  const emptyBytes = await inServer(dataDirectory, async (url) => {
    for (const index of groups.keys()) await inAccount(url, index, (client) => client.register(credentialsOf(index)));
  });
  const fullBytes = await inServer(dataDirectory, async (url) => {
    for (const [index, group] of groups.entries()) {
      await inAccount(url, index, async (client) => {
        await client.login(credentialsOf(index));
        for await (const file of client.upload(group.map((name) => fileForUpload(name, path.basename(name))), { geometry, preview: false })) {
          if (file.error !== undefined) throw file.error;
          for (const key of ['sentBytes', 'blocks', 'blocksSent'] as const) sums[key] += file[key];
        }
      });
    }
  });
  await rm(dataDirectory, { recursive: true, force: true });
  return { ...sums, storedBytes: fullBytes - emptyBytes };
}

function credentialsOf(index: number): { readonly username: string; readonly password: string; readonly domain: 'personal' } {
  return { username: `reader${String(index)}`, password: `${String(index)} plum trees by the canal`, domain: 'personal' };
}

/** Bytes of the data directory after `work` and a drained stop. */
async function inServer(dataDirectory: string, work: (url: string) => Promise<void>): Promise<number> {
  const server = await ServerProcess.start({ dataDirectory, environment: { DICE_SIGNUP: 'open', DICE_LOG_LEVEL: 'error' } });
  try {
    await work(server.url);
  } finally {
    await server.stop();
  }
  return folderBytes(dataDirectory);
}

async function inAccount(url: string, index: number, work: (client: DiceClient) => Promise<unknown>): Promise<void> {
  const client = await connect(url);
  try {
    await work(client);
  } catch (cause) {
    throw new Error(`account ${String(index)} failed`, { cause });
  } finally {
    await client.close();
  }
}

async function write(result: PaperResult, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'paper.json'), `${JSON.stringify(result, undefined, 2)}\n`);
  await writeFile(path.join(folder, 'storage.svg'), svgOf(chartOf(result, 'Storage', ['storedWithout', 'storedWith'])));
  await writeFile(path.join(folder, 'communication.svg'), svgOf(chartOf(result, 'Communication', ['sentWithout', 'sentWith'])));
  process.stdout.write(`${tableOf(result)}\nwritten to ${folder}: paper.json, storage.svg, communication.svg\n`);
}

function chartOf({ rows }: PaperResult, title: string, keys: readonly ['storedWithout' | 'sentWithout', 'storedWith' | 'sentWith']): Chart {
  const names = ['original files', 'without deduplication', 'with deduplication'];
  const columns = (['logicalBytes', ...keys] as const).map((key) => rows.map((row) => row[key]));
  return { title: `${title} by block size`, unit: 'MB', scale: 1e6, groups: rows.map((row) => row.name), series: columns.map((column, i) => ({ name: names[i] ?? '', values: column })) };
}

function tableOf({ machine, images, rows }: PaperResult): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2).padStart(9);
  const head = `${images} images, ${machine}; MB\n${'blocks'.padEnd(12)}  original   stored-   stored+     sent-     sent+    saving  new/all blocks`;
  const lines = rows.map((row) => {
    const cells = [row.logicalBytes, row.storedWithout, row.storedWith, row.sentWithout, row.sentWith].map(megabytes).join(' ');
    return `${row.name.padEnd(12)} ${cells}  ${(100 * (1 - row.storedWith / row.logicalBytes)).toFixed(1).padStart(6)} %  ${row.blocksSent}/${row.blocks}`;
  });
  return [head, ...lines].join('\n');
}
