/**
 * Lets two things that use one store come forward call by call, in an order that a test gives: each waits before every call of the ports until it
 * is let through. So every order in which they may meet can be tried, and none is left to chance. Before it begins nobody waits.
 */
import type { Stores } from '../../server/core/contract.js';
import type { Gate } from '../../server/ports/gate.js';

export class Turnstile {
  /** Calls that were let through. */
  calls = 0;
  isOver = false;
  #release: (() => void) | undefined;
  #isHeldUp = false;
  #hasBegun = false;
  #changed: () => void = () => undefined;

  /** The stores as the one who is held sees them. Scans are not held. */
  inFrontOf({ blocks, tags, images, accounts, heads, state }: Stores): Stores {
    return { blocks: this.#before(blocks), tags: this.#before(tags), images: this.#before(images), accounts: this.#before(accounts), heads: this.#before(heads), state: this.#before(state) };
  }

  /** The gate: who waits in it for others waits for what stands at their turnstile. */
  at(gate: Gate): Gate {
    return {
      run: (write) => gate.run(write), alone: (name, work) => gate.alone(name, work), inTurn: (name, work) => gate.inTurn(name, work),
      mayDrop: () => gate.mayDrop(),
      settle: async () => {
        this.#isHeldUp = true;
        this.#changed();
        await gate.settle();
        this.#isHeldUp = false;
      },
    };
  }

  /** Begins; resolves when it stands before its first call. What it ends in is `outcome`. */
  async begin<T>(act: () => Promise<T>): Promise<{ readonly outcome: Promise<T> }> {
    this.#hasBegun = true;
    const outcome = act().finally(() => {
      this.isOver = true;
      this.#changed();
    });
    outcome.catch(() => undefined);
    await this.#standing();
    return { outcome };
  }

  /** Lets `count` calls through, or as many as there are. Stops where it has to wait for the other. */
  async let(count: number): Promise<void> {
    for (let left = count; left > 0 && !this.isOver; left--) {
      if (this.#release === undefined) await this.#standing();
      const release = this.#release;
      if (release === undefined) return;
      this.#release = undefined;
      this.calls++;
      release();
      await this.#standing();
    }
  }

  /** It stands at the next call, waits for another, or is over. */
  async #standing(): Promise<void> {
    while (this.#release === undefined && !this.#isHeldUp && !this.isOver) await new Promise<void>((resolve) => { this.#changed = resolve; });
  }

  #before<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name);
        if (typeof own !== 'function' || name === 'scan') return own instanceof Function ? (own.bind(target) as unknown) : own; // bound: private state stays the port's
        return async (...given: readonly unknown[]): Promise<unknown> => {
          if (this.#hasBegun) await new Promise<void>((resolve) => {
            // A second call at once of the same one is let through with the first.
            const before = this.#release;
            this.#release = before === undefined ? resolve : () => { before(); resolve(); };
            this.#changed();
          });
          return own.apply(target, given) as unknown; // whatever the port answers
        };
      },
    });
  }
}
