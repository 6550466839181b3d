/**
 * A fuzz run over the splitters: `npm run fuzz -- [--seconds N] [--seed S] [--case C] [FOLDER...]`. Changes the PNG, TIFF and JPEG files of the
 * folders, or some that it makes, until the time is over. Ends with 1 at the first case that breaks a promise, takes over 10 s of processor time (or hangs for 60) or too much memory,
 * and names it; --case repeats it.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { madeFiles } from './made-files.js';
import { runFuzzCase, type FuzzOutcome } from './fuzz-case.js';

const maxCaseSeconds = 10;
const hangSeconds = 60;
const maxFileBytes = 1_000_000;
const maxMemoryMegabytes = 900;

/** A hung case cannot be asked to stop: the watcher names it and ends the process. */
const watcher = `
const { workerData: { clock, hangSeconds } } = require('node:worker_threads');
let seen = -1, since = 0;
setInterval(() => {
  if (clock[0] !== seen) { seen = clock[0]; since = 0; return; }
  if (++since <= hangSeconds) return;
  require('node:fs').writeSync(2, 'case ' + clock[1] + ' hangs\\n');
  process.kill(process.pid, 'SIGKILL');
}, 1000);`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' }, case: { type: 'string' } },
});
const seed = Number(values.seed);
const files = positionals.length === 0 ? madeFiles() : await filesIn(positionals);
const clock = new Int32Array(new SharedArrayBuffer(8));
const watch = new Worker(watcher, { eval: true, workerData: { clock, hangSeconds } });
await new Promise((resolve) => watch.once('online', resolve));
process.exitCode = values.case === undefined ? await run(Number(values.seconds)) : await repeat(Number(values.case));
await watch.terminate();

async function run(seconds: number): Promise<0 | 1> {
  const end = performance.now() + 1000 * seconds;
  const counts: Record<FuzzOutcome, number> = { tiles: 0, bytes: 0, joined: 0, refused: 0 };
  let slowest = { milliseconds: 0, number: 0 };
  let done = 0;
  while (performance.now() < end) {
    const number = seed * 10_000_000 + done;
    Atomics.store(clock, 1, number);
    Atomics.add(clock, 0, 1);
    const start = process.cpuUsage();
    const outcome = await tried(number);
    if (outcome === undefined) return 1;
    counts[outcome]++;
    const { user, system } = process.cpuUsage(start);
    const milliseconds = Math.round((user + system) / 1000);
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, number };
    done++;
    if (milliseconds > 1000 * maxCaseSeconds) return complain(number, new Error(`it takes ${String(milliseconds)} ms`));
    if (process.resourceUsage().maxRSS > 1024 * maxMemoryMegabytes) return complain(number, new Error('too much memory'));
  }
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(`${JSON.stringify({ seed, cases: done, ...counts, slowest, memoryMegabytes: memory, files: files.length })}\n`);
  return 0;
}

async function tried(number: number): Promise<FuzzOutcome | undefined> {
  try {
    return await runFuzzCase(files, number);
  } catch (thrown) {
    complain(number, thrown);
    return undefined;
  }
}

async function repeat(number: number): Promise<0 | 1> {
  const outcome = await tried(number);
  process.stdout.write(`case ${String(number)}: ${outcome ?? 'failed'}\n`);
  return outcome === undefined ? 1 : 0;
}

function complain(number: number, thrown: unknown): 1 {
  process.stderr.write(`case ${String(number)}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
  return 1;
}

async function filesIn(folders: readonly string[]): Promise<readonly Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (const folder of folders) {
    const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(png|tiff?|jpe?g)$/i.test(name)).sort();
    for (const name of names) {
      const bytes = new Uint8Array(await readFile(path.join(folder, name)));
      if (bytes.length <= maxFileBytes) found.push(bytes);
    }
  }
  return found;
}
