/**
 * Carries the queue out: hands files to the worker as it asks for them, notes what comes back, pauses, cancels, waits for a server that
 * is away and goes on by itself. Draws nothing and keeps nothing beyond the page.
 */
import { DiceError } from '../../../client-sdk/browser/page.js';
import type { Conversation, PageClient } from '../../../client-sdk/browser/page-client.js';
import type { UploadUpdate, UploadWord } from '../../../client-sdk/browser/upload-messages.js';
import type { NewFile, UploadItem, UploadQueue } from './upload-queue.js';
import { messageOf } from './messages.js';
import { troubleOf, waitMs, type Trouble } from './upload-waits.js';

/** `away`: waits for the server. `stopped`: it failed in a way that does not pass by itself. */
export type RunPhase = 'rest' | 'running' | 'pausing' | 'paused' | 'away' | 'signed-out' | 'stopped';

/** Where the upload is as a whole. */
export interface RunState {
  readonly phase: RunPhase;
  /** At rest because the person cancelled it. */
  readonly isCancelled: boolean;
  /** With `away`: the server answers, and asks to come later. */
  readonly isBusy: boolean;
  /** With `away`: tries that failed since a file was stored. */
  readonly tries: number;
  /** With `away`, milliseconds since the epoch; undefined while it tries. */
  readonly nextTryAt: number | undefined;
  /** With `stopped`. */
  readonly message: string;
}

/** Who is told. */
export interface RunListener {
  /** The whole state changed. */
  changed(): void;
  /** Something moved. */
  moved(): void;
  /** A file is done: stored, known or failed. */
  done(item: UploadItem): void;
  tiles(update: Extract<UploadUpdate, { kind: 'picture' | 'tiles' }>): void;
  /** Everything is done. */
  rested(): void;
}

/** A file that joins, with what it is read from. */
export interface ReadableFile extends NewFile {
  readonly file: File;
}

const atRest: RunState = { phase: 'rest', isCancelled: false, isBusy: false, tries: 0, nextTryAt: undefined, message: '' };
const probeMs = 10_000;

/** One page's uploads, one after the other. */
export class UploadRunner {
  readonly #client: PageClient;
  readonly #queue: UploadQueue;
  readonly #listener: RunListener;
  readonly #files = new Map<number, File>();
  #state = atRest;
  #talk: Conversation<UploadWord> | undefined;
  #controller = new AbortController();
  #room = 0;
  #trouble: Trouble = 'file';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watchMs: number | undefined;

  constructor({ client, queue, listener }: { readonly client: PageClient; readonly queue: UploadQueue; readonly listener: RunListener }) {
    this.#client = client;
    this.#queue = queue;
    this.#listener = listener;
    window.addEventListener('online', () => { this.tryNow(); });
  }

  get state(): RunState {
    return this.#state;
  }

  fileOf(key: number): File | undefined {
    return this.#files.get(key);
  }

  add(files: readonly ReadableFile[]): readonly UploadItem[] {
    const items = this.#queue.add(files);
    for (const [i, item] of items.entries()) {
      const file = files[i]?.file;
      if (item.state === 'waiting' && file !== undefined) this.#files.set(item.key, file);
    }
    this.#goOn();
    return items;
  }

  /** Begins no more files; those under way end. */
  pause(): void {
    if (this.#state.phase !== 'running') return;
    this.#talk?.tell({ kind: 'hold', isHeld: true });
    this.#set({ phase: this.#queue.totals.underWay > 0 ? 'pausing' : 'paused' });
  }

  resume(): void {
    if (this.#state.phase === 'stopped') this.#start();
    if (this.#state.phase !== 'paused' && this.#state.phase !== 'pausing') return;
    if (this.#talk === undefined) {
      this.#start();
      return;
    }
    this.#set({ phase: 'running' });
    this.#talk.tell({ kind: 'hold', isHeld: false });
    this.#feed();
  }

  /** Takes all that is not done off the list, and answers it. */
  cancel(): readonly UploadItem[] {
    clearTimeout(this.#timer);
    const dropped = this.#queue.cancel();
    for (const { key } of dropped) this.#files.delete(key);
    this.#set({ ...atRest, phase: this.#state.phase, isCancelled: true });
    if (this.#talk === undefined) this.#rest();
    else this.#controller.abort();
    return dropped;
  }

  /** All failed files, or one, once more. */
  retry(keys: readonly number[]): void {
    for (const key of keys) this.#queue.retry(key);
    this.#goOn();
  }

  /** Takes a file off that is not under way. */
  remove(key: number): void {
    if (!this.#queue.remove(key)) return;
    this.#files.delete(key);
    this.#talk?.tell({ kind: 'drop', key });
    this.#endIfDone();
    this.#listener.changed();
  }

  /** At rest: forgets how the last run ended. */
  dismiss(): void {
    if (this.#state.phase === 'rest') this.#set(atRest);
  }

  /** Where the server was away: asks it at once. */
  tryNow(): void {
    if (this.#state.phase === 'away' && this.#state.nextTryAt !== undefined) void this.#try();
  }

  /** Tiles of one file at a time, a new one at most every `everyMs`; undefined: none. */
  watch(everyMs: number | undefined): void {
    if (everyMs === this.#watchMs) return;
    this.#watchMs = everyMs;
    this.#talk?.tell({ kind: 'watch', everyMs });
  }

  #goOn(): void {
    if (this.#state.phase === 'rest' && this.#talk === undefined) {
      if (this.#queue.isAtRest) this.#rest();
      else this.#start();
    } else if (this.#state.phase === 'running') this.#feed();
    this.#listener.changed();
  }

  #start(): void {
    this.#controller = new AbortController();
    this.#trouble = 'file';
    this.#room = 0;
    const talk = this.#client.converse({ name: 'upload', argument: undefined }, (updates) => { this.#take(updates); }, this.#controller.signal);
    this.#talk = talk;
    talk.tell({ kind: 'watch', everyMs: this.#watchMs });
    talk.ended.then(() => { this.#ended(undefined); }, (thrown: unknown) => { this.#ended(thrown); });
    this.#set({ ...atRest, phase: 'running', tries: this.#state.tries });
  }

  #take(updates: readonly UploadUpdate[]): void {
    for (const update of updates) {
      if (update.kind === 'hungry') this.#room = update.room;
      else if (update.kind === 'begun') this.#queue.begin(update.key);
      else if (update.kind === 'phases') for (const { key, phase, share } of update.notes) this.#queue.advance(key, phase, share);
      else if (update.kind === 'done') this.#finish(update);
      else this.#listener.tiles(update);
    }
    this.#feed();
    this.#endIfDone();
    if (this.#state.phase === 'pausing' && this.#queue.totals.underWay === 0) this.#set({ phase: 'paused' });
    this.#listener.moved();
  }

  #feed(): void {
    if (this.#room === 0 || this.#state.phase !== 'running') return;
    const files = this.#queue.take(this.#room).flatMap(({ key, name }) => {
      const file = this.#files.get(key);
      return file === undefined ? [] : [{ key, name, file }];
    });
    if (files.length === 0) return;
    this.#room = 0;
    this.#talk?.tell({ kind: 'files', files });
  }

  #endIfDone(): void {
    if (this.#queue.isAtRest) this.#talk?.tell({ kind: 'end' });
  }

  #finish({ key, file }: Extract<UploadUpdate, { kind: 'done' }>): void {
    const trouble = file.error === undefined ? 'file' : troubleOf(file.error.code);
    // What is no fault of the file leaves it on the list: it goes back when the run has ended.
    if (trouble !== 'file') this.#trouble = trouble;
    if (trouble !== 'file' || file.error?.code === 'cancelled') return;
    this.#queue.finish(key, file);
    if (file.status !== 'failed') {
      this.#files.delete(key);
      this.#state = { ...this.#state, tries: 0 };
    }
    const item = this.#queue.item(key);
    if (item !== undefined) this.#listener.done(item);
  }

  #ended(thrown: unknown): void {
    this.#talk = undefined;
    this.#queue.putBack();
    const trouble = thrown instanceof DiceError && this.#trouble === 'file' ? troubleOf(thrown.code) : this.#trouble;
    const isPaused = this.#state.phase === 'pausing' || this.#state.phase === 'paused';
    if (this.#queue.isAtRest) this.#rest();
    // Files that joined after a cancel.
    else if (this.#controller.signal.aborted) this.#start();
    else if (trouble === 'signed-out') this.#set({ phase: 'signed-out' });
    else if (isPaused) this.#set({ phase: 'paused' });
    else if (trouble === 'away' || trouble === 'busy') this.#wait(trouble === 'busy');
    else if (thrown !== undefined) this.#set({ phase: 'stopped', message: messageOf(thrown) });
    else this.#start();
  }

  #rest(): void {
    this.#set({ ...atRest, isCancelled: this.#state.isCancelled });
    this.#listener.rested();
  }

  #wait(isBusy: boolean): void {
    const { tries } = this.#state;
    const ms = waitMs(tries);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.tryNow(); }, ms);
    this.#set({ phase: 'away', isBusy, tries: tries + 1, nextTryAt: Date.now() + ms });
  }

  async #try(): Promise<void> {
    clearTimeout(this.#timer);
    this.#set({ nextTryAt: undefined });
    const isBack = await answers();
    // It may have been cancelled meanwhile.
    if (this.#state.phase !== 'away') return;
    if (isBack) this.#start();
    else this.#wait(false);
  }

  #set(change: Partial<RunState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listener.changed();
  }
}

/** One small question, instead of a whole run that would ask many times. */
async function answers(): Promise<boolean> {
  try {
    return (await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(probeMs) })).ok;
  } catch {
    return false;
  }
}
