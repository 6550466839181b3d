/**
 * The gallery's upload against the command line's, on the same files: `npm run bench:page -- [--count 200] [--runs 3]
 * [--folder FOLDER]` (photographs of about 4 MB are made there, and stay). Prints the speeds, processor time and memory of the
 * renderer with its workers, and the longest frame of the page while it uploads. Each run has a fresh server and account.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { circumstances, circumstancesText } from '../../bench/circumstances.js';
import { measureDice } from '../../bench/client-process.js';
import { cpuSecondsOf } from '../../bench/measured-process.js';
import { writePhotographs } from '../../bench/photographs.js';
import { ServerProcess } from '../../bench/server-process.js';
import { launchBrowser } from './browser.js';
import { registerAndEnter } from './page-visitor.js';

const sampleMs = 200;
/** The page before is taken down a second after it is left, which the browser does in the same thread. */
const settleMs = 3_000;
const { values } = parseArgs({ options: { count: { type: 'string', default: '200' }, runs: { type: 'string', default: '3' }, folder: { type: 'string' } } });
const scratch = await mkdtemp(path.join(tmpdir(), 'dice-page-bench-'));

interface CommandRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

interface PageRun extends CommandRun {
  readonly memoryBytes: number;
  /** The longest first; the API tells those of at least 50 ms. */
  readonly longFrames: readonly LongFrame[];
}

/** See the Long Animation Frames API (W3C): from the frame's first work to the end of its drawing, in milliseconds. */
interface LongFrame {
  readonly startTime: number;
  readonly duration: number;
  readonly scripts: readonly string[];
}

interface ScriptTime {
  readonly invoker: string;
  readonly sourceFunctionName: string;
  readonly duration: number;
}

try {
  await bench();
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function bench(): Promise<void> {
  const folder = values.folder ?? path.join(scratch, 'photographs');
  const { files, bytes } = await writePhotographs(folder, Number(values.count));
  process.stdout.write(`${circumstancesText(await circumstances())}\n${String(files.length)} photographs, ${(bytes / 1e6).toFixed(1)} MB\n`);
  const commands: CommandRun[] = [];
  const pages: PageRun[] = [];
  for (let run = 0; run < Number(values.runs); run++) {
    commands.push(await withServer((server) => commandRun(server, folder)));
    const page = await withServer((server) => pageRun(server, files));
    pages.push(page);
    process.stdout.write(`run ${String(run + 1)}: command ${speed(bytes, commands.at(-1))}, page ${speed(bytes, page)}, memory ${(page.memoryBytes / 1e6).toFixed(0)} MB, `
      + `longest frame ${longestOf(page).toFixed(0)} ms\n`);
    for (const { startTime, duration, scripts } of page.longFrames.filter((frame) => frame.duration > 100)) {
      process.stdout.write(`  a frame of ${duration.toFixed(0)} ms at ${(startTime / 1000).toFixed(1)} s: ${scripts.join(', ')}\n`);
    }
  }
  const [command, page] = [commands, pages].map((runs) => median(runs.map(({ seconds }) => seconds)));
  process.stdout.write(`median: page at ${((100 * (command ?? 0)) / (page ?? 1)).toFixed(0)} % of the command's speed; `
    + `memory ${(median(pages.map(({ memoryBytes }) => memoryBytes)) / 1e6).toFixed(0)} MB; longest frames ${pages.map((page) => longestOf(page).toFixed(0)).join(', ')} ms\n`);
}

async function withServer<T>(work: (server: ServerProcess) => Promise<T>): Promise<T> {
  const dataDirectory = await mkdtemp(path.join(scratch, 'data-'));
  const server = await ServerProcess.start({ dataDirectory, environment: { DICE_LOG_LEVEL: 'error' } });
  try {
    return await work(server);
  } finally {
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

async function commandRun(server: ServerProcess, folder: string): Promise<CommandRun> {
  const home = await mkdtemp(path.join(scratch, 'home-'));
  const environment = { DICE_SERVER: server.url, DICE_HOME: home, DICE_USERNAME: 'bench', DICE_PASSWORD: 'seven swans over the weir' };
  await succeed(['register', '--recovery-file', path.join(home, 'words.txt')], environment);
  return succeed(['upload', folder], environment);
}

async function succeed(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<CommandRun> {
  const run = await measureDice(args, environment);
  if (run.status !== 0) throw new Error(`dice ${args[0] ?? ''} ended with ${String(run.status)}:\n${run.stderr}`);
  return run;
}

async function pageRun(server: ServerProcess, files: readonly string[]): Promise<PageRun> {
  const browser = await launchBrowser();
  try {
    const { page, complaints } = await browser.visit();
    await registerAndEnter(page, server.url, { username: 'bench' });
    await page.waitForTimeout(settleMs);
    const pids = await browser.rendererPids();
    const cpu = async (): Promise<number> => (await Promise.all(pids.map(cpuSecondsOf))).reduce((sum, seconds) => sum + seconds, 0);
    const cpuBefore = await cpu();
    const memory = watchMemory(pids);
    await page.evaluate(watchFrames);
    const startedAt = performance.now();
    await page.setInputFiles('#files', files);
    await page.waitForSelector('#queue-title:has-text("Done")', { timeout: 3_600_000 });
    const seconds = (performance.now() - startedAt) / 1000;
    const cpuSeconds = (await cpu()) - cpuBefore;
    const longFrames = await longFramesOf(page);
    const memoryBytes = memory();
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    return { seconds, cpuSeconds, memoryBytes, longFrames };
  } finally {
    await browser.close();
  }
}

/** Runs in the page: its long animation frames, as the performance API tells them. To ask for frames would cost what is measured. */
function watchFrames(): void {
  const long: LongFrame[] = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration, scripts } of list.getEntries() as unknown as readonly (PerformanceEntry & { readonly scripts: readonly ScriptTime[] })[]) {
      long.push({ startTime, duration, scripts: scripts.map((script) => `${script.invoker} ${script.sourceFunctionName} ${script.duration.toFixed(0)} ms`) });
    }
  }).observe({ type: 'long-animation-frame', buffered: false });
  Object.assign(globalThis, { longFrames: long });
}

async function longFramesOf(page: Page): Promise<readonly LongFrame[]> {
  // watchFrames put it there.
  const long = await page.evaluate(() => (globalThis as unknown as { longFrames: readonly LongFrame[] }).longFrames);
  return long.toSorted((a, b) => b.duration - a.duration);
}

/** Answers the most resident memory of these processes together since. */
function watchMemory(pids: readonly number[]): () => number {
  let most = 0;
  const sample = async (): Promise<void> => {
    const all = await Promise.all(pids.map(residentBytes));
    most = Math.max(most, all.reduce((sum, bytes) => sum + bytes, 0));
  };
  const timer = setInterval(() => { void sample(); }, sampleMs);
  return () => {
    clearInterval(timer);
    return most;
  };
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

function longestOf({ longFrames }: PageRun): number {
  return longFrames[0]?.duration ?? 0;
}

function speed(bytes: number, run: CommandRun | undefined): string {
  const { seconds, cpuSeconds } = run ?? { seconds: 0, cpuSeconds: 0 };
  return `${seconds.toFixed(1)} s (${(bytes / 1e6 / seconds).toFixed(2)} MB/s, ${cpuSeconds.toFixed(1)} s of processor time)`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
