/**
 * bench:coefficients -- FOLDER...: what the coder of coefficients makes of the JPEG files of each folder, cut into square tiles of one
 * component each, and how fast. Ratios are coded bytes of all tiles to bytes of the files' scans. Speeds are MB of scan bytes per CPU
 * second of this process, medians over rounds. Every tile is compared with what comes back. Prints a table, then the same as JSON.
 */
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { codeContent, decodeContent } from '../client-sdk/core/image/coded.js';
import { blocksOf, newCoefficients } from '../client-sdk/core/image/content.js';
import type { Coefficients } from '../client-sdk/core/image/jpeg/coefficients.js';
import { parseJpeg } from '../client-sdk/core/image/jpeg/jpeg-markers.js';
import { readScans } from '../client-sdk/core/image/jpeg/jpeg-scans.js';

interface Picture {
  readonly scanBytes: number;
  readonly planes: readonly Coefficients[];
}

interface Row {
  readonly folder: string;
  readonly tileBlocks: number;
  readonly files: number;
  readonly tiles: number;
  readonly scanBytes: number;
  readonly codedBytes: number;
  readonly ratio: number;
  /** MB of scan bytes per CPU second. */
  readonly codingMBps: number;
  readonly decodingMBps: number;
}

const tileSizes = [16, 32, 64];
const rounds = 7;
const coefficients = 64;

const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error('Name at least one folder of JPEG files.');
const rows: Row[] = [];
for (const folder of folders) {
  const pictures = await picturesIn(folder);
  for (const tileBlocks of tileSizes) rows.push(measure(folder, pictures, tileBlocks));
}
process.stdout.write(`${table(rows)}\n${JSON.stringify({ machine: machine(), rounds, rows }, null, 2)}\n`);

/** The JPEG files of a folder that are understood. */
async function picturesIn(folder: string): Promise<readonly Picture[]> {
  const names = (await readdir(folder)).filter((name) => /\.jpe?g$/i.test(name)).sort();
  const pictures: Picture[] = [];
  for (const name of names) {
    const file = await readFile(join(folder, name));
    const parsed = parseJpeg(file);
    const read = parsed === undefined ? undefined : readScans(file, parsed);
    if (parsed === undefined || read === undefined) continue;
    const scanBytes = parsed.pieces.reduce((sum, { kind, start, end }) => sum + (kind === 'scan' ? end - start : 0), 0);
    pictures.push({ scanBytes, planes: read.planes.list });
  }
  return pictures;
}

/** The contents of a plane's tiles. */
function tilesOf(plane: Coefficients, tileBlocks: number): readonly Uint8Array[] {
  const tiles: Uint8Array[] = [];
  for (let y = 0; y < plane.down; y += tileBlocks) {
    for (let x = 0; x < plane.across; x += tileBlocks) {
      const across = Math.min(tileBlocks, plane.across - x);
      const down = Math.min(tileBlocks, plane.down - y);
      const content = newCoefficients({ across, down });
      const view = new DataView(content.buffer, content.length - blocksOf(content).length);
      for (let row = 0; row < down; row++) {
        const from = coefficients * ((y + row) * plane.stride + x);
        for (let i = 0; i < coefficients * across; i++) view.setInt16(2 * (coefficients * across * row + i), plane.values[from + i] ?? 0, true);
      }
      tiles.push(content);
    }
  }
  return tiles;
}

function measure(folder: string, pictures: readonly Picture[], tileBlocks: number): Row {
  const tiles = pictures.flatMap(({ planes }) => planes.flatMap((plane) => tilesOf(plane, tileBlocks)));
  const codes = tiles.map((content) => codeContent(content));
  codes.forEach((code, i) => {
    if (Buffer.compare(decodeContent(code), tiles[i] ?? new Uint8Array(0)) !== 0) throw new Error('A tile does not come back.');
  });
  const scanBytes = pictures.reduce((sum, picture) => sum + picture.scanBytes, 0);
  const codedBytes = codes.reduce((sum, code) => sum + code.length, 0);
  const coding: number[] = [];
  const decoding: number[] = [];
  for (let round = 0; round < rounds; round++) {
    coding.push(scanBytes / microsecondsOf(tiles, codeContent));
    decoding.push(scanBytes / microsecondsOf(codes, decodeContent));
  }
  const sizes = { folder: basename(folder), tileBlocks, files: pictures.length, tiles: tiles.length, scanBytes, codedBytes, ratio: codedBytes / scanBytes };
  return { ...sizes, codingMBps: median(coding), decodingMBps: median(decoding) };
}

/** CPU time of `work` on all items. */
function microsecondsOf(items: readonly Uint8Array[], work: (item: Uint8Array) => Uint8Array): number {
  const start = process.cpuUsage();
  for (const item of items) work(item);
  const { user, system } = process.cpuUsage(start);
  return Math.max(1, user + system);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function machine(): string {
  const processors = cpus();
  return `${String(processors.length)} x ${processors[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}`;
}

function table(measured: readonly Row[]): string {
  const header = ['folder', 'blocks', 'files', 'tiles', 'scan bytes', 'coded bytes', 'ratio', 'code MB/s', 'decode MB/s'];
  const lines = measured.map((row) => [
    row.folder, String(row.tileBlocks), String(row.files), String(row.tiles), String(row.scanBytes), String(row.codedBytes), row.ratio.toFixed(4),
    row.codingMBps.toFixed(1), row.decodingMBps.toFixed(1),
  ]);
  return [machine(), ...[header, ...lines].map((cells) => cells.map((cell) => cell.padStart(13)).join(''))].join('\n');
}
