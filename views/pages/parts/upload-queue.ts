/**
 * The queue of an upload as a model: items with their states, and totals that add up. It is told what happens and sends, reads and
 * draws nothing. "Stored" is said only of what the server committed.
 */
import type { UploadPhase } from '../../../client-sdk/browser/page.js';
import type { PlainFault, PlainUploadedFile } from '../../../client-sdk/browser/plain-outcome.js';
import type { FileMark } from '../../../client-sdk/browser/upload-record.js';
import { shareOfFile } from './upload-share.js';

/** `skipped`: an earlier run stored it. `known`: an image of this name and these bytes was there. */
export type ItemState = 'waiting' | UploadPhase | 'stored' | 'known' | 'skipped' | 'failed';
export type QueueFilter = 'all' | 'under-way' | 'failed';

/** One file of the queue. */
export interface UploadItem extends FileMark {
  readonly key: number;
  readonly state: ItemState;
  /** Of the work on this file, 0 to 1. */
  readonly share: number;
  /** With `stored`, `known` and `skipped`. */
  readonly imageId: string | undefined;
  /** With `failed`. */
  readonly fault: Pick<PlainFault, 'code' | 'message'> | undefined;
  /** Of a stored file. */
  readonly sums: StoredSums | undefined;
}

/** What a stored or known file cost. */
export type StoredSums = Pick<PlainUploadedFile, 'logicalBytes' | 'sentBytes' | 'blocks' | 'blocksSent'>;

/** A file that joins. `storedAs`: an earlier run stored it as this image. */
export interface NewFile extends FileMark {
  readonly storedAs?: string | undefined;
}

/** Files by what became of them; sums of what was stored or known. */
export interface QueueTotals {
  readonly files: number;
  readonly bytes: number;
  readonly waiting: number;
  readonly underWay: number;
  readonly stored: number;
  readonly known: number;
  readonly skipped: number;
  readonly failed: number;
  /** Bytes of files that are done, whatever became of them. */
  readonly doneBytes: number;
  readonly sums: StoredSums;
}

type Item = { -readonly [K in keyof UploadItem]: UploadItem[K] } & { isHanded: boolean };
type Count = 'waiting' | 'underWay' | 'stored' | 'known' | 'skipped' | 'failed';

/** One page's queue. Keys count up from 1, in the order in which files joined. */
export class UploadQueue {
  #items = new Map<number, Item>();
  /** Keys that may wait, in the order in which they are begun; others among them are passed over. */
  #row: number[] = [];
  readonly #underWay = new Set<number>();
  readonly #failed = new Set<number>();
  #last = 0;
  #version = 0;
  #totals = noTotals();
  #all: { readonly version: number; readonly items: readonly UploadItem[] } = { version: -1, items: [] };

  /** Changes whenever an item joins or leaves. */
  get version(): number {
    return this.#version;
  }

  get totals(): QueueTotals {
    return this.#totals;
  }

  /** Nothing waits and nothing is under way. */
  get isAtRest(): boolean {
    return this.#totals.waiting === 0 && this.#totals.underWay === 0;
  }

  /** Bytes of done files, and of the others as far as they are. */
  get movedBytes(): number {
    let moved = this.#totals.doneBytes;
    for (const item of this.underWay) moved += item.size * item.share;
    return moved;
  }

  get underWay(): readonly UploadItem[] {
    return this.#chosen(this.#underWay);
  }

  item(key: number): UploadItem | undefined {
    return this.#items.get(key);
  }

  /** In the order in which they joined. */
  items(filter: QueueFilter): readonly UploadItem[] {
    if (filter === 'under-way') return this.underWay;
    if (filter === 'failed') return this.#chosen(this.#failed);
    if (this.#all.version !== this.#version) this.#all = { version: this.#version, items: [...this.#items.values()] };
    return this.#all.items;
  }

  add(files: readonly NewFile[]): readonly UploadItem[] {
    this.#version++;
    return files.map(({ name, size, modifiedAt, storedAs }) => {
      const state = storedAs === undefined ? 'waiting' : 'skipped';
      const item: Item = { key: ++this.#last, name, size, modifiedAt, state, share: 0, imageId: storedAs, fault: undefined, sums: undefined, isHanded: false };
      this.#items.set(item.key, item);
      this.#count(item, 1);
      if (state === 'waiting') this.#row.push(item.key);
      return item;
    });
  }

  /** The next files to hand over, at most `max`; they still wait. */
  take(max: number): readonly UploadItem[] {
    const taken: Item[] = [];
    let at = 0;
    for (; at < this.#row.length && taken.length < max; at++) {
      const item = this.#items.get(this.#row[at] ?? 0);
      if (item?.state !== 'waiting' || item.isHanded) continue;
      item.isHanded = true;
      taken.push(item);
    }
    this.#row = this.#row.slice(at);
    return taken;
  }

  begin(key: number): void {
    const item = this.#items.get(key);
    if (item?.state === 'waiting') this.#become(item, 'reading');
  }

  /** `share` of the phase, 0 to 1. */
  advance(key: number, phase: UploadPhase, share: number): void {
    const item = this.#items.get(key);
    if (item === undefined || !isUnderWay(item.state)) return;
    item.state = phase;
    item.share = Math.max(item.share, shareOfFile(phase, share));
  }

  /** The outcome that the SDK gave. */
  finish(key: number, file: PlainUploadedFile): void {
    const item = this.#items.get(key);
    if (item === undefined || isDone(item.state)) return;
    item.imageId = file.id;
    item.fault = file.error;
    if (file.status !== 'failed') item.sums = file;
    this.#become(item, file.status);
  }

  /** What was handed over and is not done waits again, before all others. */
  putBack(): void {
    for (const item of this.underWay) this.#wait(item.key);
    for (const item of this.#items.values()) item.isHanded = false;
    this.#row = [...this.#items.values()].filter(({ state }) => state === 'waiting').map(({ key }) => key);
  }

  /** A failed file waits again, after all others. */
  retry(key: number): void {
    if (this.#items.get(key)?.state !== 'failed') return;
    this.#wait(key);
    this.#row.push(key);
  }

  /** Takes a file off that is not under way. Answers whether it did. */
  remove(key: number): boolean {
    const item = this.#items.get(key);
    if (item === undefined || isUnderWay(item.state)) return false;
    this.#drop([item]);
    return true;
  }

  /** Takes everything off that waits or is under way, and answers it. */
  cancel(): readonly UploadItem[] {
    const open = [...this.#items.values()].filter(({ state }) => !isDone(state));
    this.#drop(open);
    this.#row = [];
    return open;
  }

  /** Takes everything off that is done and did not fail. */
  clearDone(): void {
    this.#drop([...this.#items.values()].filter(({ state }) => isDone(state) && state !== 'failed'));
  }

  #drop(items: readonly Item[]): void {
    this.#version++;
    for (const item of items) {
      this.#count(item, -1);
      this.#items.delete(item.key);
    }
  }

  #wait(key: number): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    item.isHanded = false;
    item.share = 0;
    item.fault = undefined;
    this.#become(item, 'waiting');
  }

  #become(item: Item, state: ItemState): void {
    this.#count(item, -1);
    item.state = state;
    this.#count(item, 1);
  }

  #chosen(keys: ReadonlySet<number>): readonly UploadItem[] {
    return [...keys].flatMap((key) => this.#items.get(key) ?? []);
  }

  /** Adds the item to all sums, or takes it out of them. */
  #count(item: Item, sign: 1 | -1): void {
    const counted = countOf(item.state);
    const set = counted === 'underWay' ? this.#underWay : counted === 'failed' ? this.#failed : undefined;
    if (sign === 1) set?.add(item.key);
    else set?.delete(item.key);
    const { sums, ...counts } = this.#totals;
    counts.files += sign;
    counts.bytes += sign * item.size;
    counts[counted] += sign;
    if (isDone(item.state)) counts.doneBytes += sign * item.size;
    this.#totals = { ...counts, sums: item.sums === undefined || !isDone(item.state) ? sums : added(sums, item.sums, sign) };
  }
}

function added(sums: StoredSums, more: StoredSums, sign: 1 | -1): StoredSums {
  return {
    logicalBytes: sums.logicalBytes + sign * more.logicalBytes,
    sentBytes: sums.sentBytes + sign * more.sentBytes,
    blocks: sums.blocks + sign * more.blocks,
    blocksSent: sums.blocksSent + sign * more.blocksSent,
  };
}

type Totals = { -readonly [K in keyof QueueTotals]: QueueTotals[K] };

function noTotals(): Totals {
  return {
    files: 0, bytes: 0, waiting: 0, underWay: 0, stored: 0, known: 0, skipped: 0, failed: 0, doneBytes: 0,
    sums: { logicalBytes: 0, sentBytes: 0, blocks: 0, blocksSent: 0 },
  };
}

/** The file is being worked on. */
export function isUnderWay(state: ItemState): state is UploadPhase {
  return state === 'reading' || state === 'splitting' || state === 'sealing' || state === 'sending' || state === 'committing';
}

/** Nothing more happens to it by itself. */
export function isDone(state: ItemState): state is 'stored' | 'known' | 'skipped' | 'failed' {
  return state === 'stored' || state === 'known' || state === 'skipped' || state === 'failed';
}

function countOf(state: ItemState): Count {
  return isUnderWay(state) ? 'underWay' : state;
}
