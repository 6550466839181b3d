/**
 * The page's side of its worker: typed calls and streams. Holds no key and does no cryptography, so that the page never
 * freezes. DESIGN.md section 7 (Pages).
 */
import type { AccountSummary } from '../api.js';
import { DiceError } from '../core/errors.js';
import type { FromWorker, PageCalls, PageStreams, ToWorker, WordOf } from './page-calls.js';
import { workerScriptUrl } from './script-url.js';

interface Pending {
  readonly onItems: (items: readonly unknown[]) => void;
  readonly onAnswer: (value: unknown) => void;
  readonly onFailed: (error: DiceError) => void;
}

/** A stream that listens while it runs. */
export interface Conversation<Word> {
  tell(word: Word): void;
  /** Ends when the stream ends. Rejects with DiceError. */
  readonly ended: Promise<void>;
}

/** One worker and what is under way in it. */
export class PageClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  #account: AccountSummary | undefined;

  /** Starts the worker at `workerUrl`, of this very origin. */
  constructor(workerUrl: string) {
    this.#worker = new Worker(workerScriptUrl(workerUrl), { type: 'module', name: 'dice' });
    this.#worker.onmessage = (event: MessageEvent<FromWorker>) => { this.#take(event.data); };
    this.#worker.onerror = () => { this.#failAll(); };
  }

  /** The account as of the last answer. */
  get account(): AccountSummary | undefined {
    return this.#account;
  }

  /** One call, one answer. Throws DiceError. */
  async call<N extends keyof PageCalls>(name: N, argument: PageCalls[N]['argument'], signal?: AbortSignal): Promise<PageCalls[N]['answer']> {
    const { id, answered } = this.#begin(() => undefined);
    this.#abortWith(id, signal);
    this.#post({ kind: 'call', id, name, argument });
    // The worker's handler of this very name made the value.
    return await (answered as Promise<PageCalls[N]['answer']>);
  }

  /** Items in order, handed over in batches; ends when the stream ends. Throws DiceError. */
  async stream<N extends keyof PageStreams>(request: { readonly name: N; readonly argument: PageStreams[N]['argument'] }, onItems: (items: readonly PageStreams[N]['item'][]) => void, signal?: AbortSignal): Promise<void> {
    await this.converse(request, onItems, signal).ended;
  }

  /** A stream to which the page may talk while it runs. What is told after its end is not heard. */
  converse<N extends keyof PageStreams>(request: { readonly name: N; readonly argument: PageStreams[N]['argument'] }, onItems: (items: readonly PageStreams[N]['item'][]) => void, signal?: AbortSignal): Conversation<WordOf<N>> {
    // The worker's handler of this very name made the items.
    const { id, answered } = this.#begin(onItems as (items: readonly unknown[]) => void);
    this.#abortWith(id, signal);
    this.#post({ kind: 'stream', id, ...request });
    return { tell: (word) => { this.#post({ kind: 'tell', id, word }); }, ended: answered.then(() => undefined) };
  }

  /** Ends the worker; what is under way never answers. */
  close(): void {
    this.#worker.terminate();
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #begin(onItems: Pending['onItems']): { readonly id: number; readonly answered: Promise<unknown> } {
    const id = ++this.#last;
    const answered = new Promise<unknown>((onAnswer, onFailed) => { this.#pending.set(id, { onItems, onAnswer, onFailed }); });
    return { id, answered };
  }

  #abortWith(id: number, signal: AbortSignal | undefined): void {
    signal?.addEventListener('abort', () => { this.#post({ kind: 'abort', id }); }, { once: true });
  }

  #take(message: FromWorker): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    if (message.kind === 'items') {
      pending.onItems(message.items);
      return;
    }
    this.#pending.delete(message.id);
    if (message.kind === 'failed') {
      pending.onFailed(new DiceError(message.fault.code, message.fault.message, message.fault.extra));
      return;
    }
    this.#account = message.account;
    pending.onAnswer(message.value);
  }

  #failAll(): void {
    for (const pending of this.#pending.values()) pending.onFailed(new DiceError('cancelled', 'The page’s worker stopped. Reload the page.'));
    this.#pending.clear();
  }
}
