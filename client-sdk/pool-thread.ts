/**
 * One thread of a pool as the pool sees it: its calls, the reads that they ask for, and its end. SPEC.md section 12.
 */
import { type Crossing, crossing, crossingError, errorOf } from './crossing.js';
import { DiceError, fault } from './core/errors.js';
import type { Source } from './core/image/splitter.js';
import type { TaskTools } from './local-tasks.js';
import type { ContentSource, SplitWord } from './tasks.js';
import type { FromThread, StartThread, ThreadPort, ToThread, Work, WorkAnswer } from './task-messages.js';

/** What work may ask for. */
export interface Asked {
  readonly source?: Source;
  readonly contents?: ContentSource;
}

interface Call {
  readonly asked: Asked;
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
  begin(work: Work, asked: Asked = {}): number {
    const id = ++this.#last;
    if (this.#end !== undefined) throw this.#end;
    this.#calls.set(id, { asked, waiting: undefined });
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

  /** The next steps of a split, or bytes of a file; the first ones are its answer. */
  next(id: number, word?: SplitWord): Promise<WorkAnswer> {
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
    if (message.kind === 'read' || message.kind === 'take') {
      void this.#give(call.asked, message);
      return;
    }
    const { waiting } = call;
    call.waiting = undefined;
    if (message.kind === 'failed' || isEnd(message.value)) this.#forget(message.id);
    if (message.kind === 'failed') waiting?.reject(errorOf(message.error));
    else waiting?.resolve(message.value);
  }

  async #give(asked: Asked, message: Extract<FromThread, { kind: 'read' | 'take' }>): Promise<void> {
    const { id, ask } = message;
    try {
      const { value, transfer } = message.kind === 'read' ? await bytesFor(asked, message) : await contentsFor(asked, message);
      if (this.#calls.has(id)) this.#port.post(value, transfer);
    } catch (thrown) {
      if (this.#calls.has(id)) this.#port.post({ kind: 'unreadable', id, ask, error: crossingError(thrown) }, []);
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

async function bytesFor({ source }: Asked, { id, ask, offset, length }: Extract<FromThread, { kind: 'read' }>): Promise<Crossing<ToThread>> {
  // Copied once: what a source gives may be in use elsewhere, whatever its type says.
  const bytes = new Uint8Array((await source?.read(offset, length)) ?? []);
  return { value: { kind: 'bytes', id, ask, bytes }, transfer: [bytes.buffer] };
}

async function contentsFor({ contents }: Asked, { id, ask, index }: Extract<FromThread, { kind: 'take' }>): Promise<Crossing<ToThread>> {
  return crossing<ToThread>({ kind: 'contents', id, ask, contents: (await contents?.take(index)) ?? [] });
}

function isEnd(value: WorkAnswer): boolean {
  return !('isLast' in value) || value.isLast;
}
