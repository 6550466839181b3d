/**
 * bench:index: what the index of blocks does at 1 million blocks and at more: existence of random vectors, intake of complete
 * rows (row, reference, pin), memory, bytes a block. In process, on the real ports, fsync on.
 * `npm run bench:index -- [--rows 10000000] [--json FILE] [--keep DIR]`. With `--keep`, built indexes stay in DIR and are used again.
 * Processor time stands beside the clock's, because it tells more on a machine that does other things too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { circumstances, circumstancesText } from './circumstances.js';
import { indexTable, type SizeResult } from './index-table.js';
import type { Asked, Filled } from './index-process.js';

const smallRows = 1_000_000;
const measuredRows = 500_000;

const { values } = parseArgs({ options: { rows: { type: 'string', default: '10000000' }, json: { type: 'string' }, keep: { type: 'string' } } });
const rows = Number(values.rows);
if (!Number.isInteger(rows) || rows < 2 * measuredRows) throw new Error(`--rows is a number from ${String(2 * measuredRows)} on, not ${values.rows}`);

const stop = new AbortController();
process.once('SIGINT', () => { stop.abort(); });
const scratch = await mkdtemp(path.join(tmpdir(), 'dice-index-'));
const kept = values.keep ?? scratch;
try {
  await mkdir(kept, { recursive: true });
  const results: SizeResult[] = [];
  for (const size of [...new Set([smallRows, rows])]) results.push(await measure(size));
  const where = await circumstances();
  process.stdout.write(`${circumstancesText(where)}\n\n${indexTable(results)}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...where, results }, undefined, 2)}\n`);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** Fills the last rows of a copy of the built index, then asks it. */
async function measure(size: number): Promise<SizeResult> {
  const base = await built(size - measuredRows);
  const file = path.join(scratch, 'measured.sqlite');
  await copyFile(base, file, constants.COPYFILE_FICLONE);
  process.stderr.write(`${String(size)} rows: intake\n`);
  const filled = await run<Filled>('fill', file, size);
  process.stderr.write(`${String(size)} rows: existence\n`);
  const asked = await run<Asked>('ask', file, size);
  await rm(file);
  return { size, filled, asked };
}

/** The file of an index of `size` rows, made where it is not kept; one of fewer rows is what it begins with. */
async function built(size: number): Promise<string> {
  const file = path.join(kept, `${String(size)}.sqlite`);
  if (existsSync(file)) return file;
  const making = path.join(scratch, 'making.sqlite');
  const smaller = path.join(kept, `${String(smallRows - measuredRows)}.sqlite`);
  if (existsSync(smaller)) await copyFile(smaller, making, constants.COPYFILE_FICLONE);
  await run<Filled>('fill', making, size);
  // Not by rename: a kept folder may lie on another disk.
  await copyFile(making, `${file}.new`);
  await rm(making);
  await rename(`${file}.new`, file);
  return file;
}

/** Runs one step in a process of its own, so that its memory is that of the step. */
async function run<Result>(verb: 'fill' | 'ask', file: string, size: number): Promise<Result> {
  const program = fileURLToPath(new URL('./index-process.js', import.meta.url));
  const child = spawn(process.execPath, [program, verb, file, String(size)], { stdio: ['ignore', 'pipe', 'inherit'], signal: stop.signal });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const [status] = (await once(child, 'close')) as [number | null]; // the documented arguments of this event
  if (status !== 0) throw new Error(`filling or asking the index ended with ${String(status)}`);
  return JSON.parse(Buffer.concat(pieces).toString()) as Result; // what this very program printed
}
