/**
 * Tasks in several threads: started when there is enough to do, each task given to the one with the least to do, with a bound on the
 * bytes that wait in them; a thread that stops is replaced. SPEC.md section 12.
 */
import { onAbortOf } from './abort-fan.js';
import { ByteGate } from './byte-gate.js';
import { DiceError, fault } from './core/errors.js';
import type { Source } from './core/image/splitter.js';
import { errorOf } from './crossing.js';
import { localTasks, type TaskTools } from './local-tasks.js';
import { PoolThread } from './pool-thread.js';
import type { CrossingBlock, StartThread, Work } from './task-messages.js';
import type { OpenedBlock, OpenInput, SealedContent, SealInput, SplitInput, SplitStep, Tasks } from './tasks.js';

/** What a pool is made of. */
export interface PoolSetting {
  /** Threads, at least 1. */
  readonly threads: number;
  readonly startThread: StartThread;
  /** For what runs in this thread. */
  readonly tools: TaskTools;
  /** Bytes of work that this thread does before others are started; a whole pool costs about as much time as a megabyte. */
  readonly startBytes?: number;
}

/** Fewer bytes at once are done here: they would only wait behind larger work. */
const minBatchBytes = 262_144;
/** Bytes of contents and blocks that are in threads at once, for each of them. */
const gateBytesPerThread = 8_388_608;
const defaultStartBytes = 1_048_576;

/** A pool; `close` ends its threads. */
export class TaskPool implements Tasks {
  readonly #threads = new Set<PoolThread>();
  readonly #local: Tasks;
  readonly #gate: ByteGate;
  #bytesToStart: number;
  #isClosed = false;

  constructor(private readonly setting: PoolSetting) {
    this.#local = localTasks(setting.tools);
    this.#gate = new ByteGate(gateBytesPerThread * setting.threads);
    this.#bytesToStart = setting.startBytes ?? defaultStartBytes;
  }

  async *split(input: SplitInput, source: Source, signal: AbortSignal | undefined): AsyncGenerator<SplitStep, void, void> {
    if (!this.#isForThreads(source.size)) {
      yield* this.#local.split(input, source, signal);
      return;
    }
    if (signal?.aborted === true) throw fault('cancelled');
    const thread = this.#leastBusy();
    const id = thread.begin({ name: 'split', input, sourceBytes: source.size }, source);
    const forgetSignal = signal === undefined ? undefined : onAbortOf(signal, () => { thread.abort(id); });
    try {
      for (;;) {
        // A split answers with its steps.
        const step = (await thread.next(id)) as SplitStep | undefined;
        if (step === undefined) return;
        yield step;
      }
    } finally {
      forgetSignal?.();
      thread.abort(id);
    }
  }

  async seal(input: SealInput, signal: AbortSignal | undefined): Promise<readonly SealedContent[]> {
    const bytes = input.contents.reduce((sum, { content }) => sum + content.length, 0);
    if (bytes < minBatchBytes || !this.#isForThreads(bytes)) return this.#local.seal(input, signal);
    // Sealing answers so.
    return (await this.#inThread({ name: 'seal', input }, bytes, signal)) as readonly SealedContent[];
  }

  async open(input: OpenInput, signal: AbortSignal | undefined): Promise<readonly OpenedBlock[]> {
    const bytes = input.blocks.reduce((sum, { cipher }) => sum + cipher.length, 0);
    if (bytes < minBatchBytes || !this.#isForThreads(bytes)) return this.#local.open(input, signal);
    // Opening answers so.
    const opened = (await this.#inThread({ name: 'open', input }, bytes, signal)) as readonly CrossingBlock[];
    return opened.map(({ error, ...block }) => (error === undefined ? block : { ...block, error: diceErrorOf(errorOf(error)) }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.close()));
  }

  async #inThread(work: Exclude<Work, { name: 'split' }>, bytes: number, signal: AbortSignal | undefined): Promise<unknown> {
    await this.#gate.enter(bytes, signal);
    try {
      const thread = this.#leastBusy();
      const id = thread.begin(work);
      const forgetSignal = signal === undefined ? undefined : onAbortOf(signal, () => { thread.abort(id); });
      try {
        return await thread.answer(id);
      } finally {
        forgetSignal?.();
      }
    } finally {
      this.#gate.leave(bytes);
    }
  }

  /** There was enough to do to start threads. */
  #isForThreads(bytes: number): boolean {
    this.#bytesToStart -= bytes;
    return this.#bytesToStart <= 0 && !this.#isClosed;
  }

  #leastBusy(): PoolThread {
    let best: PoolThread | undefined;
    for (const thread of this.#threads) if (best === undefined || thread.load < best.load) best = thread;
    if (best !== undefined && (best.load === 0 || this.#threads.size >= this.setting.threads)) return best;
    const fresh: PoolThread = new PoolThread(this.setting.startThread, () => { this.#threads.delete(fresh); });
    this.#threads.add(fresh);
    return fresh;
  }
}

function diceErrorOf(error: Error): DiceError {
  return error instanceof DiceError ? error : new DiceError('internal', error.message);
}
