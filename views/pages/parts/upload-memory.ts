/**
 * This page's part of the lists of uploads: takes up what an interrupted run left, keeps up with the queue in few writes, and forgets
 * what is complete. Tabs ask each other, so that a list that another tab is working on is not taken for an interrupted one.
 */
import { changeRecord, forgetRun, recordedRuns, type FileMark, type RecordedFile } from '../../../client-sdk/browser/upload-record.js';
import { EarlierFiles } from './upload-earlier.js';
import { isDone, type UploadItem } from './upload-queue.js';

type Word = { readonly kind: 'ask' } | { readonly kind: 'mine'; readonly runId: string };

/** Another tab answers at once, or there is none. */
const answerMs = 200;
const writeMs = 1_000;
const writeFiles = 1_000;

/** The list of this page. */
export class UploadMemory {
  readonly #accountId: string;
  readonly #runId: string;
  readonly #channel: BroadcastChannel;
  readonly #kept = new Map<string, RecordedFile>();
  readonly #dropped = new Map<string, FileMark>();
  #earlier: EarlierFiles;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  #writing = Promise.resolve();

  private constructor(accountId: string, found: { readonly runId: string; readonly earlier: EarlierFiles; readonly channel: BroadcastChannel }) {
    this.#accountId = accountId;
    this.#runId = found.runId;
    this.#earlier = found.earlier;
    this.#channel = found.channel;
    this.#channel.onmessage = (event: MessageEvent<Word>) => { if (event.data.kind === 'ask') this.#say(); };
    this.#say();
  }

  /** Takes up every list of the account that no other tab works on, as one. */
  static async open(accountId: string): Promise<UploadMemory> {
    const channel = new BroadcastChannel('dice.uploads');
    const runs = await recordedRuns(accountId);
    const busy = runs.length === 0 ? new Set<string>() : await runsOfOthers(channel);
    const [first, ...others] = runs.filter(({ runId }) => !busy.has(runId));
    const own = first === undefined ? [] : [first, ...others];
    const memory = new UploadMemory(accountId, { runId: first?.runId ?? newRunId(), earlier: new EarlierFiles(own), channel });
    if (others.length > 0) memory.#keep(others.flatMap(({ files }) => files));
    for (const { runId } of others) await forgetRun(accountId, runId);
    return memory;
  }

  get earlier(): EarlierFiles {
    return this.#earlier;
  }

  /** Notes what became of the items; a file that was stored once stays so. */
  note(items: readonly UploadItem[]): void {
    this.#keep(items.map(recordOf));
  }

  /** Takes files off the list. */
  drop(marks: readonly FileMark[]): void {
    for (const mark of marks) {
      this.#earlier.drop(mark);
      this.#kept.delete(idOf(mark));
      this.#dropped.set(idOf(mark), mark);
    }
    this.#writeLater();
  }

  /** Forgets the list. */
  forget(): void {
    this.#earlier = new EarlierFiles([]);
    this.#kept.clear();
    this.#dropped.clear();
    this.#writing = this.#writing.then(() => forgetRun(this.#accountId, this.#runId));
  }

  /** Nothing is written any more: the lists are about to be erased. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#channel.close();
  }

  #keep(files: readonly RecordedFile[]): void {
    for (const file of files) {
      this.#earlier.note(file);
      this.#dropped.delete(idOf(file));
      this.#kept.set(idOf(file), file);
    }
    this.#writeLater();
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, writeMs);
  }

  async #write(): Promise<void> {
    while (!this.#isStopped && this.#kept.size + this.#dropped.size > 0) {
      const kept = taken(this.#kept);
      const dropped = taken(this.#dropped);
      await changeRecord({ accountId: this.#accountId, runId: this.#runId, kept, dropped });
    }
  }

  #say(): void {
    this.#channel.postMessage({ kind: 'mine', runId: this.#runId } satisfies Word);
  }
}

/** Takes up to `writeFiles` out of the map. */
function taken<T>(map: Map<string, T>): readonly T[] {
  const some = [...map].slice(0, writeFiles);
  for (const [id] of some) map.delete(id);
  return some.map(([, value]) => value);
}

function recordOf(item: UploadItem): RecordedFile {
  const { name, size, modifiedAt, imageId } = item;
  const isStored = isDone(item.state) && item.state !== 'failed';
  return { name, size, modifiedAt, state: isStored ? 'stored' : item.state === 'failed' ? 'failed' : 'open', imageId };
}

function idOf({ name, size, modifiedAt }: FileMark): string {
  return `${String(size)}/${String(modifiedAt)}/${name}`;
}

/** Plain http has no randomUUID. */
function newRunId(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** The lists that other tabs work on. */
async function runsOfOthers(channel: BroadcastChannel): Promise<ReadonlySet<string>> {
  const runs = new Set<string>();
  channel.onmessage = (event: MessageEvent<Word>) => { if (event.data.kind === 'mine') runs.add(event.data.runId); };
  channel.postMessage({ kind: 'ask' } satisfies Word);
  await new Promise((resolve) => { setTimeout(resolve, answerMs); });
  return runs;
}
