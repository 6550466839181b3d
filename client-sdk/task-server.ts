/**
 * The thread's side of a pool: carries out the work that comes, with the very functions that run without threads, and keeps nothing
 * of it. SPEC.md section 12.
 */
import { crossing, crossingError, errorOf } from './crossing.js';
import { fault } from './core/errors.js';
import type { Source } from './core/image/splitter.js';
import { localTasks, type TaskTools } from './local-tasks.js';
import type { FromThread, ToThread, Work, WorkAnswer } from './task-messages.js';
import type { SplitStep, Tasks } from './tasks.js';

/** How a thread answers. */
export type PostFromThread = (message: FromThread, transfer: readonly ArrayBuffer[]) => void;

/** Serves one pool, and says so. */
export class TaskServer {
  readonly #underWay = new Map<number, UnderWay>();
  readonly #tasks: Tasks;

  constructor(
    tools: TaskTools,
    private readonly post: PostFromThread,
  ) {
    this.#tasks = localTasks(tools);
    post({ kind: 'ready' }, []);
  }

  /** Takes a message of the pool. */
  take(message: ToThread): void {
    if (message.kind === 'start') {
      this.#start(message.id, message.work);
      return;
    }
    const task = this.#underWay.get(message.id);
    if (task === undefined) return;
    if (message.kind === 'next') void this.#step(message.id, task);
    else if (message.kind === 'abort') this.#abort(message.id, task);
    else task.source?.take(message);
  }

  #start(id: number, work: Work): void {
    const controller = new AbortController();
    const { signal } = controller;
    if (work.name === 'split') {
      const source = new RemoteSource(id, { size: work.sourceBytes, signal, post: this.post });
      this.#underWay.set(id, { controller, source, steps: this.#tasks.split(work.input, source, signal) });
      return;
    }
    this.#underWay.set(id, { controller, source: undefined, steps: undefined });
    void this.#answer(id, () => this.#once(work, signal));
  }

  async #once(work: Exclude<Work, { name: 'split' }>, signal: AbortSignal): Promise<WorkAnswer> {
    if (work.name === 'seal') return await this.#tasks.seal(work.input, signal);
    if (work.name === 'entries') return await this.#tasks.entries(work.input, signal);
    const opened = await this.#tasks.open(work.input, signal);
    return opened.map(({ error, ...block }) => (error === undefined ? block : { ...block, error: crossingError(error) }));
  }

  async #step(id: number, { steps }: UnderWay): Promise<void> {
    await this.#answer(id, async () => {
      const next = await steps?.next();
      return next?.done === false ? next.value : undefined;
    });
  }

  async #answer(id: number, work: () => Promise<WorkAnswer>): Promise<void> {
    try {
      const { value, transfer } = crossing(await work());
      if (!isStep(value)) this.#underWay.delete(id);
      this.post({ kind: 'answer', id, value }, transfer);
    } catch (thrown) {
      this.#underWay.delete(id);
      this.post({ kind: 'failed', id, error: crossingError(thrown) }, []);
    }
  }

  #abort(id: number, { controller, source, steps }: UnderWay): void {
    this.#underWay.delete(id);
    controller.abort();
    source?.close();
    // Nobody waits for it any more.
    steps?.return().catch(() => undefined);
  }
}

interface UnderWay {
  readonly controller: AbortController;
  readonly source: RemoteSource | undefined;
  readonly steps: AsyncGenerator<SplitStep, void, void> | undefined;
}

function isStep(value: WorkAnswer): boolean {
  return value !== undefined && 'kind' in value;
}

/** A source whose bytes come from the pool's thread. */
class RemoteSource implements Source {
  readonly size: number;
  readonly #reads = new Map<number, { readonly resolve: (bytes: Uint8Array) => void; readonly reject: (reason: unknown) => void }>();
  #last = 0;

  constructor(
    private readonly id: number,
    private readonly setting: { readonly size: number; readonly signal: AbortSignal; readonly post: PostFromThread },
  ) {
    this.size = setting.size;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.setting.signal.aborted) {
        reject(fault('cancelled'));
        return;
      }
      const read = ++this.#last;
      this.#reads.set(read, { resolve, reject });
      this.setting.post({ kind: 'read', id: this.id, read, offset, length }, []);
    });
  }

  take(message: Extract<ToThread, { kind: 'bytes' | 'unreadable' }>): void {
    const waiting = this.#reads.get(message.read);
    this.#reads.delete(message.read);
    if (message.kind === 'bytes') waiting?.resolve(message.bytes);
    else waiting?.reject(errorOf(message.error));
  }

  close(): void {
    for (const { reject } of this.#reads.values()) reject(fault('cancelled'));
    this.#reads.clear();
  }
}
