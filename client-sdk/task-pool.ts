/**
 * Tasks in several threads: started when there is enough to do, each task given to the one with the least to do, with a bound on the
 * bytes that wait in them; a thread that stops is replaced, and where none can be started the work is done in this one.
 * SPEC.md section 12.
 */
import { onAbortOf } from './abort-fan.js';
import { ByteGate } from './byte-gate.js';
import { DiceError, fault } from './core/errors.js';
import type { Source } from './core/image/splitter.js';
import { errorOf } from './crossing.js';
import { localTasks, type TaskTools } from './local-tasks.js';
import { PoolThread } from './pool-thread.js';
import type { CrossingBlock, SomeBytes, SomeSteps, StartThread, Work } from './task-messages.js';
import type { AssembleInput, ContentSource, EntriesInput, FilePieces, JoinedFile, JoinInput, OpenedBlock, OpenInput, PackedEntries, PatchInput, SealedContent, SealInput, SplitInput, SplitSteps, SplitWord, Tasks } from './tasks.js';

/** What a pool is made of. */
export interface PoolSetting {
  /** Threads, at least 1. */
  readonly threads: number;
  readonly startThread: StartThread;
  /** For what runs in this thread. */
  readonly tools: TaskTools;
  /** Bytes of work that this thread does before others are started; a whole pool costs about as much time as a megabyte. */
  readonly startBytes?: number;
  /** Threads that open entries at once; 0: this one does. All without it. */
  readonly entryThreads?: number;
  /** Told once, in words, where fewer threads than these can be started. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** A thread that says nothing for so long is taken for one that cannot be started. */
  readonly maxStartMs?: number;
}

/** Fewer bytes at once are done here: they would only wait behind larger work. */
const minBatchBytes = 262_144;
/** A smaller file is joined here sooner than it crosses. */
const minAssembledBytes = 32_768;
/** Opening an entry takes about as long as sealing so many bytes. */
const entryWeightBytes = 1_100;
/** Bytes of contents and blocks that are in threads at once, for each of them. */
const gateBytesPerThread = 8_388_608;
/** A source up to so large goes to its thread whole. */
const maxWholeBytes = 262_144;
const defaultStartBytes = 1_048_576;
const defaultMaxStartMs = 20_000;
const startWarning = 'A worker thread could not be started. Its work is done by those that run, if there are any, else by the main one: this takes longer.';

/** A pool; `close` ends its threads. */
export class TaskPool implements Tasks {
  readonly entryThreads: number;
  readonly #threads = new Set<PoolThread>();
  readonly #local: Tasks;
  readonly #gate: ByteGate;
  readonly #entryGate: ByteGate;
  #bytesToStart: number;
  #isClosed = false;
  /** As many as could be started, if that is fewer. */
  #maxThreads: number;
  #hasWarned = false;

  constructor(private readonly setting: PoolSetting) {
    this.#local = localTasks(setting.tools);
    this.#gate = new ByteGate(gateBytesPerThread * setting.threads);
    this.#entryGate = new ByteGate(Math.max(1, setting.entryThreads ?? setting.threads));
    this.entryThreads = setting.entryThreads ?? setting.threads;
    this.#bytesToStart = setting.startBytes ?? defaultStartBytes;
    this.#maxThreads = setting.threads;
  }

  async *split(input: SplitInput, source: Source, signal: AbortSignal | undefined): SplitSteps {
    if (!this.#isForThreads(source.size)) {
      yield* this.#local.split(input, source, signal);
      return;
    }
    if (signal?.aborted === true) throw fault('cancelled');
    const thread = await this.#runningThread(signal);
    if (thread === undefined) {
      yield* this.#local.split(input, source, signal);
      return;
    }
    const bytes = await wholeOf(source, signal);
    const id = thread.begin({ name: 'split', input, sourceBytes: source.size, bytes }, { source });
    const forgetSignal = signal === undefined ? undefined : onAbortOf(signal, () => { thread.abort(id); });
    try {
      let answer = await thread.answer(id);
      for (;;) {
        // A split answers with its steps.
        const { steps, isLast } = answer as SomeSteps;
        let word: SplitWord;
        for (const step of steps) word = yield step;
        if (isLast) return;
        answer = await thread.next(id, word);
      }
    } finally {
      forgetSignal?.();
      thread.abort(id);
    }
  }

  async seal(input: SealInput, signal: AbortSignal | undefined): Promise<readonly SealedContent[]> {
    const bytes = input.contents.reduce((sum, { content }) => sum + content.length, 0);
    if (bytes < minBatchBytes || !this.#isForThreads(bytes)) return this.#local.seal(input, signal);
    return this.#gated(bytes, signal, async (thread) => {
      if (thread === undefined) return this.#local.seal(input, signal);
      // Sealing answers so.
      return (await answerOf(thread, { name: 'seal', input }, signal)) as readonly SealedContent[];
    });
  }

  async open(input: OpenInput, signal: AbortSignal | undefined): Promise<readonly OpenedBlock[]> {
    const bytes = input.blocks.reduce((sum, { cipher }) => sum + cipher.length, 0);
    if (bytes < minBatchBytes || !this.#isForThreads(bytes)) return this.#local.open(input, signal);
    return this.#gated(bytes, signal, async (thread) => {
      if (thread === undefined) return this.#local.open(input, signal);
      // Opening answers so.
      const opened = (await answerOf(thread, { name: 'open', input }, signal)) as readonly CrossingBlock[];
      return opened.map(({ error, ...block }) => (error === undefined ? block : { ...block, error: diceErrorOf(errorOf(error)) }));
    });
  }

  async join(input: JoinInput, signal: AbortSignal | undefined): Promise<JoinedFile> {
    const bytes = input.blocks.reduce((sum, { cipher }) => sum + cipher.length, 0);
    if (!this.#isForThreads(bytes)) return this.#local.join(input, signal);
    return this.#gated(bytes, signal, async (thread) => {
      if (thread === undefined) return this.#local.join(input, signal);
      // Joining answers so.
      return (await answerOf(thread, { name: 'join', input }, signal)) as JoinedFile;
    });
  }

  async *assemble(input: AssembleInput, contents: ContentSource, signal: AbortSignal | undefined): FilePieces {
    const isForThreads = input.size >= minAssembledBytes && this.#isForThreads(input.size);
    const thread = isForThreads ? await this.#runningThread(signal) : undefined;
    if (thread === undefined) yield* this.#local.assemble(input, contents, signal);
    else yield* assembledBy(thread, { input, contents, signal });
  }

  async patch(input: PatchInput, signal: AbortSignal | undefined): Promise<readonly (Uint8Array | undefined)[]> {
    const bytes = input.pairs.reduce((sum, { target, base }) => sum + target.length + base.length, 0);
    if (bytes < minBatchBytes || !this.#isForThreads(bytes)) return this.#local.patch(input, signal);
    return this.#gated(bytes, signal, async (thread) => {
      if (thread === undefined) return this.#local.patch(input, signal);
      // Their bytes stay the caller's: copies go.
      const pairs = input.pairs.map(({ target, base, view }) => ({ target: new Uint8Array(target), base: new Uint8Array(base), view }));
      // Making patches answers so.
      return (await answerOf(thread, { name: 'patch', input: { pairs } }, signal)) as readonly (Uint8Array | undefined)[];
    });
  }

  async entries(input: EntriesInput, signal: AbortSignal | undefined): Promise<PackedEntries> {
    const bytes = entryWeightBytes * input.imageIds.length;
    if (bytes < minBatchBytes || this.entryThreads === 0 || !this.#isForThreads(bytes)) return this.#local.entries(input, signal);
    await this.#entryGate.enter(1, signal);
    try {
      return await this.#gated(bytes, signal, async (thread) => {
        if (thread === undefined) return this.#local.entries(input, signal);
        // Opening entries answers so.
        return (await answerOf(thread, { name: 'entries', input }, signal)) as PackedEntries;
      });
    } finally {
      this.#entryGate.leave(1);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all([this.#local.close(), ...threads.map((thread) => thread.close())]);
  }

  /** Does work once there is room for its bytes; without a thread where none can be started. */
  async #gated<T>(bytes: number, signal: AbortSignal | undefined, work: (thread: PoolThread | undefined) => Promise<T>): Promise<T> {
    await this.#gate.enter(bytes, signal);
    try {
      return await work(await this.#runningThread(signal));
    } finally {
      this.#gate.leave(bytes);
    }
  }

  /** The thread with the least to do, once it runs; undefined where none can be started. */
  async #runningThread(signal: AbortSignal | undefined): Promise<PoolThread | undefined> {
    while (this.#maxThreads > 0) {
      const { thread, trouble } = this.#leastBusy();
      const reason = thread === undefined ? trouble : await unlessAborted(thread.start(this.setting.tools, this.setting.maxStartMs ?? defaultMaxStartMs), signal);
      if (this.#isClosed || signal?.aborted === true) throw fault('cancelled');
      if (thread !== undefined && reason === undefined) return thread;
      await this.#goOnWithout(thread, reason);
    }
    return undefined;
  }

  /** Gives up a thread that could not be started, and starting others. */
  async #goOnWithout(thread: PoolThread | undefined, reason: string | undefined): Promise<void> {
    if (thread !== undefined) this.#threads.delete(thread);
    this.#maxThreads = Math.min(this.#maxThreads, this.#threads.size);
    const isFirst = !this.#hasWarned;
    this.#hasWarned = true;
    await thread?.close();
    if (isFirst) this.setting.onWarning?.(`${startWarning} The reason: ${reason ?? 'unknown'}`);
  }

  /** There was enough to do to start threads. */
  #isForThreads(bytes: number): boolean {
    this.#bytesToStart -= bytes;
    return this.#bytesToStart <= 0 && !this.#isClosed && this.#maxThreads > 0;
  }

  /** A thread, or why it could not be made. */
  #leastBusy(): { readonly thread?: PoolThread; readonly trouble?: string } {
    let best: PoolThread | undefined;
    for (const thread of this.#threads) if (best === undefined || thread.load < best.load) best = thread;
    if (best !== undefined && (best.load === 0 || this.#threads.size >= this.#maxThreads)) return { thread: best };
    try {
      const fresh: PoolThread = new PoolThread(this.setting.startThread, () => { this.#threads.delete(fresh); });
      this.#threads.add(fresh);
      return { thread: fresh };
    } catch (thrown) {
      return { trouble: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }
}

/** The bytes of a small source. Throws `cancelled`. */
async function wholeOf(source: Source, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  if (source.size > maxWholeBytes) return undefined;
  const bytes = await source.read(0, source.size);
  if (signal?.aborted === true) throw fault('cancelled');
  // A copy: what a source gives may be in use elsewhere, whatever its type says.
  return new Uint8Array(bytes);
}

/** What comes first of the answer and the abort. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await answer;
  let forgetSignal: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    forgetSignal = onAbortOf(signal, () => { reject(fault('cancelled')); });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    forgetSignal?.();
  }
}

/** The pieces as the thread makes them: it works on the next ones while somebody uses these. */
async function* assembledBy(thread: PoolThread, by: { readonly input: AssembleInput; readonly contents: ContentSource; readonly signal: AbortSignal | undefined }): FilePieces {
  const contents = new HeardContents(by.contents);
  const id = thread.begin({ name: 'assemble', input: by.input }, { contents });
  const forgetSignal = by.signal === undefined ? undefined : onAbortOf(by.signal, () => { thread.abort(id); });
  try {
    let coming = thread.answer(id);
    for (;;) {
      // A join answers with its bytes.
      const { bytes, isLast } = (await coming) as SomeBytes;
      if (!isLast) coming = thread.next(id);
      // It may fail before anybody asks for it.
      coming.catch(() => undefined);
      if (bytes.length > 0) yield bytes;
      if (isLast) return;
    }
  } catch (thrown) {
    throw contents.failure ?? thrown;
  } finally {
    forgetSignal?.();
    thread.abort(id);
  }
}

/** Contents that cannot be given: what was thrown for them loses its cause between threads. */
class HeardContents implements ContentSource {
  failure: unknown;

  constructor(private readonly contents: ContentSource) {}

  async take(index: number): Promise<readonly Uint8Array[]> {
    try {
      return await this.contents.take(index);
    } catch (thrown) {
      this.failure = thrown;
      throw thrown;
    }
  }
}

/** The answer of work that answers once. */
async function answerOf(thread: PoolThread, work: Exclude<Work, { name: 'split' | 'assemble' }>, signal: AbortSignal | undefined): Promise<unknown> {
  const id = thread.begin(work);
  const forgetSignal = signal === undefined ? undefined : onAbortOf(signal, () => { thread.abort(id); });
  try {
    return await thread.answer(id);
  } finally {
    forgetSignal?.();
  }
}

function diceErrorOf(error: Error): DiceError {
  return error instanceof DiceError ? error : new DiceError('internal', error.message);
}
