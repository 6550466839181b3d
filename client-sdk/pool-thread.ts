/**
 * One thread of a pool as the pool sees it: its calls, the reads that they ask for, and its end. SPEC.md section 12.
 */
import { crossing, crossingError, errorOf } from './crossing.js';
import { DiceError, fault } from './core/errors.js';
import type { Source } from './core/image/splitter.js';
import type { TaskTools } from './local-tasks.js';
import type { SplitWord } from './tasks.js';
import type { FromThread, StartThread, ThreadPort, Work, WorkAnswer } from './task-messages.js';

interface Call {
  readonly source: Source | undefined;
  /** Undefined while nothing was asked. */
  waiting: { readonly resolve: (value: WorkAnswer) => void; readonly reject: (reason: unknown) => void } | undefined;
}

/** A thread that is started, and runs until it ends. */
export class PoolThread {
  readonly #port: ThreadPort;
  readonly #calls = new Map<number, Call>();
  readonly #started: Promise<string | undefined>;
  #onStart: (trouble: string | undefined) => void = () => undefined;
  #last = 0;
  /** Work that waits for the start. */
  #expected = 0;
  #end: Error | undefined;

  /** `onCrash` is told once it has stopped by itself. Throws what `start` throws. */
  constructor(start: StartThread, onCrash: () => void) {
    this.#started = new Promise((resolve) => { this.#onStart = resolve; });
    this.#port = start({
      onMessage: (message) => { this.#take(message); },
      onEnd: (reason) => {
        this.#onStart(reason);
        this.#stop(new DiceError('internal', `A worker stopped in the middle of its work: ${reason}`));
        onCrash();
      },
    });
    this.#port.keepAlive?.(false);
  }

  /** Calls that the thread works on now. */
  get load(): number {
    let load = this.#expected;
    for (const { waiting } of this.#calls.values()) if (waiting !== undefined) load++;
    return load;
  }

  /** Waits until it runs: undefined, or why it does not within `maxMs`. */
  async start({ sleep }: Pick<TaskTools, 'sleep'>, maxMs: number): Promise<string | undefined> {
    const waiting = new AbortController();
    this.#expected++;
    this.#port.keepAlive?.(true);
    try {
      const late = sleep(maxMs, waiting.signal).then(() => 'its script says nothing.', () => undefined);
      return await Promise.race([this.#started, late]);
    } finally {
      this.#expected--;
      waiting.abort();
      this.#rest();
    }
  }

  /** Begins work; its id. What is in it belongs to the thread now. */
  begin(work: Work, source?: Source): number {
    const id = ++this.#last;
    if (this.#end !== undefined) throw this.#end;
    this.#calls.set(id, { source, waiting: undefined });
    this.#port.keepAlive?.(true);
    const { value, transfer } = crossing(work);
    this.#port.post({ kind: 'start', id, work: value }, transfer);
    return id;
  }

  /** The answer of work that answers once. */
  answer(id: number): Promise<WorkAnswer> {
    return new Promise((resolve, reject) => {
      const call = this.#calls.get(id);
      if (call === undefined) reject(this.#end ?? fault('cancelled'));
      else call.waiting = { resolve, reject };
    });
  }

  /** The next steps of a split; its first ones are its answer. */
  next(id: number, word: SplitWord): Promise<WorkAnswer> {
    const answer = this.answer(id);
    if (this.#calls.has(id)) this.#port.post({ kind: 'next', id, word }, []);
    return answer;
  }

  /** Ends work that nobody waits for any more; who waits, fails with `cancelled`. */
  abort(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#forget(id);
    this.#port.post({ kind: 'abort', id }, []);
    call.waiting?.reject(fault('cancelled'));
  }

  /** Ends the thread; what is under way fails with `cancelled`. */
  async close(): Promise<void> {
    this.#stop(fault('cancelled'));
    this.#onStart('it was closed.');
    await this.#port.end();
  }

  #take(message: FromThread): void {
    if (message.kind === 'ready') {
      this.#onStart(undefined);
      return;
    }
    const call = this.#calls.get(message.id);
    if (call === undefined) return;
    if (message.kind === 'read') {
      void this.#read(call.source, message);
      return;
    }
    const { waiting } = call;
    call.waiting = undefined;
    if (message.kind === 'failed' || isEnd(message.value)) this.#forget(message.id);
    if (message.kind === 'failed') waiting?.reject(errorOf(message.error));
    else waiting?.resolve(message.value);
  }

  async #read(source: Source | undefined, { id, read, offset, length }: Extract<FromThread, { kind: 'read' }>): Promise<void> {
    try {
      // Copied once: what a source gives may be in use elsewhere, whatever its type says.
      const bytes = new Uint8Array((await source?.read(offset, length)) ?? []);
      if (this.#calls.has(id)) this.#port.post({ kind: 'bytes', id, read, bytes }, [bytes.buffer]);
    } catch (thrown) {
      if (this.#calls.has(id)) this.#port.post({ kind: 'unreadable', id, read, error: crossingError(thrown) }, []);
    }
  }

  #forget(id: number): void {
    this.#calls.delete(id);
    this.#rest();
  }

  /** Without work it keeps nothing alive. */
  #rest(): void {
    if (this.#calls.size === 0 && this.#expected === 0 && this.#end === undefined) this.#port.keepAlive?.(false);
  }

  #stop(reason: Error): void {
    this.#end ??= reason;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { waiting } of calls) waiting?.reject(reason);
  }
}

function isEnd(value: WorkAnswer): boolean {
  return !('isLast' in value) || value.isLast;
}
