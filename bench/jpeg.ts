/**
 * bench:jpeg -- FOLDER...: what the splitter and the coder make of the JPEG files below each folder, and how fast, next to djpeg
 * and jpegtran (libjpeg-turbo; left out where they are not installed) on the same files in the same run. Speeds are MB of JPEG
 * bytes per CPU second of one thread, medians over rounds after a first one that is not counted, one work after the other, so that each
 * pays for its own garbage: splitting is all contents of a file and its
 * recipe, coding every tile, joining decoding every tile and the file from them. The start of a process is measured on an empty
 * picture and taken off. Prints a table, then the same as JSON.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { codeContent, decodeContent } from '../client-sdk/core/image/coded.js';
import { defaultGeometry } from '../client-sdk/core/image/default-cut.js';
import { defaultTileBlocks } from '../client-sdk/core/image/image-limits.js';
import { splitters } from '../client-sdk/core/image/detect.js';
import type { Recipe, Source } from '../client-sdk/core/image/splitter.js';
import { circumstances, circumstancesText } from './circumstances.js';
import { textTable } from './text-table.js';

/** A file that was split once, with its coded tiles. */
interface SplitJpeg {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly recipe: Recipe;
  /** Emptied once they were coded: a join has only their codes. */
  contents: readonly Uint8Array[];
  readonly coded: readonly Uint8Array[];
}

interface Row {
  readonly folder: string;
  /** Blocks along the side of a tile. */
  readonly tileBlocks: number;
  readonly files: number;
  readonly fileBytes: number;
  /** Share of the bytes that the splitter understands. */
  readonly understood: number;
  readonly contents: number;
  /** Coded tiles, and these with the skeleton as it is, to the bytes of the files that were understood. */
  readonly tileRatio: number;
  readonly wholeRatio: number;
  /** MB of file bytes per CPU second; undefined for a command that is not there. */
  readonly speeds: Readonly<Record<Work, number | undefined>>;
}

type Work = 'split' | 'code' | 'split and code' | 'join' | 'djpeg' | 'jpegtran';

const works = ['split', 'code', 'split and code', 'join', 'djpeg', 'jpegtran'] as const;
const tileSizes = [16, 32, defaultTileBlocks];
const rounds = 5;
const execute = promisify(execFile);

const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error('Name at least one folder of JPEG files.');
const scratch = await mkdtemp(join(tmpdir(), 'dice-bench-'));
try {
  const empty = join(scratch, 'empty.jpg');
  await writeFile(empty, await sharp({ create: { width: 8, height: 8, channels: 3, background: 'black' } }).jpeg().toBuffer());
  const rows: Row[] = [];
  for (const folder of folders) for (const tileBlocks of tileSizes) rows.push(await measure(folder, { empty, tileBlocks }));
  const on = await circumstances();
  process.stdout.write(`${circumstancesText(on)}\n${tableOf(rows)}\n${JSON.stringify({ circumstances: on, rounds, rows }, null, 2)}\n`);
} finally {
  await rm(scratch, { recursive: true });
}

async function measure(folder: string, { empty, tileBlocks }: { readonly empty: string; readonly tileBlocks: number }): Promise<Row> {
  const files = await jpegsIn(folder);
  const splits = (await Promise.all(files.map((path) => splitOnce(path, tileBlocks)))).filter((split) => split !== undefined);
  const fileBytes = (await Promise.all(files.map((path) => readFile(path)))).reduce((sum, { length }) => sum + length, 0);
  const splitBytes = sumOf(splits, ({ bytes }) => bytes.length);
  const tiles = sumOf(splits, ({ coded }) => sumOf(coded, ({ length }) => length));
  const skeletons = sumOf(splits, ({ recipe }) => recipe.skeleton.length);
  return {
    folder: basename(folder),
    tileBlocks,
    files: files.length,
    fileBytes,
    understood: splitBytes / fileBytes,
    contents: sumOf(splits, ({ contents }) => contents.length),
    tileRatio: tiles / splitBytes,
    wholeRatio: (tiles + skeletons) / splitBytes,
    speeds: await speedsOf(splits, { splitBytes, empty, tileBlocks }),
  };
}

async function jpegsIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && /\.jpe?g$/i.test(entry.name)).map((entry) => join(entry.parentPath, entry.name)).sort();
}

async function splitOnce(path: string, tileBlocks: number): Promise<SplitJpeg | undefined> {
  const bytes = new Uint8Array(await readFile(path));
  const parts = await takeApart(bytes, tileBlocks);
  return parts && { path, bytes, ...parts, coded: parts.contents.map((content) => codeContent(content)) };
}

async function takeApart(bytes: Uint8Array, tileBlocks: number): Promise<Pick<SplitJpeg, 'recipe' | 'contents'> | undefined> {
  const source: Source = { size: bytes.length, read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)) };
  const split = await splitters.jpeg.split(source, { ...defaultGeometry, tileBlocks });
  if (split === undefined) return undefined;
  const contents: Uint8Array[] = [];
  for await (const content of split.contents()) contents.push(content);
  const recipe = await split.recipe();
  split.close?.();
  return { recipe, contents };
}

async function putTogether({ recipe, coded }: SplitJpeg): Promise<void> {
  const get = (index: number): Promise<Uint8Array> => Promise.resolve(decodeContent(coded[index] ?? new Uint8Array(0)));
  let bytes = 0;
  for await (const piece of splitters.jpeg.join(recipe, { count: coded.length, get })) bytes += piece.length;
  if (bytes === 0) throw new Error('Nothing came of a file.');
}

async function speedsOf(splits: readonly SplitJpeg[], of: { readonly splitBytes: number; readonly empty: string; readonly tileBlocks: number }): Promise<Row['speeds']> {
  const { splitBytes, empty, tileBlocks } = of;
  const split = await medianSeconds(() => cpuSeconds(splits, ({ bytes }) => takeApart(bytes, tileBlocks)));
  const code = await medianSeconds(() => cpuSeconds(splits, ({ contents }) => Promise.resolve(contents.map((content) => codeContent(content)))));
  for (const one of splits) one.contents = [];
  const seconds: Record<Work, number | undefined> = {
    split,
    code,
    'split and code': (split ?? 0) + (code ?? 0),
    join: await medianSeconds(() => cpuSeconds(splits, putTogether)),
    djpeg: await medianSeconds(() => ownSeconds('djpeg', splits, empty)),
    jpegtran: await medianSeconds(() => ownSeconds('jpegtran', splits, empty)),
  };
  const speed = (work: Work): number | undefined => (seconds[work] === undefined ? undefined : splitBytes / 1e6 / Math.max(1e-6, seconds[work]));
  // Every work has its speed.
  return Object.fromEntries(works.map((work) => [work, speed(work)])) as Row['speeds'];
}

/** The median of the rounds after the first; undefined where the work cannot be done. */
async function medianSeconds(round: () => Promise<number | undefined>): Promise<number | undefined> {
  const seconds: number[] = [];
  for (let at = 0; at <= rounds; at++) {
    const one = await round();
    if (one === undefined) return undefined;
    if (at > 0) seconds.push(one);
  }
  return median(seconds);
}

/** What a command takes for the files, without the start of its processes. */
async function ownSeconds(command: 'djpeg' | 'jpegtran', splits: readonly SplitJpeg[], empty: string): Promise<number | undefined> {
  const [all, start] = [await commandSeconds(command, splits.map(({ path }) => path)), await commandSeconds(command, splits.map(() => empty))];
  return all === undefined || start === undefined ? undefined : all - start;
}

async function cpuSeconds(splits: readonly SplitJpeg[], work: (split: SplitJpeg) => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  for (const split of splits) await work(split);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** What a command takes for all files, one process each: the second line of the shell's `times` is that of its children. */
async function commandSeconds(command: 'djpeg' | 'jpegtran', paths: readonly string[]): Promise<number | undefined> {
  const script = `for file in "$@"; do ${command} -outfile /dev/null "$file" || exit 1; done; times`;
  try {
    const { stdout } = await execute('bash', ['-c', script, 'bash', ...paths], { env: { ...process.env, LC_ALL: 'C' } });
    const [user, system] = [...(stdout.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, rest]) => 60 * Number(minutes) + Number(rest));
    return user === undefined || system === undefined ? undefined : user + system;
  } catch {
    return undefined;
  }
}

function sumOf<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function tableOf(measured: readonly Row[]): string {
  const heading = ['folder', '>blocks', '>files', '>MB', '>understood', '>contents', '>tiles', '>with skeleton', ...works.map((work) => `>${work} MB/s`)];
  const rows = measured.map((row) => [
    row.folder, String(row.tileBlocks), String(row.files), (row.fileBytes / 1e6).toFixed(3), row.understood.toFixed(4), String(row.contents), row.tileRatio.toFixed(4), row.wholeRatio.toFixed(4),
    ...works.map((work) => row.speeds[work]?.toFixed(1) ?? 'absent'),
  ]);
  return textTable(heading, rows);
}
