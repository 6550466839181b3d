/**
 * The thread's side of a pool: carries out the work that comes, with the very functions that run without threads, and keeps nothing
 * of it. SPEC.md section 12.
 */
import { crossing, crossingError, errorOf } from './crossing.js';
import { fault } from './core/errors.js';
import type { Source } from './core/image/splitter.js';
import { localTasks, type TaskTools } from './local-tasks.js';
import { sourceOf } from './memory-file.js';
import { sealsEarly } from './planned-file.js';
import type { FromThread, SomeSteps, ToThread, Work, WorkAnswer } from './task-messages.js';
import type { SplitContent, SplitStep, SplitSteps, SplitWord, Tasks } from './tasks.js';

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
    if (message.kind === 'next') void this.#step(message.id, task, message.word);
    else if (message.kind === 'abort') this.#abort(message.id, task);
    else task.source?.take(message);
  }

  #start(id: number, work: Work): void {
    const controller = new AbortController();
    const { signal } = controller;
    if (work.name === 'split') {
      const task = this.#beginSplit(id, work, controller);
      this.#underWay.set(id, task);
      void this.#step(id, task);
      return;
    }
    this.#underWay.set(id, { controller, source: undefined, split: undefined });
    void this.#answer(id, () => this.#once(work, signal));
  }

  #beginSplit(id: number, { input, sourceBytes, bytes }: Extract<Work, { name: 'split' }>, controller: AbortController): UnderWay {
    const { signal } = controller;
    const source = bytes === undefined ? new RemoteSource(id, { size: sourceBytes, signal, post: this.post }) : undefined;
    const steps = this.#tasks.split(input, source ?? sourceOf(bytes ?? new Uint8Array()), signal);
    return { controller, source, split: { steps, maxBytes: bytes === undefined ? 0 : maxAnswerBytes, isSealed: input.sealFor !== undefined } };
  }

  async #once(work: Exclude<Work, { name: 'split' }>, signal: AbortSignal): Promise<WorkAnswer> {
    if (work.name === 'seal') return await this.#tasks.seal(work.input, signal);
    if (work.name === 'join') return await this.#tasks.join(work.input, signal);
    if (work.name === 'entries') return await this.#tasks.entries(work.input, signal);
    const opened = await this.#tasks.open(work.input, signal);
    return opened.map(({ error, ...block }) => (error === undefined ? block : { ...block, error: crossingError(error) }));
  }

  async #step(id: number, { split }: UnderWay, word?: SplitWord): Promise<void> {
    if (split !== undefined) await this.#answer(id, () => someSteps(split, word));
  }

  async #answer(id: number, work: () => Promise<WorkAnswer>): Promise<void> {
    try {
      const { value, transfer } = crossing(await work());
      if (isEnd(value)) this.#underWay.delete(id);
      this.post({ kind: 'answer', id, value }, transfer);
    } catch (thrown) {
      this.#underWay.delete(id);
      this.post({ kind: 'failed', id, error: crossingError(thrown) }, []);
    }
  }

  #abort(id: number, { controller, source, split }: UnderWay): void {
    this.#underWay.delete(id);
    controller.abort();
    source?.close();
    // Nobody waits for it any more.
    split?.steps.return().catch(() => undefined);
  }
}

interface UnderWay {
  readonly controller: AbortController;
  readonly source: RemoteSource | undefined;
  readonly split: SplitUnderWay | undefined;
}

interface SplitUnderWay {
  readonly steps: SplitSteps;
  /** Of contents in one answer; one step where it is 0. */
  readonly maxBytes: number;
  /** Contents come sealed where they can: nothing is asked after the plan. */
  readonly isSealed: boolean;
}

/** Steps of a small file that go together, as bytes of their contents. */
const maxAnswerBytes = 262_144;

/** One step, and those after it while there is room. */
async function someSteps({ steps, maxBytes, isSealed }: SplitUnderWay, word: SplitWord): Promise<SomeSteps> {
  const some: SplitStep[] = [];
  let bytes = 0;
  do {
    const next = await steps.next(word);
    if (next.done === true) return { steps: some, isLast: true };
    some.push(next.value);
    if (next.value.kind === 'plan' && !(isSealed && sealsEarly(next.value.plan.recipe))) break;
    if (next.value.kind === 'chunk') bytes += next.value.contents.reduce((sum, item) => sum + bytesOf(item), 0);
  } while (bytes < maxBytes);
  return { steps: some, isLast: false };
}

function bytesOf(item: SplitContent): number {
  if ('content' in item) return item.content.length;
  return item.sealed.kind === 'block' ? item.sealed.cipher.length : item.sealed.coded.length;
}

function isEnd(value: WorkAnswer): boolean {
  return !('isLast' in value) || value.isLast;
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
