/**
 * What work in a thread asks the pool's own thread for, and waits for: bytes of its source, contents of its image. SPEC.md section 12.
 */
import { fault } from './core/errors.js';
import type { Source } from './core/image/splitter.js';
import { errorOf } from './crossing.js';
import type { FromThread, ToThread } from './task-messages.js';
import type { ContentSource } from './tasks.js';

/** An answer to what was asked. */
export type Given = Extract<ToThread, { kind: 'bytes' | 'contents' }>;

/** What is asked, but for its number. */
type Ask = Pick<Extract<FromThread, { kind: 'read' }>, 'kind' | 'offset' | 'length'> | Pick<Extract<FromThread, { kind: 'take' }>, 'kind' | 'index'>;

/** What one piece of work asks for. */
export class RemoteAsks {
  readonly #asks = new Map<number, { readonly resolve: (given: Given) => void; readonly reject: (reason: unknown) => void }>();
  #last = 0;

  constructor(
    private readonly id: number,
    private readonly setting: { readonly signal: AbortSignal; readonly post: (message: FromThread, transfer: readonly ArrayBuffer[]) => void },
  ) {}

  /** A source of `size` bytes. */
  source(size: number): Source {
    return { size, read: async (offset, length) => bytesOf(await this.#ask({ kind: 'read', offset, length })) };
  }

  /** The contents of an image. */
  contents(): ContentSource {
    return { take: async (index) => contentsOf(await this.#ask({ kind: 'take', index })) };
  }

  take(message: Given | Extract<ToThread, { kind: 'unreadable' }>): void {
    const waiting = this.#asks.get(message.ask);
    this.#asks.delete(message.ask);
    if (message.kind === 'unreadable') waiting?.reject(errorOf(message.error));
    else waiting?.resolve(message);
  }

  /** Who waits, fails with `cancelled`. */
  close(): void {
    for (const { reject } of this.#asks.values()) reject(fault('cancelled'));
    this.#asks.clear();
  }

  #ask(what: Ask): Promise<Given> {
    return new Promise((resolve, reject) => {
      if (this.setting.signal.aborted) {
        reject(fault('cancelled'));
        return;
      }
      const ask = ++this.#last;
      this.#asks.set(ask, { resolve, reject });
      this.setting.post({ ...what, id: this.id, ask }, []);
    });
  }
}

function bytesOf(given: Given): Uint8Array {
  return given.kind === 'bytes' ? given.bytes : new Uint8Array();
}

function contentsOf(given: Given): readonly Uint8Array[] {
  return given.kind === 'contents' ? given.contents : [];
}
