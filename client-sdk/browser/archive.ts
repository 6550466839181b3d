/**
 * Several images as one ZIP archive, stored and not deflated, streamed to a file or a blob. An image enters the archive only after
 * its hash was found right, so that no wrong file ever stands in it; those that failed are named in FAILED.txt. The container is
 * client-zip's.
 */
import { makeZip } from 'client-zip';
import type { CallOptions, DiceClient, Image } from '../api.js';
import { ArchiveNames } from '../archive-names.js';
import { BlockMemory } from '../block-memory.js';
import { DiceError, fault, type DiceErrorCode, isHeadFault } from '../core/errors.js';
import { gatheredBlob, openSink } from './file-sink.js';
import type { ArchiveRequest, ArchiveUpdate } from './page-calls.js';
import { plainFault } from './plain.js';

/** Images that are fetched while another one is written, and the bytes that they may have together. */
const imagesAhead = 3;
const bytesAhead = 64 * 1_048_576;
/** ZIP keeps times from 1980 to 2107. */
const firstTime = Date.UTC(1980, 0, 2);
const lastTime = Date.UTC(2107, 11, 30);
/** After these nothing else can succeed. */
const endings: ReadonlySet<DiceErrorCode> = new Set<DiceErrorCode>(['cancelled', 'unauthenticated', 'not-logged-in', 'wrong-account']);
/** Writes the archive and tells how far it is. Throws DiceError where there is none in the end: nothing stands at the target then. */
export async function* archiveImages(client: DiceClient, { ids, target }: ArchiveRequest, options: CallOptions): AsyncGenerator<ArchiveUpdate> {
  const sink = await openSink(target, 'application/zip');
  const ending = new AbortController();
  const stop = (): void => { ending.abort(); };
  options.signal?.addEventListener('abort', stop);
  try {
    const { images, missing, wrong } = await wantedImages(client, ids, options);
    if (images.length === 0) throw fault('image-unknown', 'None of these images is in the gallery.');
    yield { kind: 'begun', images: images.length, bytes: images.reduce((sum, { size }) => sum + size, 0) };
    const run = new ArchiveRun(client, images, ending.signal);
    for (const id of missing) run.fail(id, fault('image-unknown'));
    if (wrong !== undefined) run.fail('The list', wrong);
    let archiveBytes = 0;
    for await (const piece of piecesOf(makeZip(run.entries()))) {
      if (options.signal?.aborted === true) throw fault('cancelled');
      await sink.write(piece);
      archiveBytes += piece.length;
      yield* run.told();
    }
    yield* run.told();
    yield { kind: 'done', images: run.written, archiveBytes, blob: await sink.finish() };
  } catch (thrown) {
    await sink.abandon();
    throw thrown;
  } finally {
    ending.abort();
    options.signal?.removeEventListener('abort', stop);
  }
}

interface Wanted {
  readonly images: readonly Image[];
  /** Ids that are not in the listing. */
  readonly missing: ReadonlySet<string>;
  /** The server hides or brings back something: what there is can be taken away all the same. */
  readonly wrong: DiceError | undefined;
}

/** The images in the order of the listing. */
async function wantedImages(client: DiceClient, ids: ArchiveRequest['ids'], options: CallOptions): Promise<Wanted> {
  const missing = new Set(ids === 'all' ? [] : ids);
  const images: Image[] = [];
  let wrong: DiceError | undefined;
  if (ids !== 'all' && ids.length === 0) return { images, missing, wrong };
  try {
    for await (const image of client.list(options)) {
      if (ids === 'all' || missing.delete(image.id)) images.push(image);
      if (ids !== 'all' && missing.size === 0) break;
    }
  } catch (thrown) {
    if (!isHeadFault(thrown)) throw thrown;
    wrong = thrown;
  }
  return { images, missing, wrong };
}

interface ZipEntry {
  readonly name: string;
  readonly input: Blob | string;
  readonly lastModified: number;
}

/** An image that was fetched whole and found right, or why not. */
type Fetched = { readonly image: Image; readonly blob: Blob } | { readonly image: Image; readonly blob: undefined; readonly error: unknown };

/** The images of one archive on their way into it. */
class ArchiveRun {
  /** Images in the archive so far. */
  written = 0;
  readonly #names = new ArchiveNames();
  readonly #memory = new BlockMemory();
  readonly #failed: { readonly name: string; readonly reason: string }[] = [];
  #told: ArchiveUpdate[] = [];
  #done = 0;
  #bytes = 0;
  #isMoved = false;
  #unreachable = 0;

  constructor(
    private readonly client: DiceClient,
    private readonly images: readonly Image[],
    private readonly signal: AbortSignal,
  ) {}

  /** What happened since it was asked last. */
  *told(): Generator<ArchiveUpdate, void, void> {
    const told = this.#told;
    this.#told = [];
    yield* told;
    if (this.#isMoved) yield { kind: 'progress', images: this.#done, bytes: this.#bytes };
    this.#isMoved = false;
  }

  fail(name: string, error: DiceError): void {
    this.#failed.push({ name, reason: error.message });
    this.#told.push({ kind: 'failed', name, fault: plainFault(error) });
  }

  /** Each image that could be fetched, in order, and at the end the list of those that could not. */
  async *entries(): AsyncGenerator<ZipEntry, void, void> {
    const ahead: Promise<Fetched>[] = [];
    let next = 0;
    while (next < this.images.length || ahead.length > 0) {
      for (let image = this.images[next]; image !== undefined && this.#mayFetch(ahead.length, next); image = this.images[next]) {
        ahead.push(this.#fetch(image));
        next++;
      }
      const fetched = await ahead.shift();
      if (fetched !== undefined) yield* this.#entryOf(fetched);
    }
    // Where nothing could be fetched there is no archive to speak of.
    if (this.written === 0) throw fault('file-unwritable', this.#failed[0]?.reason);
    if (this.#failed.length > 0) yield { name: this.#names.place('FAILED.txt'), input: failedText(this.#failed), lastModified: Date.now() };
  }

  /** Image `index` may be fetched while `waiting` ones before it are on their way. */
  #mayFetch(waiting: number, index: number): boolean {
    if (waiting === 0) return true;
    const bytes = this.images.slice(index - waiting, index + 1).reduce((sum, { size }) => sum + size, 0);
    return waiting < imagesAhead && bytes <= bytesAhead;
  }

  async #fetch(image: Image): Promise<Fetched> {
    let bytes = 0;
    try {
      return { image, blob: await gatheredBlob(this.#counted(image, (length) => { bytes += length; })) };
    } catch (error) {
      return { image, blob: undefined, error };
    } finally {
      this.#move(image.size - bytes);
      this.#done++;
    }
  }

  async *#counted(image: Image, onBytes: (length: number) => void): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of this.client.download(image.id, { signal: this.signal, memory: this.#memory })) {
      onBytes(piece.length);
      this.#move(piece.length);
      yield piece;
    }
  }

  #move(bytes: number): void {
    this.#bytes += bytes;
    this.#isMoved = true;
  }

  *#entryOf(fetched: Fetched): Generator<ZipEntry, void, void> {
    const { image } = fetched;
    if (fetched.blob === undefined) {
      this.#judge(image, fetched.error);
      return;
    }
    this.#unreachable = 0;
    this.written++;
    const time = image.modifiedAt ?? image.createdAt;
    yield { name: this.#names.place(image.name), input: fetched.blob, lastModified: Math.min(lastTime, Math.max(firstTime, time)) };
  }

  /** Goes on without the image, unless nothing else can succeed: the session is over, or the server is gone for good. */
  #judge(image: Image, thrown: unknown): void {
    const error = thrown instanceof DiceError ? thrown : fault('answer-invalid', undefined, thrown);
    this.#unreachable = error.code === 'server-unreachable' ? this.#unreachable + 1 : 0;
    if (endings.has(error.code) || this.#unreachable > 1) throw error;
    this.fail(image.name, error);
  }
}

/** One line for each; names as JSON, so that each stays on its line. */
function failedText(failed: readonly { readonly name: string; readonly reason: string }[]): string {
  const lines = failed.map(({ name, reason }) => `${JSON.stringify(name)}: ${reason}`);
  return ['These images are not in this archive, because they could not be fetched or were not what was stored.', '', ...lines, ''].join('\n');
}

async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
