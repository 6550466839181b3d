/**
 * An upload of a page, in its worker: takes files as the page hands them over, tells what becomes of them, and notes what became of
 * each content so that the block map can show it later. DESIGN.md section 7 (Pages).
 */
import type { DiceClient, UploadedFile, UploadEvent } from '../api.js';
import type { DiceErrorCode } from '../core/errors.js';
import type { StreamOptions } from './page-calls.js';
import { plainUploaded } from './plain.js';
import { TileRecorder } from './tile-states.js';
import { TileWatch } from './tile-watch.js';
import { UploadFeed } from './upload-feed.js';
import type { HandedFile, UploadUpdate, UploadWord } from './upload-messages.js';
import { UploadUpdates } from './upload-updates.js';

/** After one of these every further file would fail too: none is begun, and the page decides when to go on. */
const stopping: ReadonlySet<DiceErrorCode> = new Set(['server-unreachable', 'unavailable', 'rate-limited', 'unauthenticated', 'not-logged-in', 'wrong-account']);

/** Updates in the order in which they come, until the page says that no more files come and all are done. */
export async function* uploadStream(client: DiceClient, _nothing: undefined, { signal, onWord }: StreamOptions<UploadWord>): AsyncGenerator<UploadUpdate> {
  const upload = new PageUpload();
  onWord((word) => { upload.hear(word); });
  signal?.addEventListener('abort', () => { upload.feed.end(); }, { once: true });
  const ended = upload.run(client, signal).finally(() => { upload.updates.end(); });
  // The updates say when it ended; a failure comes out of the last await.
  ended.catch(() => undefined);
  yield* upload.updates.all();
  await ended;
}

class PageUpload {
  readonly updates = new UploadUpdates();
  readonly feed = new UploadFeed({
    hungry: (room) => { this.updates.push({ kind: 'hungry', room }); },
    begun: (file) => { this.#begin(file); },
    isUnderWay: (name) => this.#keys.has(name),
  });
  readonly #watch = new TileWatch();
  readonly #recorder = new TileRecorder();
  readonly #keeping = new Set<Promise<void>>();
  /** The key of the file under way with this name: events know names alone. */
  readonly #keys = new Map<string, number>();

  hear(word: UploadWord): void {
    if (word.kind === 'files') this.feed.add(word.files);
    else if (word.kind === 'drop') this.feed.drop(word.key);
    else if (word.kind === 'hold') this.feed.hold(word.isHeld);
    else if (word.kind === 'watch') this.#watch.set(word.everyMs);
    else this.feed.end();
  }

  async run(client: DiceClient, signal: AbortSignal | undefined): Promise<void> {
    for await (const file of client.upload(this.feed, { signal, onProgress: (event) => { this.#tell(event); } })) this.#finish(file);
    await Promise.all(this.#keeping);
  }

  #begin({ key, name }: HandedFile): void {
    this.#keys.set(name, key);
    this.updates.push({ kind: 'begun', key });
  }

  #tell(event: UploadEvent): void {
    this.#recorder.note(event);
    const key = this.#keys.get(event.file);
    if (key === undefined) return;
    if (event.kind === 'phase') {
      this.updates.phase({ key, phase: event.phase, share: event.totalBytes === 0 ? 1 : Math.min(1, event.bytes / event.totalBytes) });
    } else if (event.kind === 'picture') {
      if (this.#watch.offer(key, Date.now())) this.updates.push({ kind: 'picture', key, width: event.width, height: event.height });
    } else if (event.region !== undefined && this.#watch.isShown(key)) this.updates.tile(key, { region: event.region, state: event.state });
  }

  #finish(file: UploadedFile): void {
    // The next file need not wait for this one's record.
    const kept: Promise<void> = this.#recorder.keep(file).finally(() => { this.#keeping.delete(kept); });
    this.#keeping.add(kept);
    const key = Number(file.origin);
    if (this.#keys.get(file.name) === key) this.#keys.delete(file.name);
    this.#watch.done(key);
    this.updates.push({ kind: 'done', key, file: plainUploaded(file) });
    if (file.error !== undefined && stopping.has(file.error.code)) this.feed.end();
  }
}
