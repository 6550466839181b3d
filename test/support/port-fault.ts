/**
 * Stands in front of ports and fails one call of them: before it takes effect, or after, when nobody is told that it did.
 */
import type { Stores } from '../../server/core/contract.js';
import { StorageError } from '../../server/ports/errors.js';

/** Fails one call: the `at`-th from when it is armed. */
export class Fault {
  #left = 0;
  #takesEffect = false;
  /** Calls since it was armed, until it is disarmed. */
  made = 0;

  /** `at` is Infinity where none shall fail. */
  arm(at: number, takesEffect: boolean): void {
    this.#left = at;
    this.#takesEffect = takesEffect;
    this.made = 0;
  }

  /** True where the armed call was made meanwhile. */
  disarm(): boolean {
    const hasFailed = this.#left <= 0;
    this.#left = 0;
    return hasFailed;
  }

  inFrontOf(stores: Stores): Stores {
    const { blocks, tags, images, accounts, heads, state } = stores;
    return { blocks: this.before(blocks), tags: this.before(tags), images: this.before(images), accounts: this.before(accounts), heads: this.before(heads), state: this.before(state) };
  }

  /** The port, of which the armed call fails. Scans are not counted. */
  before<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name);
        if (typeof own !== 'function' || name === 'scan') return own instanceof Function ? (own.bind(target) as unknown) : own; // bound: private state stays the port's
        return async (...given: readonly unknown[]): Promise<unknown> => {
          if (this.#left > 0) this.made++;
          const isHit = this.#left > 0 && --this.#left === 0;
          if (isHit && !this.#takesEffect) throw new StorageError('made to fail', { retryable: true });
          const result = (await own.apply(target, given)) as unknown; // whatever the port answers
          if (isHit) throw new StorageError('made to fail afterwards', { retryable: true });
          return result;
        };
      },
    });
  }
}
