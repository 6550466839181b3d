/**
 * What bench:library does to a large library, in this order: first what only reads, then what adds, then what removes. Each step is done
 * by a process of its own and answers what it took; what can be repeated is, and the run of median time is what counts.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchCredentials } from './library-account.js';
import type { ClientFigures } from './library-client.js';
import type { ServerFigures } from './library-server-process.js';
import { LibraryServer } from './library-server.js';
import { measureDice } from './client-process.js';
import { measureProcess, type MeasuredRun } from './measured-process.js';
import { madeSamples } from './photographs.js';
import { pngOf } from './plain-images.js';

/** One row of the table. */
export interface StepResult {
  readonly name: string;
  readonly seconds: number;
  readonly client: Partial<ClientFigures>;
  /** Undefined where the server was stopped. */
  readonly server: ServerFigures | undefined;
  /** In words. */
  readonly note: string;
}

/** Where the library lies, and where to keep what is made on the way. */
export interface Library {
  /** May be changed. */
  readonly directory: string;
  readonly scratch: string;
  readonly images: number;
  readonly say: (result: StepResult) => void;
}

const client = fileURLToPath(new URL('./library-client.js', import.meta.url));
const admin = fileURLToPath(new URL('../server/cli/main.js', import.meta.url));
const repeats = 5;

/** Parts of the bench, in their order. */
export const allParts = ['reading', 'adding', 'stopped', 'removing'] as const;

/** Does some of them. */
export async function someSteps(parts: readonly (typeof allParts)[number][], library: Library): Promise<readonly StepResult[]> {
  const steps = new LibrarySteps(library);
  try {
    await steps.begin();
    for (const part of parts) await steps[part]();
  } finally {
    await steps.close();
  }
  return steps.results;
}

class LibrarySteps {
  readonly results: StepResult[] = [];
  #server: LibraryServer | undefined;

  constructor(private readonly library: Library) {}

  async close(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** A store of an earlier program is taken over first, which is not measured. */
  async begin(): Promise<void> {
    await this.#running();
    await this.close();
    const { openSeconds } = await this.#running();
    this.#tell({ name: 'open the store (server start)', seconds: openSeconds, client: {}, server: undefined, note: '' });
    await this.#sdk('login', { what: 'login' });
  }

  async reading(): Promise<void> {
    for (const what of ['first page', 'report of the server', 'report of the operator']) await this.#sdk(what, { what, repeats });
    for (const what of ['list', 'list, nothing kept', 'report']) await this.#sdk(what, { what });
    await this.#sdk('find the 500th by id', { what: 'find by id', count: 500, repeats });
    await this.#sdk('download, 4 in flight', { what: 'download', count: 2_000 });
    await this.#dice('dice list', ['list']);
    await this.#dice('dice list --json', ['list', '--json']);
  }

  /** A device that has stored before, then one that has not. */
  async adding(): Promise<void> {
    const files = await this.#pictures();
    await this.#dice('dice upload, one file, first of this device', ['upload', files.first]);
    await this.#dice('dice upload, one file, cache warm', ['upload', files.second]);
    await this.#dice('dice upload, an edited copy, cache warm', ['upload', files.copy]);
    await this.#dice('dice upload, a file that is known', ['upload', files.second]);
    await this.#dice('login of another device', ['login'], 'other');
    await this.#dice('dice upload, one file, new device', ['upload', files.third], 'other');
  }

  /** The operator's verbs, with the server stopped. */
  async stopped(): Promise<void> {
    await this.close();
    for (const verb of ['report', 'check', 'scrub']) await this.#admin(verb);
  }

  async removing(): Promise<void> {
    await this.#sdk('remove 1,000 images', { what: 'remove', count: 1_000 });
    const rest = Math.floor(this.library.images / 10) - 1_000;
    await this.#sdk(`remove ${String(rest)} more`, { what: 'remove', count: rest });
    await this.#sdk('gc after a tenth was removed, compaction included', { what: 'collect' });
    await this.#sdk('first page after it', { what: 'first page', repeats });
    await this.close();
    await this.#admin('gc');
  }

  async #running(): Promise<LibraryServer> {
    this.#server ??= await LibraryServer.start(this.library.directory);
    return this.#server;
  }

  async #sdk(name: string, { what, count = 0, repeats: times = 1 }: { readonly what: string; readonly count?: number; readonly repeats?: number }): Promise<void> {
    const server = await this.#running();
    const results: StepResult[] = [];
    for (let turn = 0; turn < times; turn++) {
      const measured = await server.during(() => measureProcess({ command: process.execPath, args: [client, what, String(count)], environment: this.#environment('one') }));
      const figures = JSON.parse(succeeded(name, measured.result).stdout) as ClientFigures; // that very program printed it
      results.push({ name, seconds: figures.seconds, client: figures, server: measured.server, note: times === 1 ? '' : `median of ${String(times)}` });
    }
    const [median] = results.sort((a, b) => a.seconds - b.seconds).slice(Math.floor(times / 2));
    if (median !== undefined) this.#tell(median);
  }

  async #dice(name: string, args: readonly string[], device = 'one'): Promise<void> {
    const server = await this.#running();
    const measured = await server.during(() => measureDice(args, this.#environment(device)));
    this.#tell({ name, seconds: measured.result.seconds, client: ofProcess(succeeded(name, measured.result)), server: measured.server, note: 'with the start of the process' });
  }

  async #admin(verb: string): Promise<void> {
    const { directory } = this.library;
    const environment = { ...process.env, DICE_TRASH_DAYS: '0', DICE_GRACE_MINUTES: '0' };
    const run = await measureProcess({ command: process.execPath, args: [admin, verb, '--json', '--data-dir', directory], environment });
    const { blocks } = JSON.parse(succeeded(verb, run).stdout) as { readonly blocks?: number };
    const note = blocks === undefined ? '' : `${Math.round(blocks / run.seconds).toLocaleString('en')} blocks/s`;
    this.#tell({ name: `dice-admin ${verb}`, seconds: run.seconds, client: ofProcess(run), server: undefined, note });
  }

  #tell(result: StepResult): void {
    this.results.push(result);
    this.library.say(result);
  }

  #environment(device: string): Readonly<Record<string, string>> {
    const server = this.#server?.url ?? '';
    return {
      PATH: process.env['PATH'] ?? '', DICE_SERVER: server, DICE_HOME: path.join(this.library.scratch, device),
      DICE_USERNAME: benchCredentials.username, DICE_PASSWORD: benchCredentials.password,
    };
  }

  async #pictures(): Promise<Readonly<Record<'first' | 'second' | 'third' | 'copy', string>>> {
    const size = { width: 800, height: 600 };
    const fileOf = (name: string): string => path.join(this.library.scratch, `${name}.png`);
    for (const [seed, name] of ['first', 'second', 'third'].entries()) {
      const samples = Uint8Array.from(await madeSamples(9_000_000 + seed, size));
      await writeFile(fileOf(name), pngOf({ ...size, samples }));
      if (name === 'second') await writeFile(fileOf('copy'), pngOf({ ...size, samples: samples.map((value, i) => (i % 2_400 < 300 && i < 240_000 ? 255 - value : value)) }));
    }
    return { first: fileOf('first'), second: fileOf('second'), third: fileOf('third'), copy: fileOf('copy') };
  }
}

function succeeded(name: string, run: MeasuredRun): MeasuredRun {
  if (run.status !== 0) throw new Error(`${name} ended with ${String(run.status)}:\n${run.stderr}`);
  return run;
}

function ofProcess({ seconds, cpuSeconds, peakMemoryBytes }: MeasuredRun): Partial<ClientFigures> {
  return { seconds, cpuSeconds, peakMemoryBytes };
}
