/**
 * The thread's side of a pool: carries out the work that comes, with the very functions that run without threads, and keeps nothing
 * of it. SPEC.md section 12.
 */
import { crossing, crossingError } from './crossing.js';
import { localTasks, type TaskTools } from './local-tasks.js';
import { sourceOf } from './memory-file.js';
import { sealsEarly } from './planned-file.js';
import { concat } from './protocol/bytes.js';
import { RemoteAsks } from './remote-asks.js';
import type { FromThread, SomeBytes, SomeSteps, ToThread, Work, WorkAnswer } from './task-messages.js';
import type { FilePieces, FilePlan, SplitContent, SplitStep, SplitSteps, SplitWord, Tasks } from './tasks.js';

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
    else task.asks?.take(message);
  }

  #start(id: number, work: Work): void {
    const controller = new AbortController();
    if (work.name !== 'split' && work.name !== 'assemble') {
      this.#underWay.set(id, { controller, asks: undefined, steps: undefined });
      void this.#answer(id, () => this.#once(work, controller.signal));
      return;
    }
    const asks = new RemoteAsks(id, { signal: controller.signal, post: this.post });
    const steps = work.name === 'split' ? this.#split(work, asks, controller.signal) : this.#assembly(work, asks, controller.signal);
    const task = { controller, asks, steps };
    this.#underWay.set(id, task);
    void this.#step(id, task);
  }

  #split({ input, sourceBytes, bytes }: WorkOf<'split'>, asks: RemoteAsks, signal: AbortSignal): Steps {
    const steps = this.#tasks.split(input, bytes === undefined ? asks.source(sourceBytes) : sourceOf(bytes), signal);
    const underWay = { steps, maxBytes: bytes === undefined ? 0 : maxAnswerBytes, isSealed: (plan: FilePlan) => input.sealFor !== undefined && sealsEarly(plan.recipe, sourceBytes) };
    return { next: (word) => someSteps(underWay, word), leave: () => steps.return() };
  }

  #assembly({ input }: WorkOf<'assemble'>, asks: RemoteAsks, signal: AbortSignal): Steps {
    const pieces = this.#tasks.assemble(input, asks.contents(), signal);
    return { next: () => someBytes(pieces), leave: () => pieces.return() };
  }

  async #once(work: Exclude<Work, { name: 'split' | 'assemble' }>, signal: AbortSignal): Promise<WorkAnswer> {
    if (work.name === 'seal') return await this.#tasks.seal(work.input, signal);
    if (work.name === 'join') return await this.#tasks.join(work.input, signal);
    if (work.name === 'patch') return await this.#tasks.patch(work.input, signal);
    if (work.name === 'entries') return await this.#tasks.entries(work.input, signal);
    const opened = await this.#tasks.open(work.input, signal);
    return opened.map(({ error, ...block }) => (error === undefined ? block : { ...block, error: crossingError(error) }));
  }

  async #step(id: number, { steps }: UnderWay, word?: SplitWord): Promise<void> {
    if (steps !== undefined) await this.#answer(id, () => steps.next(word));
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

  #abort(id: number, { controller, asks, steps }: UnderWay): void {
    this.#underWay.delete(id);
    controller.abort();
    asks?.close();
    // Nobody waits for it any more.
    steps?.leave().catch(() => undefined);
  }
}

type WorkOf<Name extends Work['name']> = Extract<Work, { name: Name }>;

interface UnderWay {
  readonly controller: AbortController;
  readonly asks: RemoteAsks | undefined;
  readonly steps: Steps | undefined;
}

/** Work that answers as often as it is asked. */
interface Steps {
  next(word: SplitWord): Promise<SomeSteps | SomeBytes>;
  leave(): Promise<unknown>;
}

interface SplitUnderWay {
  readonly steps: SplitSteps;
  /** Of contents in one answer; one step where it is 0. */
  readonly maxBytes: number;
  /** Contents come sealed where they can: nothing is asked after the plan. */
  readonly isSealed: (plan: FilePlan) => boolean;
}

/** Steps of a small file that go together, as bytes of their contents; or pieces of a file. */
const maxAnswerBytes = 262_144;
const maxAnswerPieces = 1_024;

/** One step, and those after it while there is room. */
async function someSteps({ steps, maxBytes, isSealed }: SplitUnderWay, word: SplitWord): Promise<SomeSteps> {
  const some: SplitStep[] = [];
  let bytes = 0;
  do {
    const next = await steps.next(word);
    if (next.done === true) return { steps: some, isLast: true };
    some.push(next.value);
    if (next.value.kind === 'progress' || (next.value.kind === 'plan' && !isSealed(next.value.plan))) break;
    if (next.value.kind === 'chunk') bytes += next.value.contents.reduce((sum, item) => sum + bytesOf(item), 0);
  } while (bytes < maxBytes);
  return { steps: some, isLast: false };
}

/** One piece, and those after it while there is room. */
async function someBytes(pieces: FilePieces): Promise<SomeBytes> {
  const some: Uint8Array[] = [];
  let bytes = 0;
  do {
    const next = await pieces.next();
    if (next.done === true) return { bytes: together(some), isLast: true };
    some.push(next.value);
    bytes += next.value.length;
  } while (bytes < maxAnswerBytes && some.length < maxAnswerPieces);
  return { bytes: together(some), isLast: false };
}

function together(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first : concat(...pieces);
}

function bytesOf(item: SplitContent): number {
  if ('content' in item) return item.content.length;
  return item.sealed.kind === 'block' ? item.sealed.cipher.length : item.sealed.coded.length;
}

function isEnd(value: WorkAnswer): boolean {
  return !('isLast' in value) || value.isLast;
}
