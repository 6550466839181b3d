/**
 * `dice download`: one image, or all of them as the tree that was uploaded. Nothing stands under its final name before it
 * was verified; nothing that is there is overwritten; what is there already and equal is left alone.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DiceClient, Image } from '../api.js';
import { BlockMemory } from '../block-memory.js';
import { DiceError, fault } from '../core/errors.js';
import { FilesInFlight } from '../files-in-flight.js';
import { writeFileWhole } from '../node/files.js';
import { isCode } from '../node/profile.js';
import type { Json } from '../protocol/schema.js';
import { numbered, safeParts } from '../safe-path.js';
import { bytesText, nameText, secondsText } from './amounts.js';
import type { Context } from './context.js';
import { statusOfMany, UsageError, type ExitStatus } from './exit-status.js';
import { Progress } from './progress.js';
import { unbroken } from './unbroken.js';
import type { Call, VerbHost } from './verb.js';
import { WholeList } from './whole-list.js';

interface DownloadFlags {
  readonly output?: string;
  readonly all?: boolean;
}

export function addDownload(host: VerbHost): void {
  host
    .verb<DownloadFlags>('download [image]', 'fetch one image by id or name, or all', download)
    .option('-o, --output <path>', 'file or folder to write to; with --all the folder (default: here)')
    .option('--all', 'every image, as the tree that was uploaded');
}

async function download(context: Context, { options, args }: Call<DownloadFlags>): Promise<ExitStatus> {
  const name = args[0];
  if ((name === undefined) === (options.all !== true)) throw new UsageError('name one image, or give --all');
  const client = await context.member();
  if (name === undefined) return downloadAll(context, client, options.output ?? '.');
  const image = await client.find(name, { signal: context.signal });
  const target = await singleTarget(image, options.output);
  const { bytes } = await writeFileWhole(target, unbroken(client.download(image.id, { signal: context.signal })));
  context.console.say(`${nameText(image.name)}: ${bytesText(bytes)}, verified, in ${target}`);
  context.console.document({ images: [{ id: image.id, name: image.name, path: target, status: 'written', bytes }] });
  return 0;
}

/** A file that does not exist yet. */
async function singleTarget(image: Image, output: string | undefined): Promise<string> {
  const own = safeParts(image.name).at(-1) ?? 'unnamed';
  const isFolder = output !== undefined && (await stat(output).catch(() => undefined))?.isDirectory() === true;
  const target = output === undefined ? own : isFolder ? path.join(output, own) : output;
  if ((await stat(target).catch(() => undefined)) !== undefined) throw fault('file-unwritable', `${target} exists and is not overwritten. Name another with -o.`);
  return target;
}

async function downloadAll(context: Context, client: DiceClient, folder: string): Promise<ExitStatus> {
  await mkdir(folder, { recursive: true });
  const tree = new Tree(context, client, await realpath(folder));
  const running = new Set<Promise<void>>();
  const inFlight = new FilesInFlight();
  const list = new WholeList(client.list({ signal: context.signal }));
  try {
    for await (const image of list.items()) {
      const leave = await inFlight.enter(image.size, context.signal);
      const task: Promise<void> = tree.take(image).finally(() => {
        running.delete(task);
        leave();
      });
      running.add(task);
    }
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
    tree.stop();
  }
  if (context.signal.aborted) throw fault('cancelled');
  return tree.end(list);
}

/** One folder that fills. */
class Tree {
  /** Paths of files and of folders that this run uses. */
  readonly #taken = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #entered = new Map<string, Promise<string>>();
  readonly #failures: unknown[] = [];
  readonly #memory = new BlockMemory();
  readonly #document;
  readonly #progress: Progress;
  readonly #startedAt: number;
  readonly #totals = { images: 0, written: 0, present: 0, failed: 0, bytes: 0 };

  constructor(
    private readonly context: Context,
    private readonly client: DiceClient,
    private readonly root: string,
  ) {
    this.#document = context.console.documentOf('images');
    this.#progress = new Progress(context.console, 'Downloading');
    this.#startedAt = context.surroundings.now();
  }

  async take(image: Image): Promise<void> {
    this.#totals.images++;
    this.#progress.expect(image.size);
    try {
      const { target, isPresent } = await this.#place(image);
      if (!isPresent) await writeFileWhole(target, this.#counted(image));
      this.#totals[isPresent ? 'present' : 'written']++;
      this.#totals.bytes += image.size;
      this.#document.item({ id: image.id, name: image.name, path: target, status: isPresent ? 'present' : 'written', bytes: image.size });
    } catch (error) {
      this.#fail(image, error);
    }
    this.#progress.fileDone(image.name);
  }

  stop(): void {
    this.#progress.stop();
  }

  /** Says what was done. Throws what the list broke off with. */
  end(list: WholeList<Image>): ExitStatus {
    const totals = this.#totals;
    const seconds = (this.context.surroundings.now() - this.#startedAt) / 1000;
    this.context.console.say(`${String(totals.images)} images, ${bytesText(totals.bytes)}: ${String(totals.written)} written and verified, ${String(totals.present)} there already, ${String(totals.failed)} failed, in ${secondsText(seconds)}`);
    list.rethrow();
    this.#document.end({ totals: { ...totals, seconds } });
    return statusOfMany(this.#failures);
  }

  async *#counted(image: Image): AsyncIterable<Uint8Array> {
    for await (const piece of unbroken(this.client.download(image.id, { signal: this.context.signal, memory: this.#memory }))) {
      this.#progress.advance(piece.length, image.name);
      yield piece;
    }
  }

  /** The first free numbered path, or one where these very bytes lie already. Its folder is there and lies below the root. */
  async #place(image: Image): Promise<{ readonly target: string; readonly isPresent: boolean }> {
    const parts = safeParts(image.name);
    let folder = this.root;
    for (const part of parts.slice(0, -1)) folder = await this.#enter(folder, part);
    for (let number = 1; ; number++) {
      const target = path.join(folder, ...numbered(parts.slice(-1), number));
      if (this.#taken.has(target) || this.#folders.has(target)) continue;
      this.#taken.add(target);
      const there = await stat(target).catch(() => undefined);
      if (there === undefined) return { target, isPresent: false };
      if (there.isFile() && there.size === image.size && (await hashOfFile(target)) === image.fileHash) return { target, isPresent: true };
    }
  }

  /** The folder `name` below `above`, looked at once. */
  #enter(above: string, name: string): Promise<string> {
    const wanted = path.join(above, name);
    const entered = this.#entered.get(wanted) ?? this.#make(above, name);
    this.#entered.set(wanted, entered);
    return entered;
  }

  /** Made where it is missing; where a file has that name, the first free numbered one. */
  async #make(above: string, name: string): Promise<string> {
    for (let number = 1; ; number++) {
      const folder = path.join(above, ...numbered([name], number));
      if (this.#taken.has(folder)) continue;
      this.#folders.add(folder);
      if (await isFolderOf(this.root, folder)) return folder;
      this.#folders.delete(folder);
    }
  }

  #fail(image: Image, error: unknown): void {
    if (this.context.signal.aborted) return;
    this.#failures.push(error);
    this.#totals.failed++;
    const message = error instanceof Error ? error.message : 'unknown error';
    const code: Json = error instanceof DiceError ? error.code : 'internal';
    this.context.console.complain(`${nameText(image.name)}: ${message}`);
    this.#document.item({ id: image.id, name: image.name, status: 'failed', error: { code, message } });
  }
}

/** False where something else has its name. Made one by one, so that nothing is made beyond a link that leads outside. */
async function isFolderOf(root: string, folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (thrown) {
    if (!isCode(thrown, 'EEXIST')) throw fault('file-unwritable', JSON.stringify(folder), thrown);
  }
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isDirectory()) return false;
  const below = path.relative(root, real);
  if (below === '..' || below.startsWith(`..${path.sep}`) || path.isAbsolute(below)) throw fault('file-unwritable', `${folder} leads outside ${root}.`);
  return true;
}

async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}
