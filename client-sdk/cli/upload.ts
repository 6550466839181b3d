/**
 * `dice upload`: files and folders, several in flight, with a bar on a terminal and a summary at the end. A file that
 * fails is named and never stops its neighbours; running the same command again sends only what is missing.
 */
import { stat } from 'node:fs/promises';
import type { UploadedFile, UploadEvent, UploadFile, UploadOptions } from '../api.js';
import { gridCells, maxTilePixels, minTilePixels } from '../core/image/image-limits.js';
import type { Geometry } from '../core/image/splitter.js';
import { fileForUpload, filesBelow } from '../node/files.js';
import type { Json } from '../protocol/schema.js';
import { bytesText, nameText, secondsText, shareText } from './amounts.js';
import type { Context } from './context.js';
import { statusOfMany, UsageError, type ExitStatus } from './exit-status.js';
import { numberOption } from './number-option.js';
import { Progress } from './progress.js';
import type { VerbHost } from './verb.js';

interface UploadFlags {
  readonly splitter?: string;
  readonly grid?: string;
  readonly tile?: string;
  readonly domain?: string;
  readonly preview: boolean;
  readonly dryRun?: boolean;
}

export function addUpload(host: VerbHost): void {
  host
    .verb<UploadFlags>('upload <paths...>', 'store files and folders', (context, { options, args }) => upload(context, options, args))
    .option('--splitter <splitter>', 'auto, bytes, raster or jpeg (default auto: by the file alone)')
    .option('--grid <n>', 'cut pictures into n x n blocks (4, 8 or 16)')
    .option('--tile <pixels>', `cut pictures into tiles of this side (${minTilePixels} to ${maxTilePixels})`)
    .option('--domain <domain>', 'personal, group or open (default: the account’s)')
    .option('--no-preview', 'make no previews')
    .option('--dry-run', 'ask what would be sent, store nothing');
}

async function upload(context: Context, flags: UploadFlags, paths: readonly string[]): Promise<ExitStatus> {
  const options = optionsOf(flags);
  const client = await context.member();
  const run = new Run(context, flags.dryRun === true);
  if (context.console.hasBars) await run.expect(paths);
  try {
    for await (const file of client.upload(run.files(paths), { ...options, signal: context.signal, onProgress: run.onEvent })) run.take(file);
  } catch (thrown) {
    run.stop();
    if (run.hasResults) run.sayWhatWasDone();
    throw thrown;
  }
  run.stop();
  run.sayWhatWasDone();
  return run.end();
}

/** Throws UsageError for what the options cannot mean. */
function optionsOf(flags: UploadFlags): UploadOptions {
  const splitter = (['auto', 'bytes', 'raster', 'jpeg'] as const).find((known) => known === (flags.splitter ?? 'auto'));
  if (splitter === undefined) throw new UsageError('--splitter is auto, bytes, raster or jpeg');
  const domain = (['personal', 'group', 'open'] as const).find((known) => known === flags.domain);
  if (flags.domain !== undefined && domain === undefined) throw new UsageError('--domain is personal, group or open');
  const geometry = geometryOf(flags);
  return { splitter, domain, preview: flags.preview, dryRun: flags.dryRun === true, ...(geometry === undefined ? {} : { geometry }) };
}

function geometryOf({ grid, tile }: UploadFlags): Geometry | undefined {
  if (grid !== undefined && tile !== undefined) throw new UsageError('--grid and --tile exclude each other');
  if (grid !== undefined) {
    const cells = gridCells.find((known) => String(known) === grid);
    if (cells === undefined) throw new UsageError('--grid is 4, 8 or 16');
    return { kind: 'grid', cells };
  }
  if (tile === undefined) return undefined;
  return { kind: 'tile', tilePixels: numberOption('--tile', tile, { min: minTilePixels, max: maxTilePixels }) };
}

/** One run: counts, the bar, the JSON document. */
class Run {
  readonly #progress: Progress;
  readonly #startedAt: number;
  readonly #document;
  readonly #failures: unknown[] = [];
  readonly #totals = { files: 0, stored: 0, known: 0, failed: 0, logicalBytes: 0, sentBytes: 0, blocks: 0, blocksSent: 0, flatTiles: 0, patchedTiles: 0 };
  readonly #read = new Map<string, number>();

  constructor(
    private readonly context: Context,
    private readonly isDryRun: boolean,
  ) {
    this.#progress = new Progress(context.console, 'Uploading');
    this.#startedAt = context.surroundings.now();
    this.#document = context.console.documentOf('files');
  }

  readonly onEvent = (event: UploadEvent): void => {
    if (event.kind !== 'phase' || event.phase !== 'reading') return;
    this.#progress.advance(event.bytes - (this.#read.get(event.file) ?? 0), event.file);
    this.#read.set(event.file, event.bytes);
  };

  async expect(paths: readonly string[]): Promise<void> {
    for await (const { path } of filesBelow(paths)) this.#progress.expect((await stat(path).catch(() => undefined))?.size ?? 0);
  }

  async *files(paths: readonly string[]): AsyncIterable<UploadFile> {
    for await (const { path, name } of filesBelow(paths)) yield fileForUpload(path, name);
  }

  take(file: UploadedFile): void {
    this.#progress.fileDone(file.name);
    this.#read.delete(file.name);
    this.#totals.files++;
    this.#totals[file.status]++;
    for (const name of ['logicalBytes', 'sentBytes', 'blocks', 'blocksSent', 'flatTiles', 'patchedTiles'] as const) this.#totals[name] += file[name];
    if (file.error !== undefined) {
      this.#failures.push(file.error);
      this.context.console.complain(`${nameText(file.name)}: ${file.error.message}`);
    }
    this.#document.item(this.#row(file));
  }

  stop(): void {
    this.#progress.stop();
  }

  end(): ExitStatus {
    this.#document.end({ totals: { ...this.#totals, seconds: this.#seconds }, dryRun: this.isDryRun });
    return statusOfMany(this.#failures);
  }

  get #seconds(): number {
    return (this.context.surroundings.now() - this.#startedAt) / 1000;
  }

  get hasResults(): boolean {
    return this.#totals.files > 0;
  }

  sayWhatWasDone(): void {
    const totals = this.#totals;
    const { console } = this.context;
    const saving = totals.logicalBytes === 0 ? 0 : 1 - totals.sentBytes / totals.logicalBytes;
    console.say(`${String(totals.files)} files, ${bytesText(totals.logicalBytes)}: ${String(totals.stored)} stored, ${String(totals.known)} known already, ${String(totals.failed)} failed`);
    console.say(`${String(totals.blocksSent)} of ${String(totals.blocks)} blocks were new; ${bytesText(totals.sentBytes)} ${this.isDryRun ? 'would be sent' : 'sent'} (${shareText(saving)} saved: 1 - sent / logical) in ${secondsText(this.#seconds)}`);
  }

  #row(file: UploadedFile): Json {
    const { error, id, splitter, origin, ...rest } = file;
    return {
      path: origin ?? file.name,
      ...rest,
      id: id ?? null,
      splitter: splitter ?? null,
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    };
  }
}
